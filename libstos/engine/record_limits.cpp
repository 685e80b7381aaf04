#include "libstos/engine/record_limits.hpp"

#include "libstos/base/exact_text.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace stos::detail {
namespace {

// After all events of that time, so that those failures count first that all engines come to.
EventKey after_all_at(double time) {
  return {
      {time, std::numeric_limits<double>::infinity(), std::numeric_limits<std::uint32_t>::max()},
      {},
      {},
      0};
}

void fail_at(double time, Error error, std::optional<Failure>& failure) {
  const EventKey key = after_all_at(time);
  if (!failure || key < failure->key)
    failure = Failure{key, std::move(error)};
}

} // namespace

void enforce_trace_limit(const RunOptions& options, std::uint64_t records,
                         std::optional<Failure>& failure) {
  const std::uint64_t most = options.trace_events_max;
  if (records > most && !failure)
    failure =
        Failure{{Instant::never(), {}, {}, 0},
                {Errc::trace_full, "more than " + std::to_string(most) +
                                       " trace records (limits.trace_events_max): the run has "
                                       "come to its end, and the trace has the first ones"}};
}

void enforce_report_limit(const RunOptions& options, std::vector<Report>& reports,
                          std::optional<Failure>& failure) {
  const std::uint64_t most = options.reports_max;
  if (reports.size() <= most)
    return;
  const auto excess = reports.begin() + static_cast<std::ptrdiff_t>(most);
  std::nth_element(reports.begin(), excess, reports.end(), is_earlier_report);
  fail_at(excess->time,
          {Errc::bad_argument,
           "agent " + std::to_string(excess->agent.value) + " at " + exact_text(excess->time) +
               " s: report number " + std::to_string(most + 1) +
               " is more than limits.reports_max allows (its topic is \"" + excess->topic + "\")"},
          failure);
  reports.resize(most);
}

} // namespace stos::detail
