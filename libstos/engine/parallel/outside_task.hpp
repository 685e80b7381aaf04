#pragma once

#include "libstos/base/ids.hpp"

#include <memory>
#include <optional>

namespace stos::detail {

class Cell;
struct Closure;

/// Takes lambdas that come from outside of the simulation; the engines implement it.
class Injector {
public:
  virtual ~Injector() = default;

  /// Lets `cell` absorb `lambda` as soon as possible: strictly after the lower bound on laboratory
  /// time that the engine has promised. Returns the time, or nothing (and frees the lambda) if that
  /// is beyond the agent's boundary.
  virtual std::optional<double> inject(Cell& cell, Closure& lambda) = 0;

  /// The domain whose agents it executes.
  [[nodiscard]] virtual DomainIndex index() const = 0;
};

/// Something from outside of the simulation, to be done on the thread that executes an agent.
struct OutsideTask {
  virtual ~OutsideTask() = default;

  /// Called between two events on the thread that executes the agent.
  virtual void run(Injector& engine) = 0;

  /// Called instead if the run is over.
  virtual void refuse() = 0;

  std::unique_ptr<OutsideTask> next;
  DomainIndex domain; ///< that it is for
};

} // namespace stos::detail
