#include "programs/stos/series_chart.hpp"

#include "config/spelling.hpp"
#include "libstos/base/csv.hpp"

#include <charconv>
#include <vector>

namespace stos::program {
namespace {

bool read_number(const std::string& field, double& number) {
  const char* const end = field.data() + field.size();
  const auto [rest, status] = std::from_chars(field.data(), end, number);
  return rest == end && status == std::errc{};
}

} // namespace

bool is_series_table(std::string_view text) { return text.starts_with("time,"); }

Result<Chart> chart_of_series(const std::string& name, std::string_view text,
                              std::optional<double> from, std::optional<double> to) {
  Chart chart;
  chart.x_name = "time in s";
  chart.has_dots = false;
  const std::vector<std::string> titles = take_csv_line(text);
  for (std::size_t column = 1; column < titles.size(); ++column)
    chart.curves.push_back({titles[column], {}});
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
    for (std::size_t column = 1; column < fields.size(); ++column) {
      double value = 0;
      if (fields[column].empty())
        continue;
      if (!read_number(fields[column], value))
        return fail(detail::quote(fields[column]) + " is no number");
      chart.curves[column - 1].points.push_back({time, value, std::nullopt, std::nullopt});
    }
  }
  return chart;
}

} // namespace stos::program
