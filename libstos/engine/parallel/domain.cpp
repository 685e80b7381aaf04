#include "libstos/engine/parallel/domain.hpp"

#include "libstos/base/exact_text.hpp"
#include "libstos/world/each_lambda.hpp"

#include <algorithm>
#include <cmath>

namespace stos::detail {
namespace {

constexpr double infinity = Instant::never().absorption;
constexpr std::uint64_t no_version = 0;

// Other domains see progress that often during a long slice.
constexpr std::uint64_t publish_stride = 256;
constexpr std::uint64_t flush_stride = 16; // as often, what is for them leaves

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

// When so many agents were put aside, those after them are not tried: each of them has to be
// outside of the light cones of all that were.
constexpr std::size_t aside_max = 16;
constexpr std::uint64_t events_between_looks_at_list = 16;

// An agent executes at most so many events in a row. One that no other agent can reach would else
// run to its very end, and keep the others waiting, and what comes for them from outside.
constexpr std::uint64_t visit_events_max = 256;

// A domain that waits after every few events gives its worker back after so many waits.
constexpr std::uint32_t rounds_max = 256;

// What another domain is about to publish is most often there after a few looks: sooner than other
// agents are found that can go on. Then, after every few events of such agents, the domain looks
// again: the news may free the agent that keeps other domains waiting.
constexpr std::uint32_t looks_before_passing = 32;
constexpr std::uint64_t events_between_looks = 4;

// Other nodes are heard of when the gateway runs, for which the domain ends its slice: there is
// nothing to look for before.
constexpr std::uint64_t events_ahead_of_other_nodes = 1024;

} // namespace

Domain::Domain(DomainIndex index, World& world, DomainBoard& board, AgentBindings* bindings)
    : index_(index), world_(world), board_(board), execution_(world, bindings),
      other_domains_(index, world, board), outbox_(index, board), first_due_(world.space),
      busy_(board.clock_of_loads()), waits_(index), activation_durations_(world.wall_clock) {}

Domain::~Domain() {
  tiers_.for_each([this](Cell& cell) { execution_.free(cell); });
  for (Cell* cell : ended_)
    execution_.free(*cell);
}

Domain::Slice Domain::run(std::uint64_t events_max) {
  busy_.begins();
  (void)other_domains_.look();
  (void)take_parcels();
  if (board_.finished()) {
    finish();
    show(true);
    return Slice::finished;
  }
  take_tasks();

  slice_end_ = execution_.counters.absorbed + events_max;
  yields_ = false;
  std::uint32_t rounds = 0;
  do {
    other_domains_.find_bound(tiers_.agents(), earliest());
    if (!board_.is_paused()) {
      resume_blocked();
      work();
    }
    publish();
  } while (budget_left() && !board_.is_paused() && ++rounds < rounds_max &&
           (run_ahead() || find_news_soon() || pass_those_who_wait() || find_news()));
  execution_.tidy_up([this](Cell& cell) { bury(cell); });
  empty_graveyard();
  busy_.ends();
  count_load(busy_.sum_s());
  if (!budget_left() || rounds == rounds_max)
    return Slice::more;
  show(true);
  return board_.park(index_, needs()) ? Slice::parked : Slice::more;
}

bool Domain::find_news_soon() {
  const bool found = look_for_news(0, looks_before_passing);
  if (!found)
    has_to_wait();
  return found;
}
bool Domain::find_news() {
  return look_for_news(looks_before_passing, std::numeric_limits<std::uint32_t>::max());
}

void Domain::has_to_wait() {
  if (board_.size() == 1 || !(earliest() < end_time()))
    return;
  const bool is_aside =
      first_blocked_ != nullptr && !(tiers_.earliest() < blocked_next_.absorption);
  waits_.count(is_aside ? *first_blocked_ : tiers_.first(), earliest());
}

EngineCounters Domain::engine_counters() const {
  EngineCounters counters = engine_counters_;
  counters.busy_s = busy_.sum_s();
  counters.waits = waits_.number();
  const Waits::MostFrequent most = waits_.most_frequent();
  counters.held_back = {most.text, most.part * static_cast<double>(counters.waits)};
  return counters;
}

// Looks for something that helps a domain that can do nothing. Others are most often about to
// publish it, and sleeping and waking take longer than that.
bool Domain::look_for_news(std::uint32_t first_look, std::uint32_t looks_max) {
  if (board_.size() == 1 || !(earliest() < end_time()))
    return false;
  board_.begin_to_wait();
  bool found = false;
  bool is_idle = false;
  std::uint32_t looks = first_look;
  for (; !found && (looks == 0 || (looks < looks_max && board_.is_patient(looks))); ++looks) {
    if (looks > 0) {
      if (!std::exchange(is_idle, true))
        busy_.ends();
      pause();
    }
    constexpr std::uint32_t looks_for_each_snapshot = 16;
    const std::uint32_t first_snapshot = board_.has_links() ? 0 : looks_for_each_snapshot - 1;
    found = other_domains_.look(); // before the parcels: a promise comes behind what was sent
    found = take_parcels() || found;
    if (!found && looks % looks_for_each_snapshot == first_snapshot)
      found = other_domains_.lift();
  }
  if (is_idle)
    busy_.begins();
  board_.end_to_wait();
  return found;
}

void Domain::work() {
  tiers_.try_sweeping_again(execution_.counters.absorbed, world_.space);
  tiers_.look_for_unswept();
  next_publication_ = execution_.counters.absorbed + publish_stride;
  while (budget_left() && !board_.is_paused()) {
    const std::uint64_t before = steps_;
    const double base = earliest();
    if (!(base < end_time()))
      return;
    sweep_tiers(base);
    run_list();
    if (steps_ == before && (!(tiers_.earliest() < end_time()) || !run_one(tiers_.first())))
      return;
    if (board_.size() > 1)
      tell_others();
  }
}

// Where this domain stands is cheap to tell, if nothing has to be sent before that.
void Domain::tell_others() {
  const std::uint64_t absorbed = execution_.counters.absorbed;
  const bool flush_now =
      !outbox_.empty() && absorbed + publish_stride >= next_publication_ + flush_stride;
  if (absorbed >= next_publication_ || flush_now || board_.some_domain_waits()) {
    publish();
    next_publication_ = absorbed + publish_stride;
  } else if (board_.has_links()) {
    outbox_.announce(earliest());
  }
}

// Starts a new window in all tiers that are through with their last one. Nothing happens in the
// domain before `base`.
//
// A sweep of a wide tier keeps the others waiting, and the domain's promises with them. Where other
// domains wait for those, wide tiers go on in smaller steps, too.
void Domain::sweep_tiers(double base) {
  constexpr double steps_of_the_narrowest = 16;
  const double width_max =
      board_.some_domain_waits() ? steps_of_the_narrowest * tiers_.least_width() : infinity;
  for (std::size_t i = 0; i < tiers_.swept(); ++i) {
    Tier& tier = tiers_.swept(i);
    const bool new_window = tier.window_end <= base;
    if (new_window)
      tier.window_end = light_cone::arrival_bound(base, std::min(tier.width, width_max));
    if (!std::exchange(tier.has_unswept, false) && !new_window)
      continue;
    const std::uint64_t visits = sweep(tier, base, tier.window_end);
    if (new_window && budget_left())
      tiers_.count_sweep(tier, visits, execution_.counters.absorbed);
  }
}

// While the one furthest behind has to wait for another domain, the others need not wait for their
// window to end: in a tier that can gain a good part of its width, a few of them go on. Only a few,
// since the next look may free the one that keeps other domains waiting. Returns whether any agent
// did.
bool Domain::run_ahead() {
  const double base = earliest();
  if (board_.size() == 1 || !board_.has_idle_worker() || !(base < end_time()))
    return false;
  const std::uint64_t events_max =
      board_.has_links() ? events_ahead_of_other_nodes : events_between_looks;
  const std::uint64_t before = execution_.counters.absorbed;
  const std::uint64_t steps_before = steps_;
  const std::uint64_t slice_end =
      std::exchange(slice_end_, std::min(slice_end_, before + events_max));
  for (std::size_t i = 0; i < tiers_.swept() && budget_left(); ++i) {
    Tier& tier = tiers_.swept(i);
    const double window_end = tier.window_end + tier.width / 4;
    if (!(window_end < light_cone::arrival_bound(base, tier.width)))
      continue;
    sweep(tier, base, window_end);
    if (budget_left())
      tier.window_end = window_end;
  }
  slice_end_ = slice_end;
  if (steps_ == steps_before)
    return false;
  (void)other_domains_.look();
  (void)take_parcels();
  return true;
}

// The same for agents that are not far from the one that waits, but outside of its light cone, and
// of those of all agents that are due before them.
bool Domain::pass_those_who_wait() {
  if (board_.size() == 1 || !board_.is_patient(looks_before_passing))
    return false;
  resume_blocked();
  first_due_.find(tiers_, end_time());
  const std::uint64_t before = steps_;
  const auto& due = first_due_.found();
  for (std::size_t i = 0; i < due.size() && budget_left() && steps_ < before + events_between_looks;
       ++i) {
    Cell& cell = *due[i].cell;
    const double time = due[i].where[0];
    if (!cell.alive() || cell.next != time) // one of those who went has changed that
      continue;
    cell.mailbox.settle();
    if (cell.next_time() == time &&
        (time < other_domains_.bound() || time < other_domains_.free_until(cell, time)) &&
        first_due_.is_out_of_reach(i))
      execute_next(cell);
  }
  return steps_ != before;
}

// An agent that goes on beyond the others has relied on this: nothing is caused within its reach
// before that any more.
void Domain::goes_ahead(const Cell& cell) {
  if (std::isfinite(cell.mailbox.home_lookahead()))
    relied_on_ = std::max(relied_on_, cell.next_time());
}

void Domain::execute_next(Cell& cell) {
  goes_ahead(cell);
  const bool measured = activation_durations_.begins();
  ++engine_counters_.activations;
  active_ = &cell;
  step(cell);
  active_ = nullptr;
  if (measured) [[unlikely]]
    activation_durations_.ended();
  if (cell.alive())
    tiers_.update(cell);
}

std::uint64_t Domain::sweep(Tier& tier, double base, double window_end) {
  relied_on_ = std::max(relied_on_, base);
  std::uint64_t visits = 0;
  tier.table.sweep(std::min(window_end, end_time()), [&](Cell& cell) {
    visit(cell, base);
    ++visits;
    return budget_left();
  });
  return visits;
}

// Runs the agent as far as its reach lets it go when no event of the domain is before `base`.
void Domain::visit(Cell& cell, double base) {
  cell.mailbox.settle();
  const bool measured = activation_durations_.begins();
  const std::uint64_t before = execution_.counters.absorbed;
  const auto [slot, tier] = std::pair(cell.slot, cell.tier);
  double free_until = 0; // as far as other domains are concerned, while no worldline changes
  std::uint64_t free_version = no_version;
  active_ = &cell;
  while (cell.alive() && budget_left() &&
         execution_.counters.absorbed - before < visit_events_max) {
    const double time = cell.next_time();
    if (!(time < light_cone::arrival_bound(base, cell.mailbox.home_lookahead())) ||
        !(time < end_time()))
      break;
    if (!(time < other_domains_.bound())) {
      if (free_version != other_domains_.version()) {
        free_until = other_domains_.free_until(cell, time);
        free_version = cell.path.at_rest() ? other_domains_.version() : no_version;
      }
      if (!(time < free_until || others_let(cell, time, base)))
        break;
    }
    step(cell);
  }
  active_ = nullptr;
  if (measured) [[unlikely]]
    activation_durations_.ended();
  ++engine_counters_.activations;
  engine_counters_.empty_activations += execution_.counters.absorbed == before ? 1 : 0;
  if (!cell.alive())
    return;
  cell.next = cell.next_time();
  if (cell.slot != slot || cell.tier != tier) // else the sweep does it
    tiers_.update(cell);
}

// The agents of the list, one by one in the order of time. Only agents that were put aside have
// earlier events in the domain. Ends where a swept agent is the next one.
void Domain::run_list() {
  EventList& list = tiers_.list();
  tiers_.look_at_swept();
  std::uint64_t next_look = execution_.counters.absorbed + events_between_looks_at_list;
  while (budget_left() && blocked_.size() < aside_max) {
    const double time = list.earliest();
    if (!(time < tiers_.swept_earliest()) || !(time < end_time()))
      return;
    Cell& cell = list.first();
    if (!goes_from_list(cell, time)) {
      ++engine_counters_.activations;
      ++engine_counters_.empty_activations;
      put_aside(cell);
      continue;
    }
    list.prefetch_next();
    relied_on_ = std::max(relied_on_, time);
    execute_next(cell);
    if (board_.size() == 1)
      continue;
    tell_others();
    if (!blocked_.empty() && execution_.counters.absorbed >= next_look) {
      next_look = execution_.counters.absorbed + events_between_looks_at_list;
      look_at_others();
    }
  }
}

// Whether the first agent of the list may go. Those that were put aside can cause nothing outside
// of their light cones, and neither can other domains outside of theirs.
bool Domain::goes_from_list(Cell& cell, double time) {
  if (!blocked_.empty() && is_reached_from_aside(cell.path.position(time)))
    return false;
  if (time < other_domains_.bound() || time < other_domains_.free_until(cell, time))
    return true;
  if (!blocked_.empty())
    return false;
  const double floor = std::min(time, other_domains_.bound());
  return hears_nothing_before_next(cell, {other_domains_.clocks(floor), board_.floor()});
}

bool Domain::is_reached_from_aside(const Point& here) const {
  const std::size_t agents = tiers_.agents();
  return std::any_of(blocked_.begin(), blocked_.end(), [&](const Aside& aside) {
    const double distance = world_.space.distance(aside.where, here);
    return !(here[0] < light_cone::influence_bound(aside.where[0], distance, here, agents));
  });
}

void Domain::put_aside(Cell& cell) {
  const Instant next = cell.next_instant();
  tiers_.put_aside(cell);
  cell.blocked = true;
  blocked_.push_back({&cell, cell.path.position(next.absorption)});
  if (next < blocked_next_) {
    blocked_next_ = next;
    first_blocked_ = &cell;
  }
}

// While agents are put aside: other domains may let them go by now.
void Domain::look_at_others() {
  if (!other_domains_.look())
    return;
  (void)take_parcels();
  other_domains_.find_bound(tiers_.agents(), earliest());
  resume_blocked();
}

// Whether other domains let the agent execute what it does next, at `time`, if its own one does: no
// channel from there can bring it something before, and none can to any agent within its reach.
bool Domain::others_let(Cell& cell, double time, double base) {
  const double reach = cell.mailbox.home_lookahead();
  if (!(time < light_cone::arrival_bound(std::min(base, other_domains_.bound()), reach)))
    return false;
  if (!cell.mailbox.hears_other_groups())
    return true;
  return hears_nothing_before_next(cell, {other_domains_.clocks(infinity), board_.floor()});
}

// Executes the agent's next event if all that others can still cause reaches it later. Else the
// agent is put aside, to wait for another domain.
bool Domain::run_one(Cell& cell) {
  tiers_.put_aside(cell); // so that the tables speak of the others
  if (may_go_on(cell)) {
    execute_next(cell);
    return true;
  }
  ++engine_counters_.activations;
  ++engine_counters_.empty_activations;
  put_aside(cell);
  return false;
}

bool Domain::may_go_on(Cell& cell) {
  const double inside = earliest();
  const double floor = std::min(inside, other_domains_.bound());
  const double next = cell.next_time();
  if (next < floor || (next < inside && next < other_domains_.free_until(cell, next)))
    return true;
  Horizons horizons;
  horizons.floor = board_.floor();
  if (next == floor) // only then do instants have to be told apart
    horizons.floor = std::max(horizons.floor, std::min({tiers_.earliest_instant(), blocked_next_,
                                                        Instant::before(other_domains_.bound())}));
  horizons.groups = other_domains_.clocks(floor);
  return hears_nothing_before_next(cell, horizons);
}

bool Domain::hears_nothing_before_next(Cell& cell, const Horizons& horizons) const {
  cell.mailbox.sum_up(cell.path, world_.space);
  if (cell.exits_next())
    return cell.mailbox.silent_before(cell.exit_time(), cell.path, world_.space, horizons);
  return cell.mailbox.next(cell.path, world_.space, horizons).kind == NextStep::Kind::deliver;
}

// An agent in the list may stay there, whatever its reach: the list is looked through at times.
void Domain::place(Cell& cell) {
  if (cell.alive() && cell.slot != Cell::no_slot && !Tiers::is_listed(cell))
    tiers_.place(cell);
}

void Domain::place_first(Cell& cell) {
  if (cell.alive())
    tiers_.place(cell);
}

// What comes from outside is absorbed after this: after all times on which the domain, or any other
// one, may have relied.
double Domain::injection_bound(const Cell& cell) {
  return std::max({
      floor_time(),              // the domain's next event, or the next arrival
      promised_,                 // the domain's clock, on which other domains rely
      relied_on_,                // agents here went on to it: nothing was to come before
      board_.floor().absorption, // no event anywhere is before it: found while all slept
      board_.standings().withdraw(
          index_),           // likewise, by a snapshot; a later one does not count on us
      board_.lifted(),       // likewise, found by all nodes together, or while all slept
      cell.now,              // the agent's last event
      cell.path.anchor()[0], // where its worldline begins: its last turn, or its birth
  });
}

std::optional<double> Domain::inject(Cell& cell, Closure& lambda) {
  const double time = std::nextafter(injection_bound(cell), infinity);
  if (!(time < std::min(cell.exit_time(), world_.end_time.load(std::memory_order_relaxed)))) {
    execution_.discard(lambda);
    return std::nullopt;
  }
  lambda.kind = Lambda::Kind::outside;
  lambda.emission = cell.path.position(time);
  lambda.source = AgentId::outside();
  lambda.channel = ChannelNumber::timers();
  lambda.sequence = cell.require_extras().injected++;
  lambda.to = &cell;
  ++execution_.counters.sent;
  deliver(lambda);
  return time;
}

void Domain::adopt(Cell& cell) {
  cell.mailbox.set_home_group(index_);
  execution_.start(cell);
  if (cell.alive())
    cell.next = cell.next_time();
  else // its creator deleted it
    add_to_ended(cell);
}

void Domain::resume(Cell& cell) {
  cell.mailbox.set_home_group(index_);
  execution_.resume(cell);
  if (cell.alive())
    cell.next = cell.next_time();
  else
    add_to_ended(cell);
}

// If its source is in another domain, that one has left a copy of the worldline: the source itself
// may be gone by now.
void Domain::adopt(Channel& channel) {
  execution_.open_reader(channel);
  Cell& to = *channel.to;
  if (!to.alive()) {
    to.mailbox.keep(channel);
    return;
  }
  to.mailbox.attach(channel, to.path, world_.space);
  other_domains_.add(channel);
  place(to);
}

// After the clocks: see DomainBoard.
bool Domain::take_parcels() {
  auto batch = outbox_.take_in();
  if (batch == nullptr)
    return false;
  for (; batch != nullptr; batch = std::move(batch->next)) {
    const bool from_afar = board_.is_link(batch->from);
    for (Parcel& parcel : batch->parcels)
      take(parcel, from_afar);
    batch->parcels.clear();
  }
  return true;
}

void Domain::take(Parcel& parcel, bool from_afar) {
  switch (parcel.kind) {
    case Parcel::Kind::open: adopt(*parcel.channel); break;
    case Parcel::Kind::lambda:
      if (from_afar)
        deliver_from_afar(*parcel.lambda);
      else
        deliver(*parcel.lambda);
      break;
    case Parcel::Kind::close: close_reader(*parcel.channel); break;
    case Parcel::Kind::turned:
      parcel.channel->far_course().source = *parcel.path;
      source_turned(*parcel.channel);
      break;
  }
}

void Domain::take_tasks() {
  for (auto task = board_.take_tasks(index_); task != nullptr; task = std::move(task->next)) {
    task->run(*this);
    board_.task_done();
  }
}

void Domain::resume_blocked() {
  blocked_next_ = Instant::never();
  first_blocked_ = nullptr;
  for (const Aside& aside : blocked_)
    if (aside.cell->blocked)
      tiers_.due(*aside.cell, aside.cell->next_instant());
  blocked_.clear();
}

void Domain::step(Cell& cell) {
  ++steps_;
  if (execution_.is_asked()) [[unlikely]]
    show(false);
  outbox_.executing(cell.next_time());
  if (cell.exits_next()) {
    end(cell, cell.exit_time(), CellState::ended);
    return;
  }
  const EventKey key = cell.mailbox.front_key();
  apply(execution_.execute(cell, execution_.take(cell), key), cell);
}

void Domain::apply(Effects& effects, Cell& self) {
  if (effects.has_changes()) [[unlikely]] {
    apply_with_changes(effects, self);
    return;
  }
  route_all(effects);
}

void Domain::apply_with_changes(Effects& effects, Cell& self) {
  const Effects::Changes& changes = effects.changes();
  for (Cell* child : changes.born)
    adopt(*child);
  for (Channel* channel : changes.opened)
    attach(*channel);
  for (Channel* hold : changes.held)
    attach(*hold);
  route_all(effects);
  for (const auto* ended : {&changes.closed, &changes.released})
    for (Channel* channel : *ended)
      if (channel->to->group == index_)
        close_reader(*channel);
      else
        outbox_.post(channel->to->group, {Parcel::Kind::close, channel, nullptr, nullptr});
  if (changes.turn && self.alive())
    turn(self, *changes.turn);
  for (Cell* child : changes.born)
    place_first(*child);
  if (changes.dies && self.alive())
    end(self, self.now, CellState::dead);
}

void Domain::route_all(Effects& effects) {
  for_each_lambda(effects, [this](Closure& lambda) { route(lambda); });
}

void Domain::route(Closure& lambda) {
  if (lambda.to->group == index_)
    deliver(lambda);
  else {
    ++sent_to_others_;
    sent_to_links_ += board_.is_link(lambda.to->group) ? 1 : 0;
    outbox_.post(lambda.to->group, {Parcel::Kind::lambda, nullptr, &lambda, nullptr});
  }
}

void Domain::deliver(Closure& lambda) {
  Cell& to = *lambda.to;
  if (!to.alive()) {
    let_go_of_references(lambda, to.state);
    return;
  }
  const double time = place_arrival(to.path, lambda, world_.space);
  if (&to == active_) {
    execution_.queue(to, lambda, time);
    return;
  }
  put_into_mailbox(to, lambda, time);
}

void Domain::put_into_mailbox(Cell& to, Closure& lambda, double time) {
  if (Tiers::is_listed(to))
    execution_.queue(to, lambda, time);
  else
    execution_.put_aside(to, lambda, time);
  tiers_.due(to, std::min(lambda.key(time).instant, Instant::before(to.exit_time())));
}

// What another node sends may contradict what it has promised, or the class of the receiver. Then
// the run fails, since what has happened here already cannot be taken back.
void Domain::deliver_from_afar(Closure& lambda) {
  Cell& to = *lambda.to;
  if (!to.alive()) {
    let_go_of_references(lambda, to.state);
    return;
  }
  const double time = place_arrival(to.path, lambda, world_.space);
  const bool fits = lambda.ops->receiver == to.ops->type_id || lambda.ops->fits(*to.agent);
  if (fits && time >= std::max(promised_, to.now)) {
    put_into_mailbox(to, lambda, time);
    return;
  }
  const std::string problem =
      fits ? "would be absorbed at " + exact_text(time) + " s, but its node had promised that " +
                 "nothing comes before " + exact_text(std::max(promised_, to.now)) + " s"
           : "is for agents of another class";
  execution_.fail({Instant::before(to.now), lambda.source, lambda.channel, lambda.sequence},
                  {Errc::bad_message, "a lambda from agent " + std::to_string(lambda.source.value) +
                                          " to " + describe(to) + " " + problem});
  let_go_of_references(lambda, CellState::ended);
}

void Domain::let_go_of_references(Closure& lambda, CellState how) {
  const auto references = execution_.lose(lambda, how);
  if (references == nullptr)
    return;
  for (const CarriedReference& carried : *references)
    if (carried.hold->to->group == index_)
      close_reader(*carried.hold);
    else
      outbox_.post(carried.hold->to->group, {Parcel::Kind::close, carried.hold, nullptr, nullptr});
}

void Domain::attach(Channel& channel) {
  const Group reader = channel.to->group;
  const Parcel::Kind open = Parcel::Kind::open;
  if (channel.is_hold()) {
    if (reader == index_)
      adopt(channel);
    else
      outbox_.post_hold(reader, {open, &channel, nullptr, nullptr});
    return;
  }
  channel.group = index_;
  if (reader == index_) {
    adopt(channel);
    return;
  }
  leave_copy_of_source(channel);
  outbox_.post(reader, {open, &channel, nullptr, nullptr});
}

void Domain::leave_copy_of_source(Channel& channel) {
  Cell& from = channel.from();
  ChannelCourse& course = channel.keep_source(from.id, from.path, &from);
  course.reaction_time = from.ops->reaction_time;
  course.silent_until = channel.last_absorption; // nothing has been sent yet: its opening
}

void Domain::close_reader(Channel& channel) {
  Cell& to = *channel.to;
  if (channel.detached) { // its reader has ended before, and keeps it
    --to.incoming;
    bury(to);
    return;
  }
  other_domains_.remove(channel);
  execution_.retire(to.mailbox.detach(channel, to.path, world_.space, Tiers::sums_of(to)));
  place(to);
}

void Domain::source_turned(Channel& channel) {
  if (channel.detached)
    return;
  other_domains_.remove(channel);
  Cell& to = *channel.to;
  to.mailbox.source_turned(channel, to.path, world_.space, Tiers::sums_of(to));
  other_domains_.add(channel);
  place(to);
}

void Domain::turn(Cell& cell, const Velocity<4>& velocity) {
  other_domains_.turns();
  const auto each_channel = [&](void (OtherDomains::*act)(Channel&)) {
    for (IncomingChannel* c = cell.mailbox.first_channel(); c != nullptr; c = c->next_incoming)
      if (!c->detached)
        (other_domains_.*act)(static_cast<Channel&>(*c));
  };
  each_channel(&OtherDomains::remove);
  execution_.turn(cell, cell.now, velocity, Tiers::sums_of(cell));
  each_channel(&OtherDomains::add);
  place(cell);
  tell_turned(cell);
}

void Domain::tell_turned(Cell& cell) {
  for (Channel* channel = cell.outgoing; channel != nullptr; channel = channel->next_outgoing)
    if (channel->closed)
      continue;
    else if (channel->to->group == index_)
      source_turned(*channel);
    else
      outbox_.post(channel->to->group, {Parcel::Kind::turned, channel, nullptr,
                                        std::make_unique<Trajectory>(cell.path)});
}

void Domain::end(Cell& cell, double time, CellState how) {
  tiers_.remove(cell);
  add_to_ended(cell);
  ++cell.incoming; // keeps it until the end of this function
  Effects& effects = execution_.end(cell, time, how);
  lose_lambdas(cell, how);
  for (IncomingChannel* c = cell.mailbox.take_channels(); c != nullptr;) {
    auto& channel = static_cast<Channel&>(*std::exchange(c, c->next_incoming));
    if (channel.detached) {
      channel.let_go();
      --cell.incoming;
    } else { // it will be closed yet
      other_domains_.remove(channel);
      cell.mailbox.keep(channel);
    }
  }
  apply(effects, cell); // they may open and close channels to the agent itself: these are kept, too
  --cell.incoming;
  bury(cell);
}

void Domain::lose_lambdas(Cell& cell, CellState how) {
  cell.mailbox.settle();
  while (Closure* lambda = execution_.take_any(cell))
    let_go_of_references(*lambda, how);
}

void Domain::add_to_ended(Cell& cell) {
  cell.slot = static_cast<std::uint32_t>(ended_.size());
  ended_.push_back(&cell);
}

void Domain::bury(Cell& cell) {
  if (cell.incoming == 0 && !cell.alive() && !std::exchange(cell.buried, true))
    graveyard_.push_back(&cell);
}

void Domain::empty_graveyard() {
  for (Cell* cell : graveyard_) {
    cell->buried = false;
    if (cell->incoming != 0)
      continue;
    ended_[cell->slot] = ended_.back();
    ended_.back()->slot = cell->slot;
    ended_.pop_back();
    // It may have been put aside, and have died of something earlier.
    std::erase_if(blocked_, [cell](const Aside& aside) { return aside.cell == cell; });
    if (first_blocked_ == cell)
      first_blocked_ = nullptr;
    execution_.free(*cell);
  }
  graveyard_.clear();
}

// Every domain does this once all domains know that nothing happens any more.
void Domain::finish() {
  tiers_.for_each([&](Cell& cell) { finish(cell); });
  for (auto task = board_.take_tasks(index_); task != nullptr; task = std::move(task->next))
    task->refuse();
}

// All agents end at once, so that what they still send and close has no effect.
void Domain::finish(Cell& cell) {
  (void)execution_.end_with_run(cell, world_.last_time(cell.now));
  cell.mailbox.settle();
  while (Closure* lambda = execution_.take_any(cell))
    execution_.lose(*lambda, CellState::ended);
}

void Domain::publish() {
  outbox_.flush(earliest());
  promised_ = std::max(promised_, floor_time());
  board_.publish(index_, promised_);
  const std::uint64_t absorbed = execution_.counters.absorbed;
  if (absorbed >= busy_counted_ + publish_stride) {
    busy_counted_ = absorbed;
    count_load(busy_.so_far_s());
  }
}

void Domain::count_load(double busy_s) {
  board_.loads().tell(index_, {execution_.counters.absorbed, busy_s,
                               engine_counters_.empty_activations, sent_to_others_});
}

// An agent with a lambda is blocked when its next event is later than its own domain allows; in a
// domain that can do nothing, each agent with a lambda is.
void Domain::take_census(bool asleep) {
  const double base = earliest();
  execution_.census.take([&](Census& census) {
    tiers_.for_each([&](const Cell& cell) {
      const std::size_t lambdas = cell.mailbox.size();
      census.count_mailbox(lambdas);
      const bool waits =
          asleep || !(cell.next < light_cone::arrival_bound(base, cell.mailbox.home_lookahead()));
      if (lambdas > 0 && (cell.blocked || (waits && cell.next < end_time())))
        ++census.agents_blocked;
    });
  });
}

// For watchers of the run.
void Domain::show(bool asleep) {
  if (!execution_.is_watched())
    return;
  if (execution_.is_asked())
    take_census(asleep);
  LiveCounters counters;
  counters.activations = engine_counters_.activations;
  counters.empty_activations = engine_counters_.empty_activations;
  counters.activation_durations = activation_durations_.durations();
  counters.sent_remote = sent_to_links_;
  execution_.show(counters);
}

// The domain needs what lets the agent go that is furthest behind; during a pause, nothing.
DomainBoard::Needs Domain::needs() {
  const Instant next = std::min(tiers_.earliest_instant(), blocked_next_);
  if (next.absorption < end_time() && !board_.is_paused())
    return {next, other_domains_.needed_for(next.absorption, first_blocked_)};
  return {next.absorption < end_time() ? next : Instant::never(),
          PerGroup<double>(board_.size(), infinity)};
}

// What comes from outside later on must not change what has been seen.
void Domain::show_at(WorldAtStop& stop) {
  relied_on_ = std::max(relied_on_, stop.time);
  resume_blocked();
  tiers_.for_each([&stop](Cell& cell) { stop.agents.push_back(&cell); });
  stop.ended.insert(stop.ended.end(), ended_.begin(), ended_.end());
  execution_.show_at(stop);
}

void Domain::put_in(Cell& cell) {
  cell.mailbox.settle();
  cell.next = cell.next_time();
  tiers_.place(cell);
}

// What other domains have relied on binds agents that have come from elsewhere, too.
void Domain::begin_anew(double least) {
  board_.standings().keep_outside_behind(relied_on_);
  // Where a domain has promised for ever, the others have relied on it as far as they have come.
  board_.standings().keep_outside_behind(execution_.counters.last_event_time);
  if (std::isfinite(promised_))
    board_.standings().keep_outside_behind(promised_);
  promised_ = least;
  other_domains_.begin_anew(least);
  outbox_.announce(earliest());
}

} // namespace stos::detail
