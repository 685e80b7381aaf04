#pragma once

#include "libstos/base/random.hpp"
#include "libstos/service/keyed/id.hpp"

#include <cstdint>
#include <optional>

namespace stos::keyed {

/// What an agent does on the ticks that follow: a clock as coarse as `agents.tick` (60 s).
struct OnTick {
  enum class Kind : std::uint8_t { nothing, timeout, deactivate };

  Kind kind = Kind::nothing;
  std::uint32_t ticks = 0;

  static constexpr OnTick nothing() { return {}; }
  /// On the n-th tick from now on, `timeout` of the agent is called, once. 0 is as 1.
  static constexpr OnTick timeout_after(std::uint32_t ticks) {
    return {Kind::timeout, ticks == 0 ? 1 : ticks};
  }
  /// On the n-th tick in a row without a command or a query before it, the agent goes. 0 is as 1.
  static constexpr OnTick deactivate_after_idle(std::uint32_t ticks) {
    return {Kind::deactivate, ticks == 0 ? 1 : ticks};
  }

  friend bool operator==(const OnTick&, const OnTick&) = default;
};

/// What a pure callback may know beside the agent and what it was sent. Everything is the same on
/// all replicas: nothing else (a clock, a random generator, a global variable) may be asked.
class PureContext {
public:
  PureContext(const Id& id, Time now) : id_(id), now_(now) {}

  [[nodiscard]] const Id& id() const { return id_; }

  /// What the group has agreed on: it does not go back, and is about that of the leader's clock
  /// when it took the command. For a query, that of the latest command or tick.
  [[nodiscard]] Time now() const { return now_; }

private:
  const Id& id_;
  Time now_;
};

/// For `query(const Q&, const QueryContext&) const`.
using QueryContext = PureContext;

/// What callbacks that change the state can say beside their reply.
class ChangeContext : public PureContext {
public:
  ChangeContext(const Id& id, Time now, std::uint64_t seed)
      : PureContext(id, now), seed_(seed), random_(seed) {}

  /// Another one for each call.
  [[nodiscard]] std::uint64_t seed() const { return seed_; }

  /// Numbers of this call only.
  [[nodiscard]] RandomStream& random() { return random_; }

  /// What happens on the next ticks. If this is not called, what was set is kept: nothing for a new
  /// agent, and after a timeout.
  void on_tick(OnTick what) { on_tick_ = what; }

  /// The agent is to be no more: a later command makes a new one.
  void deactivate() { deactivates_ = true; }

  [[nodiscard]] const std::optional<OnTick>& wanted_on_tick() const { return on_tick_; }
  [[nodiscard]] bool deactivates() const { return deactivates_; }

private:
  std::uint64_t seed_;
  RandomStream random_;
  std::optional<OnTick> on_tick_;
  bool deactivates_ = false;
};

/// For `command(const C&, CommandContext&)`.
class CommandContext : public ChangeContext {
public:
  CommandContext(const Id& id, Time now, std::uint64_t seed, bool is_new)
      : ChangeContext(id, now, seed), is_new_(is_new) {}

  /// The agent was not there: this command has activated it.
  [[nodiscard]] bool is_new() const { return is_new_; }

private:
  bool is_new_;
};

/// For `timeout(TimeoutContext&)`.
using TimeoutContext = ChangeContext;

} // namespace stos::keyed
