#pragma once

#include "libstos/base/ids.hpp"
#include "libstos/spacetime/velocity.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stos {

/// One line of a trace: something that happened at a point of spacetime.
struct TraceRecord {
  enum class Kind : std::uint8_t { birth, event, turn, death, end };

  Kind kind = Kind::event;
  AgentId agent;
  const char* type = "";     ///< of the agent
  std::uint64_t ordinal = 0; ///< in the order in which one agent's records were made
  Point point;
  double local_time = 0;
  Velocity<4> velocity;        ///< birth, turn
  AgentId source;              ///< event: the emitter; birth: unused
  ChannelNumber channel;       ///< event
  std::uint64_t sequence = 0;  ///< event
  Point emission;              ///< event
  std::uint64_t lambda_id = 0; ///< event: of its code, in this build
};

/// The order of the lines of a trace: by time, agent, ordinal.
[[nodiscard]] bool is_earlier(const TraceRecord& a, const TraceRecord& b);

/// A trace as text: a header line, then one line a record with tab-separated columns, in an order
/// that is the same on every engine (time, agent, ordinal). Numbers have 17 digits: every bit.
[[nodiscard]] std::string format_trace(std::vector<TraceRecord> records);

namespace detail {

/// The parts of that: the first line, and those of some records, as they come.
[[nodiscard]] std::string_view header_of_trace();
[[nodiscard]] std::string lines_of_trace(std::span<const TraceRecord> records);

} // namespace detail

} // namespace stos
