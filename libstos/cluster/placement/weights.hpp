#pragma once

#include "libstos/base/ids.hpp"
#include "libstos/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stos {

namespace detail {
class Cell;
}

/// What the agents of one node have done since they were weighed before.
struct NodeWeights {
  struct Agent {
    AgentId id;
    std::uint32_t events = 0; ///< that it has absorbed

    friend bool operator==(const Agent&, const Agent&) = default;
  };
  struct Traffic {
    AgentId from; ///< lives here
    AgentId to;   ///< lives anywhere
    std::uint32_t lambdas = 0;

    friend bool operator==(const Traffic&, const Traffic&) = default;
  };

  double busy_s = 0;             ///< of all domains together, wall-clock time
  std::vector<Agent> agents;     ///< who have absorbed something, or sent
  std::vector<Traffic> traffic;  ///< likewise; an entry for each channel
  std::vector<AgentId> new_here; ///< who were not here then: they may have come from another node

  friend bool operator==(const NodeWeights&, const NodeWeights&) = default;
};

[[nodiscard]] std::vector<std::byte> encode(const NodeWeights& weights);

/// Fails, with bad_message, on anything that encode() has not made.
[[nodiscard]] Result<NodeWeights> decode_weights(std::span<const std::byte> bytes);

/// Weighs the agents of one node, time after time: what each has done since the last time. Of
/// agents that are new here, it knows nothing yet.
///
/// Memory:  about 16 bytes for each agent and each channel.
/// Cost:    O(n log n) for n agents and channels.
/// Threads: one at a time; nothing may run meanwhile.
class Scales {
public:
  void begin() {
    events_now_.clear();
    sent_now_.clear();
  }
  void add(const detail::Cell& agent);

  /// Of all that were added since begin(). `busy_s` is of the node since the run has begun.
  [[nodiscard]] NodeWeights weigh(double busy_s);

private:
  struct Events {
    AgentId agent;
    std::uint32_t events;
  };
  struct Sent {
    AgentId from;
    std::uint32_t channel;
    std::uint64_t lambdas;
    AgentId to;
  };

  std::vector<Events> events_before_, events_now_; // by agent
  std::vector<Sent> sent_before_, sent_now_;       // by agent and channel
  double busy_before_s_ = 0;
};

} // namespace stos
