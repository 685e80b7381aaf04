#include "actors/service/host_door.hpp"

#include "actors/messages/cluster_messages.hpp"

#include <caf/send.hpp>

#include <future>
#include <memory>
#include <utility>

namespace stos::detail {
namespace {

keyed::Answer shut_answer(const std::string& why) {
  return keyed::Answer::refused(keyed::Outcome::no_leader, 0, why);
}

} // namespace

void HostDoor::ask(What what, std::chrono::milliseconds patience, Then then) {
  std::unique_lock lock(mutex_);
  if (why_shut_) {
    const std::string why = *why_shut_;
    lock.unlock();
    return then(shut_answer(why));
  }
  wishes_.push_back({std::move(what), Clock::now() + patience, std::move(then)});
  if (wishes_.size() == 1 && host_ != nullptr)
    caf::anon_send(host_, LookMessage{});
}

keyed::Answer HostDoor::wait(What what, std::chrono::milliseconds patience) {
  {
    const std::lock_guard lock(mutex_);
    if (std::this_thread::get_id() == host_thread_)
      return keyed::Answer::refused(keyed::Outcome::bad_request, 0,
                                    "a callback of a replicated agent cannot wait for an agent: "
                                    "let it use a future");
  }
  const auto promise = std::make_shared<std::promise<keyed::Answer>>();
  std::future<keyed::Answer> answer = promise->get_future();
  ask(std::move(what), patience,
      [promise](keyed::Answer given) { promise->set_value(std::move(given)); });
  return answer.get();
}

void HostDoor::open(caf::actor host) {
  const std::lock_guard lock(mutex_);
  host_ = std::move(host);
  host_thread_ = std::this_thread::get_id();
  if (!wishes_.empty())
    caf::anon_send(host_, LookMessage{});
}

std::vector<HostDoor::Wish> HostDoor::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(wishes_, {});
}

keyed::HostingStatus HostDoor::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void HostDoor::show(const keyed::HostingStatus& status) {
  const std::lock_guard lock(mutex_);
  status_ = status;
}

void HostDoor::shut(const std::string& why) {
  std::vector<Wish> left;
  {
    const std::lock_guard lock(mutex_);
    why_shut_ = why;
    host_ = nullptr;
    left = std::exchange(wishes_, {});
  }
  for (Wish& wish : left)
    wish.then(shut_answer(why));
}

} // namespace stos::detail
