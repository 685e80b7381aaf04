#include "libstos/agent/domain.hpp"

#include <algorithm>
#include <cmath>

namespace stos::detail {
namespace {

constexpr double infinity = Instant::never().absorption;

// Other domains see progress that often during a long slice.
constexpr std::uint64_t publish_stride = 256;

// When so many of the agents that are furthest behind have to wait, the others are not tried.
constexpr std::uint64_t blocked_in_a_row_max = 64;

void take_from(std::vector<Cell*>& list, Cell& cell) {
  list[cell.list_position] = list.back();
  list.back()->list_position = cell.list_position;
  list.pop_back();
}

} // namespace

Domain::Domain(std::size_t index, World& world, DomainBoard& board, AgentBindings* bindings)
    : index_(index), world_(world), board_(board), execution_(world, bindings),
      clocks_(board.size(), Instant::beginning().absorption), cuts_(board.size()),
      hold_outboxes_(board.size()), outboxes_(board.size()) {}

Domain::~Domain() {
  for (const auto* cells : {&living_, &ended_})
    for (Cell* cell : *cells) {
      for (IncomingChannel* channel : cell->mailbox.channels())
        let_go(static_cast<Channel&>(*channel));
      delete cell;
    }
}

Domain::Slice Domain::run(std::uint64_t events_max) {
  look_around();
  take_parcels();
  if (board_.finished()) {
    finish();
    return Slice::finished;
  }
  take_tasks();
  resume_blocked();

  const std::uint64_t before = execution_.counters.absorbed;
  slice_end_ = before + events_max;
  std::uint64_t next_publication = before + publish_stride;
  std::uint64_t blocked_in_a_row = 0;
  while (agenda_.front_time() < world_.end_time.load(std::memory_order_relaxed) &&
         execution_.counters.absorbed < slice_end_ && blocked_in_a_row < blocked_in_a_row_max) {
    blocked_in_a_row = activate(agenda_.front()) ? 0 : blocked_in_a_row + 1;
    if (board_.size() > 1 && execution_.counters.absorbed >= next_publication) {
      publish();
      next_publication = execution_.counters.absorbed + publish_stride;
    }
  }
  publish();
  execution_.free_closed_channels([this](Cell& cell) { bury(cell); });
  empty_graveyard();
  const bool progress = execution_.counters.absorbed != before;
  if (progress && next_instant().absorption < world_.end_time.load(std::memory_order_relaxed))
    return Slice::more;
  return board_.park(index_, wish()) ? Slice::parked : Slice::more;
}

std::optional<double> Domain::inject(Cell& cell, Closure& lambda) {
  const double bound = std::max(
      {floor_time(), promised_, board_.floor().absorption, cell.now, cell.path.anchor()[0]});
  const double time = std::nextafter(bound, infinity);
  if (!(time < std::min(cell.exit_time, world_.end_time.load(std::memory_order_relaxed)))) {
    discard(lambda);
    return std::nullopt;
  }
  lambda.kind = Lambda::Kind::outside;
  lambda.emission = cell.path.position(time);
  lambda.source = AgentId::outside();
  lambda.channel = ChannelNumber::timers();
  lambda.sequence = cell.injected++;
  lambda.to = &cell;
  ++execution_.counters.sent;
  deliver(lambda);
  return time;
}

void Domain::adopt(Cell& cell) {
  execution_.start(cell);
  std::vector<Cell*>& list = cell.alive() ? living_ : ended_;
  cell.list_position = static_cast<std::uint32_t>(list.size());
  list.push_back(&cell);
  if (!cell.alive()) // its creator deleted it
    return;
  changed(cell);
}

// If its source is in another domain, that one has set the group and left a copy of the worldline:
// the source itself may be gone by now.
void Domain::adopt(Channel& channel) {
  if (channel.source_copy != nullptr) {
    channel.source_path = channel.source_copy.get();
  } else if (channel.from != nullptr) {
    channel.group = channel.from->domain;
    channel.source_path = &channel.from->path;
  }
  execution_.open_reader(channel);
  channel.to->mailbox.attach(channel, channel.to->path, world_.space);
  add_to_cut(channel);
}

// The clocks first, then the inbox: see DomainBoard.
void Domain::look_around() {
  for (std::size_t i = 0; i < clocks_.size(); ++i)
    if (i != index_)
      clocks_[i] = std::max(board_.clock(i), board_.floor().absorption);
}

void Domain::take_parcels() {
  for (auto batch = board_.take_batches(index_); batch != nullptr; batch = std::move(batch->next))
    for (Parcel& parcel : batch->parcels) {
      switch (parcel.kind) {
        case Parcel::Kind::open: adopt(*parcel.channel); break;
        case Parcel::Kind::lambda: deliver(*parcel.lambda); break;
        case Parcel::Kind::close: close_reader(*parcel.channel); break;
        case Parcel::Kind::turned:
          *parcel.channel->source_copy = *parcel.path;
          source_turned(*parcel.channel);
          break;
      }
    }
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
  const double reaction = light_cone::arrival_bound(clock, channel.reaction_time);
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
  for (Cell* cell : blocked_)
    if (std::exchange(cell->blocked, false))
      agenda_.update(*cell);
  blocked_.clear();
}

// Runs the agent as far as it may go: what the others can still do reaches it later. Returns false
// if it has to wait for another domain right away.
bool Domain::activate(Cell& cell) {
  agenda_.hold_front();
  active_ = &cell;
  const bool goes = may_go_on(cell);
  if (goes) {
    do
      step(cell);
    while (cell.alive() && execution_.counters.absorbed < slice_end_ &&
           cell.next_time() < world_.end_time.load(std::memory_order_relaxed) && may_go_on(cell));
  }
  active_ = nullptr;
  agenda_.let_front_go();
  if (!goes) {
    agenda_.remove(cell);
    cell.blocked = true;
    blocked_.push_back(&cell);
    blocked_next_ = std::min(blocked_next_, cell.next_instant());
  }
  return goes;
}

bool Domain::may_go_on(const Cell& cell) {
  const double floor = std::min({agenda_.others_time(), blocked_next_.absorption, outside_bound_});
  const double next = cell.next_time();
  if (next < floor)
    return true;
  Horizons horizons;
  horizons.floor = board_.floor();
  if (next == floor) // only then do instants have to be told apart
    horizons.floor = std::max(horizons.floor, std::min({agenda_.others_instant(), blocked_next_,
                                                        Instant::before(outside_bound_)}));
  clocks_[index_] = floor;
  horizons.groups = clocks_;
  if (cell.exits_next())
    return cell.mailbox.silent_before(cell.exit_time, cell.path, world_.space, horizons);
  return cell.mailbox.next(cell.path, world_.space, horizons).kind == NextStep::Kind::deliver;
}

void Domain::step(Cell& cell) {
  if (cell.exits_next()) {
    end(cell, cell.exit_time, CellState::ended);
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
  execution_.queue(to, lambda);
  changed(to);
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
  if (channel.from != nullptr)
    leave_copy_of_source(channel);
  std::unique_ptr<Batch>& box =
      channel.from == nullptr ? hold_outboxes_[domain] : outboxes_[domain];
  post(box, {Parcel::Kind::open, &channel, nullptr, nullptr});
}

void Domain::leave_copy_of_source(Channel& channel) {
  channel.group = channel.from->domain;
  channel.source_copy = std::make_unique<Trajectory>(channel.from->path);
}

void Domain::close_reader(Channel& channel) {
  Cell& to = *channel.to;
  remove_from_cut(channel);
  to.mailbox.detach(channel, to.path, world_.space);
  execution_.close_reader(channel);
  bury(to);
}

void Domain::source_turned(Channel& channel) {
  remove_from_cut(channel);
  channel.to->mailbox.source_turned(channel, channel.to->path, world_.space);
  add_to_cut(channel);
}

void Domain::turn(Cell& cell, const Velocity<4>& velocity) {
  for (IncomingChannel* channel : cell.mailbox.channels())
    remove_from_cut(static_cast<Channel&>(*channel));
  execution_.turn(cell, cell.now, velocity);
  for (IncomingChannel* channel : cell.mailbox.channels())
    add_to_cut(static_cast<Channel&>(*channel));
  changed(cell);
  tell_turned(cell);
}

void Domain::tell_turned(Cell& cell) {
  for (Channel* channel = cell.outgoing; channel != nullptr; channel = channel->next_outgoing)
    if (channel->to->domain == index_)
      source_turned(*channel);
    else
      post(channel->to->domain,
           {Parcel::Kind::turned, channel, nullptr, std::make_unique<Trajectory>(cell.path)});
}

void Domain::end(Cell& cell, double time, CellState how) {
  if (&cell != active_)
    agenda_.remove(cell);
  take_from(living_, cell);
  cell.list_position = static_cast<std::uint32_t>(ended_.size());
  ended_.push_back(&cell);
  ++cell.incoming; // keeps it until the end of this function
  apply(execution_.end(cell, time, how), cell);
  while (Closure* lambda = execution_.take_any(cell))
    let_go_of_references(*lambda, how);
  --cell.incoming;
  bury(cell);
}

// What the agent does next has changed.
void Domain::changed(Cell& cell) {
  if (!cell.alive() || &cell == active_)
    return;
  if (cell.next_time() < infinity) {
    cell.blocked = false;
    agenda_.update(cell);
  }
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
    take_from(ended_, *cell);
    std::erase(blocked_, cell); // it may have been put aside, and died of something earlier
    delete cell;
  }
  graveyard_.clear();
}

// Every domain does this once all of them know that nothing happens any more.
void Domain::finish() {
  const double end_time = std::isfinite(world_.end_time.load())
                              ? world_.end_time.load()
                              : execution_.counters.last_event_time;
  for (std::size_t i = 0; i < living_.size(); ++i) {
    Cell& cell = *living_[i];
    Effects& effects = execution_.end(cell, end_time, CellState::ended);
    for (auto* lambda = effects.first_lambda; lambda != nullptr;) {
      auto* next = static_cast<Closure*>(lambda->next);
      execution_.lose(*lambda, CellState::ended);
      lambda = next;
    }
    while (Closure* lambda = execution_.take_any(cell))
      execution_.lose(*lambda, CellState::ended);
  }
  for (auto task = board_.take_tasks(index_); task != nullptr; task = std::move(task->next))
    task->refuse();
}

void Domain::post(std::size_t domain, Parcel parcel) { post(outboxes_[domain], std::move(parcel)); }

void Domain::post(std::unique_ptr<Batch>& box, Parcel parcel) {
  if (box == nullptr)
    box = std::make_unique<Batch>();
  box->parcels.push_back(std::move(parcel));
}

// A hold must have arrived before the lambda that it belongs to can be absorbed elsewhere, which
// releases it again.
void Domain::flush() {
  for (auto* boxes : {&hold_outboxes_, &outboxes_})
    for (std::size_t i = 0; i < boxes->size(); ++i)
      if ((*boxes)[i] != nullptr)
        board_.push(i, std::move((*boxes)[i]));
}

void Domain::add_to_cut(Channel& channel) {
  if (channel.group == index_)
    return;
  Cut& cut = cuts_[channel.group];
  const double clock = clocks_[channel.group];
  if (CausalMailbox::is_moving(channel, channel.to->path)) {
    channel.cut_distance = Channel::moving;
    cut.moving.push_back(&channel);
    cut.bound = std::min(cut.bound, bound_of(channel, clock));
  } else {
    channel.cut_distance = CausalMailbox::lookahead_of(channel, channel.to->path, world_.space);
    ++cut.distances[channel.cut_distance];
    cut.bound = std::min(cut.bound, light_cone::arrival_bound(clock, channel.cut_distance));
  }
  outside_bound_ = std::min(outside_bound_, cut.bound);
}

void Domain::remove_from_cut(Channel& channel) {
  if (channel.group == index_)
    return;
  Cut& cut = cuts_[channel.group];
  if (channel.cut_distance == Channel::moving) {
    std::erase(cut.moving, &channel);
    return;
  }
  const auto found = cut.distances.find(channel.cut_distance);
  if (--found->second == 0)
    cut.distances.erase(found);
}

Instant Domain::next_instant() const { return std::min(agenda_.others_instant(), blocked_next_); }

double Domain::floor_time() const {
  return std::min({agenda_.front_time(), blocked_next_.absorption, outside_bound_});
}

void Domain::publish() {
  flush();
  promised_ = std::max(promised_, floor_time());
  board_.publish(index_, promised_);
  board_.count_events(index_, execution_.counters.absorbed);
}

// Only a clock that has moved on since this domain looked can be of use.
DomainBoard::Wish Domain::wish() const {
  using Wish = DomainBoard::Wish;
  Wish wish{next_instant(), std::vector<double>(board_.size(), infinity)};
  const double next = wish.next.absorption;
  if (!(next < world_.end_time.load(std::memory_order_relaxed))) {
    wish.next = Instant::never();
    return wish;
  }
  for (std::size_t i = 0; i < wish.clock.size(); ++i) {
    const bool holds_back = i != index_ && !cuts_[i].empty() && !(next < cuts_[i].bound);
    const double lookahead = std::isfinite(clocks_[i]) ? cuts_[i].bound - clocks_[i] : 0;
    wish.clock[i] = holds_back ? std::max(next - lookahead, clocks_[i]) : Wish::no_matter();
  }
  return wish;
}

} // namespace stos::detail
