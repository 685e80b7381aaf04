#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stos::program {

// Numbers for people.

/// By a printf format for one double.
[[nodiscard]] std::string printed(const char* format, double value);

/// Three digits and a letter for thousands ("12.3k"), or four digits.
[[nodiscard]] std::string count_text(double value);
/// The same with 1024 in the place of 1000.
[[nodiscard]] std::string bytes_text(double value);
[[nodiscard]] std::string seconds_text(double value);    ///< without unit
[[nodiscard]] std::string share_text(double share);      ///< in per cent
[[nodiscard]] std::string duration_text(double seconds); ///< "1h 2m 3s"

/// `value` as `text` makes it; a dash if there is none, or none that is finite.
[[nodiscard]] std::string or_dash(std::optional<double> value, std::string (*text)(double));

/// A name as it can be shown in so many columns: cut, and without what is not printable.
[[nodiscard]] std::string shown(std::string_view name, std::size_t columns_max = 16);

/// Rows of texts under titles: the first column to the left, all others to the right.
class Table {
public:
  using Row = std::vector<std::string>;

  explicit Table(Row titles) : rows_{std::move(titles)} {}
  void add(Row row) { rows_.push_back(std::move(row)); }

  /// The lines of at most `columns` characters; columns that do not fit are left out.
  [[nodiscard]] std::vector<std::string> lines(std::size_t columns) const;

private:
  std::vector<Row> rows_;
};

} // namespace stos::program
