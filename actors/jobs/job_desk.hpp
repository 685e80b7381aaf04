#pragma once

#include "actors/jobs/child_pool.hpp"
#include "actors/messages/job_messages.hpp"
#include "libstos/cluster/view/control_machine.hpp"
#include "libstos/options/jobs_options.hpp"
#include "libstos/service/jobs/job_node.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace stos::detail {

/// What a node's actor has for jobs: JobNode, with its table on the control log, and the child
/// processes that do its parts.
///
/// Threads: one, the actor's; `wake` is called by another one.
/// Owns:    the children. close() and the destructor end them.
class JobDesk {
public:
  /// `wake` says that step() is to be called soon: something has become of a child.
  JobDesk(const JobsOptions& options, std::function<void()> wake);
  ~JobDesk();
  JobDesk(const JobDesk&) = delete;
  JobDesk& operator=(const JobDesk&) = delete;

  /// To be given to NodeCore, which the desk outlives.
  [[nodiscard]] ControlMachine& machine() { return node_.table(); }

  /// A child process wants something of the CoordinationDesk.
  struct Ask {
    std::uint64_t child;
    std::uint64_t number; ///< for tell()
    coordination::Request request;
  };
  struct Output {
    std::vector<std::vector<std::byte>> to_propose;                       ///< for the control log
    std::vector<std::pair<raft::NodeId, std::vector<std::byte>>> to_send; ///< as JobWords
    std::vector<Ask> asks;
    std::vector<std::uint64_t> ended; ///< children that ask for nothing any more
  };
  /// Whether step() has anything to do: the table has changed, there is news, or it is time.
  [[nodiscard]] bool is_due(double now_s);
  [[nodiscard]] Output step(const jobs::JobNode::Standing& standing, double now_s);

  /// JobWords of another node; any bytes.
  void hear(raft::NodeId from, std::span<const std::byte> words) {
    node_.hear(from, words);
    has_news_ = true;
  }

  /// Of a tool or an actor; any bytes. `question` and `command` are two types since a peer's
  /// certificate may allow the one and not the other.
  [[nodiscard]] JobAnswer answer(const JobQuestion& question) const;
  [[nodiscard]] JobAnswer answer(const JobCommand& command);

  /// The answer to what a child process has asked for.
  void tell(std::uint64_t child, std::uint64_t number, const coordination::Answer& answer);
  /// The child fails with that reason.
  void fail(std::uint64_t child, std::string why);

  [[nodiscard]] jobs::JobCounts counts() const { return node_.counts(); }

  /// Whether there is a job that is not over.
  [[nodiscard]] bool is_busy() const { return node_.is_busy(); }

  /// Kills all children. No call of `wake` follows.
  void close() { pool_.reset(); }

private:
  using Event = std::function<void(jobs::JobNode&, Output&)>;

  void note(Event event);
  [[nodiscard]] ChildPool& pool();

  const JobsOptions options_;
  const std::function<void()> wake_;
  jobs::JobNode node_;
  bool has_news_ = false;
  std::uint64_t version_ = 0; // of the table, at the last step
  double next_step_s_ = 0;
  std::mutex mutex_; // of the next one
  std::vector<Event> events_;
  std::unique_ptr<ChildPool> pool_; // last; made when there is something to do
};

/// An answer that says what is wrong.
[[nodiscard]] JobAnswer job_refusal(const Error& error);

} // namespace stos::detail
