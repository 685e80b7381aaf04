#include "libstos/world/event_context.hpp"

#include "libstos/base/exact_text.hpp"
#include "libstos/base/plain_text.hpp"
#include "libstos/world/agent_base.hpp"
#include "libstos/world/each_lambda.hpp"
#include "libstos/world/world.hpp"

#include <algorithm>
#include <cmath>

namespace stos::detail {
namespace {

std::string describe(const Point& p) {
  PlainText text;
  text.precision(17);
  text << p;
  return text.str();
}

constexpr double coordinate_max = 1e300; // some of them can be added without an overflow

// A child may be placed on the light cone of its creator, where rounding decides on which side it
// is. The tolerance stays below the margin of light_cone::absorption_bound.
double cone_tolerance(const Point& a, const Point& b) {
  double scale = 0;
  for (std::size_t i = 0; i < 4; ++i)
    scale += std::abs(a[i]) + std::abs(b[i]);
  return 0x1p-51 * scale;
}

struct DiscardClosure {
  BlockPool* pool;
  void operator()(Closure* lambda) const { discard(*lambda, pool); }
};
using ClosureGuard = std::unique_ptr<Closure, DiscardClosure>;

} // namespace

std::string below_resolution(double date) {
  const double step = std::nextafter(std::abs(date), Instant::never().absorption) - std::abs(date);
  return "is below the resolution of time there, where two neighbouring numbers are " +
         exact_text(step) + " s apart: let time begin nearer to 0, or in larger units";
}

std::string describe(const Cell& cell) {
  return "agent " + std::to_string(cell.id.value) + " (" + cell.ops->type_name + ")";
}

// The list begins with the channel that was opened last.
void Transfer::begin(Cell& cell) {
  cell_ = &cell;
  channels_.clear();
  for (Channel* channel = cell.outgoing; channel != nullptr; channel = channel->next_outgoing)
    if (!channel->closed)
      channels_.emplace_back(channel, false);
  std::reverse(channels_.begin(), channels_.end());
}

Channel* Transfer::claim(ChannelNumber number) {
  const auto found =
      std::lower_bound(channels_.begin(), channels_.end(), number,
                       [](const auto& each, ChannelNumber n) { return each.first->number < n; });
  if (found == channels_.end() || found->first->number != number ||
      std::exchange(found->second, true))
    return nullptr;
  return found->first;
}

const Channel* Transfer::first_unclaimed() const {
  for (const auto& [channel, claimed] : channels_)
    if (!claimed)
      return channel;
  return nullptr;
}

EventContext& EventContext::setup_of(const Cell& cell) {
  if (cell.world->in_setup())
    return cell.world->setup;
  throw UsageError(Errc::wrong_agent, describe(cell) + " was used outside of any event: during a "
                                                       "run, agents act only in lambdas");
}

void EventContext::begin(Cell& self, Closure& lambda, const Instant& instant) {
  self_ = &self;
  executing_ = &lambda;
  instant_ = instant;
  emission_path_ = &self.path;
  emission_time_ = instant.absorption;
  emission_local_time_ = self.path.local_time(instant.absorption);
  if (self.ops->reaction_time != 0) [[unlikely]]
    find_emission_after_reaction(self);
  issued_.clear();
  effects.clear();
}

// All turns that take effect until then have been decided upon by now.
void EventContext::find_emission_after_reaction(Cell& self) {
  const double time = emission_time_;
  emission_local_time_ += self.ops->reaction_time;
  Trajectory& path = path_after_turns_ = self.path;
  CellExtras& extras = self.require_extras();
  for (const PendingTurn& turn : extras.pending_turns)
    if (turn.local_time <= emission_local_time_)
      path = path.turned(std::max(time, path.laboratory_time(turn.local_time)), turn.velocity);
  emission_path_ = &path;
  emission_time_ = std::max(
      {time, extras.last_emission, path.anchor()[0], path.laboratory_time(emission_local_time_)});
  extras.last_emission = emission_time_;
}

void EventContext::begin_transfer(Transfer& transfer) {
  begin_last(transfer.cell(), transfer.cell().now);
  mode_ = Mode::event;
  transfer_ = &transfer;
}

void EventContext::begin_last(Cell& self, double time) {
  self_ = &self;
  executing_ = nullptr;
  instant_ = Instant::before(time);
  emission_path_ = &self.path;
  emission_time_ = time;
  emission_local_time_ = self.path.local_time(time);
  issued_.clear();
  effects.clear();
  mode_ = Mode::ending;
}

void EventContext::begin_inert() {
  self_ = nullptr;
  executing_ = nullptr;
  issued_.clear();
  effects.clear();
  mode_ = Mode::inert;
}

// An agent that one of those creates in turn is never deleted: there may be no end to that.
void EventContext::drop_effects() {
  for_each_lambda(effects, [this](Closure& lambda) { discard(lambda, &pool_); });
  effects.first_lambda = effects.last_lambda = nullptr;
  effects.lambdas = 0;
  if (!effects.has_changes())
    return;
  Effects::Changes& changes = effects.change();
  for (Channel* hold : std::exchange(changes.held, {}))
    hold->let_go();
  drop_opened();
  const auto born = std::exchange(changes.born, {});
  if (born.empty())
    return;
  {
    Cell* const self = std::exchange(self_, nullptr);
    const Mode mode = std::exchange(mode_, Mode::inert);
    const Scope scope(this);
    for (Cell* cell : born)
      delete_agent(*cell);
    self_ = self;
    mode_ = mode;
  }
  drop_opened();
  for (const auto& all : {born, std::exchange(changes.born, {})})
    for (Cell* cell : all) {
      cell->let_go_of_outgoing();
      cell->destroy(pool_);
    }
}

void EventContext::drop_opened() {
  Effects::Changes& changes = effects.change();
  for (Channel* channel : changes.opened)
    channel->closed = 1;
  for (Channel* channel : std::exchange(changes.opened, {})) {
    std::erase(changes.closed, channel);
    channel->let_go();
  }
}

bool EventContext::puts_down(const Error& misuse) {
  if (current_ == nullptr || current_->mode_ == Mode::event)
    return false;
  if (current_->mode_ == Mode::ending && !current_->problem)
    current_->problem = Error{misuse.code, misuse.context + ", in a destructor"};
  return true;
}

Cell& EventContext::create(AgentBase& agent, const AgentOps& ops, const Point* position,
                           const Velocity<4>* velocity) {
  if (transfer_ != nullptr)
    return adopt(agent, ops);
  const Point here = self_ != nullptr ? emission_point(*self_) : Point{};
  const Point start = position != nullptr ? *position : here;
  for (std::size_t i = 0; i < 4; ++i)
    if (!(std::abs(start[i]) <= coordinate_max))
      throw UsageError(Errc::bad_argument, std::string(ops.type_name) +
                                               ": an agent's position must be finite, and no "
                                               "coordinate beyond 1e300, but is " +
                                               describe(start));
  if (self_ != nullptr &&
      (start[0] < here[0] ||
       !light_cone::contains(here, start, world_->space, cone_tolerance(here, start))))
    throw UsageError(Errc::not_in_future, std::string("a new ") + ops.type_name +
                                              " must lie in the future light cone " +
                                              "of its creator at " + describe(here) +
                                              ", but was placed at " + describe(start));
  if (mode_ == Mode::ending && !problem)
    problem = Error{Errc::wrong_agent,
                    std::string("it created a new ") + ops.type_name +
                        " in its destructor, where it is too late: an agent creates others in its "
                        "events, for example in the one that calls die()"};
  Cell* cell = &Cell::create(*world_, pool_, agent, ops);
  cell->id = self_ != nullptr ? AgentId::child(self_->id, self_->require_extras().births++)
                              : AgentId::initial(world_->initial_agents++);
  const Velocity<4> v = velocity != nullptr ? *velocity
                        : self_ != nullptr  ? this->velocity(*self_)
                                            : Velocity<4>{};
  cell->path = Trajectory(start, v);
  cell->now = start[0];
  cell->random = RandomStream(mix64(world_->options.seed + mix64(cell->id.value)));
  if (self_ != nullptr)
    cell->group = self_->group;
  effects.change().born.push_back(cell);
  return *cell;
}

// Wherever its constructor wants it to be: it is where its record says.
Cell& EventContext::adopt(AgentBase& agent, const AgentOps& ops) {
  Cell& cell = transfer_->cell();
  if (transfer_->kind() != Transfer::Kind::load || &ops != cell.ops || cell.agent != nullptr)
    static_cast<void>(require_own(cell, "create another agent"));
  cell.agent = &agent;
  return cell;
}

void EventContext::destroyed_by_user(Cell& cell) {
  cell.agent = nullptr;
  if (cell.state == CellState::newborn) {
    cell.state = CellState::dead;
    return;
  }
  if (!problem)
    problem = Error{Errc::wrong_agent, describe(cell) +
                                           " was deleted by hand, which must not be: agents end by "
                                           "die() or at the boundary, and the simulation deletes "
                                           "them then"};
  if (&cell == self_)
    die_now();
}

Channel& EventContext::open(Cell& from, Cell& to) {
  const bool has_effect = require_own(from, "open a channel from");
  if (has_effect && &to != self_ && to.state != CellState::newborn)
    throw UsageError(Errc::wrong_agent,
                     "channel attached to the past: " + describe(to) +
                         " may already be beyond the place where a first lambda could reach it. A "
                         "pointer to another agent is good only in the event that created it; pass "
                         "a RemoteReference instead (ChannelWriter::target())");
  return open_unchecked(from, to);
}

Channel& EventContext::open(Cell& from, const Ticket& reference) {
  static_cast<void>(require_own(from, "open a channel from"));
  return open_unchecked(from, target_of(reference));
}

Channel& EventContext::open_unchecked(Cell& from, Cell& to) {
  if (from.world != to.world)
    throw UsageError(Errc::wrong_agent, "a channel from " + describe(from) + " to " + describe(to) +
                                            " would leave its simulation");
  Channel& channel = Channel::create(pool_, to);
  channel.owned_by(3);
  channel.number = ChannelNumber{++from.channels_opened};
  channel.source_path = &from.path;
  channel.last_absorption = emission_point(from)[0];
  if (from.ops->reaction_time > 0) {
    Course& course = channel.require_course();
    course.reaction_time = from.ops->reaction_time;
    course.silent_until = channel.last_absorption;
  }
  from.link_outgoing(channel);
  effects.change().opened.push_back(&channel);
  return channel;
}

void EventContext::close(Channel& channel) {
  if (transfer_ != nullptr || channel.closed)
    return;
  channel.closed = 1;
  effects.change().closed.push_back(&channel);
  channel.from().tidy_outgoing();
}

void EventContext::close_all(Cell& cell) {
  for (Channel* channel = cell.outgoing; channel != nullptr; channel = channel->next_outgoing)
    if (!channel->closed) {
      channel->closed = 1;
      effects.change().closed.push_back(channel);
    }
  cell.let_go_of_outgoing();
}

void EventContext::emit(Channel& channel, Closure& lambda) {
  ClosureGuard guard(&lambda, {&pool_});
  const Cell& from = channel.from();
  if (!require_own(from, "send on a channel of"))
    return;
  if (!world_->is_here(channel.to->group) && !can_travel(*lambda.ops)) [[unlikely]]
    throw UsageError(cannot_travel(*lambda.ops));
  lambda.emission = emission_point(from);
  lambda.emission_depth = emission_depth(lambda.emission[0]);
  lambda.kind = Lambda::Kind::channel;
  lambda.via = &channel;
  lambda.to = channel.to;
  lambda.source = from.id;
  lambda.channel = channel.number;
  lambda.sequence = channel.next_sequence++;
  carry_references(lambda, *channel.to);
  effects.add(*guard.release());
}

// What an agent is to absorb that comes from nowhere else.
static void address_to_itself(Cell& cell, Closure& lambda) {
  lambda.to = &cell;
  lambda.source = cell.id;
  lambda.channel = ChannelNumber::timers();
  lambda.sequence = cell.timers_set++;
}

void EventContext::set_timer(Cell& cell, double local_delay, Closure& lambda) {
  ClosureGuard guard(&lambda, {&pool_});
  if (!require_own(cell, "set a timer of"))
    return;
  if (!(local_delay >= 0))
    throw UsageError(Errc::bad_argument, describe(cell) +
                                             ": a timer's delay must be at least 0, "
                                             "but is " +
                                             exact_text(local_delay));
  lambda.emission = emission_point(cell);
  lambda.emission_depth = emission_depth(lambda.emission[0]);
  lambda.kind = Lambda::Kind::timer;
  lambda.due = (&cell == self_ ? emission_local_time_ : cell.path.local_time(lambda.emission[0])) +
               local_delay;
  if (std::abs(lambda.emission[0]) >= coarse_date || lambda.emission_depth >= deep_in_an_instant)
      [[unlikely]]
    require_resolution(cell, lambda, local_delay);
  address_to_itself(cell, lambda);
  carry_references(lambda, cell);
  effects.add(*guard.release());
}

// Emitted when it is due: so it is absorbed behind what comes at that time from earlier ones.
void EventContext::set_date(Cell& cell, double time, Closure& lambda) {
  ClosureGuard guard(&lambda, {&pool_});
  if (!require_own(cell, "set a date of"))
    return;
  const Point now = emission_point(cell);
  if (!(time >= now[0] && time <= coordinate_max))
    throw UsageError(Errc::bad_argument, describe(cell) + ": a date is a laboratory time from " +
                                             exact_text(now[0]) + " s on, not " + exact_text(time) +
                                             " s");
  lambda.emission = &cell == self_ ? emission_path_->position(time) : cell.path.position(time);
  lambda.emission_depth = time == now[0] ? emission_depth(time) : 0;
  lambda.kind = Lambda::Kind::date;
  address_to_itself(cell, lambda);
  carry_references(lambda, cell);
  effects.add(*guard.release());
}

Ticket EventContext::refer(const Channel& channel) {
  const Cell& from = channel.from();
  static_cast<void>(require_own(from, "take a reference from a channel of"));
  return issue(*channel.to, is_setup() ? &from : nullptr);
}

Ticket EventContext::refer_to(Cell& own) {
  static_cast<void>(require_own(own, "take a reference to"));
  return issue(own, is_setup() ? &own : nullptr);
}

Ticket EventContext::renew(const Ticket& reference) {
  const IssuedReferences::Reference* own = issued_.find(reference);
  return issue(target_of(reference), own != nullptr ? own->taker : nullptr);
}

Ticket EventContext::issue(Cell& target, const Cell* taker) {
  const std::uint64_t agent = self_ != nullptr ? self_->id.value : 0;
  const std::uint64_t event = self_ != nullptr ? self_->events : 0;
  const Ticket ticket{mix64(agent + mix64(event + mix64(issued_.size() + 1)))};
  issued_.add({ticket, &target, taker});
  return ticket;
}

void EventContext::carry_issued(Closure& lambda, Cell& to) {
  const auto& born = effects.changes().born;
  const bool is_close =
      &to == self_ || is_setup() || std::find(born.begin(), born.end(), &to) != born.end();
  const auto& references = issued_.for_lambda(lambda, to, is_setup(), is_close);
  if (references.empty())
    return;
  lambda.references = std::make_unique<std::vector<CarriedReference>>();
  lambda.references->reserve(references.size());
  for (const IssuedReferences::Reference& each : references) {
    Channel* hold = &Channel::create(pool_, *each.target);
    ChannelCourse& course = hold->keep_holder(to.id);
    course.holder = &to;
    course.reaction_time = to.ops->reaction_time;
    course.silent_until = lambda.emission[0];
    hold->group = to.group;
    effects.change().held.push_back(hold);
    lambda.references->push_back({each.ticket.id, hold});
  }
}

void EventContext::turn(Cell& cell, const Velocity<4>& velocity) {
  if (cell.state == CellState::newborn && transfer_ == nullptr) {
    cell.path = Trajectory(cell.path.anchor(), velocity);
    return;
  }
  if (!require_own(cell, "change the velocity of") || mode_ == Mode::ending)
    return;
  if (cell.ops->reaction_time == 0) {
    turn_now(velocity);
    return;
  }
  cell.require_extras().pending_turns.push_back({emission_local_time_, velocity});
  set_timer(cell, 0, *make_closure<Portability::portable, AgentBase>(&pool_, [](AgentBase&) {
              EventContext::current()->turn_as_decided();
            }));
}

void EventContext::turn_as_decided() {
  auto& turns = self_->extras->pending_turns;
  turn_now(turns.front().velocity);
  turns.erase(turns.begin());
}

void EventContext::stop(Cell& cell) {
  if (transfer_ != nullptr)
    static_cast<void>(require_own(cell, "stop the run"));
  if (mode_ != Mode::inert)
    world_->observers.ask_to_stop();
}

void EventContext::die(Cell& cell) {
  if (transfer_ != nullptr)
    static_cast<void>(require_own(cell, "end"));
  if (mode_ == Mode::inert || (mode_ == Mode::ending && &cell == self_))
    return;
  if (&cell != self_)
    throw UsageError(Errc::wrong_agent, describe(cell) + " can die() only in an event of its own");
  if (cell.ops->reaction_time == 0) {
    die_now();
    return;
  }
  set_timer(cell, 0, *make_closure<Portability::portable, AgentBase>(&pool_, [](AgentBase&) {
              EventContext::current()->die_now();
            }));
}

Point EventContext::position(const Cell& cell) const {
  require_seen(cell, "read the position of");
  return &cell == self_ ? cell.path.position(instant_.absorption) : cell.path.position(cell.now);
}

double EventContext::local_time(const Cell& cell) const {
  require_seen(cell, "read the clock of");
  return cell.path.local_time(&cell == self_ ? instant_.absorption : cell.now);
}

Velocity<4> EventContext::velocity(const Cell& cell) const {
  require_seen(cell, "read the velocity of");
  return &cell == self_ && effects.changes().turn ? *effects.changes().turn : cell.path.velocity();
}

RandomStream& EventContext::random(Cell& cell) {
  static_cast<void>(require_own(cell, "draw from the random stream of"));
  return cell.random;
}

void EventContext::report(Cell& cell, std::string_view topic, std::vector<std::byte> value,
                          ReportType type) {
  if (!require_own(cell, "report in the name of"))
    return;
  reports.push_back({std::string(topic), cell.id, time_of(cell), cell.require_extras().reports++,
                     std::move(value), type});
  if (const auto end = report_cut_.added(reports, world_->options.reports_max,
                                         [](const Report& report) { return report.time; }))
    world_->end_before(*end);
}

bool EventContext::wants_records(const Cell& cell) const {
  return require_own(cell, "record in the name of") && !world_->options.records_path.empty();
}

Point EventContext::emission_point(const Cell& cell) const {
  return &cell == self_ ? emission_path_->position(emission_time_) : cell.path.anchor();
}

std::uint32_t EventContext::emission_depth(double emission_time) const {
  return emission_time == instant_.absorption ? instant_.depth : 0;
}

// A timer that goes off at once although it should not, at dates where that is no chance.
void EventContext::require_resolution(const Cell& cell, const Closure& lambda,
                                      double local_delay) const {
  const double date = lambda.emission[0];
  const Trajectory& path = &cell == self_ ? *emission_path_ : cell.path;
  if (local_delay > 0 && !(path.laboratory_time(lambda.due) > date))
    throw UsageError(Errc::bad_argument, describe(cell) + ": a timer of " +
                                             exact_text(local_delay) + " s, set at " +
                                             exact_text(date) + " s, " + below_resolution(date));
}

bool EventContext::is_allowed(const Cell& cell, const char* action) const {
  if (transfer_ != nullptr)
    throw UsageError(Errc::wrong_agent,
                     describe(transfer_->cell()) + " is being moved between nodes and tried to " +
                         action + " " + describe(cell) +
                         ": its default constructor and its inspect may do nothing but set its "
                         "own members");
  if (mode_ == Mode::inert)
    return false;
  if (cell.state == CellState::newborn)
    return true;
  const std::string who = self_ != nullptr ? "the event of " + describe(*self_) : "the set-up";
  throw UsageError(Errc::wrong_agent, who + " tried to " + action + " " + describe(cell) +
                                          ", which may be elsewhere in spacetime; send it a "
                                          "lambda instead");
}

Cell& EventContext::target_of(const Ticket& reference) const {
  if (const IssuedReferences::Reference* own = issued_.find(reference))
    return *own->target;
  if (executing_ != nullptr && executing_->references)
    for (const CarriedReference& carried : *executing_->references)
      if (carried.ticket == reference.id)
        return *carried.hold->to;
  throw UsageError(Errc::expired_reference,
                   "a RemoteReference is good in the event that took it and in the events that "
                   "absorb lambdas sent after that in the same event, and no longer; use renew() "
                   "to pass it on");
}

} // namespace stos::detail
