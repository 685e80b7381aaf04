#include "libstos/agent/execution.hpp"

#include "libstos/agent/agent_base.hpp"
#include "libstos/base/assert.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <new>
#include <sstream>
#include <utility>

namespace stos::detail {
namespace {

std::string place(const Cell& cell, double time) {
  std::ostringstream text;
  text << describe(cell) << " at " << cell.path.position(time);
  return text.str();
}

// Everything that a model's lambda can throw, in words.
Error error_of_current_exception() {
  try {
    throw;
  } catch (const UsageError& e) {
    return e.error();
  } catch (const std::bad_alloc&) {
    return {Errc::out_of_memory, "out of memory"};
  } catch (const std::exception& e) {
    return {Errc::model_exception, std::string("the model threw: ") + e.what()};
  } catch (...) {
    return {Errc::model_exception, "the model threw something that is no std::exception"};
  }
}

} // namespace

void Execution::fail_full(const Cell& cell, const Closure& lambda) {
  fail(
      {{lambda.emission[0], lambda.emission[0], 0}, lambda.source, lambda.channel, lambda.sequence},
      {Errc::mailbox_full, "the mailbox of " + place(cell, cell.now) +
                               " is full: " + std::to_string(cell.mailbox.size()) +
                               " lambdas wait in it (limits.mailbox_lambdas_max)"});
}

Execution::~Execution() {
  for (Channel* channel : retired_)
    channel->let_go();
}

void Execution::retire(IncomingChannel* list) {
  while (list != nullptr)
    retired_.push_back(static_cast<Channel*>(std::exchange(list, list->next_incoming)));
}

// Queued lambdas still point to their channel. They are looked through for all channels of an agent
// at once, and only when there are twice as many channels as were left the last time.
void Execution::free_retired(const std::function<void(Cell&)>& one_less) {
  std::sort(retired_.begin(), retired_.end(),
            [](const Channel* a, const Channel* b) { return std::less<>()(a->to, b->to); });
  for (auto begin = retired_.begin(); begin != retired_.end();) {
    const auto end = std::find_if(begin, retired_.end(),
                                  [to = (*begin)->to](const Channel* c) { return c->to != to; });
    std::for_each(begin, end, [](Channel* channel) { channel->carried = false; });
    (*begin)->to->mailbox.mark_carried();
    begin = end;
  }
  const auto freed = std::partition(retired_.begin(), retired_.end(),
                                    [](const Channel* channel) { return channel->carried; });
  std::vector<Channel*> unneeded(freed, retired_.end());
  retired_.erase(freed, retired_.end());
  retired_max_ = std::max<std::size_t>(64, 2 * retired_.size());
  for (Channel* channel : unneeded) {
    Cell& to = *channel->to;
    channel->let_go();
    --to.incoming;
    one_less(to);
  }
}

void Execution::free(Cell& cell) {
  if (world_.directory != nullptr)
    world_.directory->erase(cell.id);
  for (IncomingChannel* channel = cell.mailbox.take_channels(); channel != nullptr;)
    static_cast<Channel*>(std::exchange(channel, channel->next_incoming))->let_go();
  cell.let_go_of_outgoing();
  cell.destroy(pool_);
}

Effects& Execution::execute(Cell& cell, Closure& lambda, const EventKey& key) {
  const double time = key.instant.absorption;
  STOS_ASSERT(time >= cell.now,
              "order: " + place(cell, cell.now) + " is to absorb at " + std::to_string(time));
  cell.now = time;
  ++cell.events;
  cell.digest.add({time, key.source, key.channel, key.sequence, lambda.ops->id});
  ++counters.absorbed;
  counters.last_event_time = std::max(counters.last_event_time, time);
  if (!world_.options.trace_path.empty())
    record(TraceRecord::Kind::event, cell, time, &lambda);

  context_.begin(cell, lambda, key.instant);
  try {
    const EventContext::Scope scope(&context_);
    const bool measured = event_durations_.begins();
    lambda.ops->run(lambda, *cell.agent);
    if (measured) [[unlikely]]
      event_durations_.ended();
    if (key.instant.depth > world_.options.instant_depth_max)
      throw UsageError(Errc::instant_too_deep,
                       "more than " + std::to_string(world_.options.instant_depth_max) +
                           " events caused each other without any time passing: the agents of "
                           "this cycle are in one place and react at once, so time cannot advance "
                           "(limits.instant_depth_max); the last lambda came from agent " +
                           std::to_string(key.source.value) +
                           ". Give them a reaction time or some distance");
  } catch (...) {
    Error error = error_of_current_exception();
    error.context = place(cell, time) + ": " + error.context;
    fail(key, std::move(error));
  }
  if (context_.report_problem) [[unlikely]]
    fail_full_of_reports(key, cell);
  add_sent();
  if (lambda.references)
    for (const CarriedReference& carried : *lambda.references)
      effects().change().released.push_back(carried.hold);
  discard(lambda);
  return effects();
}

void Execution::fail_full_of_reports(const EventKey& key, const Cell& cell) {
  Error problem = *std::exchange(context_.report_problem, std::nullopt);
  problem.context = place(cell, key.instant.absorption) + ": " + problem.context;
  fail(key, std::move(problem));
}

void Execution::start(Cell& cell) {
  ++counters.agents_born;
  if (world_.directory != nullptr)
    world_.directory->insert(cell.id, cell);
  if (cell.state == CellState::dead) { // deleted by its creator
    ++counters.agents_died;
    return;
  }
  cell.state = CellState::alive;
  live.count_agents(*cell.ops, 1);
  find_exit(cell);
  if (bindings_ != nullptr)
    bindings_->started(cell);
  if (!world_.options.trace_path.empty())
    record(TraceRecord::Kind::birth, cell, cell.now, nullptr);
}

void Execution::find_exit(Cell& cell) {
  if (world_.own_boundary)
    cell.require_extras().exit_time =
        std::max(world_.own_boundary(cell.path), cell.path.anchor()[0]);
}

void Execution::turn(Cell& cell, double time, const Velocity<4>& velocity) {
  cell.path = cell.path.turned(time, velocity);
  cell.mailbox.turned(cell.path, world_.space, pool_.resource());
  find_exit(cell);
  if (!world_.options.trace_path.empty())
    record(TraceRecord::Kind::turn, cell, time, nullptr);
}

Effects& Execution::end(Cell& cell, double time, CellState how) {
  cell.state = how;
  live.count_agents(*cell.ops, -1);
  counters.digest.add(cell.id, cell.digest);
  if (how == CellState::dead)
    ++counters.agents_died;
  if (!world_.options.trace_path.empty())
    record(how == CellState::dead ? TraceRecord::Kind::death : TraceRecord::Kind::end, cell, time,
           nullptr);

  context_.begin_last(cell, time);
  const EventContext::Scope scope(&context_);
  if (how == CellState::ended && world_.at_boundary)
    world_.at_boundary(*cell.agent, cell.path.position(time));
  delete_agent(cell);
  if (context_.report_problem) [[unlikely]]
    fail_full_of_reports({Instant::before(time), cell.id, {}, 0}, cell);
  context_.close_all(cell);
  if (bindings_ != nullptr)
    bindings_->ended(cell);
  add_sent();
  return effects();
}

void Execution::leave(Cell& cell, std::size_t node) {
  live.count_agents(*cell.ops, -1);
  if (bindings_ != nullptr)
    bindings_->left(cell, node);
  if (world_.directory != nullptr)
    world_.directory->erase(cell.id);
  cell.destroy(pool_);
}

void Execution::arrive(Cell& cell) {
  cell.state = CellState::alive;
  live.count_agents(*cell.ops, 1);
  if (bindings_ != nullptr)
    bindings_->arrived(cell);
}

std::unique_ptr<std::vector<CarriedReference>> Execution::lose(Closure& lambda, CellState how) {
  ++(how == CellState::dead ? counters.dropped : counters.in_flight);
  auto references = std::move(lambda.references);
  discard(lambda);
  return references;
}

void Execution::fail(const EventKey& key, Error error) {
  if (failure_ && failure_->key <= key)
    return;
  failure_ = Failure{key, std::move(error)};
  std::atomic<double>& end = world_.end_time;
  double seen = end.load(std::memory_order_relaxed);
  while (key.instant.absorption < seen &&
         !end.compare_exchange_weak(seen, key.instant.absorption, std::memory_order_relaxed))
    ;
}

void Execution::show(LiveCounters of_engine) {
  LiveCounters& all = of_engine;
  all.agents_born = counters.agents_born;
  all.agents_died = counters.agents_died;
  all.events = counters.absorbed;
  all.sent_local = counters.sent - all.sent_remote;
  all.dropped = counters.dropped;
  all.agents_blocked = census.agents_blocked;
  all.lambdas_waiting = census.lambdas_waiting;
  all.mailbox_longest = census.mailbox_longest;
  all.last_event_time = counters.last_event_time;
  all.event_durations = event_durations_.durations();
  live.show(all);
}

void Execution::add_sent() { counters.sent += effects().lambdas; }

void Execution::record(TraceRecord::Kind kind, Cell& cell, double time, const Closure* lambda) {
  if (trace.size() >= world_.options.trace_events_max) {
    if (!failure_)
      fail({{time, time, 0}, cell.id, {}, 0},
           {Errc::trace_full, "more than " + std::to_string(world_.options.trace_events_max) +
                                  " trace records (limits.trace_events_max)"});
    return;
  }
  TraceRecord r;
  r.kind = kind;
  r.agent = cell.id;
  r.type = cell.ops->type_name;
  r.ordinal = cell.require_extras().trace_records++;
  r.point = cell.path.position(time);
  r.local_time = cell.path.local_time(time);
  r.velocity = cell.path.velocity();
  if (lambda != nullptr) {
    r.source = lambda->source;
    r.channel = lambda->channel;
    r.sequence = lambda->sequence;
    r.emission = lambda->emission;
    r.lambda_id = lambda->ops->id;
  }
  trace.push_back(r);
}

} // namespace stos::detail
