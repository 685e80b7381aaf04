#pragma once

#include "libstos/cluster/view/view.hpp"
#include "libstos/service/jobs/job_counts.hpp"
#include "libstos/service/jobs/job_status.hpp"
#include "libstos/service/jobs/job_table.hpp"
#include "libstos/service/jobs/schedule.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stos::jobs {

/// What a node is to do: one copy of one task, with all that its script is told.
struct WorkOrder {
  enum class What : std::uint8_t { split, part, reduction };

  std::uint64_t copy = 0;
  JobId job;
  JobSpec spec;
  What what = What::split;
  std::uint32_t part = 0;           ///< from 0 on
  std::uint32_t parts = 0;          ///< in all
  std::string input;                ///< of a part: a text of JSON, as the split has made it
  std::vector<std::string> results; ///< for a reduction: likewise, in the order of the parts
  std::uint32_t nodes = 0;          ///< of the cluster that run parts,
  std::uint32_t slots = 0;          ///< and how many they run at a time
};

/// What one node does for the jobs of its cluster: it takes them in, runs what the table assigns to
/// it, tells what has come out of it until the table knows, and assigns, where it leads the log.
///
/// What is to get into the log goes to the leader, and is said again until it is there; to come
/// twice does no harm (JobTable). How far parts are, and how many slots a node has, is told to all
/// others, and is in no log.
///
/// Time:    seconds, a parameter; only goes forward.
/// Threads: none inside.
/// Limits:  `submissions_max` that are not in the table yet.
class JobNode {
public:
  static constexpr std::size_t submissions_max = 100;
  static constexpr std::size_t log_bytes_max = 500; ///< of a part's last words
  static constexpr double news_s = 0.25;
  static constexpr double again_s = 0.5;

  /// `slots`: so many parts at a time run here; 0: this node runs none.
  explicit JobNode(std::uint32_t slots) : slots_(slots) {}

  /// Rides on the control log (NodeCore).
  [[nodiscard]] JobTable& table() { return table_; }
  [[nodiscard]] const JobTable& table() const { return table_; }

  // ---- inputs

  /// What this node is just now.
  struct Standing {
    Worker self;
    bool belongs = false; ///< it is in the newest view that it knows, and has no failure
    raft::NodeId leader;  ///< none if it is not known
    bool leads = false;
    stos::detail::View view;
  };
  /// To be called after the table may have changed, and every `news_s`.
  void step(const Standing& standing, double now_s);

  /// What another node's JobNode has sent; any bytes.
  void hear(raft::NodeId from, std::span<const std::byte> bytes);

  /// The job is under way when the table has it. Fails with bad_argument, see check(); try_later.
  [[nodiscard]] Result<void> submit(JobId id, const JobSpec& spec);
  /// Fails with bad_argument if there is none.
  [[nodiscard]] Result<void> cancel(JobId id);

  void progressed(std::uint64_t copy, double progress);
  void logged(std::uint64_t copy, std::string text);
  /// A copy has ended that was to be started, and was not to be killed.
  void ended(std::uint64_t copy, PartEnd end);

  // ---- outputs

  struct Output {
    std::vector<std::vector<std::byte>> to_propose; ///< entries, where this node leads
    std::vector<std::pair<raft::NodeId, std::vector<std::byte>>> to_send;
    std::vector<WorkOrder> to_start;
    std::vector<std::uint64_t> to_kill; ///< copies: nothing of them is of interest any more
  };
  [[nodiscard]] Output take_output() { return std::exchange(output_, {}); }

  // ---- to look at

  /// Whether there is a job that is not over.
  [[nodiscard]] bool is_busy() const;

  /// Fails with bad_argument if there is none of that id.
  [[nodiscard]] Result<JobStatus> status(JobId id) const;
  /// All, in the order of submission.
  [[nodiscard]] std::vector<JobStatus> statuses() const;
  [[nodiscard]] JobCounts counts() const;
  /// A text of JSON. Fails with try_later if it is not over, with bad_argument if there is none,
  /// and with model_exception and the reason if it has not ended well.
  [[nodiscard]] Result<std::string> result(JobId id) const;

private:
  /// What is to get into the log.
  struct Wish {
    std::vector<std::byte> entry;
    double next_s = 0;
  };
  struct Progress {
    double fraction = 0;
    std::string log;
  };
  struct Peer {
    std::uint32_t slots = 0;
    std::map<std::uint64_t, Progress> progress; ///< by copy
  };

  void start_and_kill();
  void forget_fulfilled();
  void tell_wishes(double now_s);
  void tell_wish(Wish& wish, double now_s);
  void tell_news(double now_s);
  void assign(double now_s);
  [[nodiscard]] WorkOrder order_for(std::uint64_t copy, const Job& job, std::uint32_t task) const;
  [[nodiscard]] JobStatus status_of(const Job& job) const;
  [[nodiscard]] std::vector<Slots> all_slots() const;
  [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> nodes_and_slots() const;
  [[nodiscard]] const Progress* progress_of(std::uint64_t copy) const;

  const std::uint32_t slots_;
  JobTable table_;
  Standing standing_;
  std::map<std::uint64_t, Progress> running_; ///< here, by copy
  std::map<JobId, Wish> submissions_;
  std::map<JobId, Wish> cancellations_;
  std::map<std::uint64_t, Wish> endings_; ///< by copy
  std::map<raft::NodeId, Peer> peers_;
  std::map<std::uint64_t, double> seen_since_s_; ///< copies, where this node leads
  raft::NodeId leader_before_;
  double next_news_s_ = 0;
  std::optional<std::uint64_t> assigned_after_; ///< that copy, and not applied yet,
  double assigned_s_ = 0;                       ///< since then
  Output output_;
};

} // namespace stos::jobs
