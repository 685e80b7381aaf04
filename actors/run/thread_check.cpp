#include "actors/run/thread_check.hpp"

#include "libstos/base/usage_error.hpp"

#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>

#include <atomic>
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

// All live at the same time, each with a little memory, as those will for which they stand.
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

// glibc gives each thread an arena of its own as long as there is address space, and so leaves none
// for the stacks of later threads. Where it is scarce, one arena has to do for all.
void save_address_space(std::size_t threads) {
  constexpr std::uint64_t arena_and_stack_bytes = std::uint64_t{136} << 20;
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      limit.rlim_cur / arena_and_stack_bytes < threads)
    mallopt(M_ARENA_MAX, 1);
}

} // namespace

void require_threads(std::uint32_t workers, bool network) {
  const std::size_t wanted = workers + threads_besides + (network ? threads_of_network : 0);
  static std::atomic<std::size_t> gotten{0}; // once is enough for later runs
  if (wanted <= gotten.load())
    return;
  save_address_space(wanted);
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
  if (problem == 0) {
    gotten.store(wanted);
    return;
  }
  throw UsageError(Errc::no_threads,
                   "cannot start " + std::to_string(workers) +
                       (workers == 1 ? " worker" : " workers") + ": of " + std::to_string(wanted) +
                       " threads that go with that, this process gets " +
                       std::to_string(threads.size()) + " (" + std::strerror(problem) +
                       "); wanted: fewer workers (engine.workers), or higher limits for processes "
                       "or memory (ulimit -u, -v)");
}

} // namespace stos::detail
