#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

namespace stos::bench {

/// Lets a spinning processor rest for a moment.
inline void spin_pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

/// All threads wait for the last one; they spin, since windows are short.
class SpinBarrier {
public:
  explicit SpinBarrier(std::uint32_t threads) : threads_(threads) {}

  void wait() {
    if (threads_ == 1)
      return;
    const std::uint32_t round = round_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
      arrived_.store(0, std::memory_order_relaxed);
      round_.store(round + 1, std::memory_order_release);
      return;
    }
    for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins) {
      if (spins < 4000)
        spin_pause();
      else
        std::this_thread::yield();
    }
  }

private:
  std::uint32_t threads_;
  alignas(64) std::atomic<std::uint32_t> arrived_{0};
  alignas(64) std::atomic<std::uint32_t> round_{0};
};

/// Runs body(0) to body(threads - 1) at the same time, each pinned to a processor of its own as
/// long as there are enough; a single one runs on the caller's thread.
void run_on_threads(std::uint32_t threads, const std::function<void(std::uint32_t)>& body);

/// Binds the calling thread to the `index`-th of the processors that it may use.
void pin_to_processor(std::uint32_t index);

} // namespace stos::bench
