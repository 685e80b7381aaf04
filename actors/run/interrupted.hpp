#pragma once

#include "libstos/engine/execution.hpp"

#include <optional>

namespace stos::detail {

/// Why a run of this process has failed: what is known of it, or else a signal that came meanwhile.
[[nodiscard]] std::optional<Failure> interrupted(std::optional<Failure> failure,
                                                 const RunCounters& counters);

} // namespace stos::detail
