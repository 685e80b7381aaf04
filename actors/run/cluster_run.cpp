#include "actors/run/cluster_run.hpp"

#include "actors/run/interrupted.hpp"
#include "actors/run/output_files.hpp"
#include "actors/run/progress_meter.hpp"
#include "actors/run/restart.hpp"
#include "actors/run/run_actor.hpp"
#include "actors/run/worker_run.hpp"
#include "config/interruption.hpp"
#include "libstos/cluster/membership/world_fingerprint.hpp"
#include "libstos/cluster/status/run_outcome.hpp"
#include "libstos/engine/record_limits.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>

namespace stos::detail {
namespace {

/// The agents that a run begins with, of the set-up or of a cut, in the order of their ids.
struct AgentsToPlace {
  explicit AgentsToPlace(const World& world)
      : agents(world.resumption != nullptr ? world.resumption->agents
                                           : world.setup.effects.changes().born),
        channels(world.resumption != nullptr ? world.resumption->opened
                                             : world.setup.effects.changes().opened),
        time(world.resumption != nullptr ? world.counters_before.last_event_time
                                         : Instant::beginning().absorption) {}

  const std::vector<Cell*>& agents;
  const std::vector<Channel*>& channels;
  double time; ///< they are there then, or begin later
};

PlacesOfIds places_of(const std::vector<Cell*>& agents) {
  PlacesOfIds places;
  for (const Cell* cell : agents)
    places.add(cell->id);
  return places;
}

Placement place_agents(const World& world, const PlacesOfIds& places,
                       const PlacementFunction& function, std::size_t nodes) {
  const AgentsToPlace all(world);
  std::vector<Point> positions;
  for (const Cell* cell : all.agents)
    positions.push_back(cell->path.position(std::max(all.time, cell->path.anchor()[0])));
  const auto index_of = [&places](const Cell& cell) {
    return static_cast<std::uint32_t>(places.find(cell.id));
  };
  std::vector<PlacementInput::Link> links;
  for (const Channel* channel : all.channels)
    if (const std::uint32_t to = index_of(*channel->to); to < places.size()) // or it has departed
      links.push_back({index_of(channel->from()), to, 1});
  PlacementInput input;
  input.positions = positions;
  input.channels = links;
  input.space = world.space;
  input.nodes = nodes;
  Result<Placement> placement = place(function, input);
  if (!placement)
    throw UsageError(placement.error());
  return *std::move(placement);
}

/// This node's attempt to run a simulation with the others, and the actor of the run, which ends,
/// whatever happens, before what it uses goes.
class Attempt {
public:
  Attempt(ClusterNode& node, const std::string& simulation)
      : node_(node), state(std::make_shared<RunState>()),
        actor(node.system().spawn<RunActor, caf::hidden>(state)), number(begin(simulation)) {}
  ~Attempt() {
    node_.leave_run(number, why_not_well);
    caf::anon_send(actor, EndMessage{});
    std::unique_lock lock(state->mutex);
    state->changed.wait(lock, [this] { return state->ended; });
  }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

private:
  std::uint64_t begin(const std::string& simulation) {
    try {
      return node_.begin_run(simulation, actor);
    } catch (...) {
      caf::anon_send(actor, EndMessage{});
      throw;
    }
  }

  ClusterNode& node_;

public:
  const std::shared_ptr<RunState> state;
  const caf::actor actor;
  const std::uint64_t number;

