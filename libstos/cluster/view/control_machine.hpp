#pragma once

#include "libstos/cluster/view/view.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace stos::detail {

/// A deterministic state machine that rides on the cluster's control log (ControlGroup): what its
/// nodes agree on beside views and runs. It knows nothing of its place in the log.
///
/// Order:   entries and views come in the order of the log, the same one on all nodes. A view may
///          come twice, or be an older one: only what has a later epoch than the last one counts.
/// Threads: none inside.
class ControlMachine {
public:
  virtual ~ControlMachine() = default;

  /// Any bytes: what is no entry has no effect.
  virtual void apply(std::span<const std::byte> entry) = 0;
  virtual void enter(const View& view) = 0;

  [[nodiscard]] virtual std::vector<std::byte> snapshot() const = 0;
  /// Takes the place of all that was. No bytes are the state of the beginning. False if they are
  /// no snapshot; then it is as it was.
  [[nodiscard]] virtual bool restore(std::span<const std::byte> bytes) = 0;
};

} // namespace stos::detail
