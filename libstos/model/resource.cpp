#include "libstos/model/resource.hpp"

#include "libstos/base/usage_error.hpp"

#include <algorithm>
#include <list>
#include <utility>

namespace stos {

struct Resource::State {
  struct Waiting {
    double priority;
    double since;
    ProcessWait wait;
    Acquire* by; // in the coroutine, which stays where it is while it waits
  };

  State(Processes& agent, std::uint64_t how_many)
      : host(agent), capacity(how_many), use(agent.process_time()), queue(agent.process_time()) {}

  [[nodiscard]] double now() const { return host.process_time(); }

  [[nodiscard]] bool take_at_once() {
    if (in_use == capacity || !waiting.empty())
      return false;
    take();
    waits.add(0);
    return true;
  }

  void take() { use.set(now(), static_cast<double>(++in_use)); }

  void give_back() {
    if (has_ended || host.has_ended())
      return;
    const double time = now();
    use.set(time, static_cast<double>(--in_use));
    if (waiting.empty())
      return;
    const Waiting next = waiting.front();
    leave_queue(waiting.begin());
    take();
    waits.add(time - next.since);
    next.by->has_it_ = true;
    host.wake(next.wait);
  }

  void leave_queue(std::list<Waiting>::iterator at) {
    waiting.erase(at);
    queue.set(now(), static_cast<double>(waiting.size()));
  }

  Processes& host;
  std::uint64_t capacity;
  std::uint64_t in_use = 0;
  std::list<Waiting> waiting; // in their order
  Level use;
  Level queue;
  Tally waits;
  bool has_ended = false;
};

Resource::Resource(Processes& agent, std::uint64_t capacity)
    : state_(std::make_shared<State>(agent, capacity)) {
  if (capacity == 0)
    throw UsageError(Errc::bad_argument, "a resource has a capacity of at least 1, not 0");
}

Resource::~Resource() { state_->has_ended = true; }

auto Resource::acquire(double priority) -> Acquire { return {state_, for_ever, priority}; }

auto Resource::acquire_within(double patience, double priority) -> Acquire {
  return {state_, patience, priority};
}

Lease Resource::try_acquire() { return state_->take_at_once() ? Lease(state_) : Lease(); }

std::uint64_t Resource::capacity() const { return state_->capacity; }
std::uint64_t Resource::in_use() const { return state_->in_use; }
std::size_t Resource::waiting() const { return state_->waiting.size(); }
const Level& Resource::use() const { return state_->use; }
const Level& Resource::queue() const { return state_->queue; }
const Tally& Resource::waits() const { return state_->waits; }

double Resource::utilisation() const {
  return state_->use.mean(state_->now()) / static_cast<double>(state_->capacity);
}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    release();
    of_ = std::move(other.of_);
  }
  return *this;
}

void Lease::release() {
  if (const auto of = std::exchange(of_, nullptr))
    of->give_back();
}

bool Resource::Acquire::await_ready() {
  has_it_ = of_->take_at_once();
  return has_it_;
}

void Resource::Acquire::await_suspend(Process::Handle handle) {
  const ProcessWait wait = of_->host.wait_at(handle);
  auto& waiting = of_->waiting;
  const auto behind = std::find_if(waiting.begin(), waiting.end(),
                                   [this](const auto& w) { return w.priority > priority_; });
  waiting.insert(behind, {priority_, of_->now(), wait, this});
  of_->queue.set(of_->now(), static_cast<double>(waiting.size()));
  if (patience_ < for_ever)
    of_->host.wake_after(patience_, wait);
}

// If it has not got it by now, its patience is over.
Lease Resource::Acquire::await_resume() {
  if (has_it_)
    return Lease(of_);
  auto& waiting = of_->waiting;
  const auto own =
      std::find_if(waiting.begin(), waiting.end(), [this](const auto& w) { return w.by == this; });
  of_->leave_queue(own);
  return {};
}

} // namespace stos