  /// What the others come to know, unless all of them already have what they need.
  std::optional<std::string> why_not_well = "its program has failed";
};

// The nodes do not agree, and know it. Nobody leaves before all have come to know: who leaves
// first would seem lost to the others.
void part(ClusterNode& node, const Attempt& attempt) {
  try {
    (void)node.meet_for_run(attempt.number, {});
  } catch (const UsageError&) { // somebody is gone, or does not come: all the same now
  }
}

// Meets the other nodes, as often as it takes to find out whether all have made the same set-up.
// Returns what they have announced.
std::vector<RunAnnouncement> agree(const WorldFingerprint& fingerprint, ClusterNode& node,
                                   const ClusterNode::Roster& roster, const Attempt& attempt) {
  if (roster.names.size() == 1)
    return node.meet_for_run(attempt.number, {});
  WorldComparison comparison(fingerprint, roster.names);
  for (;;) {
    std::vector<RunAnnouncement> all = node.meet_for_run(attempt.number, {comparison.message()});
    std::vector<WorldComparison::Message> messages;
    for (const RunAnnouncement& announcement : all)
      messages.emplace_back(announcement.set_up.data);
    const Result<WorldComparison::Outcome> outcome = comparison.take(messages);
    if (!outcome) {
      part(node, attempt);
      throw UsageError(outcome.error());
    }
    if (*outcome == WorldComparison::Outcome::equal)
      return all;
  }
}

// What the run's actor saw when it was last asked, and since when the node has not heard of others.
void add_network(RunState& state, const ClusterNode& node, NodeStatus& status) {
  const std::map<std::string, double> silence_s = node.silence_s();
  const std::lock_guard lock(state.mutex);
  status.peers = state.network_seen.peers;
  status.global_time_rounds = state.network_seen.global_time_rounds;
  status.migrations_done = state.network_seen.migrations_done;
  status.migrations_refused = state.network_seen.migrations_refused;
  status.migrations_failed = state.network_seen.migrations_failed;
  for (PeerStatus& peer : status.peers)
    if (const auto silence = silence_s.find(peer.peer); silence != silence_s.end())
      peer.silence_s = silence->second;
}

RunOutcome outcome_of(DomainSet& domains, RunState& state) {
  const RunCounters counters = domains.counters();
  RunOutcome outcome{counters,
                     domains.engine_counters(),
                     why_ended(domains.failure(), state.snapshots->failure(), counters),
                     domains.take_reports(),
                     domains.trace(),
                     {}};
  if (state.runs.size() > 1) {
    std::unique_lock lock(state.mutex);
    state.changed.wait(lock, [&] { return state.over; });
    outcome.engine_counters.add(state.network);
  }
  return outcome;
}

// The trace goes to the first node only, its times to all: they decide whether it is too long.
void say_farewell(const RunState& state, RunOutcome outcome) {
  const auto own = static_cast<std::uint32_t>(state.own_index);
  if (own != 0)
    caf::anon_send(state.runs[0], FarewellMessage{own, {encode(outcome)}});
  for (const TraceRecord& record : outcome.trace)
    outcome.trace_times.push_back(record.point[0]);
  outcome.trace.clear();
  const std::vector<std::byte> without_trace = encode(outcome);
  for (std::size_t i = 1; i < state.runs.size(); ++i)
    if (i != own)
      caf::anon_send(state.runs[i], FarewellMessage{own, {without_trace}});
}

// Nobody leaves before all have heard the farewells of all: once somebody has, all know.
void wait_for_farewells(RunState& state, const ClusterNode& node,
                        const ClusterNode::Roster& roster) {
  std::unique_lock lock(state.mutex);
  const Farewells& farewells = *state.farewells;
  const bool in_time = state.changed.wait_for(
      lock, std::chrono::duration<double>(node.options().stop_timeout_s),
      [&farewells] { return farewells.may_leave() || farewells.is_hopeless(); });
  if (farewells.has_all())
    return;
  if (in_time)
    throw UsageError(*state.aborted);
  std::string missing;
  for (std::size_t i = 0; i < roster.names.size(); ++i)
    if (i != state.own_index && !farewells.has_heard(i))
      missing += (missing.empty() ? "" : ", ") + roster.names[i];
  throw UsageError(Errc::node_lost, "the run is over here, but these nodes have not said so "
                                    "(cluster.stop_timeout): " +
                                        missing);
}

RunAnswer answer_to_command(const Result<StoredCut>& cut) {
  return cut ? RunAnswer{NodeHello::current_protocol, 0, {}, {encode(*cut)}}
             : refusal({cut.error().code, "the cut " + cut.error().context});
}

Snapshots::Site site_of_cuts(const RunState& state, const caf::actor& run,
                             const RunBeginning& beginning, std::shared_ptr<AgentNames> names) {
  Snapshots::Site site;
  site.answer = [run](std::uint64_t number, const Result<StoredCut>& cut) {
    caf::anon_send(run, number, answer_to_command(cut));
  };
  site.own_node = state.own_index;
  site.nodes = state.runs.size();
  site.names = std::move(names);
  site.beginning = beginning;
  if (site.nodes == 1)
    return site;
  site.send_part = [first = state.runs.front()](CutMessage message) {
    caf::anon_send(first, std::move(message));
  };
  site.tell_all =
      [others = std::vector(state.runs.begin() + 1, state.runs.end())](const CutMessage& message) {
        for (const caf::actor& other : others)
          caf::anon_send(other, message);
      };
  return site;
}

RunSummary take_part(World& world, ClusterNode& node, const ClusterNode::Roster& roster,
                     Attempt& attempt, std::optional<WorkerRunOwner>& run, std::uint32_t workers,
                     const WaysIn& ways_in, const PlacementFunction& placement,
                     std::shared_ptr<StatusDesk> exported) {
  const Interruption::Watch interruption(world.end_time, stops_at_signal(world));
  std::optional<OutputFiles> trace; // of all, on the first node
  if (roster.own_index == 0)
    trace.emplace(world.options);
  const auto start = std::chrono::steady_clock::now(); // waiting for others is no work
  const std::size_t nodes = roster.names.size();
  world.wall_clock = steady_seconds;
  RunState& state = *attempt.state;
  WorldFingerprint fingerprint(world);
  const RunBeginning beginning = begin(world, *ways_in.names, fingerprint);
  state.placed = places_of(AgentsToPlace(world).agents);
  state.placement = place_agents(world, state.placed, placement, nodes);
  const Placement& node_of = state.placement;
  fingerprint.place(node_of);
  const std::vector<RunAnnouncement> all = agree(fingerprint, node, roster, attempt);
  state.own_index = roster.own_index;
  state.farewells.emplace(nodes);
  state.world = &world;
  for (const RunAnnouncement& announcement : all)
    state.runs.push_back(announcement.run);

  state.snapshots = std::make_unique<Snapshots>(
      world, site_of_cuts(state, attempt.actor, beginning, ways_in.names));

  const std::size_t domains = std::size_t{workers} * world.options.domains_per_worker;
  const NodePlace own_place{roster.own_index, nodes, domains};
  InitialShare share = take_share(world, node_of, own_place);
  state.citizens = std::make_unique<Citizens>(
      Citizens::Site{&world, &state.placed, &node_of, roster.own_index,
                     [&run](std::size_t domain, std::unique_ptr<OutsideTask>& task) {
                       return (*run)->domains().board().post(domain, task);
                     },
                     [&state](std::size_t to, const caf::message& message) {
                       state.runs[to]->eq_impl(caf::make_message_id(), nullptr, nullptr, message);
                     },
                     ways_in.names});
  for (Cell* cell : share.elsewhere)
    state.citizens->keep_forwarder(*cell);
  run.emplace(world, node.system(), workers,
              WorkerRun::Part{std::move(share.own), domains, own_place.links(),
                              [actor = attempt.actor] { caf::anon_send(actor, TickMessage{}); },
                              state.citizens.get()},
              ways_in.door);
  DomainBoard& board = (*run)->domains().board();
  if (nodes > 1) {
    state.gateway = std::make_unique<Gateway>(
        world, (*run)->domains(), own_place, share,
        LinkLimits{node.options().frame_bytes_max, node.options().credit_bytes});
    state.names = roster.names;
    state.credit_bytes = node.options().credit_bytes;
  }
  caf::anon_send(attempt.actor, BeginMessage{});
  RunSight sight(world, roster.names[roster.own_index]);
  sight.watch((*run)->domains());
  if (nodes > 1) {
    sight.ask_network = [actor = attempt.actor] { caf::anon_send(actor, LookMessage{}); };
    sight.add_network = [&state, &node](NodeStatus& status) { add_network(state, node, status); };
  }
  const WatchedRun watched(sight, {std::move(exported), node.desk()});
  (*run)->start();
  ways_in.door->open(
      [&board](std::size_t domain, std::unique_ptr<OutsideTask>& task) {
        return board.post(domain, task);
      },
      [actor = attempt.actor](AgentMail mail) { caf::anon_send(actor, std::move(mail)); });
  ways_in.desk->open([&state, actor = attempt.actor](MoveOrder order) {
    {
      const std::lock_guard lock(state.mutex);
      state.orders.push_back(std::move(order));
    }
    caf::anon_send(actor, OrdersMessage{});
  });
  ProgressMeter meter(world.options, world.end_time.load());
  (*run)->wait(meter);
  ways_in.door->shut();
  ways_in.desk->shut();
  {
    const std::lock_guard lock(state.mutex);
    if (state.aborted)
      throw UsageError(*state.aborted);
  }

  RunOutcome outcome = outcome_of((*run)->domains(), state);
  say_farewell(state, outcome);
  wait_for_farewells(state, node, roster);
  world.cuts = state.snapshots->finish(node.options().stop_timeout_s);
  attempt.why_not_well.reset();
  std::deque<std::string> names;
  for (const auto& [index, bytes] : state.outcomes) {
    Result<RunOutcome> other = decode_outcome(bytes.data, names);
    if (!other)
      throw UsageError(other.error());
    outcome.add(*std::move(other));
  }
  add_trace_before(world, outcome.trace);
  enforce_trace_limit(world.options, outcome.trace, outcome.trace_times, outcome.failure);
  const double wall_time_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto conclusion = [&] {
    return conclude(world, outcome.counters,
                    std::to_string(nodes) + " nodes; here " + std::to_string(workers) +
                        (workers == 1 ? " worker, " : " workers, ") + std::to_string(domains) +
                        (domains == 1 ? " domain" : " domains"),
                    wall_time_s, outcome.failure, outcome.engine_counters,
                    std::move(outcome.reports));
  };
  return trace ? trace->write(std::move(outcome.trace), conclusion) : conclusion();
}

} // namespace

RunSummary run_on_cluster(World& world, ClusterNode& node, std::uint32_t workers,
                          const WaysIn& ways_in, const PlacementFunction& placement,
                          std::shared_ptr<StatusDesk> exported) {
  const ClusterNode::Roster roster = node.wait_for_all();
  std::optional<WorkerRunOwner> run; // goes after the actor, whose gateway speaks to its board
  Attempt attempt(node, world.options.simulation_name);
  try {
    return take_part(world, node, roster, attempt, run, workers, ways_in, placement,
                     std::move(exported));
  } catch (const UsageError& problem) {
    if (attempt.why_not_well)
      attempt.why_not_well = problem.error().context;
    throw;
  } catch (const std::exception& problem) {
    if (attempt.why_not_well)
      attempt.why_not_well = problem.what();
    throw;
  }
}

} // namespace stos::detail
