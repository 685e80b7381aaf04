#pragma once

#include "libstos/cluster/view/control_machine.hpp"
#include "libstos/raft/ids.hpp"
#include "libstos/service/jobs/job.hpp"
#include "libstos/service/jobs/job_counts.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stos::jobs {

/// A process that runs parts: a member of the view, in the life that it has there.
struct Worker {
  raft::NodeId node;
  std::uint64_t life = 0;

  friend auto operator<=>(const Worker&, const Worker&) = default;
};

/// How a copy of a part has ended.
struct PartEnd {
  bool is_good = false;
  std::string result; ///< of a good one: a text of JSON; of the split it is `parts`
  std::vector<std::string> parts;
  bool has_reduce = false; ///< of a split: the results are reduced when all are there
  std::string why;         ///< of one that has failed, for people
  double seconds = 0;      ///< that it has taken
};

/// A part that runs, with the number that no other run of any part has.
struct Copy {
  std::uint64_t number = 0;
  Worker worker;

  friend bool operator==(const Copy&, const Copy&) = default;
};

/// A piece of a job that one process does: first of all the split, which says what the parts are,
/// then the parts, last of all the reduction of their results.
struct Task {
  std::string input;        ///< of a part
  std::vector<Copy> copies; ///< that run now
  bool is_done = false;
  std::string result;
  double seconds = 0;         ///< that the good copy has taken
  std::uint32_t failures = 0; ///< copies that have failed,
  std::uint32_t losses = 0;   ///< that were lost with their nodes
  raft::NodeId failed_on;     ///< the last one

  friend bool operator==(const Task&, const Task&) = default;
};

struct Job {
  enum class Phase : std::uint8_t { split, parts, reduction, done, failed, cancelled };

  JobId id;
  std::uint64_t order = 0; ///< of submission,
  std::uint64_t ended = 0; ///< and of the end, once it is over
  JobSpec spec;            ///< without script and files once it is over
  Phase phase = Phase::split;
  std::vector<Task> tasks; ///< 0: the split; then the parts; last the reduction. None once over
  bool has_reduce = false;
  std::uint32_t parts = 0;
  std::uint32_t parts_done = 0;
  std::uint32_t copies_begun = 0;
  std::uint32_t copies_failed = 0;
  std::uint32_t copies_lost = 0;
  std::size_t bytes = 0; ///< of parts and results
  std::string result;    ///< a text of JSON, once it is done
  std::string why;       ///< it has failed or was cancelled, for people

  [[nodiscard]] bool is_over() const { return phase >= Phase::done; }
  [[nodiscard]] std::size_t copies() const; ///< that run now

  friend bool operator==(const Job&, const Job&) = default;
};

[[nodiscard]] std::string_view to_string(Job::Phase phase);

/// All jobs of a cluster, and which process does which part: a state machine on the control log,
/// the same on all nodes that have applied the same entries.
///
/// A part's first good result counts; what comes later for it has no effect. A part of a process
/// that a view does not have any more is to be done again by another one, and so is one that has
/// failed, `retries` times. What fails for good, or is cancelled, ends its job at once.
///
/// Entries are any bytes: what is none has no effect, nor has one that comes twice.
///
/// Limits:  `jobs_max` that are not over; a submission beyond it fails as a job. Of a job,
///          `parts_max` parts of `part_bytes_max`, results of `result_bytes_max`, all together
///          `job_bytes_max`. Of those that are over the last ones are kept: `kept_max`, with
///          results of `kept_bytes_max`. Reasons are cut after `why_bytes_max`.
/// Threads: none inside.
class JobTable final : public stos::detail::ControlMachine {
public:
  static constexpr std::size_t jobs_max = 100;
  static constexpr std::size_t parts_max = 10'000;
  static constexpr std::size_t part_bytes_max = 64 << 10;
  static constexpr std::size_t result_bytes_max = 256 << 10;
  static constexpr std::size_t job_bytes_max = 4 << 20;
  static constexpr std::size_t kept_max = 100;
  static constexpr std::size_t kept_bytes_max = 8 << 20;
  static constexpr std::size_t why_bytes_max = 8 << 10;
  static constexpr std::uint32_t losses_max = 5; ///< of a part: then it is what kills nodes
  static constexpr std::size_t copies_max = 2;   ///< of a part at a time

  struct Assignment {
    JobId job;
    std::uint32_t task = 0;
    Worker worker;

    friend bool operator==(const Assignment&, const Assignment&) = default;
  };

  // ---- entries

  [[nodiscard]] static std::vector<std::byte> submission(JobId id, const JobSpec& spec);
  /// Counts if neither another assignment nor a view has come meanwhile.
  [[nodiscard]] std::vector<std::byte> assignments(const std::vector<Assignment>& all) const;
  [[nodiscard]] static std::vector<std::byte> ending(JobId id, std::uint64_t copy,
                                                     const PartEnd& end);
  [[nodiscard]] static std::vector<std::byte> cancellation(JobId id);

  // ---- a machine of the control log

  void apply(std::span<const std::byte> entry) override;
  void enter(const stos::detail::View& view) override;
  [[nodiscard]] std::vector<std::byte> snapshot() const override;
  [[nodiscard]] bool restore(std::span<const std::byte> bytes) override;

  // ---- to look at

  [[nodiscard]] const std::map<JobId, Job>& jobs() const { return jobs_; }
  [[nodiscard]] const Job* find(JobId id) const;
  /// The job and the task of a copy that runs.
  [[nodiscard]] std::optional<std::pair<const Job*, std::uint32_t>>
  of_copy(std::uint64_t copy) const;
  [[nodiscard]] const std::map<std::uint64_t, std::pair<JobId, std::uint32_t>>& copies() const {
    return copies_;
  }
  [[nodiscard]] const JobTotals& totals() const { return totals_; }
  [[nodiscard]] std::uint64_t last_copy() const { return last_copy_; }
  /// Another one whenever anything has changed.
  [[nodiscard]] std::uint64_t version() const { return version_; }

private:
  void submit(BytesReader& in);
  void assign(BytesReader& in);
  void end(BytesReader& in);
  void cancel(BytesReader& in);
  void good_end(Job& job, std::uint32_t task, PartEnd&& end);
  void split_into(Job& job, PartEnd&& end);
  void go_on(Job& job);
  void part_failed(Job& job, Task& task, std::uint32_t index, const std::string& why);
  void finish(Job& job, Job::Phase phase, std::string why);
  void forget_copies(Task& task);
  void forget_old();

  std::map<JobId, Job> jobs_;
  std::map<std::uint64_t, std::pair<JobId, std::uint32_t>> copies_; // that run
  std::uint64_t last_copy_ = 0;
  std::uint64_t last_order_ = 0;
  std::uint64_t epoch_ = 0;
  JobTotals totals_;
  std::uint64_t version_ = 0; // of no interest to others
};

} // namespace stos::jobs
