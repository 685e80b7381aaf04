#pragma once

#include "libstos/causal/event_key.hpp"
#include "libstos/spacetime/light_cone.hpp"

#include <cstdint>

namespace stos {

struct IncomingChannel;

/// What the ordering layer knows of a lambda: where it comes from and when it is due. Its code and
/// data live behind it, in a class that derives from this one.
struct Lambda {
  enum class Kind : std::uint8_t {
    channel, ///< due where the agent's trajectory crosses the light cone of `emission`
    timer,   ///< due when the agent's own clock shows `due_local_time`
    outside, ///< put in from outside of the simulation, due at the time of `emission`
  };

  Lambda* next = nullptr;         ///< for whoever owns it at the moment: a list without allocations
  IncomingChannel* via = nullptr; ///< the receiving end of its channel; null unless Kind::channel
  Point emission;
  double due_local_time = 0;
  AgentId source;
  ChannelNumber channel;
  Kind kind = Kind::channel;
  std::uint32_t emission_depth = 0; ///< depth of the emitting event, if that is at emission time
  std::uint64_t sequence = 0;

  /// Its key if it is absorbed at `absorption`.
  [[nodiscard]] EventKey key(double absorption) const {
    const std::uint32_t depth = absorption == emission[0] ? emission_depth + 1 : 0;
    return {{absorption, emission[0], depth}, source, channel, sequence};
  }
};

/// The receiving end of one open channel: what its owner knows of the agent at the other end.
struct IncomingChannel {
  AgentId source;
  ChannelNumber number;
  std::uint16_t group = 0; ///< whose horizon bounds the source: see Horizons

  /// The source's current worldline, or null if it is not known here: then nothing is assumed of
  /// its distance. Borrowed; must be kept up to date by whoever calls `source_turned`.
  const Trajectory* source_path = nullptr;

  /// Whatever an event of the source emits, it emits at least so much later. A turn that the source
  /// has decided upon already may happen before that, so this is no place on its worldline.
  double reaction_time = 0;

  /// From now on nothing is emitted on it before this laboratory time: that of its opening, or of
  /// the latest lambda that has arrived. The same holds for channels that are opened later by means
  /// of references that the source takes from this one; so that lambda itself cannot be sure yet
  /// to come before them.
  double silent_until = Instant::beginning().absorption;

  /// Lambdas on one channel are absorbed in the order of their emission, whatever the rounding:
  /// none before the one ahead of it.
  double last_absorption = Instant::beginning().absorption;
};

/// When a lambda is absorbed on `path`. Updates `via->last_absorption`, so that it must be called
/// in the order of emission on each channel.
[[nodiscard]] double place_on(const Trajectory& path, Lambda& lambda, const Space& space);

} // namespace stos
