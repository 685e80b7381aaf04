#include "actors/coordination/client_session.hpp"

#include "libstos/service/coordination/caller.hpp"

#include <random>
#include <utility>

namespace stos::detail {
namespace {

using coordination::Answer;
using coordination::Request;
using coordination::SessionId;
using Outcome = Answer::Outcome;
using What = Request::What;

constexpr std::chrono::milliseconds moment(100);

std::chrono::steady_clock::duration seconds(double count) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(count));
}

SessionId new_session() {
  std::random_device chance;
  SessionId id;
  while (id.value == 0)
    id.value = std::uint64_t{chance()} << 32 | chance();
  return id;
}

} // namespace

Result<Answer> answer_in(std::span<const std::byte> content) {
  BytesReader in(content);
  Answer answer = coordination::read_answer(in);
  if (!in.at_end())
    return Error{Errc::bad_message, "a node has sent no answer"};
  return answer;
}

ClientSession::ClientSession(std::unique_ptr<NodeCalls> calls, CoordinationClient::Options options)
    : calls_(std::move(calls)), options_(std::move(options)), renewer_([this] { renew(); }) {}

ClientSession::~ClientSession() {
  {
    const std::lock_guard lock(mutex_);
    closes_ = true;
    changed_.notify_all();
  }
  renewer_.join();
  if (id_.value != 0)
    static_cast<void>(ask(of_session(What::close), 0));
}

Request ClientSession::of_session(What what) const {
  constexpr double ms = 1000;
  Request request;
  request.what = what;
  request.session = id_;
  request.name = options_.name;
  request.lease_ms = static_cast<std::uint32_t>(ms * options_.lease_s);
  return request;
}

// Some of it is for clocks that run differently.
ClientSession::Clock::time_point ClientSession::lease_from(Clock::time_point asked) const {
  return asked + seconds(coordination::Caller::margin * options_.lease_s);
}

Result<Answer> ClientSession::ask(const Request& request, double more_s) {
  const auto content =
      changes_something(request.what)
          ? calls_->ask<CoordinationAnswer>(coordination_command(request), more_s)
          : calls_->ask<CoordinationAnswer>(coordination_question(request), more_s);
  return content ? answer_in(*content) : content.error();
}

Result<Answer> ClientSession::look(const Request& request) {
  constexpr double ms = 1e-3;
  const Clock::time_point until = Clock::now() + seconds(options_.lost_s);
  for (;;) {
    Result<Answer> answer = ask(request, ms * request.patience_ms);
    const bool may_come =
        answer ? answer->outcome == Outcome::try_later : answer.error().code == Errc::io_error;
    if (!may_come || Clock::now() > until) {
      if (answer && (answer->outcome == Outcome::bad_request || answer->outcome == Outcome::full))
        return Error{Errc::bad_argument, answer->why};
      if (answer && may_come)
        return Error{Errc::try_later, answer->why};
      return answer;
    }
    std::this_thread::sleep_for(moment);
  }
}

Result<void> ClientSession::open() {
  const std::lock_guard opening(opening_);
  Request request;
  {
    const std::lock_guard lock(mutex_);
    if (id_.value != 0 && Clock::now() < lease_until_)
      return {};
    request = of_session(What::open);
  }
  request.session = new_session();
  for (;;) {
    const Clock::time_point asked = Clock::now();
    const Result<Answer> answer = look(request);
    if (!answer)
      return answer.error();
    const std::lock_guard lock(mutex_);
    if (Clock::now() >= lease_from(asked)) { // it took too long
      request.session = new_session();
      continue;
    }
    id_ = request.session;
    ++number_;
    last_sequence_ = 0;
    under_way_.clear();
    lease_until_ = lease_from(asked);
    renew_next_ = asked + seconds(options_.lease_s / 3);
    changed_.notify_all();
    return {};
  }
}

Result<ClientSession::Changed> ClientSession::change(Request request) {
  constexpr Answer::Outcome over = Outcome::session_over;
  if (const Result<void> opened = open(); !opened)
    return opened.error();
  Changed changed;
  {
    const std::lock_guard lock(mutex_);
    request.session = id_;
    request.sequence = changed.sequence = ++last_sequence_;
    changed.session = number_;
    under_way_.insert(request.sequence);
    request.done_below = *under_way_.begin();
  }
  Result<Answer> answer = look(request);
  while (answer && answer->outcome == Outcome::waiting) {
    heard(changed); // the cluster has the claim
    if (!has_lease(changed.session))
      answer->outcome = over;
    else
      answer = look(request);
  }
  heard(changed);
  const std::lock_guard lock(mutex_);
  if (answer && answer->outcome == over) {
    if (changed.session == number_)
      id_ = {};
    return Error{Errc::try_later,
                 "the lease of this client has ended meanwhile (the nodes were not "
                 "to be reached in time, or it stood still); it is not known "
                 "whether this was done"};
  }
  if (!answer)
    return answer.error();
  changed.answer = *std::move(answer);
  return changed;
}

void ClientSession::heard(const Changed& changed) {
  const std::lock_guard lock(mutex_);
  if (changed.session == number_)
    under_way_.erase(changed.sequence);
}

void ClientSession::release(std::uint64_t session, std::uint64_t claim) {
  Request request;
  request.what = What::release;
  request.claim = claim;
  if (has_lease(session))
    static_cast<void>(change(std::move(request)));
}

bool ClientSession::has_lease(std::uint64_t session) const {
  const std::lock_guard lock(mutex_);
  return session == number_ && id_.value != 0 && Clock::now() < lease_until_;
}

void ClientSession::renew() {
  std::unique_lock lock(mutex_);
  while (!closes_) {
    if (id_.value == 0) {
      changed_.wait(lock);
      continue;
    }
    if (changed_.wait_until(lock, renew_next_) == std::cv_status::no_timeout ||
        Clock::now() < renew_next_)
      continue;
    const Request request = of_session(What::renew);
    const Clock::time_point asked = Clock::now();
    lock.unlock();
    const Result<Answer> answer = ask(request, 0);
    lock.lock();
    if (request.session != id_)
      continue;
    if (answer && answer->outcome == Outcome::done) {
      lease_until_ = lease_from(asked);
      renew_next_ = asked + seconds(options_.lease_s / 3);
    } else if ((answer && answer->outcome == Outcome::session_over) ||
               Clock::now() >= lease_until_) {
      id_ = {};
    } else {
      renew_next_ = Clock::now() + moment;
    }
  }
}

} // namespace stos::detail
