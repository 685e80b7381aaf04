#pragma once

#include "actors/transport/caf_version.hpp"
#include "libstos/base/ids.hpp"

#include <caf/mailbox_element.hpp>

#include <cstdint>
#include <functional>
#include <vector>

namespace stos::detail {

/// What belongs to an agent that moves to another node, and only CAF can bring there, since handles
/// of ordinary actors are in it: its image has a number instead, and it travels ahead of that.
///
/// Saving and loading agents is plain C++ that knows nothing of CAF. So what is packed waits for
/// the thread that does it, and what has come is looked for where a LuggageHall of that thread
/// says.
struct Luggage {
  AgentId agent;
  std::uint64_t number;
  caf::mailbox_element_ptr element;
};

/// Returns the number for it, which is not 0.
[[nodiscard]] std::uint64_t pack_luggage(AgentId agent, caf::mailbox_element_ptr element);

/// All that was packed on this thread since the last call.
[[nodiscard]] std::vector<Luggage> take_luggage();

/// As long as it exists, claim_luggage() on this thread asks `claim`.
class LuggageHall {
public:
  using Claim = std::function<caf::mailbox_element_ptr(AgentId, std::uint64_t)>;

  explicit LuggageHall(Claim claim);
  ~LuggageHall();
  LuggageHall(const LuggageHall&) = delete;
  LuggageHall& operator=(const LuggageHall&) = delete;

private:
  friend caf::mailbox_element_ptr claim_luggage(AgentId agent, std::uint64_t number);

  const Claim claim_;
  const LuggageHall* const before_;
};

/// Whether what is saved on this thread goes to another node, so that there is luggage. Else it
/// goes into a cut, or is only hashed.
[[nodiscard]] bool packs_luggage();

/// As long as it exists, nothing that is saved on this thread goes to another node.
class NoLuggage {
public:
  NoLuggage();
  ~NoLuggage();
  NoLuggage(const NoLuggage&) = delete;
  NoLuggage& operator=(const NoLuggage&) = delete;

private:
  const LuggageHall* const before_;
};

/// Null if nothing of that number has come.
[[nodiscard]] caf::mailbox_element_ptr claim_luggage(AgentId agent, std::uint64_t number);

} // namespace stos::detail
