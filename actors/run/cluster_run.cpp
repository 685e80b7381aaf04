#include "actors/run/cluster_run.hpp"

#include "actors/run/interrupted.hpp"
#include "actors/run/named_cut.hpp"
#include "actors/run/output_files.hpp"
#include "actors/run/progress_meter.hpp"
#include "actors/run/restart.hpp"
#include "actors/run/run_actor.hpp"
#include "actors/run/worker_run.hpp"
#include "actors/transport/caf_version.hpp"
#include "config/interruption.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/huge_pages.hpp"
#include "libstos/cluster/membership/world_fingerprint.hpp"
#include "libstos/cluster/status/run_outcome.hpp"
#include "libstos/engine/record_limits.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <iostream>
#include <optional>
#include <utility>

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
  reserve_large(positions, all.agents.size());
  for (const Cell* cell : all.agents)
    positions.push_back(cell->path.position(std::max(all.time, cell->path.anchor()[0])));
  const auto index_of = [&places](const Cell& cell) {
    return static_cast<std::uint32_t>(places.find(cell.id));
  };
  std::vector<PlacementInput::Link> links;
  reserve_large(links, all.channels.size());
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

/// This node's attempt to run a simulation with the others in one view, and the actor of the run,
/// which ends, whatever happens, before what it uses goes.
class Attempt {
public:
  Attempt(ClusterNode& node, std::uint64_t epoch, const std::string& simulation,
          std::shared_ptr<CutKeeper> keeper, std::shared_ptr<KeptActors> kept)
      : node_(node), state(make_state(std::move(keeper), std::move(kept))),
        actor(node.system().spawn<RunActor, caf::hidden>(state)), id(begin(epoch, simulation)) {}
  ~Attempt() {
    node_.leave_run(id, why_not_well);
    caf::anon_send(actor, EndMessage{});
    std::unique_lock lock(state->mutex);
    state->changed.wait(lock, [this] { return state->ended; });
  }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

private:
  static std::shared_ptr<RunState> make_state(std::shared_ptr<CutKeeper> keeper,
                                              std::shared_ptr<KeptActors> kept) {
    auto state = std::make_shared<RunState>();
    state->keeper = std::move(keeper);
    state->kept = std::move(kept);
    return state;
  }

  ClusterNode::AttemptId begin(std::uint64_t epoch, const std::string& simulation) {
    try {
      return node_.begin_run(epoch, simulation, actor);
    } catch (...) {
      caf::anon_send(actor, EndMessage{});
      throw;
    }
  }

  ClusterNode& node_;

public:
  const std::shared_ptr<RunState> state;
  const caf::actor actor;
  const ClusterNode::AttemptId id;

  /// What the others come to know, unless all of them already have what they need.
  std::optional<std::string> why_not_well = "its program has failed";
};

// The nodes do not agree, and know it. No node leaves before all have come to know: the first one
// to leave would seem lost to the others.
void part(ClusterNode& node, const Attempt& attempt) {
  try {
    (void)node.meet_for_run(attempt.id, {});
  } catch (const UsageError&) { // a node is gone, or does not come: all the same now
  }
}

