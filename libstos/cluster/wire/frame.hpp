#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/cluster/time/global_time.hpp"
#include "libstos/cluster/time/standing.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace stos::detail {

/// What stands in front of a frame: a message from one gateway to another one.
///
/// The records of parcels follow, to the end of the frame. Everything that need not be said is
/// left out.
struct FrameHeader {
  std::uint64_t number = 0;       ///< counts the frames of this link, from 1
  std::uint64_t phase = 0;        ///< of the sender: see GlobalTime
  std::uint64_t acknowledged = 0; ///< so many frames with parcels have arrived at the sender

  std::optional<double> clock;    ///< no agent over there executes an event before that
  std::optional<double> wanted;   ///< tell when your clock is beyond that, or you stand there
  std::optional<double> end_time; ///< the simulation has failed there
  std::optional<Standing> standing;
  std::optional<NodeReport> report;
  std::optional<double> earliest; ///< there are parcels, and none was emitted before

  /// Whether it can make something happen where it arrives.
  [[nodiscard]] bool is_news() const { return clock || wanted || end_time || standing || earliest; }
};

void write_header(const FrameHeader& header, BytesWriter& out);

/// Fails the reader if there is no header of a cluster of `nodes` nodes.
[[nodiscard]] FrameHeader read_header(BytesReader& in, std::size_t nodes);

} // namespace stos::detail
