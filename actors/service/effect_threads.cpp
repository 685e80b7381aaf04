#include "actors/service/effect_threads.hpp"

#include <exception>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>

namespace stos::detail {
namespace {

void log(const std::string& what) {
  std::clog << "stos: a callback of a replicated agent has thrown text=\"" + what + "\"\n";
}

// What it is about has happened, whatever the user's callback says.
void carry_out(const keyed::Effect& effect) {
  try {
    effect();
  } catch (const std::exception& e) {
    log(e.what());
  } catch (...) {
    log("no std::exception");
  }
}

} // namespace

void EffectThreads::add(raft::GroupId group, keyed::Effect effect) {
  const std::lock_guard lock(mutex_);
  Queue& queue = queues_[group];
  queue.effects.push_back(std::move(effect));
  if (++queue.waiting > 1)
    return; // it has a thread, or waits for one
  ready_.push_back(group);
  if (ready_.size() > asleep_ && threads_.size() < threads_max) {
    try {
      threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) { // there are too many: the others do it
      if (threads_.empty())
        throw;
    }
  }
  news_.notify_one();
}

std::size_t EffectThreads::waiting(raft::GroupId group) const {
  const std::lock_guard lock(mutex_);
  const auto at = queues_.find(group);
  return at == queues_.end() ? 0 : at->second.waiting;
}

std::size_t EffectThreads::waiting() const {
  const std::lock_guard lock(mutex_);
  std::size_t sum = 0;
  for (const auto& [group, queue] : queues_)
    sum += queue.waiting;
  return sum;
}

void EffectThreads::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++asleep_;
    news_.wait(lock, [this] { return is_over_ || !ready_.empty(); });
    --asleep_;
    if (ready_.empty())
      return;
    const raft::GroupId group = ready_.front();
    ready_.pop_front();
    Queue& queue = queues_.at(group);
    const std::deque<keyed::Effect> effects = std::exchange(queue.effects, {});
    lock.unlock();
    for (const keyed::Effect& effect : effects)
      carry_out(effect);
    lock.lock();
    queue.waiting -= effects.size();
    if (queue.effects.empty())
      queues_.erase(group);
    else
      ready_.push_back(group);
  }
}

void EffectThreads::finish() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  news_.notify_all();
  for (std::thread& thread : std::exchange(threads_, {}))
    thread.join();
}

} // namespace stos::detail
