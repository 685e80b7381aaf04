#include "programs/stos/experiment/observed_table.hpp"

#include "config/spelling.hpp"
#include "libstos/base/csv.hpp"
#include "libstos/base/exact_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>

namespace stos::program {
namespace {

constexpr std::size_t first_column = 2; // behind time and observer

std::optional<double> number_of(const std::string& text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, number);
  if (text.empty() || rest != end || status != std::errc{})
    return std::nullopt;
  return number;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + detail::quote(name);
  return text.empty() ? "none" : text;
}

} // namespace

Result<ObservedTable> ObservedTable::read(std::string_view table) {
  const Error none{Errc::bad_message, "its table of observations is none"};
  ObservedTable all;
  const std::vector<std::string> header = take_csv_line(table);
  if (header.size() < first_column || header[0] != "time" || header[1] != "observer")
    return none;
  all.columns_.assign(header.begin() + first_column, header.end());
  while (!table.empty()) {
    const std::vector<std::string> fields = take_csv_line(table);
    const std::optional<double> time =
        fields.size() == header.size() ? number_of(fields[0]) : std::nullopt;
    if (!time)
      return none;
    if (std::ranges::count(all.observers_, fields[1]) == 0)
      all.observers_.push_back(fields[1]);
    for (std::size_t i = first_column; i < fields.size(); ++i)
      if (const std::optional<double> value = number_of(fields[i]))
        all.series_[{fields[1], header[i]}].push_back({*time, *value});
      else if (!fields[i].empty())
        return none;
  }
  return all;
}

Result<Series> ObservedTable::series_of(const std::string& observer,
                                        const std::string& column) const {
  if (std::ranges::count(observers_, observer) == 0)
    return Error{Errc::bad_message, "no observer called " + detail::quote(observer) +
                                        " has seen anything; there are: " + listed(observers_)};
  if (std::ranges::count(columns_, column) == 0)
    return Error{Errc::bad_message,
                 "observers have no " + detail::quote(column) + "; there are: " + listed(columns_)};
  const auto found = series_.find({observer, column});
  return found == series_.end() ? Series{} : found->second;
}

} // namespace stos::program
