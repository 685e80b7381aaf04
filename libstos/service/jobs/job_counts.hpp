#pragma once

#include <cstdint>

namespace stos::jobs {

/// What has happened to the jobs of a cluster since it began. Part of the table: it survives nodes.
struct JobTotals {
  std::uint64_t done = 0; ///< jobs
  std::uint64_t failed = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t runs_begun = 0;  ///< copies of tasks: splits and reductions, too
  std::uint64_t runs_good = 0;   ///< those whose result counts
  std::uint64_t runs_failed = 0; ///< what they were to do is tried again, or fails its job
  std::uint64_t runs_lost = 0;   ///< with their nodes; likewise

  friend bool operator==(const JobTotals&, const JobTotals&) = default;
};

/// Jobs and parts as one node knows them at one moment, for an exporter.
struct JobCounts {
  std::uint64_t in_split = 0; ///< jobs, by their phase
  std::uint64_t in_parts = 0;
  std::uint64_t in_reduction = 0;
  std::uint64_t tasks_waiting = 0; ///< of all jobs: neither done nor running
  std::uint64_t runs = 0;          ///< that go on, on all nodes
  JobTotals totals;

  std::uint64_t slots = 0;      ///< of this node
  std::uint64_t slots_busy = 0; ///< of these

  friend bool operator==(const JobCounts&, const JobCounts&) = default;
};

} // namespace stos::jobs
