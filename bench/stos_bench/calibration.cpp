#include "bench/stos_bench/calibration.hpp"

#include "bench/stos_bench/child_process.hpp"
#include "bench/stos_bench/reference_threads.hpp"
#include "bench/stos_bench/stopwatch.hpp"

#include <cstdint>
#include <iomanip>
#include <sstream>
#include <vector>

namespace stos::bench {
namespace {

// Keeps a result from being optimised away.
template <class T>
void use(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

double measure_multiply_ns() {
  constexpr int steps = 20'000'000;
  std::uint64_t x = 1;
  const Stopwatch stopwatch;
  for (int i = 0; i < steps; ++i)
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  use(x);
  return stopwatch.seconds() / steps * 1e9;
}

double measure_random_access_ns() {
  constexpr int steps = 1'000'000;
  constexpr std::uint32_t size = std::uint32_t{16} << 20;
  std::vector<std::uint32_t> next(size);
  for (std::uint32_t i = 0; i < size; ++i)
    next[i] = (i * 2654435761u + 12345) % size; // one cycle through all of them
  std::uint32_t at = 0;
  const Stopwatch stopwatch;
  for (int i = 0; i < steps; ++i)
    at = next[at];
  use(at);
  return stopwatch.seconds() / steps * 1e9;
}

double measure_round_trip_ns() {
  if (std::thread::hardware_concurrency() < 2)
    return 0;
  constexpr int rounds = 200'000;
  struct alignas(128) Flag {
    std::atomic<int> round{0};
  };
  Flag ping, pong;
  double seconds = 0;
  run_on_threads(2, [&](std::uint32_t me) {
    Flag& mine = me == 0 ? ping : pong;
    const Flag& other = me == 0 ? pong : ping;
    const Stopwatch stopwatch;
    for (int round = 1; round <= rounds; ++round) {
      if (me == 0)
        mine.round.store(round, std::memory_order_release);
      while (other.round.load(std::memory_order_acquire) < round)
        spin_pause();
      if (me == 1)
        mine.round.store(round, std::memory_order_release);
    }
    if (me == 0)
      seconds = stopwatch.seconds();
  });
  return seconds / rounds * 1e9;
}

} // namespace

std::string Calibration::to_string() const {
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << "multiply " << multiply_ns << " ns, random access "
       << std::setprecision(0) << random_access_ns << " ns, round trip between processors "
       << round_trip_ns << " ns";
  return text.str();
}

Calibration calibrate() {
  const Result<Calibration> seen = in_child<Calibration>([] {
    return Calibration{measure_multiply_ns(), measure_random_access_ns(), measure_round_trip_ns()};
  });
  return seen ? *seen : Calibration();
}

} // namespace stos::bench
