#include "libstos/agent/serial_engine.hpp"

#include <utility>

namespace stos::detail {

SerialEngine::SerialEngine(World& world, ProgressCallback progress, AgentBindings* bindings)
    : execution_(world, bindings), progress_(std::move(progress)) {}

SerialEngine::~SerialEngine() {
  for (Cell* cell : ended_)
    execution_.free(*cell);
}

void SerialEngine::run() {
  World& world = execution_.world();
  execution_.counters.sent += world.setup.effects.lambdas;
  apply(std::exchange(world.setup.effects, {}), nullptr);
  constexpr std::uint64_t progress_stride = 1 << 14;
  while (!agenda_.empty()) {
    const auto [key, id, cell] = *agenda_.begin();
    if (key.instant.absorption >= world.end_time)
      break;
    agenda_.erase(agenda_.begin());
    step(*cell);
    if (execution_.counters.absorbed % 256 == 0)
      execution_.tidy_up([this](Cell& c) { bury(c); });
    if (execution_.is_asked())
      show();
    if (progress_ && execution_.counters.absorbed % progress_stride == 0)
      progress_(key.instant.absorption, execution_.counters.absorbed);
  }
  const auto living = std::exchange(living_, {});
  for (const auto& [id, cell] : living)
    finish(*cell);
}

void SerialEngine::finish(Cell& cell) {
  unschedule(cell);
  ended_.insert(&cell);
  for (Channel* channel :
       execution_.end_with_run(cell, execution_.world().last_time(cell.now)).changes().closed)
    close(*channel);
  while (Closure* lambda = execution_.take_any(cell))
    send(*lambda);
}

EventKey SerialEngine::next_key(const Cell& cell) {
  if (cell.exits_next())
    return {Instant::before(cell.exit_time()), {}, {}, 0};
  return cell.mailbox.front_key();
}

void SerialEngine::schedule(Cell& cell) {
  if (cell.alive() && cell.next_instant() < Instant::before(Instant::never().absorption))
    agenda_.emplace(next_key(cell), cell.id, &cell);
}

void SerialEngine::unschedule(Cell& cell) { agenda_.erase({next_key(cell), cell.id, &cell}); }

void SerialEngine::step(Cell& cell) {
  if (cell.exits_next()) {
    end(cell, cell.exit_time(), CellState::ended);
    return;
  }
  const EventKey key = cell.mailbox.front_key();
  Closure& lambda = execution_.take(cell);
  schedule(cell);
  apply(std::move(execution_.execute(cell, lambda, key)), &cell);
}

void SerialEngine::apply(Effects effects, Cell* self) {
  for (Cell* child : effects.changes().born) {
    execution_.start(*child);
    if (child->alive())
      living_.emplace(child->id, child);
    else
      ended_.insert(child);
    schedule(*child);
  }
  for (Channel* channel : effects.changes().opened)
    execution_.open_reader(*channel);
  for (Channel* hold : effects.changes().held)
    execution_.open_reader(*hold);
  for (auto* lambda = effects.first_lambda; lambda != nullptr;) {
    auto* next = static_cast<Closure*>(lambda->next);
    send(*lambda);
    lambda = next;
  }
  for (Channel* channel : effects.changes().closed)
    close(*channel);
  for (Channel* hold : effects.changes().released)
    close(*hold);
  if (effects.changes().turn && self->alive()) {
    unschedule(*self);
    execution_.turn(*self, self->now, *effects.changes().turn);
    schedule(*self);
  }
  if (effects.changes().dies)
    end(*self, self->now, CellState::dead);
}

void SerialEngine::send(Closure& lambda) {
  Cell& to = *lambda.to;
  if (!to.alive()) {
    if (auto references = execution_.lose(lambda, to.state))
      for (const CarriedReference& carried : *references)
        close(*carried.hold);
    return;
  }
  unschedule(to);
  execution_.queue(to, lambda, place_on(to.path, lambda, execution_.world().space));
  schedule(to);
}

void SerialEngine::end(Cell& cell, double time, CellState how) {
  unschedule(cell);
  living_.erase(cell.id);
  ended_.insert(&cell);
  ++cell.incoming; // keeps the cell until the end of this function
  apply(std::move(execution_.end(cell, time, how)), &cell);
  while (Closure* lambda = execution_.take_any(cell))
    send(*lambda);
  --cell.incoming;
  bury(cell);
}

// It opens no mailbox's channels, so that it knows nothing of horizons; closed ones only wait until
// their lambdas are gone.
void SerialEngine::close(Channel& channel) {
  channel.next_incoming = nullptr;
  execution_.retire(&channel);
}

// For those who watch the run. Nobody has to wait for others here.
void SerialEngine::show() {
  if (!execution_.is_watched())
    return;
  execution_.census.take([this](Census& census) {
    for (const auto& [id, cell] : living_)
      census.count_mailbox(cell->mailbox.size());
  });
  execution_.show({});
}

void SerialEngine::bury(Cell& cell) {
  if (cell.incoming == 0 && ended_.erase(&cell) != 0)
    execution_.free(cell);
}

} // namespace stos::detail
