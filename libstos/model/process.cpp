#include "libstos/model/process.hpp"

#include "libstos/base/assert.hpp"

namespace stos {

Processes::~Processes() { end_all(); }

void Processes::begin(Process process) {
  const std::uint64_t number = ++begun_;
  Process::promise_type& promise = process.handle_.promise();
  promise.host = this;
  promise.number = number;
  const Process::Handle at = process.handle_;
  all_.emplace(number, Running{std::move(process), at});
  wake({number, 0});
}

ProcessWait Processes::wait_at(Process::Handle handle) {
  const std::uint64_t number = handle.promise().number;
  const auto running = all_.find(number);
  STOS_ASSERT(running != all_.end(), "a process waits that has ended");
  running->second.at = handle;
  return {number, running->second.round};
}

void Processes::resume(ProcessWait wait) {
  const auto found = all_.find(wait.process);
  if (found == all_.end() || found->second.round != wait.round)
    return;
  Running& running = found->second;
  ++running.round;
  running.at.resume();
  if (running.process.handle_.done())
    all_.erase(found);
}

void Processes::end_all() {
  has_ended_ = true;
  all_.clear();
}

} // namespace stos
