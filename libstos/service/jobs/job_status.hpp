#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"
#include "libstos/service/jobs/job_table.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace stos::jobs {

/// What a user sees of a job, as any node knows it.
struct JobStatus {
  struct Running {
    std::string node;
    std::uint32_t task = 0; ///< 0: the split; then the parts, then the reduction
    double progress = 0;    ///< of it, 0 to 1, as it says itself
    std::string log;        ///< its last words

    friend bool operator==(const Running&, const Running&) = default;
  };

  JobId id;
  std::string name;
  std::string language;
  Job::Phase phase = Job::Phase::split;
  std::uint32_t parts = 0; ///< 0 before the split is done
  std::uint32_t parts_done = 0;
  std::uint32_t copies_begun = 0;
  std::uint32_t copies_failed = 0;
  std::uint32_t copies_lost = 0;
  double progress = 0; ///< of all parts, 0 to 1
  std::string why;     ///< it failed or was cancelled
  std::uint64_t result_bytes = 0;
  std::vector<Running> running;
  std::uint32_t nodes = 0; ///< of the cluster that run parts, of any job,
  std::uint32_t slots = 0; ///< and how many they run at a time

  [[nodiscard]] bool is_over() const { return phase >= Job::Phase::done; }

  friend bool operator==(const JobStatus&, const JobStatus&) = default;
};

/// What a tool asks a node for.
struct JobRequest {
  enum class What : std::uint8_t { submit, status, result, cancel, list };
  What what = What::list;
  JobId id;     ///< of all but a list
  JobSpec spec; ///< of a submission
};

[[nodiscard]] std::vector<std::byte> encode(const JobRequest& request);
[[nodiscard]] Result<JobRequest> decode_request(std::span<const std::byte> bytes);
[[nodiscard]] std::vector<std::byte> encode(const std::vector<JobStatus>& statuses);
[[nodiscard]] Result<std::vector<JobStatus>> decode_statuses(std::span<const std::byte> bytes);

} // namespace stos::jobs
