#include "report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <map>
#include <set>
#include <tuple>

namespace interplanetary {
namespace {

constexpr double second = 1.0, minute = 60.0, hour = 3600.0, day = 86400.0;

// Okabe and Ito's palette: told apart by colour-blind readers too.
constexpr std::array<const char*, 8> palette{"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                             "#56B4E9", "#E69F00", "#8C564B", "#444444"};

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
  std::va_list values;
  va_start(values, pattern);
  std::va_list again;
  va_copy(again, values);
  std::string text(static_cast<std::size_t>(std::vsnprintf(nullptr, 0, pattern, values)) + 1, '\0');
  std::vsnprintf(text.data(), text.size(), pattern, again);
  va_end(again);
  va_end(values);
  text.pop_back();
  return text;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text)
    out += c == '<'   ? "&lt;"
           : c == '>' ? "&gt;"
           : c == '&' ? "&amp;"
           : c == '"' ? "&quot;"
                      : std::string(1, c);
  return out;
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos)
    return text;
  std::string out = "\"";
  for (const char c : text)
    out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

/// Pointers in an order that does not depend on the order of arrival.
std::vector<const DeliveredBundle*> in_order(const std::vector<DeliveredBundle>& bundles) {
  std::vector<const DeliveredBundle*> sorted;
  for (const auto& bundle : bundles)
    sorted.push_back(&bundle);
  const auto key = [](const DeliveredBundle* b) {
    return std::tie(b->created_s, b->flow, b->source, b->destination, b->delivered_s, b->bytes);
  };
  std::stable_sort(sorted.begin(), sorted.end(), [&](auto a, auto b) { return key(a) < key(b); });
  return sorted;
}

struct Date {
  int year, month, day;
};

/// Fliegel and Van Flandern 1968, for a Julian day number.
Date date_of(double julian_date) {
  int l = static_cast<int>(std::floor(julian_date + 0.5)) + 68569;
  const int n = 4 * l / 146097;
  l -= (146097 * n + 3) / 4;
  const int i = 4000 * (l + 1) / 1461001;
  l += 31 - 1461 * i / 4;
  const int j = 80 * l / 2447;
  return {100 * (n - 49) + i + j / 11, j + 2 - 12 * (j / 11), l - 2447 * j / 80};
}

/// A rectangle of paper that maps data to it, and collects SVG.
class Plot {
public:
  static constexpr double width = 1180, height = 640, left = 110, right = 250, top = 60,
                          bottom = 70;

  Plot(const std::string& title, double x_min, double x_max, double y_min, double y_max)
      : x_min_(x_min), x_max_(x_max), y_min_(y_min), y_max_(y_max) {
    svg_ = format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" width=\"%g\" "
                  "height=\"%g\" "
                  "font-family=\"Helvetica,Arial,sans-serif\" font-size=\"14\">\n"
                  "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
                  width, height, width, height);
    text(left, top - 26, title, "start", "font-size=\"20\" font-weight=\"bold\"");
  }

  double x(double value) const {
    return left + (value - x_min_) / (x_max_ - x_min_) * (width - left - right);
  }
  double y(double value) const {
    return height - bottom - (value - y_min_) / (y_max_ - y_min_) * (height - top - bottom);
  }
  static constexpr double bottom_edge() { return height - bottom; }
  static constexpr double right_edge() { return width - right; }

