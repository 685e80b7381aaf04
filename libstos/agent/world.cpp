#include "libstos/agent/world.hpp"

#include "libstos/agent/agent_base.hpp"

namespace stos {

World::World(RunOptions run_options, const void* type, void* object)
    : options(std::move(run_options)), simulation_type(type), simulation_object(object),
      setup(*this) {}

// Only a world that was set up and never run still has anything here.
World::~World() {
  detail::Effects& initial = setup.effects;
  for (auto* lambda = initial.first_lambda; lambda != nullptr;) {
    auto* next = static_cast<detail::Closure*>(lambda->next);
    detail::discard(*lambda);
    lambda = next;
  }
  for (detail::Cell* cell : initial.born)
    detail::delete_agent(*cell);
  for (detail::Channel* channel : initial.opened) {
    channel->open = false;
    detail::let_go(*channel);
  }
  for (detail::Channel* hold : initial.held)
    detail::let_go(*hold);
  for (detail::Cell* cell : initial.born)
    delete cell;
}

void World::begin_run() {
  if (phase_ == Phase::run)
    throw UsageError(Errc::bad_argument, "this simulation has been started already");
  phase_ = Phase::run;
}

namespace detail {

Cell* new_cell(World& world, AgentBase& agent, const AgentOps& ops) {
  auto* cell = new Cell;
  cell->world = &world;
  cell->agent = &agent;
  cell->ops = &ops;
  return cell;
}

void delete_agent(Cell& cell) {
  if (AgentBase* agent = std::exchange(cell.agent, nullptr))
    cell.ops->destroy(*agent);
}

void discard(Closure& lambda) { lambda.ops->destroy(lambda); }

} // namespace detail
} // namespace stos
