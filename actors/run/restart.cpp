#include "actors/run/restart.hpp"

#include "actors/run/named_cut.hpp"
#include "actors/run/worker_run.hpp"
#include "config/this_program.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/hash.hpp"
#include "libstos/image/present.hpp"
#include "libstos/image/restore.hpp"
#include "libstos/world/agent_base.hpp"
#include "libstos/world/record_format.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

namespace stos::detail {
namespace {

constexpr const char* trace_fact = "output.trace_path";     // "none" or "given"
constexpr const char* records_fact = "output.records_path"; // the same, with the format

// In full: nodes that stop at other times would wait for each other.
std::string times_of_cuts(const SnapshotOptions& options) {
  std::string times;
  for (const double time : options.at_s)
    times += (times.empty() ? "" : ", ") + exact_text(time) + " s";
  if (options.every)
    times += (times.empty() ? "every " : ", every ") + exact_text(options.every->s) +
             (options.every->is_wall ? " s of wall-clock time" : " s");
  return times.empty() ? "none" : times;
}

// An agent's own actor, from the record of the set-up to that of the cut.
class Handles {
public:
  explicit Handles(World& world) {
    for (Cell* cell : world.setup.effects.changes().born)
      if (cell->binding != nullptr) {
        bindings_.emplace(cell->id.value, bound_actor(*cell));
        cell->binding = nullptr;
      }
  }

  void pass_on(World& world) {
    for (Cell* cell : world.resumption->agents)
      if (auto taken = bindings_.extract(cell->id.value); !taken.empty()) {
        cell->binding = taken.mapped();
        bound_actor(*cell)->agent_started(*cell);
      }
    for (const auto& [agent, actor] : bindings_) { // they have ended
      actor->agent_ended();
      caf::intrusive_ptr_release(actor->ctrl());
    }
  }

private:
  std::unordered_map<std::uint64_t, AgentActor*> bindings_;
};

// What the world has in common with all that may go on from its cuts.
CutOrigin origin_of(const World& world, const WorldFingerprint& set_up) {
  CutOrigin origin;
  origin.run = name_of_run(world.options);
  origin.build = hash_of_this_program().to_string();
  for (const WorldFingerprint::Key& key : set_up.keys())
    if (key.name == "simulation.seed" || key.name == "space" || key.name == "boundary" ||
        key.name == "output.values" || key.name == trace_fact || key.name == records_fact)
      origin.facts.push_back({key.name, key.value});
  if (world.present != nullptr) { // it has none of its own
    origin.set_up_agents = world.present->cut.origin.set_up_agents;
    origin.set_up = world.present->cut.origin.set_up;
    return origin;
  }
  origin.set_up_agents = set_up.agents();
  origin.set_up = set_up.set_up();
  return origin;
}

// Why the world of a cut is not the one here, whatever build has written it; empty if it is.
std::string difference_between(const CutOrigin& there, const CutOrigin& here) {
  if (there.run != here.run)
    return "it is of run " + there.run + ", and this one is called " + here.run;
  for (const CutOrigin::Fact& fact : here.facts)
    for (const CutOrigin::Fact& before : there.facts)
      if (before.name == fact.name && before.value != fact.value)
        return fact.name + " was " + before.value + ", and is " + fact.value;
  if (there.set_up_agents != here.set_up_agents)
    return "its set-up had " + std::to_string(there.set_up_agents) + " agents, and this one has " +
           std::to_string(here.set_up_agents);
  return there.set_up != here.set_up ? "the agents of its set-up were others" : "";
}

/// The cut that a run goes on from.
class Restart {
public:
  /// That which stands in memory, or which snapshot.from names, if there is one.
  [[nodiscard]] static std::optional<Restart> of(const World& world);

  [[nodiscard]] double time() const { return cut_->time; }

  /// Of the run that it is of, if this is the same one; 0 for a branch.
  [[nodiscard]] std::uint64_t lineage() const { return is_branch_ ? 0 : lineage_; }