// Meets the other nodes, as often as it takes to find out whether all have made the same set-up.
// Returns what they have announced.
std::vector<RunAnnouncement> agree(const WorldFingerprint& fingerprint, ClusterNode& node,
                                   const ClusterNode::Roster& roster, const Attempt& attempt) {
  if (roster.names.size() == 1)
    return node.meet_for_run(attempt.id, {});
  WorldComparison comparison(fingerprint, roster.names);
  for (;;) {
    std::vector<RunAnnouncement> all = node.meet_for_run(attempt.id, {comparison.message()});
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

RunOutcome outcome_of(const World& world, DomainSet& domains, RunState& state) {
  const RunCounters counters = domains.counters();
  OutputStreams& streams = state.snapshots->streams();
  streams.take_rest(domains.take_trace(), domains.take_records());
  RunOutcome outcome{
      counters,
      domains.engine_counters(),
      why_ended(domains.failure(), world.observers, state.snapshots->failure(), counters),
      domains.take_reports(),
      world.observers.memory().seen,
      {},
      streams.trace_records()};
  if (state.own_index != 0)
    outcome.streamed = streams.since_last_cut();
  if (state.runs.size() > 1) {
    std::unique_lock lock(state.mutex);
    state.changed.wait(lock, [&] { return state.over; });
    outcome.engine_counters.add(state.network);
  }
  return outcome;
}

// What goes to files goes to the first node only.
void say_farewell(RunState& state, const caf::actor& own_run, RunOutcome outcome) {
  const auto own = static_cast<std::uint32_t>(state.own_index);
  if (own != 0)
    caf_version::send_from(own_run, state.runs[0], FarewellMessage{own, {encode(outcome)}});
  outcome.streamed = {};
  const std::vector<std::byte> without_lines = encode(outcome);
  {
    const std::lock_guard lock(state.mutex);
    state.own_farewell = {without_lines};
  }
  for (std::size_t i = 1; i < state.runs.size(); ++i)
    if (i != own)
      caf_version::send_from(own_run, state.runs[i], FarewellMessage{own, {without_lines}});
}

// No node leaves before all have heard the farewells of all: once one has left, all know them.
void wait_for_farewells(RunState& state, const ClusterNode& node,
                        const ClusterNode::Roster& roster) {
  std::unique_lock lock(state.mutex);
  const Farewells& farewells = *state.farewells;
  // A node that is lost meanwhile leads to another view.
  const ClusterOptions& options = node.options();
  const std::chrono::duration<double> patience(options.stop_timeout_s + options.silence_timeout_s);
  const bool in_time = state.changed.wait_for(
      lock, patience, [&farewells] { return farewells.may_leave() || farewells.is_hopeless(); });
  if (in_time && !farewells.has_all()) { // one of the others may have all, and pass it on
    constexpr std::chrono::seconds relayed(2);
    state.changed.wait_for(lock, relayed, [&farewells] { return farewells.has_all(); });
  }
  if (farewells.has_all())
    return;
  if (in_time && node.is_over(roster.epoch))
    throw ViewIsOver();
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

// The nodes that keep copies of cuts are those behind the first one.
CutKeeper::Send to_keepers(RunState& state, const caf::actor& own_run, std::size_t copies) {
  const std::size_t keepers = std::min(copies, state.runs.size() - 1);
  if (keepers == 0)
    return {};
  const auto first = state.runs.begin() + 1;
  return [own_run, &window = state.pieces,
          others = std::vector(first, first + static_cast<std::ptrdiff_t>(keepers))](
             const CopyMessage& message) {
    for (std::size_t i = 0; i < others.size(); ++i) {
      window.wait_for_room(i + 1);
      caf_version::send_from(own_run, others[i], message);
    }
  };
}

Snapshots::Site site_of_cuts(RunState& state, const caf::actor& own_run,
                             const RunBeginning& beginning, std::shared_ptr<AgentNames> names,
                             std::size_t copies) {
  Snapshots::Site site;
  site.answer = [own_run](std::uint64_t number, const Result<StoredCut>& cut) {
    caf::anon_send(own_run, TellMessage{}, number, answer_to_command(cut));
  };
  site.own_node = state.own_index;
  site.nodes = state.runs.size();
  site.names = std::move(names);
  site.beginning = beginning;
  site.keeper = state.keeper;
  if (site.nodes > 1)
    site.send_copy = to_keepers(state, own_run, copies);
  if (const auto label = state.keeper->label())
    site.cuts_before = label->records;
  if (site.nodes == 1)
    return site;
  site.send_part = [own_run, &window = state.pieces,
                    first = state.runs.front()](CutMessage message) {
    window.wait_for_room(0);
    caf_version::send_from(own_run, first, std::move(message));
  };
  site.tell_all = [own_run, others = std::vector(state.runs.begin() + 1, state.runs.end())](
                      const CutMessage& message) {
    for (const caf::actor& other : others)
      caf_version::send_from(own_run, other, message);
  };
  return site;
}

/// What a node of a view knows of a run that it is about to begin, or to begin again.
struct Standpoint {
  bool has_begun = false;     ///< its set-up is gone
  std::optional<double> time; ///< of the latest cut that it keeps
  /// What the set-up was, once it has begun; for a node that comes later.
  std::vector<WorldFingerprint::Key> keys = {};
  std::uint64_t agents = 0;
  std::uint64_t set_up = 0;

  [[nodiscard]] Bytes to_bytes() const {
    BytesWriter out;
    out.u8(has_begun ? 1 : 0);
    out.u8(time ? 1 : 0);
    out.f64(time.value_or(0));
    out.varint(keys.size());
    for (const WorldFingerprint::Key& key : keys) {
      out.text(key.name);
      out.text(key.value);
    }
    out.varint(agents);
    out.u64(set_up);
    return {out.take()};
  }

  [[nodiscard]] static Standpoint of(const Bytes& bytes) {
    BytesReader in(bytes.data);
    Standpoint standpoint;
    standpoint.has_begun = in.u8() != 0;
    const bool has_cut = in.u8() != 0;
    const double time = in.f64();
    if (has_cut && in.ok())
      standpoint.time = time;
    for (std::size_t left = in.count(2); left > 0 && in.ok(); --left) {
      WorldFingerprint::Key key{in.text(), {}};
      key.value = in.text();
      standpoint.keys.push_back(std::move(key));
    }
    standpoint.agents = in.varint();
    standpoint.set_up = in.u64();
    return standpoint;
  }
};

/// A run on a cluster, in one view after the other, as one of its nodes sees it.
class ClusterRun {
public:
  ClusterRun(World& world, ClusterNode& node, std::uint32_t workers, const WaysIn& ways_in,
             const PlacementFunction& placement, std::shared_ptr<StatusDesk> exported)
      : world_(world), node_(node), workers_(workers), ways_in_(ways_in), placement_(placement),
        exported_(std::move(exported)) {}

  RunSummary run() {
    constexpr std::size_t several = 2; // how many there will be is not known yet
    const Interruption::Watch between_views(world_.end_time, stops_at_signal(world_, several));
    std::uint64_t epoch = 0;
    for (;;) {
      const ClusterNode::Roster roster = node_.wait_for_view(epoch);
      if (epoch == 0)
        interrupted_ = node_.take_interrupted(world_.options.simulation_name);
      epoch = roster.epoch;
      try {
        return run_in_view(roster);
      } catch (const ViewIsOver&) {
        if (has_begun_ && !interrupted_since_)
          interrupted_since_ = std::chrono::steady_clock::now();
        ways_in_.door->wait();
        ways_in_.desk->wait();
      }
    }
  }

private:
  RunSummary run_in_view(const ClusterNode::Roster& roster);
  RunSummary take_part(World& world, const ClusterNode::Roster& roster, Attempt& attempt,
                       std::optional<WorkerRunOwner>& run);
  [[nodiscard]] Standpoint standpoint();
  void look_in_store();
  void note_beginning(const ClusterNode::Roster& roster, const RunState& state) const;
  void note_end(const ClusterNode::Roster& roster, const RunState& state) const;
  [[nodiscard]] World& world_to_run(const ClusterNode::Roster& roster, const Attempt& attempt);
  void join(const Standpoint& there, const std::string& node);
  void remember_set_up(const WorldFingerprint& fingerprint);
  void wait_for_cut(double time, const ClusterNode::Roster& roster);
  RunBeginning begin_with_others(World& world, const ClusterNode::Roster& roster,
                                 const Attempt& attempt);
  void start(World& world, const ClusterNode::Roster& roster, const Attempt& attempt,
             std::optional<WorkerRunOwner>& run);
  void open_ways_in(DomainBoard& board, RunState& state, const caf::actor& actor) const;
  RunSummary conclude_with_others(World& world, const ClusterNode::Roster& roster, Attempt& attempt,
                                  WorkerRun& run, double wall_time_s,
                                  std::optional<OutputFiles>& files) const;

  [[nodiscard]] std::size_t domains_of(const World& world) const {
    return std::size_t{workers_} * world.options.domains_per_worker;
  }

  World& world_; // of the program
  ClusterNode& node_;
  const std::uint32_t workers_;
  const WaysIn& ways_in_;
  const PlacementFunction& placement_;
  const std::shared_ptr<StatusDesk> exported_;
  const std::shared_ptr<CutKeeper> keeper_ = std::make_shared<CutKeeper>();
  const std::shared_ptr<KeptActors> kept_ = std::make_shared<KeptActors>();
  std::unique_ptr<World> again_;  // of this view, if the run has begun in an earlier one
  bool has_begun_ = false;        // the set-up is divided among nodes
  bool keeps_all_ = false;        // every cut of the view before is kept here
  std::uint64_t interrupted_ = 0; // lineage of the run that went on when all nodes ended
  Standpoint set_up_;             // what it was

  // That it has gone on in another view: since when it does not, how often it has, how long it
  // took.
  std::optional<std::chrono::steady_clock::time_point> interrupted_since_;
  std::uint64_t recoveries_ = 0;
  double recovery_s_ = 0;
};

RunSummary ClusterRun::run_in_view(const ClusterNode::Roster& roster) {
  again_.reset();
  std::optional<WorkerRunOwner> run; // goes after the actor, whose gateway speaks to its board
  keeper_->begin_view(roster.own_index);
  Attempt attempt(node_, roster.epoch, world_.options.simulation_name, keeper_, kept_);
  try {
    World& world = world_to_run(roster, attempt);
    RunSummary summary = take_part(world, roster, attempt, run);
    if (&world != &world_) {
      world_.present = world.present;
      world_.cuts = world.cuts;
    }
    return summary;
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

// If this node's store has a later cut of the run than its memory, that is kept.
void ClusterRun::look_in_store() {
  const std::optional<CutKeeper::Label> label = keeper_->label();
  const RunOptions& options = world_.options;
  std::uint64_t lineage = has_begun_ ? node_.lineage_of(options.simulation_name) : interrupted_;
  if (label)
    lineage = label->lineage;
  if (lineage == 0 || keeps_all_)
    return;
  const std::optional<ReadCut> stored =
      latest_stored_cut(options.snapshot.path, name_of_run(options), lineage,
                        label ? std::optional(label->time) : std::nullopt);
  if (!stored)
    return;
  if (!has_begun_)
    if (const Result<void> same = check_same_run(stored->cut, world_); !same) {
      std::clog << "stos: warning: the run begins anew, since " + same.error().context + "\n";
      return;
    }
  keeper_->keep(stored->cut, {stored->cut.time, lineage, {stored->cut.record()}}, {});
}

Standpoint ClusterRun::standpoint() {
  look_in_store();
  Standpoint own = set_up_;
  own.has_begun = has_begun_;
  if (const auto label = keeper_->label())
    own.time = label->time;
  return own;
}

// All say what they have. Where one of them has a cut, all go on from the latest one.
World& ClusterRun::world_to_run(const ClusterNode::Roster& roster, const Attempt& attempt) {
  const Standpoint own = standpoint();
  if (roster.names.size() == 1 && !own.has_begun && !own.time)
    return world_;
  std::optional<std::size_t> giver;
  std::optional<std::size_t> begun;
  std::vector<Standpoint> all;
  const std::vector<RunAnnouncement> said = node_.meet_for_run(attempt.id, own.to_bytes());
  for (const RunAnnouncement& each : said)
    all.push_back(Standpoint::of(each.set_up));
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].has_begun)
      begun = i;
    if (all[i].time && (!giver || *all[i].time > *all[*giver].time))
      giver = i;
  }
  if (!giver && !begun)
    return world_;
  if (!giver) {
    const std::string why = keeper_->why_not();
    throw UsageError(Errc::node_lost,
                     roster.why + ", and there is no cut of the run to go on from: " +
                         (why.empty() ? "none was kept yet, or not on a node that is left "
                                        "(cluster.copies)"
                                      : why));
  }
  if (!has_begun_ && begun)
    join(all[*begun], roster.names[*begun]);
  const double time = *all[*giver].time;
  if (*giver == roster.own_index)
    for (std::size_t i = 0; i < all.size(); ++i)
      if (all[i].time != time)
        keeper_->send([to = said[i].run, own = said[roster.own_index].run](
                          const CopyMessage& piece) { caf_version::send_from(own, to, piece); });
  wait_for_cut(time, roster);
  Result<Present> present = keeper_->read();
  if (!present)
    throw UsageError(present.error());
  if (!begun) { // all have started anew
    if (const Result<void> same = check_same_run(present->cut, world_); !same)
      throw UsageError(same.error());
    remember_set_up(WorldFingerprint(world_));
  }
  has_begun_ = true;
  again_ = world_.begin_again(std::make_shared<const Present>(*std::move(present)));
  if (roster.own_index == 0)
    std::clog << "stos: run " + world_.options.simulation_name + " goes on from its cut at " +
                     exact_text(time) + " s, in view " + std::to_string(roster.epoch) + "\n";
  return *again_;
}

// A node that comes later has to have made the same set-up. If it has not, it is the one that goes,
// and the others go on in a view without it.
void ClusterRun::join(const Standpoint& there, const std::string& node) {
  const WorldFingerprint here(world_);
  std::string difference;
  for (const WorldFingerprint::Key& theirs : there.keys)
    for (const WorldFingerprint::Key& ours : here.keys())
      if (theirs.name == ours.name && theirs.value != ours.value && difference.empty())
        difference = theirs.name + " is " + theirs.value + " on node " + node + " and " +
                     ours.value + " here";
  if (difference.empty() && there.agents != here.agents())
    difference = "the set-up has made " + std::to_string(there.agents) + " agents on node " + node +
                 " and " + std::to_string(here.agents()) + " here";
  else if (difference.empty() && there.set_up != here.set_up())
    difference = "the set-up of node " + node + " has made other agents";
  if (!difference.empty()) {
    node_.leave_cluster();
    throw UsageError(Errc::bad_config, "this node cannot join the run: " + difference);
  }
  remember_set_up(here);
}

void ClusterRun::remember_set_up(const WorldFingerprint& fingerprint) {
  set_up_.keys.assign(fingerprint.keys().begin(), fingerprint.keys().end());
  set_up_.agents = fingerprint.agents();
  set_up_.set_up = fingerprint.set_up();
}

void ClusterRun::wait_for_cut(double time, const ClusterNode::Roster& roster) {
  const auto is_over = [&] { return node_.is_over(roster.epoch); };
  if (!keeper_->wait_for(time, is_over))
    throw ViewIsOver();
}

RunBeginning ClusterRun::begin_with_others(World& world, const ClusterNode::Roster& roster,
                                           const Attempt& attempt) {
  RunState& state = *attempt.state;
  WorldFingerprint fingerprint(world);
  if (&world == &world_)
    remember_set_up(fingerprint);
  RunBeginning beginning = begin(world, *ways_in_.names, fingerprint);
  if (&world != &world_) {
    const CutKeeper::Label from = *keeper_->label();
    beginning.lineage = from.lineage;
    for (std::size_t node = 1; node < roster.names.size(); ++node) // they go on from it, too
      keeper_->hear_kept(node, from.time);
    world.began_from = world_.began_from;
  }
  state.placed = places_of(AgentsToPlace(world).agents);
  state.placement = place_agents(world, state.placed, placement_, roster.names.size());
  fingerprint.place(state.placement);
  const std::vector<RunAnnouncement> all = agree(fingerprint, node_, roster, attempt);
  state.own_index = roster.own_index;
  state.farewells.emplace(roster.names.size());
  state.world = &world;
  state.names = roster.names;
  state.credit_bytes = node_.options().credit_bytes;
  for (const RunAnnouncement& announcement : all)
    state.runs.push_back(announcement.run);
  if (world.resumption != nullptr)
    kept_->give_back(world.resumption->agents);
  return beginning;
}

// From here on the set-up is not what it was.
void ClusterRun::start(World& world, const ClusterNode::Roster& roster, const Attempt& attempt,
                       std::optional<WorkerRunOwner>& run) {
  RunState& state = *attempt.state;
  has_begun_ = true;
  const std::size_t domains = domains_of(world);
  const NodePlace own_place{NodeIndex(roster.own_index), roster.names.size(), domains};
  InitialShare share = take_share(world, state.placement, own_place);
  state.citizens = std::make_unique<Citizens>(
      Citizens::Site{&world, &state.placed, &state.placement, own_place.own_node,
                     [&run](DomainIndex domain, std::unique_ptr<OutsideTask>& task) {
                       return (*run)->domains().board().post(domain, task);
                     },
                     [&state, actor = attempt.actor](NodeIndex to, const caf::message& message) {
                       caf_version::send_message_from(actor, state.runs[to.number()], message);
                     },
                     ways_in_.names});
  for (Cell* cell : share.elsewhere)
    state.citizens->keep_forwarder(*cell);
  run.emplace(world, node_.system(), workers_,
              WorkerRun::Part{std::move(share.own), domains, own_place.links(),
                              [actor = attempt.actor] { caf::anon_send(actor, TickMessage{}); },
                              state.citizens.get()},
              ways_in_.door);
  if (roster.names.size() > 1)
    state.gateway = std::make_unique<Gateway>(
        world, (*run)->domains(), own_place, share,
        LinkLimits{node_.options().frame_bytes_max, node_.options().credit_bytes});
  caf::anon_send(attempt.actor, BeginMessage{});
}

void ClusterRun::open_ways_in(DomainBoard& board, RunState& state, const caf::actor& actor) const {
  ways_in_.door->open(
      [&board](DomainIndex domain, std::unique_ptr<OutsideTask>& task) {
        return board.post(domain, task);
      },
      [actor](AgentMail mail) { caf_version::send_from(actor, actor, std::move(mail)); });
  ways_in_.desk->open([&state, actor](MoveOrder order) {
    {
      const std::lock_guard lock(state.mutex);
      state.orders.push_back(std::move(order));
    }
    caf::anon_send(actor, OrdersMessage{});
  });
}

RunSummary ClusterRun::take_part(World& world, const ClusterNode::Roster& roster, Attempt& attempt,
                                 std::optional<WorkerRunOwner>& run) {
  const Interruption::Watch interruption(world.end_time,
                                         stops_at_signal(world, roster.names.size()));
  std::optional<OutputFiles> files; // of all, on the first node
  if (roster.own_index == 0)
    files.emplace(world.options);
  const auto start_time = std::chrono::steady_clock::now(); // waiting for others is no work
  world.wall_clock = steady_seconds;
  RunState& state = *attempt.state;
  const RunBeginning beginning = begin_with_others(world, roster, attempt);
  state.snapshots = std::make_unique<Snapshots>(
      world,
      site_of_cuts(state, attempt.actor, beginning, ways_in_.names, world.options.cluster.copies));
  keeps_all_ = roster.own_index <= world.options.cluster.copies;
  note_beginning(roster, state);
  start(world, roster, attempt, run);
  RunSight sight(world, roster.names[roster.own_index]);
  const LastLook last_look(world);
  sight.last_look = &last_look;
  sight.watch((*run)->domains());
  if (roster.names.size() > 1) {
    sight.ask_network = [actor = attempt.actor] { caf::anon_send(actor, LookMessage{}); };
    sight.add_network = [&state, this](NodeStatus& status) { add_network(state, node_, status); };
  }
  if (const auto since = std::exchange(interrupted_since_, std::nullopt)) {
    ++recoveries_;
    recovery_s_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - *since).count();
  }
  sight.add_continuity = [&state, this](ContinuityStatus& status) {
    status = node_.continuity();
    state.snapshots->show(status);
    status.recoveries = recoveries_;
    status.recovery_s = recovery_s_;
  };
  const WatchedRun watched(sight, {exported_, node_.desk()});
  const WatchedNode watched_node(node_, exported_);
  (*run)->start();
  open_ways_in((*run)->domains().board(), state, attempt.actor);
  ProgressMeter meter(world.options, world.end_time.load());
  (*run)->wait(meter);
  {
    const std::lock_guard lock(state.mutex);
    if (state.aborted && node_.is_over(roster.epoch))
      throw ViewIsOver();
  }
  ways_in_.door->shut();
  ways_in_.desk->shut();
  {
    const std::lock_guard lock(state.mutex);
    if (state.aborted)
      throw UsageError(*state.aborted);
  }
  const double wall_time_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_time).count();
  return conclude_with_others(world, roster, attempt, **run, wall_time_s, files);
}

