#pragma once

#include "actors/transport/caf_version.hpp"
#include "libstos/code/closure.hpp"

#include <caf/mailbox_element.hpp>

#include <cstdint>
#include <type_traits>

namespace stos::detail {

/// A message of an ordinary actor, while it waits in an agent's mailbox. If nobody takes it,
/// whoever waits for an answer hears that there will be none.
///
/// It goes along when the agent moves to another node; but only CAF itself can bring handles to
/// another process, and they may be in it. So it travels as Luggage; unpack() puts it back.
///
/// Threads: one at a time.
class OutsideMessage {
public:
  OutsideMessage() = default;
  OutsideMessage(AgentId agent, caf::mailbox_element_ptr element)
      : agent_(agent), element_(std::move(element)) {}
  ~OutsideMessage();
  OutsideMessage(OutsideMessage&& other) noexcept = default;
  OutsideMessage& operator=(OutsideMessage&&) = delete;

  /// Of one that has come from another node: its number there, and what belongs to it.
  [[nodiscard]] std::uint64_t luggage() const { return luggage_; }
  void unpack(AgentId agent, caf::mailbox_element_ptr element) {
    agent_ = agent;
    element_ = std::move(element);
  }

  [[nodiscard]] caf::mailbox_element_ptr take() { return std::move(element_); }

  template <class Inspector>
  friend bool inspect(Inspector& f, OutsideMessage& x) {
    if constexpr (std::is_same_v<Inspector, SaveInspector>)
      x.pack();
    return f.object(x).fields(f.field("luggage", x.luggage_));
  }

private:
  void pack();

  AgentId agent_;
  caf::mailbox_element_ptr element_; // null: taken, or packed
  std::uint64_t luggage_ = 0;
};

/// The lambda by which an agent answers a message.
[[nodiscard]] Closure& make_response(OutsideMessage message);

/// The message that `lambda` answers; null if it is no such lambda.
[[nodiscard]] OutsideMessage* message_of(Closure& lambda);

} // namespace stos::detail
