#pragma once

#include "libstos/base/hash.hpp"

#include <compare>
#include <cstdint>

namespace stos {

/// Names an agent. A function of the program alone: initial agents count from 1 in the order of
/// their creation, a child's id is a hash of its parent's id and the parent's birth count. The
/// top bit tells the two kinds apart. 0 is whatever is outside of the simulation.
struct AgentId {
  std::uint64_t value = 0;

  friend auto operator<=>(AgentId, AgentId) = default;

  static constexpr AgentId outside() { return {0}; }
  static constexpr AgentId initial(std::uint64_t creation_index) { return {creation_index + 1}; }
  static constexpr AgentId child(AgentId parent, std::uint64_t birth_index) {
    return {mix64(parent.value + mix64(birth_index + 1)) | child_bit};
  }
  [[nodiscard]] constexpr bool is_child() const { return (value & child_bit) != 0; }

private:
  static constexpr std::uint64_t child_bit = std::uint64_t{1} << 63;
};

/// Names a channel among those that leave one agent, in the order in which they were opened.
/// 0 is the agent's own timers.
struct ChannelNumber {
  std::uint32_t value = 0;

  friend auto operator<=>(ChannelNumber, ChannelNumber) = default;

  static constexpr ChannelNumber timers() { return {0}; }
};

} // namespace stos
