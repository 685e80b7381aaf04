#include "libstos/agent/domain.hpp"

#include <algorithm>
#include <cmath>

namespace stos::detail {
namespace {

constexpr double infinity = Instant::never().absorption;
constexpr std::uint64_t no_version = 0;
constexpr double moving = -1; // as ChannelCourse::cut_distance: the distance changes

// Other domains see progress that often during a long slice.
constexpr std::uint64_t publish_stride = 256;
constexpr std::uint64_t flush_stride = 16; // as often, what is for them leaves

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

// When so many of the agents that are furthest behind have to wait, the others are not tried.
constexpr std::uint64_t blocked_in_a_row_max = 64;

// Reaches within a factor of four share a tier; below the least one agents go one by one.
constexpr int least_exponent = -20;
constexpr int greatest_exponent = 20;
constexpr int exponent_of_infinity = greatest_exponent + 1;

int exponent_of(double reach) {
  if (!std::isfinite(reach))
    return exponent_of_infinity;
  return std::min(static_cast<int>(std::floor(std::ilogb(reach) / 2.0)), greatest_exponent);
}

} // namespace

Domain::Domain(std::size_t index, World& world, DomainBoard& board, AgentBindings* bindings)
    : index_(index), world_(world), board_(board), execution_(world, bindings), tiers_(1),
      clocks_(board.size(), Instant::beginning().absorption), cuts_(board.size()),
      taken_(board.size()), under_way_(board.size()), sent_(board.size()),
      hold_outboxes_(board.size()), outboxes_(board.size()) {}

Domain::~Domain() {
  for (const Tier& tier : tiers_)
    for (std::size_t i = 0; i < tier.table.slots(); ++i)
      if (Cell* cell = tier.table.at(i))
        execution_.free(*cell);
  for (const auto* cells : {&newcomers_, &ended_})
    for (Cell* cell : *cells)
      execution_.free(*cell);
}

Domain::Slice Domain::run(std::uint64_t events_max) {
  place_newcomers();
  (void)look_around();
  (void)take_parcels();
  if (board_.finished()) {
    finish();
    return Slice::finished;
  }
  take_tasks();

  slice_end_ = execution_.counters.absorbed + events_max;
  do {
    find_bounds();
    resume_blocked();
    work();
    publish();
  } while (budget_left() && (run_ahead() || find_news()));
  execution_.tidy_up([this](Cell& cell) { bury(cell); });
  empty_graveyard();
  if (!budget_left())
    return Slice::more;
  return board_.park(index_, wish()) ? Slice::parked : Slice::more;
}

// Looks for something that helps a domain that can do nothing. Others are most often about to
// publish it, and sleeping and waking take longer than that.
bool Domain::find_news() {
  if (board_.size() == 1 || !(std::min(earliest_time(), blocked_next_.absorption) < end_time()))
    return false;
  board_.begin_to_wait();
  bool found = false;
  for (std::uint32_t looks = 0; !found && (looks == 0 || board_.is_patient(looks)); ++looks) {
    if (looks > 0)
      pause();
    constexpr std::uint32_t looks_for_each_snapshot = 16;
    found = look_around() | take_parcels();
    if (!found && looks % looks_for_each_snapshot == 0)
      found = lift_clocks();
  }
  board_.end_to_wait();
  return found;
}

// Clocks that hold each other back creep towards the next event of all. Whoever sees that one need
// not wait for them.
bool Domain::lift_clocks() {
  const double least = board_.least_time();
  bool lifted = false;
  for (std::size_t i = 0; i < clocks_.size(); ++i)
    if (i != index_ && clocks_[i] < least) {
      clocks_[i] = least;
      lifted |= !cuts_[i].empty();
    }
  return lifted;
}

// At first, the last slice may have ended within a sweep, and others may let agents go by now who
// were passed over.
void Domain::work() {
  for (Tier& tier : tiers_)
    tier.has_unswept = tier.table.earliest() < tier.window_end;

  std::uint64_t next_publication = execution_.counters.absorbed + publish_stride;
  while (budget_left()) {
    const std::uint64_t before = execution_.counters.absorbed;
    const double earliest = std::min(earliest_time(), blocked_next_.absorption);
    if (!(earliest < end_time()))
      return;
    const double window_end = sweep_tiers(earliest);
    TimeTable& table = tiers_[no_reach].table;
    std::uint64_t blocked_in_a_row = 0;
    while (budget_left() && blocked_in_a_row < blocked_in_a_row_max &&
           table.earliest() < std::min(window_end, end_time()))
      blocked_in_a_row = run_one(first_of(table)) ? 0 : blocked_in_a_row + 1;
    if (execution_.counters.absorbed == before &&
        (!(earliest_time() < end_time()) || !run_one(first_of_all())))
      return;
    if (board_.size() > 1)
      tell_others(next_publication);
  }
}

// Where this domain stands is cheap to tell, if nothing has to be sent before that.
void Domain::tell_others(std::uint64_t& next_publication) {
  const std::uint64_t absorbed = execution_.counters.absorbed;
  const bool flush_now = outgoing_ && absorbed + publish_stride >= next_publication + flush_stride;
  if (absorbed >= next_publication || flush_now || board_.somebody_waits()) {
    publish();
    next_publication = absorbed + publish_stride;
  } else {
    announce();
  }
}

// It answers for what it has sent, too, until the receiver does.
void Domain::announce() {
  if (!outgoing_)
    executed_since_flush_ = infinity;
  double next = std::min({earliest_time(), blocked_next_.absorption, executed_since_flush_});
  for (std::size_t i = 0; i < under_way_.size(); ++i) {
    std::vector<UnderWay>& batches = under_way_[i];
    if (batches.empty())
      continue;
    std::erase_if(batches, [taken = board_.taken(i, index_)](const UnderWay& batch) {
      return batch.number <= taken;
    });
    for (const UnderWay& batch : batches)
      next = std::min(next, batch.earliest);
  }
  board_.announce(index_, next, taken_);
}

// Starts a new window in all tiers that are through with their last one. Nothing happens in the
// domain before `base`. Returns the end of the window that ends first.
//
// A sweep of a wide tier keeps the others waiting, and the domain's promises with them. Where other
// domains wait for those, wide tiers go on in smaller steps, too.
double Domain::sweep_tiers(double base) {
  constexpr double steps_of_the_narrowest = 16;
  const double width_max = !swept_.empty() && board_.somebody_waits()
                               ? steps_of_the_narrowest * tiers_[swept_.back()].width
                               : infinity;
  double first_end = infinity;
  for (std::size_t i = 0; i < swept_.size(); ++i) { // events may add tiers
    Tier& tier = tiers_[swept_[i]];
    const bool new_window = tier.window_end <= base;
    if (new_window)
      tier.window_end = light_cone::arrival_bound(base, std::min(tier.width, width_max));
    if (std::exchange(tier.has_unswept, false) || new_window)
      sweep(tier, base, tier.window_end);
    first_end = std::min(first_end, tier.window_end);
  }
  return first_end;
}

// While the one furthest behind has to wait for another domain, the others need not wait for their
// window to end: in a tier that can gain a good part of its width, a few of them go on. Only a few,
// since the next look may free the one that keeps other domains waiting. Returns whether somebody
// did.
bool Domain::run_ahead() {
  const double base = std::min(earliest_time(), blocked_next_.absorption);
  if (board_.size() == 1 || !board_.has_idle_worker() || !(base < end_time()))
    return false;
  const std::uint64_t before = execution_.counters.absorbed;
  constexpr std::uint64_t few = 4;
  const std::uint64_t slice_end = std::exchange(slice_end_, std::min(slice_end_, before + few));
  for (std::size_t i = 0; i < swept_.size() && budget_left(); ++i) { // events may add tiers
    Tier& tier = tiers_[swept_[i]];
    const double window_end = tier.window_end + tier.width / 4;
    if (!(window_end < light_cone::arrival_bound(base, tier.width)))
      continue;
    sweep(tier, base, window_end);
    if (budget_left())
      tier.window_end = window_end;
  }
  slice_end_ = slice_end;
  if (execution_.counters.absorbed == before)
    return false;
  (void)look_around();
  (void)take_parcels();
  return true;
}

void Domain::sweep(Tier& tier, double base, double window_end) {
  tier.table.sweep(std::min(window_end, end_time()), [&](Cell& cell) {
    visit(cell, base);
    return budget_left();
  });
}

// Runs the agent as far as its reach lets it go when nobody else is before `base`.
void Domain::visit(Cell& cell, double base) {
  cell.mailbox.settle();
  const std::uint64_t before = execution_.counters.absorbed;
  const auto [slot, tier] = std::pair(cell.slot, cell.tier);
  double free_until = 0; // as far as other domains are concerned, while no worldline changes
  std::uint64_t free_version = no_version;
  active_ = &cell;
  while (cell.alive() && budget_left()) {
    const double time = cell.next_time();
    if (!(time < light_cone::arrival_bound(base, cell.mailbox.home_lookahead())) ||
        !(time < end_time()))
      break;
    if (!(time < outside_bound_)) {
      if (free_version != worldlines_version_) {
        free_until = out_of_reach_until(cell, time);
        free_version = cell.path.at_rest() ? worldlines_version_ : no_version;
      }
      if (!(time < free_until || others_let(cell, time, base)))
        break;
    }
    step(cell);
  }
  active_ = nullptr;
  ++engine_counters_.activations;
  engine_counters_.empty_activations += execution_.counters.absorbed == before ? 1 : 0;
  if (!cell.alive())
    return;
  cell.next = cell.next_time();
  if (cell.slot != slot || cell.tier != tier) // else the sweep does it
    tiers_[cell.tier].table.update(cell);
}

// Whether other domains let it execute what it does next, at `time`, if its own one does: it has no
// channel from there that can bring something, and neither has anybody near it.
bool Domain::others_let(const Cell& cell, double time, double base) {
  const double reach = cell.mailbox.home_lookahead();
  if (!(time < light_cone::arrival_bound(std::min(base, outside_bound_), reach)))
    return false;
  if (!cell.mailbox.hears_other_groups())
    return true;
  clocks_[index_] = infinity;
  const Horizons horizons{clocks_, board_.floor()};
  if (cell.exits_next())
    return cell.mailbox.silent_before(cell.exit_time(), cell.path, world_.space, horizons);
  return cell.mailbox.next(cell.path, world_.space, horizons).kind == NextStep::Kind::deliver;
}

// No influence of other domains reaches an agent before that where it is at `time`.
//
// What other domains cause from now on starts from the sources of the channels that lead from them
// into this one, no earlier than their clocks; by the triangle inequality it reaches nobody earlier
// than light from there, through whatever agents it goes.
double Domain::out_of_reach_until(const Cell& cell, double time) const {
  const Point place = cell.path.position(time);
  double until = infinity;
  for (std::size_t i = 0; i < cuts_.size(); ++i) {
    const Cut& cut = cuts_[i];
    if (i == index_ || cut.empty())
      continue;
    const double distance = cut.moving.empty() ? cut.sources.distance(place, world_.space) : 0;
    until = std::min(until, light_cone::arrival_bound(clocks_[i], distance));
  }
  return until;
}

double Domain::earliest_time() const {
  double least = infinity;
  for (const Tier& tier : tiers_)
    least = std::min(least, tier.table.earliest());
  return least;
}

// Of a tier, and of all tiers, the agent with the least instant.
Cell& Domain::first_of(TimeTable& table) {
  return table.first([this](Cell& a, Cell& b) {
    a.mailbox.settle();
    b.mailbox.settle();
    return a.next_instant() < b.next_instant();
  });
}

Cell& Domain::first_of_all() {
  const double time = earliest_time();
  Cell* first = nullptr;
  for (Tier& tier : tiers_)
    if (tier.table.earliest() == time) {
      Cell& cell = first_of(tier.table);
      cell.mailbox.settle();
      if (first == nullptr || cell.next_instant() < first->next_instant())
        first = &cell;
    }
  return *first;
}

Instant Domain::earliest_instant() {
  const double time = earliest_time();
  Instant least = Instant::never();
  if (time == infinity)
    return least;
  for (Tier& tier : tiers_)
    tier.table.sweep(std::nextafter(time, infinity), [&](Cell& cell) {
      cell.mailbox.settle();
      least = std::min(least, cell.next_instant());
      return true;
    });
  return least;
}

// Runs the agent as far as it may go: what the others can still do reaches it later. Returns false
// if it has to wait for another domain right away.
bool Domain::run_one(Cell& cell) {
  cell.mailbox.settle();
  cell.next = infinity; // so that the table speaks of the others
  tiers_[cell.tier].table.update(cell);
  active_ = &cell;
  ++engine_counters_.activations;
  const bool goes = may_go_on(cell);
  if (goes) {
    do
      step(cell);
    while (cell.alive() && budget_left() && cell.next_time() < end_time() && may_go_on(cell));
  } else {
    ++engine_counters_.empty_activations;
    cell.blocked = true;
    blocked_.push_back(&cell);
    if (cell.next_instant() < blocked_next_) {
      blocked_next_ = cell.next_instant();
      first_blocked_ = &cell;
    }
  }
  active_ = nullptr;
  if (cell.alive() && !cell.blocked) {
    cell.next = cell.next_time();
    tiers_[cell.tier].table.update(cell);
  }
  return goes;
}

bool Domain::may_go_on(const Cell& cell) {
  const double inside = std::min(earliest_time(), blocked_next_.absorption);
  const double floor = std::min(inside, outside_bound_);
  const double next = cell.next_time();
  if (next < floor || (next < inside && next < out_of_reach_until(cell, next)))
    return true;
  Horizons horizons;
  horizons.floor = board_.floor();
  if (next == floor) // only then do instants have to be told apart
    horizons.floor =
        std::max(horizons.floor,
                 std::min({earliest_instant(), blocked_next_, Instant::before(outside_bound_)}));
  clocks_[index_] = floor;
  horizons.groups = clocks_;
  if (cell.exits_next())
    return cell.mailbox.silent_before(cell.exit_time(), cell.path, world_.space, horizons);
  return cell.mailbox.next(cell.path, world_.space, horizons).kind == NextStep::Kind::deliver;
}

// ---- tiers and arrivals
// --------------------------------------------------------------------------

std::uint8_t Domain::tier_of(double reach) {
  if (!(reach >= std::ldexp(1, 2 * least_exponent)))
    return no_reach;
  const int exponent = exponent_of(reach);
  for (const std::uint8_t index : swept_)
    if (tiers_[index].exponent == exponent)
      return index;
  const auto index = static_cast<std::uint8_t>(tiers_.size());
  tiers_.push_back({});
  tiers_.back().exponent = exponent;
  const auto narrower = std::find_if(swept_.begin(), swept_.end(), [&](std::uint8_t other) {
    return tiers_[other].exponent < exponent;
  });
  swept_.insert(narrower, index);
  return index;
}

// To be called when the agent is new, and when its reach may have changed.
void Domain::place(Cell& cell) {
  if (!cell.alive())
    return;
  const double reach = cell.mailbox.home_lookahead();
  const std::uint8_t index = tier_of(reach);
  if (cell.slot != Cell::no_slot && cell.tier != index)
    tiers_[cell.tier].table.remove(cell);
  if (cell.slot == Cell::no_slot) {
    cell.tier = index;
    tiers_[index].table.add(cell);
  }
  Tier& tier = tiers_[index];
  if (index != no_reach)
    tier.width = std::min(tier.width, reach);
  tier.has_unswept |= cell.next < tier.window_end;
}

void Domain::place_newcomers() {
  for (Cell* cell : newcomers_) {
    cell->slot = Cell::no_slot;
    if (cell->alive())
      place(*cell);
  }
  newcomers_.clear();
}

// Something has arrived that is due at `time`.
void Domain::due(Cell& cell, double time) {
  if (cell.blocked)
    time = std::min(time, cell.next_time());
  cell.blocked = false;
  if (cell.slot == Cell::no_slot) {
    cell.next = std::min(cell.next, time);
    return;
  }
  Tier& tier = tiers_[cell.tier];
  tier.table.lower(cell, time);
  tier.has_unswept |= time < tier.window_end;
}

std::optional<double> Domain::inject(Cell& cell, Closure& lambda) {
  const double bound = std::max({floor_time(), promised_, board_.floor().absorption,
                                 board_.withdraw(index_), cell.now, cell.path.anchor()[0]});
  const double time = std::nextafter(bound, infinity);
  if (!(time < std::min(cell.exit_time(), end_time()))) {
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

// It gets its place in a tier when its creator's event is over, with all the channels made there.
void Domain::adopt(Cell& cell) {
  cell.mailbox.set_home_group(static_cast<std::uint16_t>(index_));
  execution_.start(cell);
  if (cell.alive()) {
    cell.next = cell.next_time();
    newcomers_.push_back(&cell);
  } else { // its creator deleted it
    add_to_ended(cell);
  }
}

// If its source is in another domain, that one has set the group and left a copy of the worldline:
// the source itself may be gone by now.
void Domain::adopt(Channel& channel) {
  if (!channel.is_hold() && !channel.between_domains)
    channel.group = static_cast<std::uint16_t>(index_);
  execution_.open_reader(channel);
  Cell& to = *channel.to;
  if (!to.alive()) {
    to.mailbox.keep(channel);
    return;
  }
  to.mailbox.attach(channel, to.path, world_.space);
  add_to_cut(channel);
  if (to.slot != Cell::no_slot)
    place(to);
}

// The clocks first, then the inbox: see DomainBoard. Returns whether a clock has moved.
bool Domain::look_around() {
  bool moved = false;
  for (std::size_t i = 0; i < clocks_.size(); ++i)
    if (i != index_) {
      const double clock = std::max(board_.clock(i), board_.floor().absorption);
      moved |= clock > clocks_[i] && !cuts_[i].empty();
      clocks_[i] = std::max(clocks_[i], clock);
    }
  return moved;
}

bool Domain::take_parcels() {
  auto batch = board_.take_batches(index_);
  if (batch == nullptr)
    return false;
  for (; batch != nullptr; batch = std::move(batch->next)) {
    ++taken_[batch->from];
    for (Parcel& parcel : batch->parcels)
      take(parcel);
  }
  return true;
}

void Domain::take(Parcel& parcel) {
  switch (parcel.kind) {
    case Parcel::Kind::open: adopt(*parcel.channel); break;
    case Parcel::Kind::lambda: deliver(*parcel.lambda); break;
    case Parcel::Kind::close: close_reader(*parcel.channel); break;
    case Parcel::Kind::turned:
      parcel.channel->far_course().source = *parcel.path;
      source_turned(*parcel.channel);
      break;
  }
}

void Domain::find_bounds() {
  outside_bound_ = infinity;
  for (std::size_t i = 0; i < cuts_.size(); ++i)
    if (i != index_) {
      cuts_[i].bound = bound_of(cuts_[i], clocks_[i]);
      outside_bound_ = std::min(outside_bound_, cuts_[i].bound);
    }
}

double Domain::bound_of(const Cut& cut, double clock) const {
  double bound = infinity;
  if (!cut.distances.empty())
    bound = light_cone::arrival_bound(clock, cut.distances.begin()->first);
  for (const Channel* channel : cut.moving)
    bound = std::min(bound, bound_of(*channel, clock));
  return bound;
}

// Holds for the worldlines as they are. A turn of the source is an event after its clock; one of
// the reader is an event of this domain, and has the bound taken anew.
double Domain::bound_of(const Channel& channel, double clock) const {
  const double reaction = light_cone::arrival_bound(clock, channel.reaction_time());
  if (channel.source_path == nullptr || !std::isfinite(clock))
    return reaction;
  const Trajectory& source = *channel.source_path;
  return std::max(reaction,
                  light_cone::absorption_bound(source, std::max(clock, source.anchor()[0]),
                                               channel.to->path, world_.space));
}

void Domain::take_tasks() {
  for (auto task = board_.take_tasks(index_); task != nullptr; task = std::move(task->next))
    task->run(*this);
}

void Domain::resume_blocked() {
  blocked_next_ = Instant::never();
  first_blocked_ = nullptr;
  for (Cell* cell : blocked_)
    if (cell->blocked)
      due(*cell, cell->next_time());
  blocked_.clear();
}

void Domain::step(Cell& cell) {
  executed_since_flush_ = std::min(executed_since_flush_, cell.next_time());
  if (cell.exits_next()) {
    end(cell, cell.exit_time(), CellState::ended);
    return;
  }
  const EventKey key = cell.mailbox.front_key();
  apply(execution_.execute(cell, execution_.take(cell), key), cell);
}

void Domain::apply(Effects& effects, Cell& self) {
  for (Cell* child : effects.born)
    adopt(*child);
  for (Channel* channel : effects.opened)
    attach(*channel);
  for (Channel* hold : effects.held)
    attach(*hold);
  for (auto* lambda = effects.first_lambda; lambda != nullptr;) {
    auto* next = static_cast<Closure*>(lambda->next);
    route(*lambda);
    lambda = next;
  }
  for (const auto* ended : {&effects.closed, &effects.released})
    for (Channel* channel : *ended)
      if (channel->to->domain == index_)
        close_reader(*channel);
      else
        post(channel->to->domain, {Parcel::Kind::close, channel, nullptr, nullptr});
  if (effects.turn && self.alive())
    turn(self, *effects.turn);
  if (effects.dies && self.alive())
    end(self, self.now, CellState::dead);
  if (!newcomers_.empty())
    place_newcomers();
}

void Domain::route(Closure& lambda) {
  if (lambda.to->domain == index_)
    deliver(lambda);
  else
    post(lambda.to->domain, {Parcel::Kind::lambda, nullptr, &lambda, nullptr});
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
  execution_.put_aside(to, lambda, time);
  due(to, time);
}

void Domain::let_go_of_references(Closure& lambda, CellState how) {
  const auto references = execution_.lose(lambda, how);
  if (references == nullptr)
    return;
  for (const CarriedReference& carried : *references)
    if (carried.hold->to->domain == index_)
      close_reader(*carried.hold);
    else
      post(carried.hold->to->domain, {Parcel::Kind::close, carried.hold, nullptr, nullptr});
}

void Domain::attach(Channel& channel) {
  const std::size_t domain = channel.to->domain;
  if (domain == index_) {
    adopt(channel);
    return;
  }
  if (!channel.is_hold())
    leave_copy_of_source(channel);
  std::unique_ptr<Batch>& box = channel.is_hold() ? hold_outboxes_[domain] : outboxes_[domain];
  post(box, {Parcel::Kind::open, &channel, nullptr, nullptr});
}

void Domain::leave_copy_of_source(Channel& channel) {
  Cell& from = channel.from();
  auto* course = new ChannelCourse;
  course->reaction_time = from.ops->reaction_time;
  course->silent_until = channel.last_absorption; // nothing has been sent yet: its opening
  course->from = &from;
  course->source = from.path;
  channel.set_course(course);
  channel.source_path = &course->source;
  channel.group = from.domain;
  channel.between_domains = 1;
}

void Domain::close_reader(Channel& channel) {
  Cell& to = *channel.to;
  if (channel.detached) { // its reader has ended before, and keeps it
    --to.incoming;
    bury(to);
    return;
  }
  remove_from_cut(channel);
  execution_.retire(to.mailbox.detach(channel, to.path, world_.space));
  if (to.slot != Cell::no_slot)
    place(to);
}

void Domain::source_turned(Channel& channel) {
  if (channel.detached)
    return;
  remove_from_cut(channel);
  Cell& to = *channel.to;
  to.mailbox.source_turned(channel, to.path, world_.space);
  add_to_cut(channel);
  if (to.slot != Cell::no_slot)
    place(to);
}

void Domain::turn(Cell& cell, const Velocity<4>& velocity) {
  ++worldlines_version_;
  const auto each_channel = [&](void (Domain::*act)(Channel&)) {
    for (IncomingChannel* c = cell.mailbox.first_channel(); c != nullptr; c = c->next_incoming)
      if (!c->detached)
        (this->*act)(static_cast<Channel&>(*c));
  };
  each_channel(&Domain::remove_from_cut);
  execution_.turn(cell, cell.now, velocity);
  each_channel(&Domain::add_to_cut);
  if (cell.slot != Cell::no_slot)
    place(cell);
  tell_turned(cell);
}

void Domain::tell_turned(Cell& cell) {
  for (Channel* channel = cell.outgoing; channel != nullptr; channel = channel->next_outgoing)
    if (channel->closed)
      continue;
    else if (channel->to->domain == index_)
      source_turned(*channel);
    else
      post(channel->to->domain,
           {Parcel::Kind::turned, channel, nullptr, std::make_unique<Trajectory>(cell.path)});
}

void Domain::end(Cell& cell, double time, CellState how) {
  tiers_[cell.tier].table.remove(cell);
  add_to_ended(cell);
  ++cell.incoming; // keeps it until the end of this function
  apply(execution_.end(cell, time, how), cell);
  lose_lambdas(cell, how);
  for (IncomingChannel* c = cell.mailbox.take_channels(); c != nullptr;) {
    auto& channel = static_cast<Channel&>(*std::exchange(c, c->next_incoming));
    if (channel.detached) {
      channel.let_go();
      --cell.incoming;
    } else { // it will be closed yet
      remove_from_cut(channel);
      cell.mailbox.keep(channel);
    }
  }
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
    std::erase(blocked_, cell); // it may have been put aside, and died of something earlier
    execution_.free(*cell);
  }
  graveyard_.clear();
}

// Every domain does this once all of them know that nothing happens any more.
void Domain::finish() {
  const double end_time = std::isfinite(world_.end_time.load())
                              ? world_.end_time.load()
                              : execution_.counters.last_event_time;
  for (const Tier& tier : tiers_)
    for (std::size_t i = 0; i < tier.table.slots(); ++i)
      if (Cell* cell = tier.table.at(i))
        finish(*cell, end_time);
  for (auto task = board_.take_tasks(index_); task != nullptr; task = std::move(task->next))
    task->refuse();
}

// Everybody ends at once, so that what they still send and close concerns nobody.
void Domain::finish(Cell& cell, double time) {
  Effects& effects = execution_.end(cell, time, CellState::ended);
  for (auto* lambda = effects.first_lambda; lambda != nullptr;) {
    auto* next = static_cast<Closure*>(lambda->next);
    execution_.lose(*lambda, CellState::ended);
    lambda = next;
  }
  cell.mailbox.settle();
  while (Closure* lambda = execution_.take_any(cell))
    execution_.lose(*lambda, CellState::ended);
}

void Domain::post(std::size_t domain, Parcel parcel) { post(outboxes_[domain], std::move(parcel)); }

void Domain::post(std::unique_ptr<Batch>& box, Parcel parcel) {
  outgoing_ = true;
  if (box == nullptr)
    box = std::make_unique<Batch>();
  box->parcels.push_back(std::move(parcel));
}

// A hold must have arrived before the lambda that it belongs to can be absorbed elsewhere, which
// releases it again.
void Domain::flush() {
  for (const auto* boxes : {&hold_outboxes_, &outboxes_})
    for (std::size_t i = 0; i < boxes->size(); ++i)
      if ((*boxes)[i] != nullptr)
        under_way_[i].push_back({++sent_[i], executed_since_flush_});
  outgoing_ = false;
  announce();
  for (auto* boxes : {&hold_outboxes_, &outboxes_})
    for (std::size_t i = 0; i < boxes->size(); ++i)
      if ((*boxes)[i] != nullptr) {
        (*boxes)[i]->from = index_;
        board_.push(i, std::move((*boxes)[i]));
      }
}

void Domain::add_to_cut(Channel& channel) {
  ++worldlines_version_;
  if (channel.group == index_)
    return;
  Cut& cut = cuts_[channel.group];
  const double clock = clocks_[channel.group];
  if (CausalMailbox::is_moving(channel, channel.to->path)) {
    channel.far_course().cut_distance = moving;
    cut.moving.push_back(&channel);
    cut.bound = std::min(cut.bound, bound_of(channel, clock));
  } else {
    const double distance = channel.far_course().cut_distance =
        CausalMailbox::lookahead_of(channel, channel.to->path, world_.space);
    ++cut.distances[distance];
    cut.sources.include(channel.source_path->anchor());
    cut.bound = std::min(cut.bound, light_cone::arrival_bound(clock, distance));
  }
  outside_bound_ = std::min(outside_bound_, cut.bound);
}

void Domain::remove_from_cut(Channel& channel) {
  if (channel.group == index_)
    return;
  Cut& cut = cuts_[channel.group];
  const double distance = channel.far_course().cut_distance;
  if (distance == moving) {
    std::erase(cut.moving, &channel);
    return;
  }
  const auto found = cut.distances.find(distance);
  if (--found->second == 0)
    cut.distances.erase(found);
}

double Domain::floor_time() const {
  return std::min({earliest_time(), blocked_next_.absorption, outside_bound_});
}

void Domain::publish() {
  flush();
  promised_ = std::max(promised_, floor_time());
  board_.publish(index_, promised_);
  board_.count_events(index_, execution_.counters.absorbed);
}

// Only a clock that has moved on since this domain looked can be of use, and only when it lets the
// agent go that is furthest behind.
DomainBoard::Wish Domain::wish() {
  using Wish = DomainBoard::Wish;
  Wish wish{next_instant(), std::vector<double>(board_.size(), infinity)};
  const double next = wish.next.absorption;
  if (!(next < end_time())) {
    wish.next = Instant::never();
    return wish;
  }
  for (std::size_t i = 0; i < wish.clock.size(); ++i) {
    const Cut& cut = cuts_[i];
    const bool holds_back = i != index_ && !cut.empty() && !(next < cut.bound);
    double lookahead = std::isfinite(clocks_[i]) ? cut.bound - clocks_[i] : 0;
    if (first_blocked_ != nullptr && cut.moving.empty())
      lookahead = std::max(lookahead,
                           cut.sources.distance(first_blocked_->path.position(next), world_.space));
    wish.clock[i] = holds_back ? std::max(next - lookahead, clocks_[i]) : Wish::no_matter();
  }
  return wish;
}

} // namespace stos::detail
