#include "libstos/cluster/time/global_time.hpp"

#include "libstos/base/assert.hpp"

#include <algorithm>
#include <utility>

namespace stos::detail {

GlobalTime::GlobalTime(NodeIndex own_node, std::size_t nodes) : own_(own_node), reports_(nodes) {}

// A phase is 2r - 1 from the begin of round r at this node until it is complete, 2r after that.
GlobalTime::Before GlobalTime::before_reading(std::uint64_t phase) const {
  if (phase / 2 > completed_)
    return Before::wait;
  return (phase + 1) / 2 > begun_ ? Before::begin_round : Before::nothing;
}

void GlobalTime::begin_round(NodeReport own) {
  STOS_ASSERT(!outstanding(), "a round begins in the middle of one");
  ++begun_;
  std::fill(reports_.begin(), reports_.end(), std::nullopt);
  reports_[own_] = std::move(own);
  missing_ = reports_.size() - 1;
}

bool GlobalTime::hear(NodeIndex node, NodeReport report) {
  if (!outstanding() || reports_[node] || report.sent.size() != reports_.size() ||
      report.received.size() != reports_.size())
    return false;
  reports_[node] = std::move(report);
  --missing_;
  return true;
}

std::optional<GlobalTime::Result> GlobalTime::take_result() {
  if (!is_complete())
    return std::nullopt;
  ++completed_;
  return result();
}

GlobalTime::Result GlobalTime::result() const {
  Result result{Instant::never().absorption,
                Instant::beginning().absorption,
                {},
                true,
                Instant::never(),
                reports_[own_]->stopped_for,
                Instant::beginning().absorption,
                {},
                {},
                {},
                false};
  for (const NodeIndex node : reports_.indices()) {
    const auto& report = reports_[node];
    for (const AgentMove& move : report->moves)
      result.wishes.push_back({node, move});
    result.more_wishes = result.more_wishes || report->more_moves;
    result.wanted.add(report->wanted);
    result.latest = std::max(result.latest, report->latest);
    result.seen.push_back(report->seen);
    result.least_time = std::min(result.least_time, report->least_time);
    result.highest_known = std::max(result.highest_known, report->highest_known);
    result.withdrawn.push_back(report->withdrawn);
    result.all_quiet = result.all_quiet && report->quiet;
    result.next = std::min(result.next, report->next);
    if (report->stopped_for != reports_[own_]->stopped_for)
      result.all_quiet = false; // some are on their way to a stop
  }
  result.all_quiet = result.all_quiet && nothing_under_way();
  return result;
}

bool GlobalTime::nothing_under_way() const {
  for (const NodeIndex from : reports_.indices())
    for (const NodeIndex to : reports_.indices())
      if (from != to && reports_[from]->sent[to] != reports_[to]->received[from])
        return false;
  return true;
}

} // namespace stos::detail
