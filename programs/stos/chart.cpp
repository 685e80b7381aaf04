#include "programs/stos/chart.hpp"

#include "programs/stos/svg.hpp"

#include <algorithm>

namespace stos::program {
namespace {

using namespace svg;

constexpr double width = 720, plot_height = 360, left = 84, right = 22;
constexpr double title_height = 46, row_height = 20, axis_height = 52;
constexpr double letter_width = 7.2; // of the font below, on average

/// Puts one chart on paper.
class ChartPicture {
public:
  explicit ChartPicture(const Chart& chart) : chart_(chart) {
    Range x, y;
    for (const Curve& curve : chart.curves)
      for (const ChartPoint& point : curve.points) {
        x.include(point.x);
        for (const std::optional<double>& each : {std::optional(point.y), point.low, point.high})
          if (each)
            y.include(*each);
      }
    x_ = x.widened(0.03);
    y_ = y.widened(0.06);
    if (y.min >= 0 && y_.min < 0) // what is never negative has a scale that is not, either
      y_.min = 0;
    make_legend();
  }

  std::string svg() const {
    const double height = top_ + plot_height + axis_height + (chart_.note.empty() ? 4 : 24);
    std::string out =
        format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
               "viewBox=\"0 0 %.0f %.0f\" role=\"img\" font-family=\"system-ui, 'Segoe UI', "
               "Helvetica, Arial, sans-serif\" font-size=\"12.5\">\n",
               width, height, width, height);
    out += "<title>" + escape(chart_.title) + "</title>\n";
    out += "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
    out += text(left, 28, "font-size=\"17\" font-weight=\"600\" fill=\"#111\"",
                shortened(chart_.title, static_cast<std::size_t>(width / 11)));
    out += legend_ + frame();
    for (std::size_t i = 0; i < chart_.curves.size(); ++i)
      out += chart_.has_lines ? line(chart_.curves[i], colour_of(i))
                              : dots(chart_.curves[i], colour_of(i));
    if (!chart_.note.empty())
      out += text(left, top_ + plot_height + axis_height + 12, "font-size=\"12\" fill=\"#5b6068\"",
                  shortened(chart_.note, static_cast<std::size_t>(width / letter_width)));
    return out + "</svg>\n";
  }

private:
  double px(double x) const { return left + (x - x_.min) / x_.size() * (width - left - right); }
  double py(double y) const { return top_ + plot_height - (y - y_.min) / y_.size() * plot_height; }

  void make_legend() {
    double x = left, y = title_height;
    bool has_entries = false;
    for (std::size_t i = 0; i < chart_.curves.size(); ++i) {
      const std::string name = shortened(chart_.curves[i].name, 60);
      if (name.empty())
        continue;
      const double entry_width = 42 + letter_width * static_cast<double>(name.size());
      if (x > left && x + entry_width > width - right) {
        x = left;
        y += row_height;
      }
      legend_ += format("<path d=\"M%.1f %.1fh20\" stroke=\"%s\" stroke-width=\"2.4\"/>\n", x, y,
                        colour_of(i)) +
                 text(x + 26, y + 4, "fill=\"#222\"", name);
      x += entry_width;
      has_entries = true;
    }
    top_ = y + (has_entries ? row_height : 0);
  }

  std::string frame() const {
    const double bottom = top_ + plot_height;
    const Ticks across(x_, 7), upwards(y_, 6);
    std::string grid, labels;
    for (const double x : across.values) {
      grid += format("M%.1f %.1fV%.1f", px(x), top_, bottom);
      labels += text(px(x), bottom + 18, "text-anchor=\"middle\"", across.label(x));
    }
    for (const double y : upwards.values) {
      grid += format("M%.1f %.1fH%.1f", left, py(y), width - right);
      labels += text(left - 8, py(y) + 4, "text-anchor=\"end\"", upwards.label(y));
    }
    labels += text((left + width - right) / 2, bottom + 40, "text-anchor=\"middle\"",
                   shortened(chart_.x_name, 80));
    const double middle = top_ + plot_height / 2;
    const std::string turned =
        format("text-anchor=\"middle\" transform=\"rotate(-90 18 %.1f)\"", middle);
    labels += text(18, middle, turned.c_str(), shortened(chart_.y_name, 40));
    return "<path fill=\"none\" stroke=\"#e4e6ea\" d=\"" + grid + "\"/>\n" +
           format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" "
                  "stroke=\"#9aa0a8\"/>\n",
                  left, top_, width - left - right, plot_height) +
           "<g fill=\"#444\">\n" + labels + "</g>\n";
  }

  std::string line(const Curve& curve, const char* colour) const {
    std::string path, band, out;
    for (const ChartPoint& point : curve.points)
      path += format("%s%.1f %.1f", path.empty() ? "M" : "L", px(point.x), py(point.y));
    if (std::ranges::all_of(curve.points, [](const auto& each) { return each.low && each.high; })) {
      for (const ChartPoint& point : curve.points)
        band += format("%s%.1f %.1f", band.empty() ? "M" : "L", px(point.x), py(*point.high));
      for (auto point = curve.points.rbegin(); point != curve.points.rend(); ++point)
        band += format("L%.1f %.1f", px(point->x), py(*point->low));
    }
    if (!band.empty())
      out += format("<path class=\"band\" fill=\"%s\" fill-opacity=\"0.18\" d=\"", colour) + band +
             "Z\"/>\n";
    if (!path.empty())
      out += format("<path class=\"mean\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\" "
                    "stroke-linejoin=\"round\" d=\"",
                    colour) +
             path + "\"/>\n";
    if (chart_.has_dots)
      for (const ChartPoint& point : curve.points)
        out += dot(point, colour);
    return out;
  }

  std::string dots(const Curve& curve, const char* colour) const {
    std::string out;
    for (const ChartPoint& point : curve.points) {
      if (point.low && point.high)
        out += format("<path class=\"interval\" stroke=\"%s\" stroke-opacity=\"0.5\" "
                      "d=\"M%.1f %.1fV%.1f\"/>\n",
                      colour, px(point.x), py(*point.low), py(*point.high));
      out += dot(point, colour);
    }
    return out;
  }

  std::string dot(const ChartPoint& point, const char* colour) const {
    return format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\" fill=\"%s\"/>\n", px(point.x),
                  py(point.y), colour);
  }

  const Chart& chart_;
  Range x_, y_;
  double top_ = 0;
  std::string legend_;
};

} // namespace

std::string draw(const Chart& chart) { return ChartPicture(chart).svg(); }

} // namespace stos::program