  void text(double px, double py, const std::string& words, const char* anchor,
            const char* style = "") {
    svg_ += format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" %s>%s</text>\n", px, py, anchor,
                   style, escaped(words).c_str());
  }

  void line(double px, double py, double qx, double qy, const char* style) {
    svg_ += format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", px, py, qx, qy,
                   style);
  }

  void x_tick(double value, const std::string& label) {
    line(x(value), top, x(value), bottom_edge(), "stroke=\"#e4e4e4\"");
    text(x(value), bottom_edge() + 20, label, "middle");
  }

  void y_tick(double value, const std::string& label) {
    line(left, y(value), right_edge(), y(value), "stroke=\"#e4e4e4\"");
    text(left - 8, y(value) + 5, label, "end");
  }

  void axis_titles(const std::string& x_title, const std::string& y_title) {
    text(0.5 * (left + right_edge()), height - 22, x_title, "middle");
    svg_ += format(
        "<text transform=\"translate(22 %.1f) rotate(-90)\" text-anchor=\"middle\">%s</text>\n",
        0.5 * (top + bottom_edge()), escaped(y_title).c_str());
    svg_ += format(
        "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"none\" stroke=\"#333\"/>\n",
        left, top, right_edge() - left, bottom_edge() - top);
  }

  void band(double from, double until, const std::string& label) {
    const double px = std::max(x(from), left);
    const double qx = std::min(x(until), right_edge());
    if (qx <= px)
      return;
    svg_ += format("<rect x=\"%.1f\" y=\"%g\" width=\"%.1f\" height=\"%g\" fill=\"#f6d9d5\"/>\n",
                   px, top, qx - px, bottom_edge() - top);
    text(px + 4, top + 16, label, "start", "font-size=\"12\" fill=\"#a33\"");
  }

  /// Connected points; with `dots`, a round dot on each instead. Points on the same spot are drawn
  /// once.
  void curve(const std::vector<std::pair<double, double>>& points, const char* colour, bool dots,
             double stroke) {
    std::string path;
    std::set<std::pair<long, long>> drawn;
    for (const auto& [px, py] : points) {
      const std::pair spot{std::lround(px * 2), std::lround(py * 2)};
      if (dots && !drawn.insert(spot).second)
        continue;
      path += format(dots           ? "M%.1f %.1fh0"
                     : path.empty() ? "M%.1f %.1f"
                                    : "L%.1f %.1f",
                     0.5 * static_cast<double>(spot.first), 0.5 * static_cast<double>(spot.second));
    }
    if (!path.empty())
      svg_ +=
          format("<path fill=\"none\" stroke=\"%s\" stroke-width=\"%g\" stroke-linecap=\"round\" "
                 "stroke-linejoin=\"round\" d=\"",
                 colour, stroke) +
          path + "\"/>\n";
  }

  void legend(const std::string& label, const char* colour) {
    const double py = top + 14 + 22 * legend_lines_++;
    line(right_edge() + 16, py, right_edge() + 36, py,
         format("stroke=\"%s\" stroke-width=\"4\"", colour).c_str());
    text(right_edge() + 44, py + 5, label, "start", "font-size=\"13\"");
  }

  /// Words to the right of the picture at the height `py`, or as near below as there is room.
  void margin_note(double py, const std::string& words) { notes_.emplace_back(py, words); }

  std::string finished() {
    std::sort(notes_.begin(), notes_.end());
    double free_from = top + 24 + 22 * legend_lines_;
    for (const auto& [py, words] : notes_) {
      const double place = std::max(py, free_from);
      text(right_edge() + 8, place + 4, words, "start", "font-size=\"13\" fill=\"#555\"");
      free_from = place + 20;
    }
    return svg_ + "</svg>\n";
  }

private:
  double x_min_, x_max_, y_min_, y_max_;
  int legend_lines_{};
  std::vector<std::pair<double, std::string>> notes_;
  std::string svg_;
};

std::map<std::string, const char*> flow_colours(const std::vector<DeliveredBundle>& bundles) {
  std::map<std::string, const char*> colours;
  for (const auto& bundle : bundles)
    colours[bundle.flow] = nullptr;
  std::size_t next = 0;
  for (auto& [flow, colour] : colours)
    colour = palette[next++ % palette.size()];
  return colours;
}

constexpr std::array duration_ticks{
    std::pair{1 * second, "1 s"},   std::pair{10 * second, "10 s"},
    std::pair{1 * minute, "1 min"}, std::pair{10 * minute, "10 min"},
    std::pair{1 * hour, "1 h"},     std::pair{6 * hour, "6 h"},
    std::pair{1 * day, "1 d"},      std::pair{7 * day, "1 week"},
    std::pair{30 * day, "30 d"},    std::pair{365 * day, "1 year"}};

/// Roughly eight ticks on round dates: months, or days, or hours, whichever fits the window.
void date_ticks(Plot& plot, const PictureFrame& frame) {
  const double span_s = frame.until_s - frame.from_s;
  const double step_days = std::max(1.0, std::round(span_s / day / 9.0));
  double last_shown_s = -1e300;
  for (double t = std::ceil(frame.from_s / day) * day; t <= frame.until_s; t += day) {
    const auto date = date_of(frame.epoch_jd + t / day);
    const bool round_date =
        span_s > 100 * day ? date.day == 1 : t - last_shown_s >= step_days * day;
    if (!round_date || (span_s > 100 * day && t - last_shown_s < 0.8 * step_days * day))
      continue;
    plot.x_tick(t, calendar_date(frame.epoch_jd, t));
    last_shown_s = t;
  }
}

