#pragma once

#include "libstos/engine/execution.hpp"

#include <optional>

namespace stos::detail {

/// Why a run of this process has ended before its time: the model has failed, in an event or where
/// observers look at it, or a cut has, or else a signal came meanwhile.
[[nodiscard]] std::optional<Failure> why_ended(std::optional<Failure> of_model,
                                               const Observers& observers,
                                               std::optional<Failure> of_cuts,
                                               const RunCounters& counters);

} // namespace stos::detail
