#include "bench/stos_bench/plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <sstream>

namespace stos::bench {
namespace {

constexpr double panel_width = 360, panel_height = 300, gap = 40;
constexpr double margin_left = 90, margin_top = 100, margin_bottom = 70, margin_right = 30;
constexpr double row_gap = 40, row_height = panel_height + margin_bottom + row_gap;

// Chosen to be told apart by people who see colours differently (Okabe and Ito, 2008).
constexpr std::array<const char*, 4> colours{"#d55e00", "#0072b2", "#009e73", "#444444"};

struct Range {
  double low, high;

  // 0 at the low end, 1 at the high one.
  [[nodiscard]] double share(double value) const {
    return std::log(value / low) / std::log(high / low);
  }
};

std::string number(double value) {
  std::ostringstream text;
  if (value >= 1e6)
    text << value / 1e6 << " M";
  else if (value >= 1e3)
    text << value / 1e3 << " k";
  else
    text << value;
  return text.str();
}

// 1, 2, 5, 10, 20, ... within a range.
std::vector<double> ticks_in(const Range& range) {
  std::vector<double> ticks;
  for (double decade = std::pow(10, std::floor(std::log10(range.low))); decade <= range.high;
       decade *= 10)
    for (const double digit : {1, 2, 5})
      if (digit * decade >= range.low * 0.999 && digit * decade <= range.high * 1.001)
        ticks.push_back(digit * decade);
  return ticks;
}

class Drawing {
public:
  Drawing(const std::vector<Panel>& panels, std::size_t columns)
      : panels_(panels), columns_(std::clamp<std::size_t>(columns, 1, panels.size() + 1)),
        y_(range_of_y()) {
    for (const Panel& panel : panels_)
      for (const Curve& curve : panel.curves)
        if (std::ranges::find(labels_, curve.label) == labels_.end())
          labels_.push_back(curve.label);
  }

  std::string draw(const std::string& title, const std::string& y_label) {
    const std::size_t columns = std::min(columns_, panels_.size());
    const std::size_t rows = (panels_.size() + columns_ - 1) / columns_;
    const double width =
        margin_left + static_cast<double>(columns) * (panel_width + gap) - gap + margin_right;
    const double height = margin_top + static_cast<double>(rows) * row_height - row_gap;
    svg_ << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << width << "\" height=\""
         << height << "\" viewBox=\"0 0 " << width << ' ' << height
         << "\" font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\" font-size=\"13\">\n"
         << "<title>" << title << "</title>\n"
         << "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
    text(margin_left, 28, title, "start", "font-size=\"18\" font-weight=\"bold\"");
    draw_legend();
    for (std::size_t i = 0; i < panels_.size(); ++i) {
      top_ = margin_top + static_cast<double>(i / columns_) * row_height;
      if (i % columns_ == 0) {
        const double middle = top_ + panel_height / 2;
        text(26, middle, y_label, "middle",
             "transform=\"rotate(-90 26 " + std::to_string(middle) + ")\"");
      }
      draw_panel(panels_[i], margin_left + static_cast<double>(i % columns_) * (panel_width + gap),
                 i % columns_ == 0);
    }
    svg_ << "</svg>\n";
    return svg_.str();
  }

private:
  [[nodiscard]] Range range_of_y() const {
    double low = 1e300, high = 0;
    for (const Panel& panel : panels_)
      for (const Curve& curve : panel.curves)
        for (const auto& point : curve.points) {
          low = std::min(low, point.second);
          high = std::max(high, point.second);
        }
    return high > 0 ? Range{low / 1.3, high * 1.3} : Range{1, 10};
  }

  static Range range_of_x(const std::set<double>& values) {
    return values.empty() ? Range{1, 10} : Range{*values.begin() / 1.25, *values.rbegin() * 1.25};
  }

  [[nodiscard]] double y_of(double value) const {
    return top_ + panel_height * (1 - y_.share(value));
  }

