#include "actors/jobs/job_desk.hpp"

#include "libstos/cluster/membership/membership.hpp"
#include "libstos/service/jobs/job_status.hpp"

#include <algorithm>
#include <string>
#include <thread>

namespace stos::detail {
namespace {

using jobs::JobNode;
using jobs::JobRequest;
using jobs::JobStatus;

std::uint32_t slots_of(const JobsOptions& options) {
  if (!options.enabled)
    return 0;
  return options.slots > 0 ? options.slots : std::max(std::thread::hardware_concurrency(), 1U);
}

JobAnswer answer_with(std::vector<std::byte> content) {
  return {NodeHello::current_protocol, 0, {}, {std::move(content)}};
}

std::vector<std::byte> bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// The request of a message whose sender may only ask for what `is_allowed` says.
template <class Message, class IsAllowed>
Result<JobRequest> request_of(const Message& message, IsAllowed is_allowed) {
  if (message.protocol != NodeHello::current_protocol)
    return Error{Errc::bad_message, "this node speaks another protocol"};
  Result<JobRequest> request = jobs::decode_request(message.request.data);
  if (request && !is_allowed(request->what))
    return Error{Errc::bad_message, "no request for a job"};
  return request;
}

bool changes_something(JobRequest::What what) {
  return what == JobRequest::What::submit || what == JobRequest::What::cancel;
}

} // namespace

JobDesk::JobDesk(const JobsOptions& options, std::function<void()> wake)
    : options_(options), wake_(std::move(wake)), node_(slots_of(options)) {}

JobDesk::~JobDesk() = default;

void JobDesk::note(Event event) {
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    is_first = events_.empty();
    events_.push_back(std::move(event));
  }
  if (is_first)
    wake_();
}

ChildPool& JobDesk::pool() {
  if (pool_ == nullptr) {
    ChildPool::Events events;
    events.progressed = [this](std::uint64_t copy, double progress) {
      note([=](JobNode& node, Output&) { node.progressed(copy, progress); });
    };
    events.logged = [this](std::uint64_t copy, const std::string& text) {
      note([=](JobNode& node, Output&) { node.logged(copy, text); });
    };
    events.ended = [this](std::uint64_t copy, const jobs::PartEnd& end) {
      note([=](JobNode& node, Output& output) {
        node.ended(copy, end);
        output.ended.push_back(copy);
      });
    };
    events.asked = [this](std::uint64_t copy, const ChildAsk& ask) {
      note([=](JobNode&, Output& output) {
        output.asks.push_back({copy, ask.number, ask.request});
      });
    };
    pool_ = std::make_unique<ChildPool>(options_, std::move(events));
  }
  return *pool_;
}

bool JobDesk::is_due(double now_s) {
  if (has_news_ || node_.table().version() != version_ || now_s >= next_step_s_)
    return true;
  const std::lock_guard lock(mutex_);
  return !events_.empty();
}

JobDesk::Output JobDesk::step(const JobNode::Standing& standing, double now_s) {
  has_news_ = false;
  version_ = node_.table().version();
  next_step_s_ = now_s + JobNode::news_s;
  std::vector<Event> events;
  {
    const std::lock_guard lock(mutex_);
    events.swap(events_);
  }
  Output output;
  for (const Event& event : events)
    event(node_, output);
  node_.step(standing, now_s);
  JobNode::Output of_node = node_.take_output();
  for (const std::uint64_t copy : of_node.to_kill) {
    if (pool_ != nullptr)
      pool_->kill(copy);
    output.ended.push_back(copy);
  }
  for (jobs::WorkOrder& order : of_node.to_start)
    pool().start(std::move(order));
  output.to_propose = std::move(of_node.to_propose);
  output.to_send = std::move(of_node.to_send);
  return output;
}

void JobDesk::tell(std::uint64_t child, std::uint64_t number, const coordination::Answer& answer) {
  if (pool_ != nullptr)
    pool_->tell(child, answer_line(number, answer));
}

void JobDesk::fail(std::uint64_t child, std::string why) {
  if (pool_ != nullptr)
    pool_->fail(child, std::move(why));
}

JobAnswer JobDesk::answer(const JobQuestion& question) const {
  const Result<JobRequest> request =
      request_of(question, [](JobRequest::What what) { return !changes_something(what); });
  if (!request)
    return job_refusal(request.error());
  if (request->what == JobRequest::What::list)
    return answer_with(jobs::encode(node_.statuses()));
  if (request->what == JobRequest::What::status) {
    const Result<JobStatus> status = node_.status(request->id);
    return status ? answer_with(jobs::encode(std::vector{*status})) : job_refusal(status.error());
  }
  const Result<std::string> result = node_.result(request->id);
  return result ? answer_with(bytes_of(*result)) : job_refusal(result.error());
}

JobAnswer JobDesk::answer(const JobCommand& command) {
  const Result<JobRequest> request = request_of(command, changes_something);
  if (!request)
    return job_refusal(request.error());
  has_news_ = true;
  const Result<void> done = request->what == JobRequest::What::submit
                                ? node_.submit(request->id, request->spec)
                                : node_.cancel(request->id);
  return done ? answer_with({}) : job_refusal(done.error());
}

JobAnswer job_refusal(const Error& error) {
  return {NodeHello::current_protocol,
          static_cast<std::uint8_t>(static_cast<int>(error.code) + 1),
          error.context,
          {}};
}

} // namespace stos::detail
