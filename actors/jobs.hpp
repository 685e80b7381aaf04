#pragma once

#include "actors/messages/cluster_messages.hpp"
#include "libstos/base/result.hpp"
#include "libstos/options/cluster_options.hpp"
#include "libstos/service/jobs/job_status.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>
#include <caf/timespan.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace stos {

namespace detail {
class NodeCalls;
}

/// A job of a cluster, for programs: a script that says into which parts its work falls, does a
/// part, and makes one result of all results. docs/jobs.md says what happens to it there.
///
///   jobs::JobSpec spec;
///   spec.name = "determinant.py";
///   spec.language = "python";
///   spec.script = ...;
///   auto client = JobClient::connect({.nodes = {{"127.0.0.1", 4242}}});
///   const jobs::JobId id = new_job_id();
///   (*client)->submit(id, spec);
///   (*client)->wait(id, {});
///   std::cout << *(*client)->result(id);

/// Drawn at random: no other job has it.
[[nodiscard]] jobs::JobId new_job_id();

/// Asks the nodes of a cluster about jobs, from any process. Where the node that is asked does not
/// answer, it asks another one: all know the same.
///
/// Threads: one at a time; an actor system with threads of its own stands behind it.
/// Errors:  Errc::io_error if no node answers, or lets this process in; bad_config if the keys are
///          no good; bad_argument if there is no such job, or what is submitted cannot be one;
///          try_later where that says so.
class JobClient {
public:
  struct Options {
    std::vector<NodeAddress> nodes; ///< one or more of those of the cluster; the others are learnt
    double patience_s = 5;          ///< that one node has for an answer
    TlsOptions tls = {};            ///< without files the user's own keys
    bool insecure = false;
    bool commands = true; ///< submit() and cancel() are to be allowed
  };
  [[nodiscard]] static Result<std::unique_ptr<JobClient>> connect(Options options);
  ~JobClient();
  JobClient(const JobClient&) = delete;
  JobClient& operator=(const JobClient&) = delete;

  /// A node takes it in, and tells the others. It is under way when status() knows it; until then
  /// status() submits it again where it has got lost with its node. To come twice does no harm.
  [[nodiscard]] Result<void> submit(jobs::JobId id, const jobs::JobSpec& spec);

  /// Fails with try_later as long as no majority of nodes has taken it in.
  [[nodiscard]] Result<jobs::JobStatus> status(jobs::JobId id);

  /// All jobs that the cluster remembers, in the order of submission.
  [[nodiscard]] Result<std::vector<jobs::JobStatus>> list();

  /// A text of JSON. Fails with try_later if the job is not over, with model_exception and the
  /// reason if it has failed or was cancelled.
  [[nodiscard]] Result<std::string> result(jobs::JobId id);

  /// It ends soon on all nodes. Without effect on a job that is over.
  [[nodiscard]] Result<void> cancel(jobs::JobId id);

  /// Called again and again: with the job as it is now, or null if no majority has taken it in, or
  /// no node answers. Returns whether to go on.
  using Watch = std::function<bool(const jobs::JobStatus*)>;

  /// Waits until it is over, or `watch` does not want to any more; then the status is the last one
  /// that was seen. Fails if no node has answered for `lost_s`.
  [[nodiscard]] Result<jobs::JobStatus> wait(jobs::JobId id, const Watch& watch,
                                             double lost_s = 30);

private:
  explicit JobClient(std::unique_ptr<detail::NodeCalls> calls);

  template <class Message>
  [[nodiscard]] Result<std::vector<std::byte>> ask(const jobs::JobRequest& request);

  const std::unique_ptr<detail::NodeCalls> calls_;
  std::map<jobs::JobId, jobs::JobSpec> unseen_; ///< submitted, and not seen in any status
};

// ---- as messages of CAF

/// The actor of the node at that address, for an actor of this process that sends it what is below.
/// The process shows the certificate of `tls`, of the kind `process`; or the user's own one. Fails
/// as find_agent() does. Blocks the calling thread.
[[nodiscard]] Result<caf::actor> find_node(caf::actor_system& system, const NodeAddress& address,
                                           caf::timespan timeout, const TlsOptions& tls = {},
                                           bool insecure = false);

/// Requests to it; each is answered by a JobAnswer.
[[nodiscard]] JobCommand submission_of(jobs::JobId id, const jobs::JobSpec& spec);
[[nodiscard]] JobCommand cancellation_of(jobs::JobId id);
[[nodiscard]] JobQuestion status_question(jobs::JobId id);
[[nodiscard]] JobQuestion result_question(jobs::JobId id);

/// What the answer says: nothing if it is good, one status, a text of JSON. Fails as the functions
/// of JobClient do.
[[nodiscard]] Result<void> check_job_answer(const JobAnswer& answer);
[[nodiscard]] Result<jobs::JobStatus> status_of(const JobAnswer& answer);
[[nodiscard]] Result<std::string> result_of(const JobAnswer& answer);

} // namespace stos
