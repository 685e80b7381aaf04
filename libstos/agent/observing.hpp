#pragma once

#include "libstos/spacetime/minkowski.hpp"
#include "libstos/world/agent_base.hpp"
#include "libstos/world/observers.hpp"

#include <concepts>
#include <type_traits>
#include <utility>

namespace stos::detail {

// What the function of an observer returns for an agent.

template <class V>
concept ObservedNumber = std::is_arithmetic_v<V>;

template <class V>
concept ObservedOrNot = requires(const V& value) {
  requires ObservedNumber<std::remove_cvref_t<decltype(*value)>>;
  { value.has_value() } -> std::same_as<bool>;
};

template <class V>
concept ObservedValue =
    ObservedNumber<std::remove_cvref_t<V>> || ObservedOrNot<std::remove_cvref_t<V>>;

template <class F, class T, class SpaceTime>
concept ObservesPlace = requires(const F& value, const T& agent, const SpaceTime& place) {
  { value(agent, place) } -> ObservedValue;
};

template <class F, class T, class SpaceTime>
concept Observes = ObservesPlace<F, T, SpaceTime> || requires(const F& value, const T& agent) {
  { value(agent) } -> ObservedValue;
};

template <class V>
void add_observed(const V& value, Observed& seen) {
  if constexpr (ObservedNumber<V>)
    seen.add(static_cast<double>(value));
  else if (value.has_value())
    seen.add(static_cast<double>(*value));
}

/// Looks at agents of class T, and of those derived from it.
template <class T, class SpaceTime, class F>
[[nodiscard]] Observers::Show observer_of(F value) {
  return [value = std::move(value)](const AgentBase& any, const Point& place, Observed& seen) {
    const T* const agent = dynamic_cast<const T*>(&any);
    if (agent == nullptr)
      return;
    if constexpr (ObservesPlace<F, T, SpaceTime>)
      add_observed(value(*agent, project<SpaceTime::dimensions>(place)), seen);
    else
      add_observed(value(*agent), seen);
  };
}

} // namespace stos::detail
