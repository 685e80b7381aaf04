#include "libstos/engine/execution.hpp"

#include "libstos/base/assert.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/plain_text.hpp"
#include "libstos/engine/record_limits.hpp"
#include "libstos/world/agent_base.hpp"
#include "libstos/world/each_lambda.hpp"
#include "libstos/world/model_error.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <functional>
#include <utility>

namespace stos::detail {
namespace {

std::string place(const Cell& cell, double time) {
  PlainText text;
  text << describe(cell) << " at " << cell.path.position(time);
  return text.str();
}

double magnitude(const Point& p) {
  return std::abs(p[0]) + std::abs(p[1]) + std::abs(p[2]) + std::abs(p[3]);
}

} // namespace

// What is in a mailbox differs from engine to engine: some senders are ahead of their receiver.
// What waits at one time does not: all that was emitted by then and is absorbed later, or at once.
// That is found out when there is more in the mailbox than may wait, and again when there is much
// more.
void Execution::fail_if_full(const Cell& cell) {
  const std::uint64_t most = world_.options.mailbox_lambdas_max;
  std::size_t& look_again = full_[&cell];
  if (cell.mailbox.size() < look_again)
    return;
  look_again = cell.mailbox.size() + cell.mailbox.size() / 8 + 1;
  std::vector<double> emissions;
  std::vector<double> absorptions;
  cell.mailbox.for_each([&](const Lambda& lambda, double absorption) {
    const double emission = lambda.emission[0];
    emissions.push_back(emission);
    absorptions.push_back(absorption > emission ? absorption : std::nextafter(emission, HUGE_VAL));
  });
  std::sort(emissions.begin(), emissions.end());
  std::sort(absorptions.begin(), absorptions.end());
  std::size_t absorbed = 0;
  for (std::size_t emitted = 1; emitted <= emissions.size(); ++emitted) {
    const double time = emissions[emitted - 1];
    while (absorbed < emitted && absorptions[absorbed] <= time)
      ++absorbed;
    if (emitted - absorbed <= most)
      continue;
    fail({Instant::before(time), cell.id, {}, 0},
         {Errc::mailbox_full, "the mailbox of " + describe(cell) + " is full: more than " +
                                  std::to_string(most) +
                                  " lambdas wait in it (limits.mailbox_lambdas_max)"});
    return;
  }
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
              "order: " + place(cell, cell.now) + " is to absorb at " + exact_text(time));
  cell.now = time;
  ++cell.events;
  cell.digest.add({time, key.source, key.channel, key.sequence});
  ++counters.absorbed;
  counters.last_event_time = std::max(counters.last_event_time, time);
  if (!world_.options.trace_path.empty())
    record(TraceRecord::Kind::event, cell, time, &lambda);

  context_.begin(cell, lambda, key.instant);
  try {
    add_values(cell, lambda);
    const EventContext::Scope scope(&context_);
    const bool measured = event_durations_.begins();
    if (key.instant.depth > 0 && std::abs(time) >= coarse_date) [[unlikely]]
      require_resolution(cell, lambda);
    if (cell.agent != nullptr) [[likely]] // else it was deleted by hand, and the run has failed
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
    fail_by_exception(key, cell, "");
  }
  if (context_.problem) [[unlikely]]
    fail_by_problem(key, cell);
  add_sent();
  if (is_seen_) [[unlikely]]
    show_event(key, cell, lambda);
  if (lambda.references)
    for (const CarriedReference& carried : *lambda.references)
      effects().change().released.push_back(carried.hold);
  discard(lambda);
  return effects();
}

void Execution::show_event(const EventKey& key, Cell& cell, const Closure& lambda) {
  const std::span<const Report> reports(context_.reports);
  world_.after_event({key, cell, lambda, effects(), reports.subspan(reports_seen_)});
  reports_seen_ = reports.size();
}

void Execution::add_saved_values(const Cell& cell, const Closure& lambda) {
  if (lambda.ops->save == nullptr)
    return;
  values_.clear();
  BytesWriter bytes(values_);
  lambda.ops->save(lambda, bytes);
  if (bytes.size() > 0)
    counters.values.add_hash(hash_bytes(bytes.bytes(), cell.digest.value()));
}

void Execution::fail_by_problem(const EventKey& key, const Cell& cell) {
  Error problem = *std::exchange(context_.problem, std::nullopt);
  problem.context = place(cell, key.instant.absorption) + ": " + problem.context;
  fail(key, std::move(problem));
}

