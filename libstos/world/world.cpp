#include "libstos/world/world.hpp"

#include "libstos/base/assert.hpp"
#include "libstos/world/agent_base.hpp"
#include "libstos/world/each_lambda.hpp"

#include <cmath>

namespace stos {

World::World(RunOptions run_options, const std::type_info& type, void* object)
    : options(std::move(run_options)), simulation_type(type), simulation_object(object),
      depot_(BlockDepot::create()), pool_(*depot_), setup(*this, pool_) {}

// Only a world that was made of a cut and never run still has a resumption.
World::~World() {
  if (resumption != nullptr)
    detail::free_all(*resumption, *this);
  for (const detail::Injected& each : injected)
    detail::discard(*each.lambda, nullptr);
  drop_set_up();
}

std::unique_ptr<World> World::fork(RunOptions other_options, void* object) const {
  auto other = std::make_unique<World>(std::move(other_options), simulation_type, object);
  other->space = space;
  other->constants = constants;
  other->present = present;
  other->observers.take_plan(observers);
  return other;
}

std::unique_ptr<World> World::begin_again(std::shared_ptr<const detail::Present> earlier) const {
  std::unique_ptr<World> again = fork(options, simulation_object);
  again->present = std::move(earlier);
  again->end_time = first_end_time();
  again->own_boundary = own_boundary;
  again->at_boundary = at_boundary;
  again->after_event = after_event;
  again->stands_at = stands_at;
  again->wall_clock = wall_clock;
  again->began_from = began_from;
  again->begin_run();
  return again;
}

// Only a world that was set up and never run still has anything here.
void World::drop_set_up() {
  const detail::EventContext::Scope scope(&setup); // what the agents close has no effect
  detail::Effects initial = std::exchange(setup.effects, {});
  setup.begin_inert();
  detail::for_each_lambda(initial, [](detail::Closure& each) { detail::discard(each, nullptr); });
  for (detail::Cell* cell : initial.changes().born)
    detail::delete_agent(*cell);
  for (detail::Channel* channel : initial.changes().opened) {
    channel->closed = 1;
    channel->let_go();
  }
  for (detail::Channel* hold : initial.changes().held)
    hold->let_go();
  setup.drop_effects();
  for (detail::Cell* cell : initial.changes().born) {
    cell->let_go_of_outgoing();
    cell->destroy(pool_);
  }
}

void World::begin_run() {
  if (phase_ == Phase::run)
    throw UsageError(Errc::bad_argument, "this simulation has been started already");
  phase_ = Phase::run;
  first_end_time_ = end_time.load();
  if (!observers.empty() && !std::isfinite(std::min(first_end_time_, stands_at)))
    throw UsageError(
        Errc::bad_argument,
        "observers (observe(), stop_every()) look until the run ends, and this one has "
        "no laboratory time at which it does");
  observers.keep_at_most(options.reports_max);
  if (resumption == nullptr)
    next_look = observers.next_after(Instant::beginning().absorption, first_end_time_);
}

// A decision comes before a cut of the same time: where the run ends, there is none.
bool World::show(const WorldAtStop& here) {
  if (here.time == next_look) {
    const bool decides = observers.look(here, first_end_time_);
    if (observers.failure())
      end_before(here.time);
    if (decides)
      return true;
    next_look = observers.next_after(here.time, first_end_time_);
  }
  if (here.time == next_stop && here.time < end_time)
    next_stop = at_stop(here);
  return false;
}

Result<void> World::decide(std::span<const std::vector<std::byte>> seen_by_all) {
  const Result<bool> ends = observers.conclude(seen_by_all);
  if (!ends)
    return ends.error();
  const double here = next_look;
  if (*ends)
    end_before(here);
  next_look = *ends ? Instant::never().absorption : observers.next_after(here, first_end_time_);
  return {};
}

void World::decide_alone() {
  const std::vector<std::byte> seen = observers.seen();
  const Result<void> decided = decide({&seen, 1});
  STOS_ASSERT(decided, decided.error().context);
}

namespace detail {

void free_all(Resumption& resumption, World& world) {
  EventContext& context = world.setup;
  BlockPool& pool = context.pool();
  for (const auto& [lambda, absorption] : resumption.lambdas)
    discard(*lambda, &pool);
  {
    const EventContext::Scope scope(&context); // what the agents close has no effect
    context.begin_inert();
    for (Channel* channel : resumption.opened)
      channel->closed = 1;
    for (Cell* cell : resumption.agents)
      delete_agent(*cell);
    context.drop_effects();
  }
  for (const auto* channels : {&resumption.opened, &resumption.retired, &resumption.held})
    for (Channel* channel : *channels)
      channel->let_go();
  for (const auto* cells : {&resumption.agents, &resumption.departed})
    for (Cell* cell : *cells) {
      cell->let_go_of_outgoing();
      cell->destroy(pool);
    }
  resumption = {};
}

void delete_agent(Cell& cell) {
  if (AgentBase* agent = std::exchange(cell.agent, nullptr))
    cell.ops->destroy(*agent);
}

} // namespace detail
} // namespace stos
