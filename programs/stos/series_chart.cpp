#include "programs/stos/series_chart.hpp"

#include "config/spelling.hpp"
#include "libstos/base/csv.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <vector>

namespace stos::program {
namespace {

bool read_number(const std::string& field, double& number) {
  const char* const end = field.data() + field.size();
  const auto [rest, status] = std::from_chars(field.data(), end, number);
  return rest == end && status == std::errc{};
}

/// Which fields of a line are drawn, and how they are called.
struct Layout {
  std::optional<std::size_t> name; ///< the field that names the curve; none: each column is one
  std::vector<std::size_t> values;
  bool has_other_values = false; ///< that are no numbers
};

std::optional<Layout> layout_of(const std::vector<std::string>& titles, const std::string& column) {
  Layout layout;
  if (titles == std::vector<std::string>{"time", "agent", "topic", "value"})
    return Layout{2, {3}, true};
  if (titles[1] != "observer") {
    for (std::size_t i = 1; i < titles.size(); ++i)
      layout.values.push_back(i);
    return layout;
  }
  const auto found = std::find(titles.begin() + 2, titles.end(), column);
  if (found == titles.end())
    return std::nullopt;
  return Layout{1, {static_cast<std::size_t>(found - titles.begin())}, false};
}

std::optional<double> value_of(const std::string& field, const Layout& layout) {
  if (layout.has_other_values && (field == "true" || field == "false"))
    return field == "true" ? 1 : 0;
  double value = 0;
  return read_number(field, value) ? std::optional(value) : std::nullopt;
}

/// The curve of that name, which may be a new one.
Curve& curve_of(Chart& chart, const std::string& name) {
  const auto found = std::ranges::find(chart.curves, name, &Curve::name);
  return found != chart.curves.end() ? *found : chart.curves.emplace_back(Curve{name, {}});
}

} // namespace

bool is_series_table(std::string_view text) { return text.starts_with("time,"); }

Result<Chart> chart_of_series(const std::string& name, std::string_view text,
                              std::optional<double> from, std::optional<double> to,
                              const std::string& column) {
  Chart chart;
  chart.x_name = "time in s";
  chart.has_dots = false;
  const std::vector<std::string> titles = take_csv_line(text);
  const std::optional<Layout> layout = layout_of(titles, column);
  if (!layout)
    return Error{Errc::bad_argument, name + ":1: there is no column " + detail::quote(column) +
                                         " of what observers have seen"};
  if (layout->has_other_values) {
    chart.has_lines = false;
    chart.has_dots = true;
  }
  if (layout->name == std::size_t{1})
    chart.y_name = column;
  if (!layout->name)
    for (const std::size_t i : layout->values)
      chart.curves.push_back({titles[i], {}});
  for (std::size_t line = 2; !text.empty(); ++line) {
    const std::vector<std::string> fields = take_csv_line(text);
    const auto fail = [&](const std::string& what) {
      return Error{Errc::bad_argument, name + ":" + std::to_string(line) + ": " + what};
    };
    if (fields.size() != titles.size())
      return fail(std::to_string(fields.size()) +
                  " fields; wanted: " + std::to_string(titles.size()) + ", as in the first line");
    double time = 0;
    if (!read_number(fields[0], time))
      return fail(detail::quote(fields[0]) + " is no time; wanted: a number");
    if ((from && time < *from) || (to && time > *to))
      continue;
    for (const std::size_t i : layout->values) {
      if (fields[i].empty())
        continue;
      const std::optional<double> value = value_of(fields[i], *layout);
      if (!value && layout->has_other_values)
        continue;
      if (!value)
        return fail(detail::quote(fields[i]) + " is no number");
      Curve& curve = layout->name ? curve_of(chart, fields[*layout->name]) : chart.curves[i - 1];
      curve.points.push_back({time, *value, std::nullopt, std::nullopt});
    }
  }
  return chart;
}

} // namespace stos::program
