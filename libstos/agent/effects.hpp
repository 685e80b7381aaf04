#pragma once

#include "libstos/agent/closure.hpp"
#include "libstos/spacetime/velocity.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace stos::detail {

class Cell;
class Channel;

/// All that one event did, for the engine to carry out once the event is over: births first, then
/// channels and holds, then lambdas, then what ends.
struct Effects {
  std::vector<Cell*> born;
  std::vector<Channel*> opened;
  std::vector<Channel*> held;      ///< new holds of references in transit
  Closure* first_lambda = nullptr; ///< in order of emission
  Closure* last_lambda = nullptr;
  std::uint64_t lambdas = 0;
  std::vector<Channel*> closed;
  std::vector<Channel*> released; ///< holds of the references that the executed lambda brought
  std::optional<Velocity<4>> turn;
  bool dies = false;

  void add(Closure& lambda) {
    lambda.next = nullptr;
    if (last_lambda == nullptr)
      first_lambda = &lambda;
    else
      last_lambda->next = &lambda;
    last_lambda = &lambda;
    ++lambdas;
  }

  void clear() {
    born.clear();
    opened.clear();
    held.clear();
    closed.clear();
    released.clear();
    first_lambda = last_lambda = nullptr;
    lambdas = 0;
    turn.reset();
    dies = false;
  }
};

} // namespace stos::detail
