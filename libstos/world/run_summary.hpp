#pragma once

#include "libstos/base/digest.hpp"
#include "libstos/base/errc.hpp"
#include "libstos/world/observed.hpp"
#include "libstos/world/report.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stos {

/// What is counted while a simulation runs. Everything here is the same on every engine.
///
/// sent = absorbed + in_flight + dropped, where timers and lambdas from outside count as sent, too.
struct RunCounters {
  std::uint64_t agents_born = 0; ///< initial agents and children
  std::uint64_t agents_died = 0; ///< by die(); all others reached the boundary
  std::uint64_t sent = 0;
  std::uint64_t absorbed = 0;  ///< events
  std::uint64_t in_flight = 0; ///< at the end: at agents that reached the boundary first
  std::uint64_t dropped = 0;   ///< at agents that died first
  double last_event_time = 0;  ///< laboratory time of the latest event; 0 if there was none
  RunDigest digest;
  RunDigest values; ///< of what lambdas have carried; see RunSummary::value_digest()

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

  // How much of it was parallel. Nothing of the serial engine.
  std::uint32_t workers = 0;
  double busy_s = 0;                 ///< of all workers together, with something to execute
  std::uint64_t events_together = 0; ///< while all agents of a node were in one domain
  std::uint64_t waits = 0;           ///< of a domain, for another one

  /// Which agent waited most often, and for which.
  struct HeldBack {
    std::string agent; ///< "agent 7 (Queue), 0.001 s of light from agent 12"; may be empty
    double waits = 0;  ///< so many, about
  };
  HeldBack held_back;

  void add(const EngineCounters& other);
};

/// A cut that was taken of a run: everything before `time` had happened, and nothing else.
struct CutRecord {
  double time = 0;          ///< laboratory time
  RunDigest state_digest;   ///< equal: all of the world's state was equal
  std::uint64_t agents = 0; ///< alive then
  std::uint64_t bytes = 0;  ///< of their images
};

/// How a run went.
struct RunSummary : RunCounters {
  std::string engine;  ///< "serial", or "2 workers, 2 domains"
  double end_time = 0; ///< the laboratory time of the boundary; the last event's without one
  double wall_time_s = 0;
  EngineCounters engine_counters;
  Reports reports;             ///< what agents have reported
  Observations observations;   ///< what observers have seen
  std::vector<CutRecord> cuts; ///< that were taken, by time
  std::string began_from;      ///< the cut that it went on from; empty: with its set-up
  bool all_values = false;     ///< whether the value digest has all arguments: RunOptions::values

  /// The digest says what happened; this one says with which values. Runs with the same digest but
  /// different value digests have agents that know more than lambdas have told them: they write to
  /// each other through pointers, say, or use a random generator that is not their own.
  ///
  /// It is the sum over all events of a hash of what the lambda has carried, with the agent's
  /// digest as the seed, and over all reports of a hash of agent, ordinal, time, topic and value.
  /// A lambda's bytes enter as they travel to other nodes, with padding of 0. Always those of
  /// lambdas that carry numbers only (captures and arguments; no string, container, pointer or
  /// union, nothing with an `inspect`); with RunOptions::values those of all that can travel, which
  /// costs time. Then a captured union, std::optional or std::variant enters with the bytes that it
  /// does not use, and a captured address, if any, as it is: the value digest is another one each
  /// time. Pass such values as arguments, which are serialised. What send_local() and after_local()
  /// carry enters only if it is numbers.
  [[nodiscard]] RunDigest value_digest() const;

  /// What --digest-only prints: the digest, and behind it the value digest if that is wanted.
  [[nodiscard]] std::string digests() const;

  /// Every agent has reached its boundary or died. False: something has ended the run before.
  bool is_complete = true;

  [[nodiscard]] double events_per_second() const {
    return wall_time_s > 0 ? static_cast<double>(absorbed) / wall_time_s : 0;
  }

  /// A few lines for people; the digests last.
  [[nodiscard]] std::string to_string() const;
};

/// The same as one line of JSON, for programs; with the error, if the run has failed. Digests are
/// texts of 16 hexadecimal digits, times are in seconds.
[[nodiscard]] std::string to_json(const RunSummary& summary, const std::optional<Error>& failure);

} // namespace stos
