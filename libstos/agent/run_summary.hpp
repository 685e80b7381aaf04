#pragma once

#include "libstos/agent/report.hpp"
#include "libstos/base/digest.hpp"

#include <cstdint>
#include <string>

namespace stos {

/// What is counted while a simulation runs. Everything here is the same on every engine.
///
/// sent = absorbed + in_flight + dropped, where timers and lambdas from outside count as sent, too.
struct RunCounters {
  std::uint64_t agents_born = 0; ///< initial agents and children
  std::uint64_t agents_died = 0; ///< by die(); all others reached the boundary
  std::uint64_t sent = 0;
  std::uint64_t absorbed = 0;  ///< events
  std::uint64_t in_flight = 0; ///< at agents that reached the boundary first
  std::uint64_t dropped = 0;   ///< at agents that died first
  double last_event_time = 0;  ///< laboratory time of the latest event
  RunDigest digest;

  void add(const RunCounters& other);
};

/// How the engine went about a run. It differs from engine to engine and from run to run.
struct EngineCounters {
  std::uint64_t activations = 0;       ///< times an agent was taken up to see what it can execute
  std::uint64_t empty_activations = 0; ///< those of them in which it executed nothing
  std::uint64_t wakeups = 0;           ///< times a worker was woken because of another one's news
  std::uint64_t frames = 0;            ///< sent to other nodes
  std::uint64_t frame_bytes = 0;       ///< in them
  std::uint64_t remote_lambdas = 0;    ///< in them
  std::uint64_t rounds = 0;            ///< in which the nodes have found out how far they are
  std::uint64_t moves = 0;             ///< of agents to another node

  void add(const EngineCounters& other);
};

/// How a run went.
struct RunSummary : RunCounters {
  std::string engine;  ///< "serial", or "2 workers, 2 domains"
  double end_time = 0; ///< the laboratory time of the boundary; the last event's without one
  double wall_time_s = 0;
  EngineCounters engine_counters;
  Reports reports; ///< what agents have reported

  /// Every agent has reached its boundary or died. False: something has ended the run before.
  bool is_complete = true;

  [[nodiscard]] double events_per_second() const {
    return wall_time_s > 0 ? static_cast<double>(absorbed) / wall_time_s : 0;
  }

  /// A few lines for people; the digest last.
  [[nodiscard]] std::string to_string() const;
};

} // namespace stos
