#pragma once

#include "libstos/causal/event_key.hpp"
#include "libstos/causal/incoming_channel.hpp"
#include "libstos/spacetime/light_cone.hpp"

#include <cstdint>

namespace stos {

/// What the ordering layer knows of a lambda: where it comes from and when it is due. Its code and
/// data live behind it, in a class that derives from this one.
struct Lambda {
  enum class Kind : std::uint8_t {
    channel, ///< due where the agent's trajectory crosses the light cone of `emission`
    timer,   ///< due when the agent's own clock shows `due`
    outside, ///< put in from outside of the simulation, due at the time of `emission`
    date,    ///< like a timer the agent's own, but due at the laboratory time of `emission`
  };

  Lambda* next = nullptr;         ///< for its present owner: a list without allocations
  IncomingChannel* via = nullptr; ///< the receiving end of its channel; null unless Kind::channel
  Point emission;
  double due = 0; ///< of a timer: in local time
  AgentId source;
  ChannelNumber channel;
  Kind kind = Kind::channel;
  bool from_pool = false;           ///< who owns its memory, see Closure
  std::uint32_t emission_depth = 0; ///< depth of the emitting event, if that is at emission time
  std::uint64_t sequence = 0;

  /// Its key if it is absorbed at `absorption`.
  [[nodiscard]] EventKey key(double absorption) const {
    const std::uint32_t depth = absorption == emission[0] ? emission_depth + 1 : 0;
    return {{absorption, emission[0], depth}, source, channel, sequence};
  }
};

/// When a lambda is absorbed on `path`. Updates its channel, so that it must be called in the order
/// of emission on each channel.
[[nodiscard]] double place_on(const Trajectory& path, Lambda& lambda, const Space& space);

/// The same for a lambda that arrives while its source and `path` are as its channel knows them,
/// which saves the geometry between two who rest.
[[nodiscard]] inline double place_arrival(const Trajectory& path, Lambda& lambda,
                                          const Space& space) {
  IncomingChannel* via = lambda.via;
  if (via == nullptr || via->distance() < 0)
    return place_on(path, lambda, space);
  if (via->has_course())
    via->course().heard_at(lambda.emission[0]);
  return via->last_absorption =
             std::max(via->last_absorption, lambda.emission[0] + via->distance());
}

} // namespace stos