double value_at(const Curve& curve, double t_s) {
  const auto after = std::lower_bound(curve.points.begin(), curve.points.end(), t_s,
                                      [](const auto& point, double t) { return point.first < t; });
  if (after == curve.points.begin())
    return after->second;
  if (after == curve.points.end())
    return curve.points.back().second;
  const auto before = after - 1;
  const double share = (t_s - before->first) / (after->first - before->first);
  return before->second + share * (after->second - before->second);
}

} // namespace

std::vector<RouteDelay> route_delays(const std::vector<DeliveredBundle>& bundles) {
  std::map<std::string, std::vector<double>> delays;
  std::map<std::string, double> bytes;
  for (const auto* bundle : in_order(bundles)) {
    delays[bundle->flow].push_back(bundle->delay_s());
    bytes[bundle->flow] += bundle->bytes;
  }
  std::vector<RouteDelay> routes;
  for (auto& [flow, values] : delays) {
    std::sort(values.begin(), values.end());
    double sum = 0.0;
    for (const double value : values)
      sum += value;
    const std::size_t n = values.size();
    const double median = 0.5 * (values[(n - 1) / 2] + values[n / 2]);
    routes.push_back({flow, n, bytes[flow], values.front(), median, sum / static_cast<double>(n),
                      values.back()});
  }
  return routes;
}

std::string readable_duration(double seconds) {
  if (seconds < minute)
    return format("%.2f s", seconds);
  if (seconds < 2 * hour)
    return format("%.1f min", seconds / minute);
  if (seconds < 2 * day)
    return format("%.1f h", seconds / hour);
  return format("%.1f d", seconds / day);
}

std::string readable_size(double bytes) {
  return bytes < 1e6   ? format("%.1f kB", bytes * 1e-3)
         : bytes < 1e9 ? format("%.1f MB", bytes * 1e-6)
                       : format("%.1f GB", bytes * 1e-9);
}

std::string delay_table(const std::vector<RouteDelay>& routes) {
  std::string out = format("%-26s %8s %9s %11s %11s %11s %11s\n", "route", "bundles", "data", "min",
                           "median", "mean", "max");
  for (const auto& route : routes)
    out += format("%-26s %8zu %9s %11s %11s %11s %11s\n", route.flow.c_str(), route.bundles,
                  readable_size(route.bytes).c_str(), readable_duration(route.min_s).c_str(),
                  readable_duration(route.median_s).c_str(),
                  readable_duration(route.mean_s).c_str(), readable_duration(route.max_s).c_str());
  return out;
}

std::string bundles_csv(const std::vector<DeliveredBundle>& bundles) {
  std::string out = "flow,source,destination,created_s,delivered_s,delay_s,bytes,hops,path\n";
  for (const auto* bundle : in_order(bundles)) {
    std::string path = bundle->source;
    for (const auto& hop : bundle->hops)
      path += " > " + hop.to;
    out += quoted(bundle->flow) + ',' + quoted(bundle->source) + ',' + quoted(bundle->destination) +
           format(",%.3f,%.3f,%.3f,%.0f,%zu,", bundle->created_s, bundle->delivered_s,
                  bundle->delay_s(), bundle->bytes, bundle->hops.size()) +
           quoted(path) + '\n';
  }
  return out;
}

std::string calendar_date(double epoch_jd, double t_s) {
  const auto date = date_of(epoch_jd + t_s / day);
  return format("%04d-%02d-%02d", date.year, date.month, date.day);
}

std::string delay_svg(const PictureFrame& frame, const std::vector<DeliveredBundle>& bundles,
                      const std::vector<Curve>& curves, const std::vector<Outage>& outages) {
  double low_s = 1e300, high_s = 0.0;
  for (const auto& bundle : bundles) {
    low_s = std::min(low_s, bundle.delay_s());
    high_s = std::max(high_s, bundle.delay_s());
  }
  for (const auto& curve : curves)
    for (const auto& [t_s, value_s] : curve.points) {
      low_s = std::min(low_s, value_s);
      high_s = std::max(high_s, value_s);
    }
  if (high_s <= 0.0) // nothing to show: an empty, but well-formed picture
    low_s = 1 * second, high_s = 1 * day;
  const auto scaled = [](double delay_s) { return std::log10(std::max(delay_s, 1e-3)); };
  Plot plot(frame.title, frame.from_s, frame.until_s, scaled(0.7 * low_s), scaled(1.5 * high_s));

  for (const auto& outage : outages)
    plot.band(outage.from_s, outage.until_s, outage.label);
  date_ticks(plot, frame);
  for (const auto& [delay_s, label] : duration_ticks)
    if (delay_s > 0.7 * low_s && delay_s < 1.5 * high_s)
      plot.y_tick(scaled(delay_s), label);
  plot.axis_titles("date of creation (TDB)", "delay from creation to delivery (logarithmic)");

  const auto sorted = in_order(bundles);
  for (const auto& [flow, colour] : flow_colours(bundles)) {
    std::vector<std::pair<double, double>> points;
    for (const auto* bundle : sorted)
      if (bundle->flow == flow && bundle->created_s >= frame.from_s &&
          bundle->created_s <= frame.until_s)
        points.emplace_back(plot.x(bundle->created_s), plot.y(scaled(bundle->delay_s())));
    plot.curve(points, colour, true, 3.0);
    plot.legend(flow, colour);
  }
  for (const auto& curve : curves) {
    std::vector<std::pair<double, double>> points;
    for (const auto& [t_s, delay_s] : curve.points)
      if (t_s >= frame.from_s && t_s <= frame.until_s)
        points.emplace_back(plot.x(t_s), plot.y(scaled(delay_s)));
    plot.curve(points, "#777777", false, 1.5);
    if (!points.empty())
      plot.margin_note(points.back().second, curve.label);
  }
  return plot.finished();
}

