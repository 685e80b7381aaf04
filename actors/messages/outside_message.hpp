#pragma once

#include "actors/messages/luggage.hpp"
#include "actors/transport/caf_version.hpp"
#include "libstos/code/closure.hpp"

#include <caf/mailbox_element.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace stos::detail {

/// A message of an ordinary actor, while it waits in an agent's mailbox. If no agent takes
/// it, the actor that waits for an answer hears that there will be none.
///
/// It goes along when the agent moves to another node; but only CAF itself can bring handles to
/// another process, and they may be in it. So it travels as Luggage; unpack() puts it back.
///
/// In a cut stands what it says, without its sender: an actor that waits for an answer has it from
/// the run that was cut. One with handles in it cannot be put there.
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
    std::vector<std::byte> content; // of a cut
    if constexpr (std::is_same_v<Inspector, SaveInspector>) {
      if (packs_luggage())
        x.pack();
      else if (!x.save(content))
        return false;
    } else if constexpr (std::is_same_v<Inspector, NamingInspector>) {
      std::string text = x.text();
      return f.object(x).fields(f.field("message", text));
    }
    return f.object(x).fields(f.field("agent", x.agent_), f.field("luggage", x.luggage_),
                              f.field("content", content)) &&
           (!Inspector::is_loading || x.load(content));
  }

private:
  void pack();
  [[nodiscard]] bool save(std::vector<std::byte>& content) const;
  [[nodiscard]] bool load(std::vector<std::byte> content);
  [[nodiscard]] std::string text() const;

  AgentId agent_;
  caf::mailbox_element_ptr element_; // null: taken, or packed
  std::uint64_t luggage_ = 0;
};

/// The lambda by which an agent answers a message.
[[nodiscard]] Closure& make_response(OutsideMessage message);

/// The message that `lambda` answers; null if it is no such lambda.
[[nodiscard]] OutsideMessage* message_of(Closure& lambda);

} // namespace stos::detail