  [[nodiscard]] const char* colour_of(const std::string& label) const {
    const auto index = std::ranges::find(labels_, label) - labels_.begin();
    return colours[static_cast<std::size_t>(index) % colours.size()];
  }

  void text(double x, double y, const std::string& what, const char* anchor,
            const std::string& attributes = "") {
    svg_ << "<text x=\"" << x << "\" y=\"" << y << "\" text-anchor=\"" << anchor << "\" "
         << attributes << '>' << what << "</text>\n";
  }

  void line(double x1, double y1, double x2, double y2, const char* colour) {
    svg_ << "<line x1=\"" << x1 << "\" y1=\"" << y1 << "\" x2=\"" << x2 << "\" y2=\"" << y2
         << "\" stroke=\"" << colour << "\"/>\n";
  }

  // A curve's marker also tells it apart where there are no colours.
  void marker(double x, double y, const std::string& label) {
    const auto index = std::ranges::find(labels_, label) - labels_.begin();
    const char* colour = colour_of(label);
    if (index % 2 == 0)
      svg_ << "<circle cx=\"" << x << "\" cy=\"" << y << "\" r=\"4\" fill=\"" << colour << "\"/>\n";
    else
      svg_ << "<rect x=\"" << x - 3.5 << "\" y=\"" << y - 3.5
           << "\" width=\"7\" height=\"7\" fill=\"" << colour << "\"/>\n";
  }

  void draw_legend() {
    double x = margin_left;
    for (const std::string& label : labels_) {
      svg_ << "<line x1=\"" << x << "\" y1=\"50\" x2=\"" << x + 30
           << "\" y2=\"50\" stroke-width=\"2\" stroke=\"" << colour_of(label) << "\"/>\n";
      marker(x + 15, 50, label);
      text(x + 38, 55, label, "start");
      x += 230;
    }
  }

  void draw_panel(const Panel& panel, double left, bool with_y_numbers) {
    const double bottom = top_ + panel_height;
    std::set<double> values;
    for (const Curve& curve : panel.curves)
      for (const auto& point : curve.points)
        values.insert(point.first);
    const Range range = range_of_x(values);
    const auto x_of = [&](double value) { return left + panel_width * range.share(value); };

    for (const double tick : ticks_in(y_)) {
      line(left, y_of(tick), left + panel_width, y_of(tick), "#dddddd");
      if (with_y_numbers)
        text(left - 8, y_of(tick) + 4, number(tick), "end");
    }
    for (const double value : values) {
      line(x_of(value), top_, x_of(value), bottom, "#dddddd");
      text(x_of(value), bottom + 18, number(value), "middle");
    }
    svg_ << "<rect x=\"" << left << "\" y=\"" << top_ << "\" width=\"" << panel_width
         << "\" height=\"" << panel_height << "\" fill=\"none\" stroke=\"#888888\"/>\n";
    text(left + panel_width / 2, top_ - 10, panel.title, "middle", "font-weight=\"bold\"");
    text(left + panel_width / 2, bottom + 42, panel.x_label, "middle");
    for (const Curve& curve : panel.curves) {
      svg_ << "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" << colour_of(curve.label)
           << "\" points=\"";
      for (const auto& [x, y] : curve.points)
        svg_ << x_of(x) << ',' << y_of(y) << ' ';
      svg_ << "\"/>\n";
      for (const auto& [x, y] : curve.points)
        marker(x_of(x), y_of(y), curve.label);
    }
  }

  const std::vector<Panel>& panels_;
  std::size_t columns_;
  double top_ = margin_top; // of the row of panels that is being drawn
  Range y_;
  std::vector<std::string> labels_;
  std::ostringstream svg_;
};

} // namespace

std::string plot_svg(const std::string& title, const std::string& y_label,
                     const std::vector<Panel>& panels, std::size_t columns) {
  return Drawing(panels, columns).draw(title, y_label);
}

} // namespace stos::bench