std::string spacetime_svg(const PictureFrame& frame, const std::vector<Curve>& worldlines,
                          const std::vector<DeliveredBundle>& bundles) {
  double near_ls = 1e300, far_ls = 60.0;
  for (const auto& curve : worldlines)
    for (const auto& [t_s, distance_ls] : curve.points) {
      near_ls = std::min(near_ls, distance_ls);
      far_ls = std::max(far_ls, distance_ls);
    }
  const double left_min = near_ls < far_ls ? std::floor(0.95 * near_ls / minute) : 0.0;
  const double right_min = 1.05 * far_ls / minute;
  Plot plot(frame.title, left_min, right_min, frame.from_s, frame.until_s);

  const double step_min = std::max(1.0, std::round((right_min - left_min) / 10.0));
  for (double distance_min = left_min; distance_min <= right_min; distance_min += step_min)
    plot.x_tick(distance_min, format("%g", distance_min));
  const double span_s = frame.until_s - frame.from_s;
  const double step_s = span_s > 10 * day ? std::round(span_s / day / 8) * day
                                          : std::max(1.0, std::round(span_s / hour / 8)) * hour;
  for (double t = std::ceil(frame.from_s / step_s) * step_s; t <= frame.until_s; t += step_s) {
    const double hours = std::round((t - std::floor(t / day) * day) / hour);
    plot.y_tick(t, hours == 0.0 ? calendar_date(frame.epoch_jd, t) : format("%02.0f:00", hours));
  }
  plot.axis_titles("distance from the Sun (light-minutes)", "time (TDB)");

  const auto colours = flow_colours(bundles);
  std::map<std::string, const Curve*> curve_of;
  for (const auto& curve : worldlines)
    if (!curve.points.empty())
      curve_of[curve.label] = &curve;
  const auto place = [&](const Curve& curve, double t_s) {
    return std::pair{plot.x(value_at(curve, t_s) / minute), plot.y(t_s)};
  };
  std::set<std::string> drawn_flows;
  for (const auto* bundle : in_order(bundles))
    for (const auto& hop : bundle->hops) {
      const auto from = curve_of.find(hop.from);
      const auto to = curve_of.find(hop.to);
      if (from == curve_of.end() || to == curve_of.end() || hop.sent_s < frame.from_s ||
          hop.received_s > frame.until_s)
        continue;
      const auto start = place(*from->second, hop.sent_s);
      const auto end = place(*to->second, hop.received_s);
      if (std::abs(end.first - start.first) < 10.0)
        continue; // hidden by the worldlines
      plot.curve({start, end}, colours.at(bundle->flow), false, 1.5);
      drawn_flows.insert(bundle->flow);
    }
  for (const auto& [label, curve] : curve_of) {
    std::vector<std::pair<double, double>> points{place(*curve, frame.from_s)};
    for (const auto& [t_s, distance_ls] : curve->points)
      if (t_s > frame.from_s && t_s < frame.until_s)
        points.emplace_back(plot.x(distance_ls / minute), plot.y(t_s));
    points.push_back(place(*curve, frame.until_s));
    plot.curve(points, "#222222", false, 1.8);
  }
  for (const auto& [label, curve] : curve_of)
    if (curve->labelled)
      plot.text(place(*curve, frame.until_s).first, Plot::top - 6, label, "middle",
                "font-size=\"12\"");
  for (const auto& flow : drawn_flows)
    plot.legend(flow, colours.at(flow));
  return plot.finished();
}

} // namespace interplanetary
