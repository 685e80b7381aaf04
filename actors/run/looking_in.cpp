#include "actors/run/looking_in.hpp"

#include "actors/run/named_cut.hpp"
#include "config/program.hpp"
#include "config/values.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/image/agent_view.hpp"
#include "libstos/image/cut_difference.hpp"
#include "libstos/image/restore.hpp"
#include "libstos/world/agent_base.hpp"

#include <cstdlib>
#include <iostream>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace stos::detail {
namespace {

void restore_into(World& world, const Cut& cut, const std::string& place) {
  require_all_types(cut, place + ": the cut at " + exact_text(cut.time) + " s");
  if (const Result<void> restored = restore(world, cut); !restored)
    throw UsageError(restored.error().code, place + ": " + restored.error().context);
}

// The agents that options name; by their ids or names, and by their classes.
class Chosen {
public:
  Chosen(const SnapshotOptions& options, const Cut& cut) : type_(options.shown_type) {
    if (options.shown_agent.empty())
      return;
    const auto id = parse_number<std::uint64_t>(options.shown_agent, 0,
                                                std::numeric_limits<std::uint64_t>::max());
    if (id)
      agent_ = AgentId{*id};
    for (const auto& [name, agent] : cut.names)
      if (name == options.shown_agent)
        agent_ = agent;
    if (!agent_)
      throw UsageError(Errc::bad_argument,
                       "--agent " + quote(options.shown_agent) +
                           " is neither the id nor the name of an agent in the cut");
  }

  [[nodiscard]] bool is_one() const { return agent_.has_value(); }
  [[nodiscard]] bool has(const Cell& cell) const {
    return (!agent_ || *agent_ == cell.id) && (type_.empty() || type_ == cell.ops->type_name);
  }

private:
  std::optional<AgentId> agent_;
  const std::string& type_;
};

void show(World& world, const SnapshotOptions& options) {
  const ReadCut read = read_named_cut(options.show);
  const Chosen chosen(options, read.cut);
  restore_into(world, read.cut, read.place);
  AgentViewer viewer(world, read.cut.time, names_in(read.cut));
  std::size_t shown = 0;
  for (Cell* cell : world.resumption->agents)
    if (chosen.has(*cell)) {
      ++shown;
      std::cout << to_json(viewer.view(*cell),
                           chosen.is_one() ? JsonWriter::Form::indented : JsonWriter::Form::line)
                << '\n';
    }
  if (shown == 0 && !read.cut.images.empty())
    throw UsageError(Errc::bad_argument, read.place + ": none of the " +
                                             std::to_string(read.cut.images.size()) +
                                             " agents in the cut is one that was asked for");
}

/// The cuts of a run in one store, by their times: of several of one time, the last one written.
std::map<double, CutEntry> cuts_of(const OpenedStore& opened, const std::string& run) {
  std::map<double, CutEntry> cuts;
  for (const CutEntry& entry : opened.contents.cuts)
    if (entry.run == run)
      cuts[entry.time] = entry;
  return cuts;
}

// The same world again, without agents.
std::unique_ptr<World> like(const World& world) {
  auto other =
      std::make_unique<World>(world.options, world.simulation_type, world.simulation_object);
  other->space = world.space;
  other->constants = world.constants;
  other->end_time = world.end_time.load();
  other->own_boundary = world.own_boundary;
  other->at_boundary = world.at_boundary;
  other->begin_run();
  return other;
}

// Returns whether they differ.
bool diverge(World& world, const Rerun::Run& run_again, std::uint32_t workers) {
  const RunOptions& options = world.options;
  const std::vector<std::string>& places = options.snapshot.diverge;
  const std::string& run = name_of_run(options);
  const OpenedStore a = open_to_read(places.front());
  const OpenedStore b = open_to_read(places.back());
  const std::map<double, CutEntry> of_a = cuts_of(a, run);
  const std::map<double, CutEntry> of_b = cuts_of(b, run);
  std::size_t equal = 0;
  std::optional<CutEntry> last_equal;
  for (const auto& [time, entry] : of_a) {
    const auto other = of_b.find(time);
    if (other == of_b.end())
      continue;
    if (other->second.state_digest == entry.state_digest) {
      ++equal;
      last_equal = entry;
      continue;
    }
    const Cut cut_a = read(a, entry);
    const Cut cut_b = read(b, other->second);
    restore_into(world, cut_a, places.front());
    const std::unique_ptr<World> world_b = like(world);
    restore_into(*world_b, cut_b, places.back());
    const CutDifference difference = compare(cut_a, cut_b);
    std::cout << "A is " << a.store->place() << ", B is " << b.store->place() << ", run " << run
              << '\n'
              << equal << " cuts are equal"
              << (last_equal ? ", the last one at " + exact_text(last_equal->time) + " s" : "")
              << '\n'
              << "at " << exact_text(time) << " s the states differ: " << entry.state_digest
              << " in A, " << other->second.state_digest << " in B; " << difference.agents << " of "
              << cut_a.images.size() << " agents are not the same\n";
    for (const std::string& text : describe(difference, world, *world_b, time, {}, names_in(cut_a)))
      std::cout << "  " << text << '\n';
    std::cout << std::flush;
    if (!last_equal) {
      std::cout << "no earlier cut is equal, so there is nothing to run again from\n";
      return true;
    }
    const Rerun rerun(world, run_again, read(a, *last_equal), time);
    std::cout << "from " << exact_text(last_equal->time) << " s to " << exact_text(time) << " s\n";
    for (const std::string& line :
         compare_reruns(rerun, workers, entry.state_digest, other->second.state_digest))
      std::cout << "  " << line << '\n';
    return true;
  }
  if (equal == 0)
    throw UsageError(Errc::bad_argument, "the cuts of run " + run + " in " + a.store->place() +
                                             " and in " + b.store->place() +
                                             " have no time in common");
  std::cout << equal << " cuts of run " << run << " have one time and one state in both, up to "
            << exact_text(last_equal->time) << " s\n";
  return false;
}

} // namespace

bool wants_to_look_in(const RunOptions& options) {
  return !options.snapshot.show.empty() || !options.snapshot.diverge.empty();
}

// The world's classes are those of the program, and other threads of it may go on: nothing is
// unwound.
void look_in(World& world, const Rerun::Run& run, std::uint32_t workers) {
  world.drop_set_up();
  int exit_code = exit_success;
  if (!world.options.snapshot.show.empty())
    show(world, world.options.snapshot);
  else
    exit_code = diverge(world, run, workers) ? exit_failed_run : exit_success;
  std::_Exit(finish_standard_output(program_name(), exit_code));
}

} // namespace stos::detail