// Before there is any cut: nodes that start again are to go on from each that was said to be
// stored.
void ClusterRun::note_beginning(const ClusterNode::Roster& roster, const RunState& state) const {
  if (roster.own_index != 0)
    return;
  const RunNote begun{world_.options.simulation_name, state.snapshots->lineage(), false};
  node_.note_run(roster.epoch, begun);
  if (!node_.options().log.empty())
    node_.wait_until_noted(roster.epoch, begun);
}

// Nodes that start again are not to go on with it; where there is no log, none would.
void ClusterRun::note_end(const ClusterNode::Roster& roster, const RunState& state) const {
  constexpr double patience_s = 2; // others may have gone already
  const std::string& simulation = world_.options.simulation_name;
  const bool is_first = roster.own_index == 0;
  const RunNote over{simulation,
                     is_first ? state.snapshots->lineage() : node_.lineage_of(simulation), true};
  if (is_first)
    node_.note_run(roster.epoch, over);
  if (!node_.options().log.empty())
    node_.wait_until_noted(roster.epoch, over, patience_s);
}

RunSummary ClusterRun::conclude_with_others(World& world, const ClusterNode::Roster& roster,
                                            Attempt& attempt, WorkerRun& run, double wall_time_s,
                                            std::optional<OutputFiles>& files) const {
  RunState& state = *attempt.state;
  const std::size_t nodes = roster.names.size();
  const std::size_t domains = domains_of(world);
  RunOutcome outcome = outcome_of(world, run.domains(), state);
  say_farewell(state, attempt.actor, outcome);
  wait_for_farewells(state, node_, roster);
  note_end(roster, state);
  state.pieces.open();
  world.cuts = state.snapshots->finish(node_.options().stop_timeout_s);
  attempt.why_not_well.reset();
  std::deque<std::string> names;
  for (const auto& [index, bytes] : state.outcomes) {
    Result<RunOutcome> other = decode_outcome(bytes.data, names);
    if (!other)
      throw UsageError(other.error());
    world.observers.add_seen_elsewhere(std::exchange(other->observations, {}));
    outcome.add(*std::move(other));
  }
  if (!outcome.failure) // the last lines may have met a full disk
    outcome.failure = state.snapshots->failure();
  OutputStreams& streams = state.snapshots->streams();
  enforce_trace_limit(world.options, streams.trace_records_before() + outcome.trace_records,
                      outcome.failure);
  const std::optional<Error> unwritten = streams.end(std::move(outcome.streamed), outcome.failure);
  const auto conclusion = [&] {
    return conclude(world, outcome.counters,
                    std::to_string(nodes) + " nodes; here " + std::to_string(workers_) +
                        (workers_ == 1 ? " worker, " : " workers, ") + std::to_string(domains) +
                        (domains == 1 ? " domain" : " domains"),
                    wall_time_s, outcome.failure, outcome.engine_counters,
                    std::move(outcome.reports));
  };
  return files ? files->write(unwritten, conclusion) : conclusion();
}

} // namespace

RunSummary run_on_cluster(World& world, ClusterNode& node, std::uint32_t workers,
                          const WaysIn& ways_in, const PlacementFunction& placement,
                          std::shared_ptr<StatusDesk> exported) {
  return ClusterRun(world, node, workers, ways_in, placement, std::move(exported)).run();
}

} // namespace stos::detail
