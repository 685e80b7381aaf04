#pragma once

#include "support/linearizability.hpp"

#include <cstdint>
#include <optional>

namespace stos::test {

/// What clients ask of one agent of class Ledger, and what they are answered.
struct CounterInput {
  enum class Kind { add, get, leave };

  Kind kind = Kind::get;
  std::int64_t amount = 0;
};

/// Nothing: there was no such agent.
using CounterOutput = std::optional<std::int64_t>;

struct CounterModel {
  using State = std::optional<std::int64_t>; ///< nothing: it is not active

  static State initial() { return std::nullopt; }

  static std::optional<State> step(const State& state, const CounterInput& input,
                                   const CounterOutput* output) {
    State next = state;
    CounterOutput answer = state;
    if (input.kind == CounterInput::Kind::add) {
      next = state.value_or(0) + input.amount;
      answer = next;
    } else if (input.kind == CounterInput::Kind::leave) {
      next = std::nullopt;
      answer = state.value_or(0);
    }
    if (output != nullptr && *output != answer)
      return std::nullopt;
    return next;
  }
};

using CounterOperation = Operation<CounterInput, CounterOutput>;

} // namespace stos::test