  /// For people, the same on all nodes: "cut at 10 s of run lattice, state 0123456789abcdef".
  [[nodiscard]] std::string text() const;

  void apply(World& world, const CutOrigin& origin, AgentNames& names) const;

private:
  [[nodiscard]] std::string where() const { return "the " + text() + " in " + place_; }
  void require_same_build(World& world, const CutOrigin& origin) const;
  void require_same_set_up(CutOrigin origin) const;
  void require_same_record_format(const World& world) const;
  void draw_anew(World& world) const;
  void inject_all(World& world, const AgentNames& names) const;

  std::shared_ptr<const Cut> cut_;
  std::string state_;
  std::string place_; // empty: in memory, of this process
  std::uint64_t lineage_ = 0;
  bool is_branch_ = false; // it may differ from the run that was cut
};

std::optional<Restart> Restart::of(const World& world) {
  const SnapshotOptions& snapshot = world.options.snapshot;
  Restart restart;
  if (world.present != nullptr) {
    restart.cut_ = {world.present, &world.present->cut};
    restart.state_ = world.present->record.state_digest.to_string();
    restart.is_branch_ = true;
    return restart;
  }
  if (snapshot.from.empty())
    return std::nullopt;
  ReadCut read = read_named_cut(snapshot.from);
  restart.cut_ = std::make_shared<const Cut>(std::move(read.cut));
  restart.state_ = read.entry.state_digest;
  restart.place_ = read.place;
  restart.lineage_ = read.entry.lineage;
  restart.is_branch_ = !snapshot.branch.empty();
  return restart;
}

std::string Restart::text() const {
  return "cut at " + exact_text(cut_->time) + " s of run " + cut_->origin.run + ", state " + state_;
}

void Restart::require_same_build(World& world, const CutOrigin& origin) const {
  require_all_types(*cut_, where());
  if (cut_->origin.build == origin.build)
    return;
  require_same_fields(*cut_, where(), world, world.setup.effects.changes().born);
  if (!world.options.snapshot.from_other_build)
    throw UsageError(Errc::bad_config,
                     where() + " was written by another build of the program (" +
                         cut_->origin.build + ", this one is " + origin.build +
                         "). It has all classes and lambdas of the cut, with the same fields, as "
                         "far as that can be seen; if they mean the same, --from-other-build goes "
                         "on from it");
}

// A trace that the run of the cut had may end with it, and so may what agents record.
void Restart::require_same_set_up(CutOrigin origin) const {
  std::erase(origin.facts, CutOrigin::Fact{trace_fact, "none"});
  std::erase(origin.facts, CutOrigin::Fact{records_fact, "none"});
  const std::string difference = difference_between(cut_->origin, origin);
  if (!difference.empty())
    throw UsageError(Errc::bad_config,
                     where() + " is of another world: " + difference +
                         ". A run that is to differ from it has a name of its own: --branch");
}

// The text in a cut is the beginning of the file.
void Restart::require_same_record_format(const World& world) const {
  if (world.options.records_path.empty())
    return;
  for (const CutOrigin::Fact& fact : cut_->origin.facts)
    if (fact.name == records_fact && fact.value != told_of_records(world.options))
      throw UsageError(Errc::bad_config,
                       where() + " has its records in another form: " + std::string(records_fact) +
                           " was " + fact.value + ", and is " + told_of_records(world.options));
}

// With another seed, what agents draw from now on is not what it would have been.
void Restart::draw_anew(World& world) const {
  const std::string seed = std::to_string(world.options.seed);
  for (const CutOrigin::Fact& fact : cut_->origin.facts)
    if (fact.name == "simulation.seed" && fact.value == seed)
      return;
  const std::uint64_t at = mix64(world.options.seed + std::bit_cast<std::uint64_t>(cut_->time));
  for (Cell* cell : world.resumption->agents)
    cell->random = RandomStream(mix64(at + mix64(cell->id.value)));
}

void Restart::apply(World& world, const CutOrigin& origin, AgentNames& names) const {
  if (!world.injected.empty() && !is_branch_)
    throw UsageError(Errc::bad_argument,
                     "lambdas were injected into a run that goes on from " + where() +
                         ". A run that is to differ from it has a name of its own: --branch");
  if (world.present == nullptr)
    require_same_build(world, origin);
  else if (!world.setup.effects.changes().born.empty())
    throw UsageError(Errc::bad_argument, "a simulation that goes on from the " + text() +
                                             " has its agents from there, and " +
                                             describe(*world.setup.effects.changes().born.front()) +
                                             " was created before it runs");
  if (!is_branch_)
    require_same_set_up(origin);
  else if (!cut_->streamed.recorded.empty())
    require_same_record_format(world);
  Handles handles(world);
  world.drop_set_up();
  if (const Result<void> restored = restore(world, *cut_); !restored)
    throw UsageError(restored.error().code, restored.error().context + " (" + place_ + ")");
  handles.pass_on(world);
  for (const auto& [name, agent] : cut_->names) // those of the set-up are the same
    (void)names.enter(name, agent);
  world.began_from = text();
  if (is_branch_)
    draw_anew(world);
  inject_all(world, names);
}

void Restart::inject_all(World& world, const AgentNames& names) const {
  for (const Injected& each : std::exchange(world.injected, {})) {
    std::optional<AgentId> agent = each.agent;
    if (!each.name.empty())
      agent = names.find(each.name);
    Result<void> injected = Error{Errc::bad_argument, "a lambda was injected for an agent named " +
                                                          each.name + ", which there is not"};
    if (agent)
      injected = inject(world, *agent, *each.lambda);
    else
      discard(*each.lambda, nullptr);
    if (!injected)
      throw UsageError(injected.error().code, injected.error().context + " (" + text() + ")");
  }
}

} // namespace

Result<void> check_same_run(const Cut& cut, const World& world) {
  const CutOrigin here = origin_of(world, WorldFingerprint(world));
  std::string difference = difference_between(cut.origin, here);
  if (difference.empty() && cut.origin.build != here.build)
    difference = "it was written by another build of the program";
  if (!difference.empty())
    return Error{Errc::bad_config, "the cut at " + exact_text(cut.time) + " s, of run " +
                                       cut.origin.run + ", is of another world: " + difference};
  return {};
}

bool stands_still(const World& world) { return world.stands_at < Instant::never().absorption; }

RunBeginning begin(World& world, AgentNames& names) {
  const SnapshotOptions& options = world.options.snapshot;
  if (!options.wants_cuts() && options.from.empty() && world.present == nullptr &&
      !stands_still(world) && world.injected.empty())
    return {};
  WorldFingerprint set_up(world);
  return begin(world, names, set_up);
}

RunBeginning begin(World& world, AgentNames& names, WorldFingerprint& set_up) {
  const SnapshotOptions& options = world.options.snapshot;
  const std::optional<Restart> restart = Restart::of(world);
  set_up.add({"the cut to go on from (snapshot.from)", restart ? restart->text() : "none"});
  set_up.add({"the times of cuts (snapshot.at, snapshot.every)", times_of_cuts(options)});
  set_up.add({"where the run stands still",
              stands_still(world) ? exact_text(world.stands_at) + " s" : "nowhere"});
  RunBeginning beginning{origin_of(world, set_up)};
  if (!restart && !world.injected.empty())
    throw UsageError(Errc::bad_argument, "lambdas were injected into a run that begins with its "
                                         "set-up; only what goes on from a cut can have them");
  if (restart) {
    restart->apply(world, beginning.origin, names);
    beginning.lineage = restart->lineage();
    beginning.time = restart->time();
  }
  if (stands_still(world) && !(world.stands_at > beginning.time))
    throw UsageError(Errc::bad_argument, "a run to " + exact_text(world.stands_at) +
                                             " s, of a world that is at " +
                                             exact_text(beginning.time) + " s already");
  return beginning;
}

} // namespace stos::detail
