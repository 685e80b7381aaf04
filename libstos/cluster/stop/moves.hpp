#pragma once

#include "libstos/base/ids.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stos {

/// An agent is to be on another node from now on. (A Move of rebalance() names initial agents by
/// their places in the creation order instead.)
struct AgentMove {
  AgentId agent;
  NodeIndex node = {};

  friend bool operator==(const AgentMove&, const AgentMove&) = default;
};

enum class MoveResult : std::uint8_t {
  moved,
  already_there,
  no_such_agent,    ///< it does not live, or not any more, on any node
  not_serialisable, ///< it stays where it was; the text says what its class lacks
  too_late,         ///< the simulation has ended before
};
inline constexpr std::size_t move_results = 5;

/// The name of `result` as people and metrics see it, for example "no_such_agent".
[[nodiscard]] std::string_view to_string(MoveResult result);

struct MoveOutcome {
  AgentMove move;
  MoveResult result = MoveResult::no_such_agent;
  std::string text; ///< of not_serialisable: why
};

/// What has become of the moves of one request, in the order in which they were asked for.
struct MoveAnswer {
  std::uint64_t request = 0;
  std::vector<MoveOutcome> outcomes;
};

/// What one node has seen of moves so far.
struct MoveCounters {
  std::uint64_t stops = 0;                            ///< of the whole cluster, for moves
  std::uint64_t left = 0;                             ///< agents that went away from here
  std::uint64_t arrived = 0;                          ///< and that came here
  std::uint64_t refused = 0;                          ///< agents here that cannot move
  std::array<std::uint64_t, move_results> answered{}; ///< of what was asked for here, by result
};

namespace detail {

/// A move that some node has asked for, as all nodes know it.
struct Wish {
  NodeIndex asker = {};
  AgentMove move;
};

} // namespace detail
} // namespace stos
