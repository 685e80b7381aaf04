#pragma once

#include <atomic>
#include <cstddef>

namespace stos::detail {

/// SIGINT and SIGTERM as the early end of runs, so that what they have found out is not lost.
///
/// It is for programs that leave their end to us (run_main(), or static calls alone): they allow
/// it. Then the first of the two signals ends all runs of the process, and all that begin later,
/// before their next event; the second one ends the process, as if it were not caught. While no run
/// goes on, or where the program has decided otherwise about a signal, nothing changes.
class Interruption {
public:
  static void allow();

  /// The first SIGTERM ends no run: it is a wish that a node leaves its cluster (wants_to_drain()).
  static void drain_at_term() { drains_.store(true); }
  [[nodiscard]] static bool wants_to_drain() { return wants_to_drain_.load(); }

  /// That cannot be done, or all others have left: the signal ends the runs after all.
  static void end_instead_of_drain();

  /// The signal that has come during a run; 0 if none has.
  [[nodiscard]] static int signal() { return signal_.load(); }

private:
  struct Watched {
    std::atomic<double>* end_time;
    std::atomic<bool>* wants_stop; // may be null

    void end() const;
  };

public:
  /// One run, which ends when nothing is before `end_time` any more. With `wants_stop`, a signal
  /// sets that instead, and the run ends itself where it stops.
  class Watch {
  public:
    explicit Watch(std::atomic<double>& end_time, std::atomic<bool>* wants_stop = nullptr);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

  private:
    Watched own_;
    bool counts_ = false;
  };

private:
  static constexpr std::size_t watches_max = 256; // more runs at once are not noticed

  static void note(int signal);

  // What a signal's handler may touch: no lock, no memory to be had.
  static inline std::atomic<bool> drains_{false};
  static inline std::atomic<bool> wants_to_drain_{false};
  static inline std::atomic<int> signal_{0};
  static inline std::atomic<int> noting_{0}; // threads within note()
  static inline std::atomic<const Watched*> watched_[watches_max];
};

static_assert(std::atomic<double>::is_always_lock_free);

} // namespace stos::detail
