#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"
#include "libstos/code/value_tree.hpp"
#include "libstos/service/keyed/contexts.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stos::keyed {

/// What is to be done outside, on the leader, once what it is about is committed. Effects are to be
/// called in the order in which they were made, each once. It owns what it needs.
using Effect = std::function<void()>;

namespace detail {

/// The state of an agent of some class. It never changes once others can see it: a command makes a
/// new one.
class AnyState {
public:
  virtual ~AnyState() = default;
  /// False if its `inspect` says that it cannot be saved.
  [[nodiscard]] virtual bool save(BytesWriter& out) const = 0;
  [[nodiscard]] virtual std::string json() const = 0; ///< for people
};

using State = std::shared_ptr<AnyState>; ///< null: the agent is not active

/// What came of a callback.
struct Called {
  enum class How { returned, has_thrown, is_no_call };

  How how = How::returned;
  std::vector<std::byte> reply; ///< if it has returned
  std::string text;             ///< if not
};

/// A class of agents, for code that knows only its name. See typed_agent.hpp.
///
/// Errors: an exception of a callback is an answer (`has_thrown`), and the state is as before.
///         std::bad_alloc is let through: other replicas may have had the memory, so this one
///         cannot go on.
class AgentType {
public:
  virtual ~AgentType() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;

  /// Null, if the bytes are none of a state.
  [[nodiscard]] virtual State load(BytesReader& in) const = 0;

  /// Each of these calls the callback for the query or command with this number (its place in the
  /// lists of the class). Where `effects` is not null and the user wants to do something
  /// afterwards, that is added there.
  [[nodiscard]] virtual Called query(const State& state, std::uint32_t number,
                                     std::span<const std::byte> query, const QueryContext& context,
                                     std::vector<Effect>* effects) const = 0;
  [[nodiscard]] virtual Called command(State& state, std::uint32_t number,
                                       std::span<const std::byte> command, CommandContext& context,
                                       std::vector<Effect>* effects) const = 0;
  /// A query or command that people have written: its class by name, with or without namespaces,
  /// and its fields. Returns its number and its bytes. Fails with bad_argument.
  [[nodiscard]] virtual Result<std::pair<std::uint32_t, std::vector<std::byte>>>
  read_call(bool is_command, std::string_view name, const ValueTree& fields) const = 0;
  /// What the query or command of this number was replied, for people. Fails with bad_message.
  [[nodiscard]] virtual Result<ValueTree> show_reply(bool is_command, std::uint32_t number,
                                                     std::span<const std::byte> reply) const = 0;

  [[nodiscard]] virtual Called timeout(State& state, TimeoutContext& context,
                                       std::vector<Effect>* effects) const = 0;
};

} // namespace detail
} // namespace stos::keyed
