#include "actors/run/rerun.hpp"

#include "libstos/base/exact_text.hpp"

#include <charconv>
#include <exception>
#include <mutex>
#include <utility>

namespace stos::detail {
namespace {

std::uint64_t seed_of(const CutOrigin& origin, std::uint64_t otherwise) {
  for (const CutOrigin::Fact& fact : origin.facts)
    if (fact.name == "simulation.seed")
      (void)std::from_chars(fact.value.data(), fact.value.data() + fact.value.size(), otherwise);
  return otherwise;
}

std::string whose(const std::string& state, const std::string& a, const std::string& b) {
  if (state == a)
    return state + ", which is A's";
  if (state == b)
    return state + ", which is B's";
  return state + ", which is neither A's nor B's";
}

std::string engine_of(std::uint32_t workers) {
  return workers == 0   ? "serially"
         : workers == 1 ? "on 1 worker"
                        : "on " + std::to_string(workers) + " workers";
}

} // namespace

Rerun::Rerun(const World& world, Run run, Cut from, double to)
    : world_(world), run_(std::move(run)), to_(to), options_(world.options) {
  auto present = std::make_shared<Present>();
  present->cut = std::move(from);
  present->record = present->cut.record();
  from_ = std::move(present);
  options_.seed = seed_of(from_->cut.origin, options_.seed);
  options_.snapshot = {};
  options_.trace_path.clear();
  options_.summary_path.clear();
  options_.reports_path.clear();
  options_.records_path.clear();
  options_.observations_path.clear();
  options_.monitoring = {};
  options_.distributed = false;
  options_.progress = ProgressMode::never;
  options_.digest_only = true;
}

Rerun::Outcome Rerun::once(std::uint32_t workers,
                           const std::optional<EventLog::Event>& kept) const {
  RunOptions options = options_;
  options.serial = workers == 0;
  options.workers = workers;
  const std::unique_ptr<World> again = world_.fork(std::move(options), world_.simulation_object);
  again->present = from_;
  again->own_boundary = world_.own_boundary;
  again->stands_at = to_;
  std::mutex mutex; // between the workers
  EventLog log(*again);
  if (kept)
    log.look_out_for(*kept);
  again->after_event = [&mutex, &log](const EventSeen& seen) {
    const std::lock_guard lock(mutex);
    log.add(seen);
  };
  Outcome outcome;
  try {
    again->begin_run();
    run_(*again);
    outcome.state = again->present->record.state_digest.to_string();
  } catch (const std::exception& problem) {
    outcome.problem = problem.what();
  }
  outcome.events = log.take_events();
  outcome.kept = log.kept();
  return outcome;
}

std::vector<std::string> compare_reruns(const Rerun& rerun, std::uint32_t workers,
                                        const std::string& a, const std::string& b) {
  std::vector<std::string> lines;
  const SideNames names{"the first run", "the second"};
  const Rerun::Outcome first = rerun.once(0);
  const Rerun::Outcome second = rerun.once(workers);
  const auto tell = [&](const Rerun::Outcome& outcome, const std::string& how) {
    lines.push_back("run again " + how + ": " + std::to_string(outcome.events.size()) +
                    " events, " +
                    (outcome.problem.empty() ? "to the state " + whose(outcome.state, a, b)
                                             : "then " + outcome.problem));
  };
  tell(first, engine_of(0));
  tell(second, (workers == 0 ? "once more " : "") + engine_of(workers));
  const std::optional<FirstDifference> difference = first_difference(first.events, second.events);
  if (!difference) {
    lines.push_back("these two have done the same. What makes A and B differ is not in this run of "
                    "the program: run it as A and B were run, with each build or on each machine");
    return lines;
  }
  if (!difference->a || !difference->b) {
    lines.push_back("the first event that differs: " +
                    describe(difference->a ? *difference->a : *difference->b) + ", in " +
                    (difference->a ? names.a : names.b) + " only");
    return lines;
  }
  lines.push_back("the first event that differs: " + describe(*difference->a));
  const Rerun::Outcome first_kept = rerun.once(0, difference->a);
  const Rerun::Outcome second_kept = rerun.once(workers, difference->a);
  std::vector<std::string> fields;
  if (first_kept.kept && second_kept.kept)
    fields = differences(*first_kept.kept, *second_kept.kept, names);
  for (const std::string& field : fields)
    lines.push_back("  " + field);
  if (fields.empty())
    lines.push_back("  what it has done differs, but it was the same when it was run once more");
  return lines;
}

} // namespace stos::detail
