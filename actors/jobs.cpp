#include "actors/jobs.hpp"

#include "actors/jobs/job_desk.hpp"
#include "actors/status/tool_config.hpp"
#include "actors/transport/connection_problem.hpp"
#include "actors/transport/gate.hpp"
#include "libstos/cluster/status/cluster_status.hpp"

#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
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

constexpr double look_s = 0.2;  // between two looks at a job that is waited for,
constexpr double learn_s = 5.0; // and at which nodes there are

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

/// One node that is asked at a time, and where others are.
struct JobClient::Connection {
  explicit Connection(Options wanted)
      : options(std::move(wanted)), patience(static_cast<std::int64_t>(options.patience_s * 1e9)),
        system(config), self(system) {}

  /// Of the node that is asked, or was last.
  [[nodiscard]] const NodeAddress& address() const { return options.nodes[current]; }

  [[nodiscard]] Error failed(Errc code, const std::string& why) const {
    return {code, "node at " + to_string(address()) + ": " + why};
  }

  [[nodiscard]] Result<void> open() {
    if (node)
      return {};
    const detail::PeerKind kind =
        options.commands ? detail::PeerKind::command : detail::PeerKind::look;
    const Result<caf::actor> called = detail::call_node(system, address(), options.tls,
                                                        options.insecure, {kind, "stos"}, patience);
    if (!called)
      return failed(called.error().code, called.error().context);
    node = *called;
    return {};
  }

  template <class Answer, class Question>
  [[nodiscard]] Result<Answer> ask(Question question) {
    if (Result<void> opened = open(); !opened)
      return opened.error();
    std::optional<Error> problem;
    Answer answer;
    self->request(node, patience, std::move(question))
        .receive([&](Answer& heard) { answer = std::move(heard); },
                 [&](const caf::error& error) {
                   problem = failed(Errc::io_error, detail::connection_problem(error));
                 });
    if (problem)
      return *problem;
    return answer;
  }

  void next_node() {
    node = nullptr;
    current = (current + 1) % options.nodes.size();
  }

  // Those that are there, the one that is asked first of all.
  void learn_nodes() {
    if (Clock::now() < learn_next)
      return;
    learn_next = Clock::now() + std::chrono::milliseconds(static_cast<int>(1000 * learn_s));
    const auto answer =
        ask<detail::StatusAnswer>(detail::StatusQuestion{detail::NodeHello::current_protocol});
    if (!answer || answer->protocol != detail::NodeHello::current_protocol)
      return;
    BytesReader in(answer->status.data);
    const Result<ClusterStatus> status = read_cluster_status(in);
    if (!status)
      return;
    for (const NodePresence& presence : status->nodes)
      if (std::ranges::count(options.nodes, presence.address) == 0)
        options.nodes.push_back(presence.address);
  }

  Options options;
  const caf::timespan patience;
  detail::ToolConfig config;
  caf::actor_system system;
  caf::scoped_actor self;
  caf::actor node; // null: to be called
  std::size_t current = 0;
  Clock::time_point learn_next{};
};

JobClient::JobClient(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

JobClient::~JobClient() = default;

Result<std::unique_ptr<JobClient>> JobClient::connect(Options options) {
  if (options.nodes.empty())
    return Error{Errc::bad_argument, "no address of a node is given"};
  auto connection = std::make_unique<Connection>(std::move(options));
  std::optional<Error> problem;
  for (std::size_t i = 0; i < connection->options.nodes.size(); ++i) {
    const Result<void> opened = connection->open();
    if (opened) {
      connection->learn_nodes();
      return std::unique_ptr<JobClient>(new JobClient(std::move(connection)));
    }
    if (!problem)
      problem = opened.error();
    connection->next_node();
  }
  return *problem;
}

// Each node once, beginning with the one that has answered last; and those again that are about to
// belong to the cluster.
template <class Message>
Result<std::vector<std::byte>> JobClient::ask(const JobRequest& request) {
  constexpr std::chrono::milliseconds pause(100);
  const Clock::time_point begin = Clock::now();
  bool may_come = false;
  do {
    if (std::exchange(may_come, false))
      std::this_thread::sleep_for(pause);
    Result<std::vector<std::byte>> content = ask_each<Message>(request, may_come);
    if (content || !may_come)
      return content;
    if (Clock::now() - begin > connection_->patience)
      return content;
  } while (true);
}

template <class Message>
Result<std::vector<std::byte>> JobClient::ask_each(const JobRequest& request, bool& may_come) {
  std::optional<Error> problem;
  for (std::size_t i = 0; i < connection_->options.nodes.size(); ++i) {
    Result<JobAnswer> answer = connection_->ask<JobAnswer>(message_of<Message>(request));
    if (answer) {
      Result<std::vector<std::byte>> content = detail::content_of(*std::move(answer));
      if (content || content.error().code != Errc::node_lost) {
        connection_->learn_nodes();
        return content;
      }
      answer = connection_->failed(content.error().code, content.error().context);
      may_come = true;
    }
    if (!problem)
      problem = answer.error();
    connection_->next_node();
  }
  problem->code = problem->code == Errc::bad_config ? Errc::bad_config : Errc::io_error;
  return *problem;
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
