#include "programs/stos/space_chart.hpp"

#include "libstos/base/exact_text.hpp"
#include "programs/stos/svg.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace stos::program {
namespace {

using Kind = TraceRecord::Kind;

struct Place {
  const char* type = "";
  Point point;
  Velocity<4> velocity;
};

// The agents that are alive at `time`, and where.
std::map<AgentId, Place> places_at(std::span<const TraceRecord> records, double time) {
  std::map<AgentId, Place> places;
  for (const TraceRecord& record : records) {
    if (record.point[0] > time)
      continue;
    if (record.kind == Kind::death) {
      places.erase(record.agent);
      continue;
    }
    Place& place = places[record.agent];
    place.type = record.type;
    place.point = record.point;
    if (record.kind == Kind::birth || record.kind == Kind::turn)
      place.velocity = record.velocity;
  }
  for (auto& [agent, place] : places)
    for (std::size_t axis = 0; axis < 3; ++axis)
      place.point[axis + 1] += place.velocity[axis] * (time - place.point[0]);
  return places;
}

// The two longest axes of all that is in the trace, in their order.
std::pair<std::size_t, std::size_t> axes_of(std::span<const TraceRecord> records) {
  std::array<svg::Range, 3> extent;
  for (const TraceRecord& record : records)
    for (std::size_t axis = 0; axis < 3; ++axis)
      extent[axis].include(record.point[axis + 1]);
  std::size_t left_out = 2;
  for (const std::size_t axis : {1u, 0u})
    if (extent[axis].size() < extent[left_out].size())
      left_out = axis;
  return {left_out == 0 ? 1 : 0, left_out == 2 ? 1 : 2};
}

} // namespace

Chart chart_of_space(std::span<const TraceRecord> records, double time) {
  constexpr std::array<const char*, 3> names = {"x in light-seconds", "y in light-seconds",
                                                "z in light-seconds"};
  const auto [across, upwards] = axes_of(records);
  Chart chart;
  chart.x_name = names[across];
  chart.y_name = names[upwards];
  chart.has_lines = false;
  const std::map<AgentId, Place> places = places_at(records, time);
  for (const auto& [agent, place] : places) {
    auto curve = std::ranges::find(chart.curves, place.type, &Curve::name);
    if (curve == chart.curves.end())
      curve = chart.curves.insert(curve, Curve{place.type, {}});
    curve->points.push_back(
        {place.point[across + 1], place.point[upwards + 1], std::nullopt, std::nullopt});
  }
  chart.note = std::to_string(places.size()) + (places.size() == 1 ? " agent" : " agents") +
               " at " + exact_text(time) + " s of laboratory time.";
  return chart;
}

} // namespace stos::program
