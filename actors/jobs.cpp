#include "actors/jobs.hpp"

#include "actors/jobs/job_desk.hpp"
#include "actors/status/node_calls.hpp"
#include "actors/transport/gate.hpp"

#include <optional>
#include <random>
#include <thread>
#include <utility>

namespace stos {
namespace {

using Clock = std::chrono::steady_clock;
using jobs::JobId;
using jobs::JobRequest;
using jobs::JobSpec;
using jobs::JobStatus;

constexpr double look_s = 0.2; // between two looks at a job that is waited for

template <class Message>
Message message_of(const JobRequest& request) {
  return {detail::NodeHello::current_protocol, {jobs::encode(request)}};
}

JobRequest request_for(JobRequest::What what, JobId id, JobSpec spec = {}) {
  return {what, id, std::move(spec)};
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Result<JobStatus> first_of(const Result<std::vector<JobStatus>>& statuses) {
  if (!statuses)
    return statuses.error();
  if (statuses->size() != 1)
    return Error{Errc::bad_message, "a node has sent no status of a job"};
  return statuses->front();
}

} // namespace

JobId new_job_id() {
  std::random_device chance;
  JobId id;
  while (id.value == 0)
    id.value = std::uint64_t{chance()} << 32 | chance();
  return id;
}

JobClient::JobClient(std::unique_ptr<detail::NodeCalls> calls) : calls_(std::move(calls)) {}

JobClient::~JobClient() = default;

Result<std::unique_ptr<JobClient>> JobClient::connect(Options options) {
  auto calls =
      detail::NodeCalls::connect({std::move(options.nodes), options.patience_s,
                                  std::move(options.tls), options.insecure, options.commands});
  if (!calls)
    return calls.error();
  return std::unique_ptr<JobClient>(new JobClient(*std::move(calls)));
}

template <class Message>
Result<std::vector<std::byte>> JobClient::ask(const JobRequest& request) {
  return calls_->ask<JobAnswer>(message_of<Message>(request));
}

Result<void> JobClient::submit(JobId id, const JobSpec& spec) {
  if (const Result<void> checked = jobs::check(spec); !checked)
    return checked;
  const auto answer = ask<JobCommand>(request_for(JobRequest::What::submit, id, spec));
  if (!answer)
    return answer.error();
  unseen_.insert_or_assign(id, spec);
  return {};
}

Result<JobStatus> JobClient::status(JobId id) {
  const auto answer = ask<JobQuestion>(request_for(JobRequest::What::status, id));
  if (answer) {
    unseen_.erase(id);
    return first_of(jobs::decode_statuses(*answer));
  }
  const auto unseen = unseen_.find(id);
  if (answer.error().code != Errc::bad_argument || unseen == unseen_.end())
    return answer.error();
  const auto again = ask<JobCommand>(request_for(JobRequest::What::submit, id, unseen->second));
  if (!again)
    return again.error();
  return Error{Errc::try_later, "job " + to_string(id) + " was submitted once more"};
}

Result<std::vector<JobStatus>> JobClient::list() {
  const auto answer = ask<JobQuestion>(request_for(JobRequest::What::list, {}));
  if (!answer)
    return answer.error();
  return jobs::decode_statuses(*answer);
}

Result<std::string> JobClient::result(JobId id) {
  const auto answer = ask<JobQuestion>(request_for(JobRequest::What::result, id));
  if (!answer)
    return answer.error();
  return text_of(*answer);
}

Result<void> JobClient::cancel(JobId id) {
  const auto answer = ask<JobCommand>(request_for(JobRequest::What::cancel, id));
  if (!answer)
    return answer.error();
  return {};
}

Result<JobStatus> JobClient::wait(JobId id, const Watch& watch, double lost_s) {
  std::optional<JobStatus> last;
  Clock::time_point heard = Clock::now();
  for (;;) {
    const Result<JobStatus> status = this->status(id);
    if (status) {
      last = *status;
      heard = Clock::now();
      if (status->is_over())
        return *status;
    } else if (status.error().code == Errc::try_later) {
      heard = Clock::now();
    } else {
      // Another node than before may be a moment behind.
      const bool may_come = status.error().code == Errc::io_error || last;
      if (!may_come || std::chrono::duration<double>(Clock::now() - heard).count() > lost_s)
        return status.error();
    }
    if (watch && !watch(status ? &*status : nullptr)) {
      if (last)
        return *last;
      return Error{Errc::try_later, "job " + to_string(id) + " is not known to have begun"};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(static_cast<int>(1000 * look_s)));
  }
}

// ---- as messages of CAF

Result<caf::actor> find_node(caf::actor_system& system, const NodeAddress& address,
                             caf::timespan timeout, const TlsOptions& tls, bool insecure) {
  return detail::call_node(system, address, tls, insecure, {detail::PeerKind::process, "process"},
                           timeout);
}

JobCommand submission_of(JobId id, const JobSpec& spec) {
  return message_of<JobCommand>(request_for(JobRequest::What::submit, id, spec));
}

JobCommand cancellation_of(JobId id) {
  return message_of<JobCommand>(request_for(JobRequest::What::cancel, id));
}

JobQuestion status_question(JobId id) {
  return message_of<JobQuestion>(request_for(JobRequest::What::status, id));
}

JobQuestion result_question(JobId id) {
  return message_of<JobQuestion>(request_for(JobRequest::What::result, id));
}

Result<void> check_job_answer(const JobAnswer& answer) {
  const auto content = detail::content_of(answer);
  if (!content)
    return content.error();
  return {};
}

Result<JobStatus> status_of(const JobAnswer& answer) {
  const auto content = detail::content_of(answer);
  if (!content)
    return content.error();
  return first_of(jobs::decode_statuses(*content));
}

Result<std::string> result_of(const JobAnswer& answer) {
  const auto content = detail::content_of(answer);
  if (!content)
    return content.error();
  return text_of(*content);
}

} // namespace stos
