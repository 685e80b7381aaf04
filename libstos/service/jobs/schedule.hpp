#pragma once

#include "libstos/service/jobs/job_table.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace stos::jobs {

/// How many parts a process runs at a time.
struct Slots {
  Worker worker;
  std::uint32_t count = 0;
};

/// For how long a copy has been running, in seconds, as far as the caller knows.
using AgeOfCopy = std::function<double(std::uint64_t copy)>;

/// What is to run where now, by the slots that the table leaves free: a pure function, which the
/// node that leads the log asks.
///
/// Jobs share fairly: the next slot is for the job that has the fewest copies running, of equal
/// ones for the one that was submitted first. A part goes to the node with the most free slots, and
/// not to the one on which it has just failed, if there is another one.
///
/// When no job has a part left that does not run, slots that are free are for stragglers: parts
/// that run for more than twice as long as the median of those of their job that are done (at least
/// half of them), and `straggler_s_min`. They run a second time on another node.
[[nodiscard]] std::vector<JobTable::Assignment>
schedule(const JobTable& table, const std::vector<Slots>& slots, const AgeOfCopy& age_s);

inline constexpr double straggler_s_min = 1;

} // namespace stos::jobs
