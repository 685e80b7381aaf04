#include "libstos/engine/serial_engine.hpp"

#include "libstos/world/each_lambda.hpp"

#include <algorithm>

namespace stos::detail {

SerialEngine::SerialEngine(World& world, ProgressCallback progress, AgentBindings* bindings)
    : execution_(world, bindings), progress_(std::move(progress)) {}

SerialEngine::~SerialEngine() {
  for (Cell* cell : ended_)
    execution_.free(*cell);
}

void SerialEngine::run() {
  begin();
  run_to_horizon();
  while (execution_.world().stops()) {
    stop();
    run_to_horizon();
  }
  end_all();
}

void SerialEngine::begin() {
  World& world = execution_.world();
  if (const auto resumption = std::exchange(world.resumption, nullptr)) {
    resume(*resumption);
    return;
  }
  execution_.counters.sent += world.setup.effects.lambdas;
  apply(std::exchange(world.setup.effects, {}), nullptr);
}

void SerialEngine::run_to_horizon() {
  World& world = execution_.world();
  constexpr std::uint64_t tidy_stride = 256;
  constexpr std::uint64_t progress_stride = 1 << 14;
  while (agenda_.earliest() < world.horizon()) {
    const double time = agenda_.earliest();
    agenda_.prefetch_next();
    step(agenda_.first());
    const std::uint64_t absorbed = execution_.counters.absorbed;
    if (absorbed % tidy_stride == 0)
      execution_.tidy_up([this](Cell& c) { bury(c); });
    if (world.wants_stop.load(std::memory_order_relaxed)) [[unlikely]] {
      world.wants_stop = false;
      world.stop_before(agenda_.earliest());
    }
    if (execution_.is_asked()) [[unlikely]]
      show();
    if (progress_ && absorbed % progress_stride == 0)
      progress_(time, absorbed);
  }
}

void SerialEngine::stop() {
  World& world = execution_.world();
  WorldAtStop here{world.stop_time(), living(), ended_, {}, {}, {}, {}};
  execution_.show_at(here);
  if (world.show(here))
    world.decide_alone();
}

std::vector<Cell*> SerialEngine::living() const {
  std::vector<Cell*> cells;
  for (std::size_t slot = 0; slot < agenda_.slots(); ++slot)
    if (Cell* cell = agenda_.at(slot))
      cells.push_back(cell);
  return cells;
}

void SerialEngine::resume(const Resumption& world) {
  for (const auto* cells : {&world.departed, &world.agents})
    for (Cell* cell : *cells)
      resume(*cell);
  for (const auto* channels : {&world.opened, &world.held, &world.retired})
    for (Channel* channel : *channels)
      execution_.open_reader(*channel);
  for (Channel* channel : world.retired)
    close(*channel);
  for (const auto& [lambda, absorption] : world.lambdas) {
    Execution::resume(*lambda, absorption);
    execution_.queue(*lambda->to, *lambda, absorption);
    agenda_.lower(*lambda->to, lambda->key(absorption).instant);
  }
}

void SerialEngine::resume(Cell& cell) {
  execution_.resume(cell);
  if (cell.alive())
    agenda_.add(cell, cell.next_instant());
  else
    add_to_ended(cell);
}

void SerialEngine::step(Cell& cell) {
  if (cell.exits_next()) {
    end(cell, cell.exit_time(), CellState::ended);
    return;
  }
  const EventKey key = cell.mailbox.front_key();
  Closure& lambda = execution_.take(cell);
  apply(execution_.execute(cell, lambda, key), &cell);
}

void SerialEngine::apply(const Effects& effects, Cell* self) {
  const Effects::Changes& changes = effects.changes();
  if (effects.has_changes()) {
    for (Cell* child : changes.born)
      start(*child);
    for (Channel* channel : changes.opened)
      execution_.open_reader(*channel);
    for (Channel* hold : changes.held)
      execution_.open_reader(*hold);
  }
  for_each_lambda(effects, [this](Closure& lambda) { deliver(lambda); });
  if (effects.has_changes()) {
    for (Channel* channel : changes.closed)
      close(*channel);
    for (Channel* hold : changes.released)
      close(*hold);
    if (changes.turn && self->alive()) // all that waits for it is due at other times now
      execution_.turn(*self, self->now, *changes.turn);
  }
  if (self == nullptr || !self->alive())
    return;
  if (changes.dies)
    end(*self, self->now, CellState::dead);
  else
    agenda_.set(*self, self->next_instant());
}

void SerialEngine::start(Cell& cell) {
  execution_.start(cell);
  if (cell.alive()) {
    agenda_.add(cell, cell.next_instant());
  } else { // its creator deleted it
    add_to_ended(cell);
  }
}

void SerialEngine::deliver(Closure& lambda) {
  Cell& to = *lambda.to;
  if (!to.alive()) {
    lose(lambda, to.state);
    return;
  }
  const double time = place_on(to.path, lambda, execution_.world().space);
  const Instant instant = lambda.key(time).instant;
  execution_.queue(to, lambda, time);
  agenda_.lower(to, std::min(instant, Instant::before(to.exit_time())));
}

void SerialEngine::lose(Closure& lambda, CellState how) {
  if (auto references = execution_.lose(lambda, how))
    for (const CarriedReference& carried : *references)
      close(*carried.hold);
}

void SerialEngine::end(Cell& cell, double time, CellState how) {
  agenda_.remove(cell);
  add_to_ended(cell);
  ++cell.incoming; // keeps the cell until the end of this function
  apply(execution_.end(cell, time, how), &cell);
  while (Closure* lambda = execution_.take_any(cell))
    lose(*lambda, how);
  --cell.incoming;
  bury(cell);
}

// In the order of their ids, so that what destructors print has an order, too.
void SerialEngine::end_all() {
  std::vector<Cell*> cells = living();
  std::sort(cells.begin(), cells.end(), [](const Cell* a, const Cell* b) { return a->id < b->id; });
  for (Cell* cell : cells)
    end_with_run(*cell);
}

void SerialEngine::end_with_run(Cell& cell) {
  agenda_.remove(cell);
  add_to_ended(cell);
  const double time = execution_.world().last_time(cell.now);
  for (Channel* channel : execution_.end_with_run(cell, time).changes().closed)
    close(*channel);
  while (Closure* lambda = execution_.take_any(cell))
    lose(*lambda, CellState::ended);
}

// It opens no mailbox's channels, so that it knows nothing of horizons; closed ones only wait until
// their lambdas are gone.
void SerialEngine::close(Channel& channel) {
  channel.next_incoming = nullptr;
  execution_.retire(&channel);
}

// For watchers of the run. No agent has to wait for another thread here.
void SerialEngine::show() {
  if (!execution_.is_watched())
    return;
  execution_.census.take([this](Census& census) {
    for (std::size_t slot = 0; slot < agenda_.slots(); ++slot)
      if (const Cell* cell = agenda_.at(slot))
        census.count_mailbox(cell->mailbox.size());
  });
  execution_.show({});
}

void SerialEngine::add_to_ended(Cell& cell) {
  cell.slot = static_cast<std::uint32_t>(ended_.size());
  ended_.push_back(&cell);
}

void SerialEngine::bury(Cell& cell) {
  if (cell.incoming != 0 || cell.alive())
    return;
  ended_[cell.slot] = ended_.back();
  ended_[cell.slot]->slot = cell.slot;
  ended_.pop_back();
  execution_.free(cell);
}

} // namespace stos::detail
