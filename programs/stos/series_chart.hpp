#pragma once

#include "libstos/base/result.hpp"
#include "programs/stos/chart.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace stos::program {

/// Whether `text` begins as a table over time does: with a column `time`, and at least one more.
[[nodiscard]] bool is_series_table(std::string_view text);

/// Such a table over time. Of a table of series (csv_of() in model/series.hpp), each column is a
/// curve; of one of observations (RunOptions::observations_path), `column` of each observer; of one
/// of records or reports (records_path, reports_path), the values of each topic are dots, where
/// true and false are 1 and 0, and what is no number is left out. Empty fields are left out, and so
/// is what is not between `from` and `to`. `name` stands for the file in error texts.
///
/// Fails with Errc::bad_argument and `name:line: what was seen; wanted: ...`: a line with more or
/// fewer fields than the first one, a field of a series that is no number, no such column.
[[nodiscard]] Result<Chart> chart_of_series(const std::string& name, std::string_view text,
                                            std::optional<double> from, std::optional<double> to,
                                            const std::string& column = "sum");

} // namespace stos::program
