#pragma once

#include "libstos/world/trace.hpp"

#include <optional>
#include <span>
#include <string>

namespace stos::program {

/// What tells agents apart in the picture.
enum class PlotColour { type, agent };

/// How a spacetime diagram looks. Plain values.
struct PlotOptions {
  std::string title;               ///< any text
  std::optional<std::size_t> axis; ///< of space: 0 for x, 1 for y, 2 for z; none: the longest one
  PlotColour colour = PlotColour::type;
  int width = 840;            ///< of the picture, in pixels; 300 to 20,000
  std::optional<int> height;  ///< none: light goes at 45 degrees, where that gives a good shape
  std::optional<double> from; ///< laboratory time that the picture begins with; none: the first one
  std::optional<double> to;   ///< that it ends with, later than `from`; none: the last one
};

/// The spacetime diagram of a trace as SVG: one axis of space across, laboratory time upwards.
///
/// Trajectories are lines from birth to death, or to the end of the trace; events are dots, births
/// rings, deaths crosses. A lambda is a thin line from its emission to its absorption; one that an
/// agent has sent to itself would lie on its trajectory and is left out. Where agents differ in
/// other directions of space as well, they are projected, and the caption says so. Where something
/// is further away than light can go, space is periodic: the trajectory is interrupted, the lambda
/// left out, and the caption counts those.
///
/// A picture of a part of the time has the events in it, and the lambdas that were under way then;
/// what leads out of it is cut off.
///
/// Order:   of `records`: each agent's own records in the order of its time. Equal records give
///          equal bytes.
/// Units:   seconds and light-seconds.
/// Limits:  none inside; the picture grows by about 150 bytes with each record.
[[nodiscard]] std::string draw(std::span<const TraceRecord> records, const PlotOptions& options);

} // namespace stos::program
