#include "actors/thread_check.hpp"

#include "libstos/base/usage_error.hpp"

#include <pthread.h>

#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

namespace stos::detail {
namespace {

// Besides its workers, a system of CAF 0.18 has a thread for the clock, one that starts detached
// actors, and one for what they print; and with the network the middleman's, its helpers', and
// those of a node and of its run. One or two more than have been seen.
constexpr std::size_t threads_besides = 5;
constexpr std::size_t threads_of_network = 6;

struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t waiting = 0;
  bool open = false;
};

// All live at the same time, each with a little memory of its own: with the first of it a thread
// takes a large part of the address space, which stacks of later threads lack.
void* wait_at(void* argument) {
  auto& gate = *static_cast<Gate*>(argument);
  void* const memory = std::malloc(1024);
  std::unique_lock lock(gate.mutex);
  ++gate.waiting;
  gate.changed.notify_all();
  gate.changed.wait(lock, [&gate] { return gate.open; });
  std::free(memory);
  return nullptr;
}

} // namespace

void require_threads(std::uint32_t workers, bool network) {
  const std::size_t wanted = workers + threads_besides + (network ? threads_of_network : 0);
  Gate gate;
  std::vector<pthread_t> threads;
  threads.reserve(wanted);
  int problem = 0;
  while (threads.size() < wanted) {
    pthread_t thread{};
    problem = pthread_create(&thread, nullptr, wait_at, &gate);
    if (problem != 0)
      break;
    threads.push_back(thread);
    std::unique_lock lock(gate.mutex);
    gate.changed.wait(lock, [&] { return gate.waiting == threads.size(); });
  }
  {
    const std::lock_guard lock(gate.mutex);
    gate.open = true;
  }
  gate.changed.notify_all();
  for (const pthread_t thread : threads)
    pthread_join(thread, nullptr);
  if (problem == 0)
    return;
  throw UsageError(Errc::no_threads,
                   "cannot start " + std::to_string(workers) +
                       (workers == 1 ? " worker" : " workers") + ": of " + std::to_string(wanted) +
                       " threads that go with that, this process gets " +
                       std::to_string(threads.size()) + " (" + std::strerror(problem) +
                       "); wanted: fewer workers (engine.workers), or higher limits for processes "
                       "or memory (ulimit -u, -v)");
}

} // namespace stos::detail
