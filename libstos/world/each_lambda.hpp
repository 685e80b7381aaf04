#pragma once

#include "libstos/world/effects.hpp"

namespace stos::detail {

/// Calls act(lambda) for each lambda of `effects`, in the order of emission. `act` may free the
/// lambda, or put it into another list.
template <class Act>
void for_each_lambda(const Effects& effects, Act&& act) {
  for (Closure* lambda = effects.first_lambda; lambda != nullptr;) {
    auto* next = static_cast<Closure*>(lambda->next);
    act(*lambda);
    lambda = next;
  }
}

} // namespace stos::detail
