#include "bench/stos_bench/reference_threads.hpp"

#include <pthread.h>
#include <sched.h>

#include <vector>

namespace stos::bench {

void pin_to_processor(std::uint32_t index) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
    return; // it is an optimisation only
  std::uint32_t left = index % static_cast<std::uint32_t>(CPU_COUNT(&allowed));
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || left-- > 0)
      continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
    return;
  }
}

void run_on_threads(std::uint32_t threads, const std::function<void(std::uint32_t)>& body) {
  if (threads == 1) {
    body(0);
    return;
  }
  std::vector<std::jthread> running;
  for (std::uint32_t i = 0; i < threads; ++i)
    running.emplace_back([i, &body] {
      pin_to_processor(i);
      body(i);
    });
}

} // namespace stos::bench
