#pragma once

#include "libstos/agent/agent.hpp"

namespace stos {

/// Makes an agent of a class that is none: `new AgentWrapper<Account, MySimulation>(position,
/// args)` holds an Account, and lambdas sent to it may take an `Account&`.
template <class T, class Simulation>
class AgentWrapper : public Agent<AgentWrapper<T, Simulation>, Simulation>, public T {
  using Base = Agent<AgentWrapper<T, Simulation>, Simulation>;

public:
  /// Where its creator is; `args` go to the constructor of T.
  template <class... Args>
  requires std::constructible_from<T, Args...>
  explicit AgentWrapper(Args&&... args) : Base(), T(std::forward<Args>(args)...) {}

  template <class... Args>
  explicit AgentWrapper(const typename Base::SpaceTime& position, Args&&... args)
      : Base(position), T(std::forward<Args>(args)...) {}

  template <class... Args>
  AgentWrapper(const typename Base::SpaceTime& position, const Velocity<Base::dimensions>& v,
               Args&&... args)
      : Base(position, v), T(std::forward<Args>(args)...) {}
};

} // namespace stos
