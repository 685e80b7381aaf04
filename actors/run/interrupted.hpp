#pragma once

#include "libstos/engine/execution.hpp"

#include <optional>

namespace stos::detail {

/// Why a run of this process has ended before its time: the model has failed, or a cut has, or else
/// a signal came meanwhile.
[[nodiscard]] std::optional<Failure> why_ended(std::optional<Failure> of_model,
                                               std::optional<Failure> of_cuts,
                                               const RunCounters& counters);

} // namespace stos::detail