void Execution::fail_by_exception(const EventKey& key, const Cell& cell, const char* where) {
  Error error = error_of_current_exception();
  error.context = place(cell, key.instant.absorption) + ": " + where + error.context;
  fail(key, std::move(error));
}

// Light that takes no time although the way is there: all that follows would be in a wrong order.
void Execution::require_resolution(const Cell& cell, const Closure& lambda) const {
  const double time = lambda.emission[0];
  const double distance = world_.space.distance(lambda.emission, cell.path.position(time));
  if (lambda.kind == Lambda::Kind::channel && distance > 0)
    throw UsageError(Errc::bad_argument, "the way of a lambda from agent " +
                                             std::to_string(lambda.source.value) + " at " +
                                             exact_text(time) + " s, " + exact_text(distance) +
                                             " light-seconds, " + below_resolution(time));
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

void Execution::resume(Cell& cell) {
  if (world_.directory != nullptr)
    world_.directory->insert(cell.id, cell);
  if (cell.state != CellState::newborn)
    return;
  cell.state = CellState::alive;
  live.count_agents(*cell.ops, 1);
  if (bindings_ != nullptr)
    bindings_->started(cell);
}

// Where the agent leaves that is on this worldline from now on. It is there yet, unless rounding
// has it that it leaves right here.
void Execution::find_exit(Cell& cell) {
  if (!world_.own_boundary)
    return;
  const Point& here = cell.path.anchor();
  double& exit = cell.require_extras().exit_time;
  exit = Instant::never().absorption;
  try {
    const double time = world_.own_boundary(cell.path);
    constexpr double tolerance = 0x1p-40;
    if (!(time >= here[0] - tolerance * magnitude(here)))
      throw UsageError(Errc::bad_argument, "that is " + exact_text(time) +
                                               " s, but must be a time from here on, or "
                                               "infinite");
    exit = std::max(time, here[0]);
  } catch (...) {
    fail_by_exception({{here[0], here[0], 0}, cell.id, {}, 0}, cell,
                      "exit_time() of its boundary: ");
  }
}

void Execution::turn(Cell& cell, double time, const Velocity<4>& velocity,
                     CausalMailbox::Sums sums) {
  cell.path = cell.path.turned(time, velocity);
  cell.mailbox.turned(cell.path, world_.space, pool_.resource(), sums);
  find_exit(cell);
  if (!world_.options.trace_path.empty())
    record(TraceRecord::Kind::turn, cell, time, nullptr);
}

Effects& Execution::end(Cell& cell, double time, CellState how) {
  cell.state = how;
  latest_end_ = std::max(latest_end_, time);
  live.count_agents(*cell.ops, -1);
  counters.digest.add(cell.id, cell.digest);
  if (how == CellState::dead)
    ++counters.agents_died;
  if (!world_.options.trace_path.empty())
    record(how == CellState::dead ? TraceRecord::Kind::death : TraceRecord::Kind::end, cell, time,
           nullptr);

  context_.begin_last(cell, time);
  const EventContext::Scope scope(&context_);
  const EventKey key{Instant::before(time), cell.id, {}, 0};
  try {
    if (how == CellState::ended && world_.at_boundary && cell.agent != nullptr)
      world_.at_boundary(*cell.agent, cell.path.position(time));
  } catch (...) {
    fail_by_exception(key, cell, "at_exit() of its boundary: ");
  }
  delete_agent(cell);
  if (!effects().changes().born.empty())
    context_.drop_effects();
  if (context_.problem) [[unlikely]]
    fail_by_problem(key, cell);
  context_.close_all(cell);
  context_.end_last();
  if (bindings_ != nullptr)
    bindings_->ended(cell);
  add_sent();
  return effects();
}

// The others end as well, so that what it still sends never arrives.
Effects& Execution::end_with_run(Cell& cell, double time) {
  (void)end(cell, time, CellState::ended);
  for_each_lambda(effects(), [this](Closure& lambda) { (void)lose(lambda, CellState::ended); });
  effects().first_lambda = effects().last_lambda = nullptr;
  context_.drop_effects();
  return effects();
}

void Execution::leave(Cell& cell, NodeIndex node) {
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

// All that happens at that very time is still executed, so that the first failure is found on every
// engine; but not a cycle that would never end.
void Execution::fail(const EventKey& key, Error error) {
  const double time = key.instant.absorption;
  const bool is_cycle = error.code == Errc::instant_too_deep;
  world_.end_before(is_cycle ? time : std::nextafter(time, Instant::never().absorption));
  if (!failure_ || key < failure_->key)
    failure_ = Failure{key, std::move(error)};
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
