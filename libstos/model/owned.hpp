#pragma once

#include "libstos/base/ids.hpp"
#include "libstos/model/cycles.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace stos {

/// What an attribute answers to an agent that wants to have it, or to change it; see Owned.
enum class Ownership : std::uint8_t {
  granted,         ///< the agent has the attribute, or has changed it
  not_owner,       ///< another agent has it: claim it first
  already_passed,  ///< it has come to another agent in this cycle, and stays there until the next
  already_updated, ///< its owner has changed it in this cycle: no other one may
  changed          ///< it is not what the agent has seen any more
};

[[nodiscard]] constexpr std::string_view to_string(Ownership answer) {
  constexpr std::string_view names[] = {"granted", "not_owner", "already_passed", "already_updated",
                                        "changed"};
  return names[static_cast<std::size_t>(answer)];
}

/// An attribute that one agent at a time may change: a member of the agent that keeps it (a tile
/// its place, a seat its guest), which answers the agents that want it. Ownership passes to another
/// agent at most once in a cycle, and not in a cycle in which the attribute was changed. So what an
/// agent has been granted is its own until the cycle ends: of two that want to move the same tile,
/// the second one is told so.
/// @code
///   class Tile : public Agent<Tile, World> {
///     Owned<Place> place{Place(3, 4), Cycles(10)};
///     void claim(AgentId by, Place seen) { answer(by, place.claim(local_time(), by, seen)); }
///   };
/// @endcode
///
/// Order:  claims are granted in the order in which the keeper absorbs them, which is that of
///         spacetime, the same on every engine.
/// Times:  each call says what time it is; no call goes back to an earlier cycle.
/// Source: ownership management of the High Level Architecture (IEEE 1516), with the rule of one
///         transfer in a cycle for each attribute of distributed agent simulations.
/// Errors: UsageError: bad_argument, for a time in an earlier cycle.
template <class T>
class Owned {
public:
  Owned() = default;
  /// Of no agent, as long as no owner is named.
  explicit Owned(T value, const Cycles& cycles = Cycles(), AgentId owner = AgentId::outside())
      : cycle_(cycles), value_(std::move(value)), owner_(owner) {}

  /// Whether `by` has the attribute from now on; it has, if it had it before. Changes nothing
  /// otherwise.
  [[nodiscard]] Ownership claim(double time, AgentId by) {
    begin(time);
    if (owner_ == by)
      return Ownership::granted;
    if (updated_)
      return Ownership::already_updated;
    if (passed_)
      return Ownership::already_passed;
    owner_ = by;
    passed_ = true;
    return Ownership::granted;
  }

  /// The same, if it still is what the agent has seen.
  [[nodiscard]] Ownership claim(double time, AgentId by,
                                const T& seen) requires std::equality_comparable<T> {
    begin(time);
    return value_ == seen ? claim(time, by) : Ownership::changed;
  }

  /// Changes it, if `by` has it; also several times in a cycle.
  [[nodiscard]] Ownership update(double time, AgentId by, T value) {
    begin(time);
    if (owner_ != by)
      return Ownership::not_owner;
    value_ = std::move(value);
    updated_ = true;
    return Ownership::granted;
  }

  [[nodiscard]] const T& value() const { return value_; }
  [[nodiscard]] AgentId owner() const { return owner_; }
  [[nodiscard]] const Cycles& cycles() const { return cycle_.cycles(); }

  template <class Inspector>
  friend bool inspect(Inspector& f, Owned& x) {
    return f.object(x).fields(f.field("value", x.value_), f.field("owner", x.owner_),
                              f.field("cycle", x.cycle_), f.field("passed", x.passed_),
                              f.field("updated", x.updated_));
  }

private:
  void begin(double time) {
    if (cycle_.go_on_to(time, "a claim or an update"))
      passed_ = updated_ = false;
  }

  detail::RunningCycle cycle_;
  T value_{};
  AgentId owner_ = AgentId::outside();
  bool passed_ = false;  ///< in this cycle
  bool updated_ = false; ///< likewise
};

} // namespace stos
