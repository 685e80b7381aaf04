#include "actors/coordination.hpp"

#include "actors/coordination/client_session.hpp"
#include "actors/transport/host_name.hpp"
#include "libstos/service/coordination/sessions.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace stos {
namespace {

using coordination::Answer;
using coordination::Request;
using detail::ClientSession;
using Clock = std::chrono::steady_clock;
using Outcome = Answer::Outcome;
using What = Request::What;

template <class Message>
Message message_of(const Request& request) {
  BytesWriter out;
  write(request, out);
  return {detail::NodeHello::current_protocol, {out.take()}};
}

std::string name_of_process() { return host_name() + " process " + std::to_string(getpid()); }

Request of_key(What what, const std::string& key, const std::string& value = {},
               std::optional<std::uint64_t> expected = {}) {
  Request request;
  request.what = what;
  request.name = key;
  request.value = value;
  request.expected = expected;
  return request;
}

Result<SharedMap::Swap> swap_of(const Result<ClientSession::Changed>& changed) {
  if (!changed)
    return changed.error();
  SharedMap::Swap swap;
  swap.is_done = changed->answer.outcome == Outcome::done;
  swap.revision = changed->answer.revision;
  if (!changed->answer.entries.empty())
    swap.instead = changed->answer.entries.front();
  return swap;
}

} // namespace

// ---- locks

Lock::Lock(Lock&& other) noexcept
    : session_(std::move(other.session_)), number_(other.number_), claim_(other.claim_),
      fence_(other.fence_) {}

Lock& Lock::operator=(Lock&& other) noexcept {
  if (this != &other) {
    release();
    session_ = std::move(other.session_);
    number_ = other.number_;
    claim_ = other.claim_;
    fence_ = other.fence_;
  }
  return *this;
}

Lock::~Lock() { release(); }

bool Lock::is_held() const { return session_ != nullptr && session_->has_lease(number_); }

void Lock::release() {
  if (const auto session = std::exchange(session_, nullptr))
    session->release(number_, claim_);
}

// ---- the client

CoordinationClient::CoordinationClient(std::shared_ptr<ClientSession> session)
    : session_(std::move(session)) {}

CoordinationClient::~CoordinationClient() = default;

Result<std::unique_ptr<CoordinationClient>> CoordinationClient::connect(Options options) {
  constexpr double ms = 1000;
  constexpr double least_s = coordination::Sessions::lease_ms_min / ms;
  constexpr double most_s = coordination::Sessions::lease_ms_max / ms;
  if (!(options.lease_s >= least_s && options.lease_s <= most_s))
    return Error{Errc::bad_argument, "a lease is from 0.5 s to 1 h"};
  if (options.name.empty())
    options.name = name_of_process();
  auto calls = detail::NodeCalls::connect(
      {options.nodes, options.patience_s, options.tls, options.insecure, options.commands});
  if (!calls)
    return calls.error();
  return std::unique_ptr<CoordinationClient>(new CoordinationClient(
      std::make_shared<ClientSession>(*std::move(calls), std::move(options))));
}

Result<Lock> CoordinationClient::lock(const std::string& name, const LockOptions& options) {
  constexpr double ms = 1000;
  constexpr std::uint32_t patience_ms = 1000;
  Request request;
  request.what = What::acquire;
  request.name = name;
  request.permits = options.permits;
  request.patience_ms = patience_ms;
  const Clock::time_point begin = Clock::now();
  for (;;) {
    const double passed_s = std::chrono::duration<double>(Clock::now() - begin).count();
    if (options.wait_s)
      request.wait_ms = static_cast<std::uint64_t>(ms * std::max(*options.wait_s - passed_s, 0.0));
    const Result<ClientSession::Changed> changed = session_->change(request);
    if (changed && changed->answer.outcome == Outcome::done)
      return Lock(session_, changed->session, changed->sequence, changed->answer.fence);
    if (changed)
      return Error{Errc::try_later, changed->answer.why};
    // Where only its lease has ended while it waited, it goes to the end of the queue.
    const bool may_wait = !options.wait_s || passed_s < *options.wait_s;
    if (changed.error().code != Errc::try_later || !may_wait)
      return changed.error();
  }
}

Result<std::vector<coordination::LockStatus>> CoordinationClient::locks() {
  Request request;
  request.what = What::locks;
  const Result<Answer> answer = session_->look(request);
  if (!answer)
    return answer.error();
  return answer->locks;
}

// ---- shared values

Result<std::optional<SharedMap::Entry>> SharedMap::get(const std::string& key) {
  const Result<Answer> answer = session_->look(of_key(What::get, key));
  if (!answer)
    return answer.error();
  if (answer->entries.empty())
    return std::optional<Entry>();
  return std::optional(answer->entries.front());
}

Result<SharedMap::Listing> SharedMap::list(const std::string& prefix) {
  Result<Answer> answer = session_->look(of_key(What::list, prefix));
  if (!answer)
    return answer.error();
  return Listing{std::move(answer->entries), answer->revision};
}

Result<std::uint64_t> SharedMap::put(const std::string& key, const std::string& value) {
  const auto changed = session_->change(of_key(What::put, key, value));
  if (!changed)
    return changed.error();
  return changed->answer.revision;
}

Result<std::optional<std::uint64_t>> SharedMap::remove(const std::string& key) {
  const auto changed = session_->change(of_key(What::remove, key));
  if (!changed)
    return changed.error();
  return changed->answer.outcome == Outcome::done ? std::optional(changed->answer.revision)
                                                  : std::nullopt;
}

Result<SharedMap::Swap> SharedMap::compare_and_set(const std::string& key, std::uint64_t expected,
                                                   const std::string& value) {
  return swap_of(session_->change(of_key(What::put, key, value, expected)));
}

Result<SharedMap::Swap> SharedMap::compare_and_remove(const std::string& key,
                                                      std::uint64_t expected) {
  return swap_of(session_->change(of_key(What::remove, key, {}, expected)));
}

Result<std::string> SharedMap::propose(const std::string& key, const std::string& value) {
  const auto changed = session_->change(of_key(What::propose, key, value));
  if (!changed)
    return changed.error();
  if (changed->answer.entries.empty())
    return Error{Errc::bad_message, "a node has sent no value"};
  return changed->answer.entries.front().value;
}

Result<SharedMap::Changes> SharedMap::watch(const std::string& key, std::uint64_t after,
                                            double wait_s, bool is_prefix) {
  constexpr double ms = 1000;
  constexpr double once_s = 5; // a node is asked again then
  Request request = of_key(What::watch, key);
  request.after = after;
  request.is_prefix = is_prefix;
  for (double left_s = wait_s;; left_s -= once_s) {
    request.patience_ms = static_cast<std::uint32_t>(ms * std::clamp(left_s, 0.0, once_s));
    Result<Answer> answer = session_->look(request);
    if (!answer)
      return answer.error();
    if (!answer->changes.empty() || answer->outcome == Outcome::compacted || left_s <= once_s)
      return Changes{std::move(answer->changes), answer->revision,
                     answer->outcome == Outcome::compacted};
    request.after = answer->revision;
  }
}

// ---- as messages of CAF

CoordinationCommand coordination_command(const Request& request) {
  return message_of<CoordinationCommand>(request);
}

CoordinationQuestion coordination_question(const Request& request) {
  return message_of<CoordinationQuestion>(request);
}

Result<Answer> answer_of(const CoordinationAnswer& answer) {
  const auto content = detail::content_of(answer);
  return content ? detail::answer_in(*content) : content.error();
}

} // namespace stos
