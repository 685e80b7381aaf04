#pragma once

#include "libstos/base/exact_text.hpp"
#include "libstos/world/agent_base.hpp"

#include <cstdint>
#include <type_traits>

namespace stos::detail {

/// What Agent::every() lets an agent absorb again and again. `Base` is the Agent<...> of `Derived`.
template <class Base, class Derived, class F>
struct Repetition {
  [[no_unique_address]] F function;
  double first;
  double period;
  std::uint64_t number; ///< of the next time

  void operator()(Derived& agent) {
    if constexpr (std::is_same_v<bool, std::invoke_result_t<F&, Derived&>>) {
      if (!function(agent))
        return;
    } else {
      function(agent);
    }
    ++number;
    set(agent);
  }

  void set(Base& agent) const {
    const Cell& cell = cell_of(agent);
    if (!(period > 0))
      throw UsageError(Errc::bad_argument, describe(cell) + ": a period is above 0 s, not " +
                                               exact_text(period) + " s");
    const double now = EventContext::of(cell).position(cell)[0];
    const double time = first + static_cast<double>(number) * period;
    if (!(time > now))
      throw UsageError(Errc::bad_argument, describe(cell) + ": a period of " + exact_text(period) +
                                               " s, at " + exact_text(now) + " s, " +
                                               below_resolution(now));
    agent.at_lab_time(time, *this);
  }
};

} // namespace stos::detail
