#pragma once

#include "libstos/service/jobs/job_status.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace stos::program {

/// How jobs are shown to people, and as JSON to scripts; with the ends of the lines.
[[nodiscard]] std::string jobs_as_text(const std::vector<jobs::JobStatus>& jobs);
[[nodiscard]] std::string job_as_text(const jobs::JobStatus& job);
[[nodiscard]] std::string jobs_as_json(const std::vector<jobs::JobStatus>& jobs);
[[nodiscard]] std::string job_as_json(const jobs::JobStatus& job);

/// How a job goes on, while its user waits.
///
/// Threads: none inside. Time is a parameter, in seconds of any clock that does not go back.
class JobProgress {
public:
  /// In one line of so many columns: "name [####......]  4 of 10 parts  41 %  3s left  node1
  /// node2". `job` is null if no node knows it yet.
  [[nodiscard]] std::string line(const jobs::JobStatus* job, double now_s, std::size_t columns);

  /// The same for a file: without a bar and what is left, and nothing if it is as it was before.
  [[nodiscard]] std::string news(const jobs::JobStatus* job, double now_s);

private:
  [[nodiscard]] std::string left(const jobs::JobStatus& job, double now_s);
  [[nodiscard]] std::string unknown_text(double now_s);

  double unknown_since_s_ = -1;
  double began_s_ = -1; ///< the first part
  double progress_then_ = 0;
  std::string told_;
  double told_s_ = -1e9;
};

} // namespace stos::program
