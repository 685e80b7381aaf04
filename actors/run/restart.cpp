#include "actors/run/restart.hpp"

#include "actors/run/named_cut.hpp"
#include "actors/run/worker_run.hpp"
#include "libstos/base/demangle.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/hash.hpp"
#include "libstos/code/code_registry.hpp"
#include "libstos/image/restore.hpp"
#include "libstos/world/agent_base.hpp"

#include <algorithm>
#include <bit>
#include <fstream>
#include <iterator>
#include <span>
#include <unordered_map>
#include <utility>

namespace stos::detail {
namespace {

// Which program it is, to the last byte.
std::string build_of_this_program() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  return ContentHash::of(std::as_bytes(std::span(bytes))).to_string();
}

constexpr const char* trace_fact = "output.trace_path"; // "none" or "given"

std::string list_of(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 5;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < shown; ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > shown)
    text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

std::string times_of_cuts(const SnapshotOptions& options) {
  std::vector<std::string> times;
  for (const double time : options.at_s)
    times.push_back(exact_text(time) + " s");
  if (options.every)
    times.push_back("every " + exact_text(options.every->s) +
                    (options.every->is_wall ? " s of wall-clock time" : " s"));
  return times.empty() ? "none" : list_of(times);
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

} // namespace

CutOrigin origin_of(const World& world, const WorldFingerprint& set_up) {
  CutOrigin origin;
  const SnapshotOptions& options = world.options.snapshot;
  origin.run = options.branch.empty() ? world.options.simulation_name : options.branch;
  origin.build = build_of_this_program();
  for (const WorldFingerprint::Key& key : set_up.keys())
    if (key.name == "simulation.seed" || key.name == "space" || key.name == "boundary" ||
        key.name == "output.values" || key.name == trace_fact)
      origin.facts.push_back({key.name, key.value});
  origin.set_up_agents = set_up.agents();
  origin.set_up = set_up.set_up();
  return origin;
}

std::optional<Restart> Restart::from_options(const RunOptions& options) {
  const SnapshotOptions& snapshot = options.snapshot;
  if (snapshot.from.empty())
    return std::nullopt;
  ReadCut read = read_named_cut(snapshot.from);
  return Restart(std::move(read.cut), snapshot.branch.empty() ? read.entry.lineage : 0,
                 std::move(read.place));
}

std::string Restart::text() const {
  return "cut at " + exact_text(cut_.time) + " s of run " + cut_.origin.run + ", state " +
         cut_.state_digest().to_string();
}

void Restart::require_same_build(const CutOrigin& origin, bool may_be_other) const {
  std::vector<std::string> missing;
  for (const Cut::Type& type : cut_.classes)
    if (find_agent_type(type.id) == nullptr)
      missing.push_back("class " + type.name);
  for (const Cut::Type& type : cut_.lambdas)
    if (find_closure(type.id) == nullptr)
      missing.push_back("lambda " + demangle(type.name.c_str()));
  if (!missing.empty())
    throw UsageError(Errc::bad_config, "the " + text() + " in " + place_ +
                                           " is of another program: this one has no " +
                                           list_of(missing));
  if (cut_.origin.build != origin.build && !may_be_other)
    throw UsageError(Errc::bad_config,
                     "the " + text() + " in " + place_ +
                         " was written by another build of the program (" + cut_.origin.build +
                         ", this one is " + origin.build +
                         "). It has all classes and lambdas of the cut; if they are as they were, "
                         "--from-other-build goes on from it");
}

void Restart::require_same_set_up(const CutOrigin& origin) const {
  const std::string other = "the " + text() + " in " + place_ + " is of another world: ";
  const std::string hint = ". A run that is to differ from it has a name of its own: --branch";
  if (cut_.origin.run != origin.run)
    throw UsageError(Errc::bad_config, other + "it is of run " + cut_.origin.run +
                                           ", and this one is called " + origin.run + hint);
  for (const CutOrigin::Fact& fact : origin.facts)
    for (const CutOrigin::Fact& before : cut_.origin.facts)
      if (before.name == fact.name && before.value != fact.value &&
          !(fact.name == trace_fact && fact.value == "none"))
        throw UsageError(Errc::bad_config, other + fact.name + " was " + before.value +
                                               ", and is " + fact.value + hint);
  if (cut_.origin.set_up_agents != origin.set_up_agents)
    throw UsageError(Errc::bad_config, other + "its set-up had " +
                                           std::to_string(cut_.origin.set_up_agents) +
                                           " agents, and this one has " +
                                           std::to_string(origin.set_up_agents) + hint);
  if (cut_.origin.set_up != origin.set_up)
    throw UsageError(Errc::bad_config, other + "the agents of its set-up were others" + hint);
}

// With another seed, what agents draw from now on is not what it would have been.
void Restart::draw_anew(World& world) const {
  const std::string seed = std::to_string(world.options.seed);
  for (const CutOrigin::Fact& fact : cut_.origin.facts)
    if (fact.name == "simulation.seed" && fact.value == seed)
      return;
  const std::uint64_t at = mix64(world.options.seed + std::bit_cast<std::uint64_t>(cut_.time));
  for (Cell* cell : world.resumption->agents)
    cell->random = RandomStream(mix64(at + mix64(cell->id.value)));
}

void Restart::apply(World& world, const CutOrigin& origin, AgentNames& names) const {
  const SnapshotOptions& options = world.options.snapshot;
  require_same_build(origin, options.from_other_build);
  if (options.branch.empty())
    require_same_set_up(origin);
  Handles handles(world);
  world.drop_set_up();
  if (const Result<void> restored = restore(world, cut_); !restored)
    throw UsageError(restored.error().code, restored.error().context + " (" + place_ + ")");
  handles.pass_on(world);
  for (const auto& [name, agent] : cut_.names) // those of the set-up are the same
    (void)names.enter(name, agent);
  world.began_from = text();
  if (!options.branch.empty())
    draw_anew(world);
}

RunBeginning begin(World& world, AgentNames& names) {
  const SnapshotOptions& options = world.options.snapshot;
  if (!options.wants_cuts() && options.from.empty())
    return {};
  WorldFingerprint set_up(world);
  return begin(world, names, set_up);
}

RunBeginning begin(World& world, AgentNames& names, WorldFingerprint& set_up) {
  const SnapshotOptions& options = world.options.snapshot;
  const std::optional<Restart> restart = Restart::from_options(world.options);
  set_up.add({"the cut to go on from (snapshot.from)", restart ? restart->text() : "none"});
  set_up.add({"the times of cuts (snapshot.at, snapshot.every)", times_of_cuts(options)});
  if (!options.wants_cuts() && !restart)
    return {};
  RunBeginning beginning{origin_of(world, set_up)};
  if (restart) {
    restart->apply(world, beginning.origin, names);
    beginning.lineage = restart->lineage();
    beginning.time = restart->time();
  }
  return beginning;
}

} // namespace stos::detail
