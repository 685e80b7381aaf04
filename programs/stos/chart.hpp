#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace stos::program {

/// A number over another one, and in which interval it may be. Plain values.
struct ChartPoint {
  double x = 0;
  double y = 0;
  std::optional<double> low; ///< none: it has no interval
  std::optional<double> high;
};

struct Curve {
  std::string name; ///< empty: not in the legend
  std::vector<ChartPoint> points;
};

/// What a chart shows; texts may be any.
struct Chart {
  std::string title;
  std::string x_name;
  std::string y_name;
  std::vector<Curve> curves;
  bool has_lines = true; ///< false: dots with bars, for points that are at random
  bool has_dots = true;  ///< on lines
  std::string note;      ///< below; may be empty
};

/// The chart as SVG. Where all points of a curve have intervals, they are a band around its line.
/// Equal charts give equal bytes.
[[nodiscard]] std::string draw(const Chart& chart);

} // namespace stos::program
