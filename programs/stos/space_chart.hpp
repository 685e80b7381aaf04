#pragma once

#include "libstos/world/trace.hpp"
#include "programs/stos/chart.hpp"

#include <span>

namespace stos::program {

/// Where all agents of a trace are at a laboratory time: a dot for each that is alive then, in the
/// plane of the two longest axes of space, in a colour for each type. An agent is where its latest
/// record up to then puts it, and its velocity has taken it since.
///
/// Order: of `records`: each agent's own records in the order of its time.
[[nodiscard]] Chart chart_of_space(std::span<const TraceRecord> records, double time);

} // namespace stos::program
