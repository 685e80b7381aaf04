#pragma once

#include "libstos/base/ids.hpp"

#include <compare>
#include <cstdint>
#include <limits>

namespace stos {

/// When an event happens, as far as all nodes can compare it: laboratory time of absorption, then
/// of emission, then depth.
///
/// Depth only matters where no time passes between cause and effect (agents in one place that react
/// at once, timers of length 0). It counts the causes at that same time, so that effects still come
/// after causes: the superdense time of Maler, Manna and Pnueli (1992). Elsewhere it is 0.
struct Instant {
  double absorption = 0;
  double emission = 0;
  std::uint32_t depth = 0;

  friend auto operator<=>(const Instant&, const Instant&) = default;

  static constexpr Instant never() {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return {infinity, infinity, std::numeric_limits<std::uint32_t>::max()};
  }
  static constexpr Instant beginning() {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return {-infinity, -infinity, 0};
  }
  /// Before all that happens at `time` or later.
  static constexpr Instant before(double time) {
    return {time, -std::numeric_limits<double>::infinity(), 0};
  }
};

/// The order of the events on one agent: total, stable, and independent of arrival. By instant,
/// then source, then channel at that source, then sequence on that channel.
struct EventKey {
  Instant instant;
  AgentId source;
  ChannelNumber channel;
  std::uint64_t sequence = 0;

  friend auto operator<=>(const EventKey&, const EventKey&) = default;
};

} // namespace stos
