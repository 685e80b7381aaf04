#pragma once

#include <string>
#include <utility>
#include <vector>

namespace stos::bench {

struct Curve {
  std::string label; ///< equal labels have equal colours in all panels
  std::vector<std::pair<double, double>> points;
};

struct Panel {
  std::string title;
  std::string x_label;
  std::vector<Curve> curves;
};

/// Panels in rows of `columns` with logarithmic axes, one common y axis and one legend, as an SVG
/// document.
///
/// Ticks on the x axis are where points are. @pre all coordinates are above 0
[[nodiscard]] std::string plot_svg(const std::string& title, const std::string& y_label,
                                   const std::vector<Panel>& panels, std::size_t columns = 4);

} // namespace stos::bench
