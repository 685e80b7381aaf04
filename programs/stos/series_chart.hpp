#pragma once

#include "libstos/base/result.hpp"
#include "programs/stos/chart.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace stos::program {

/// Whether `text` begins as a table of series does (csv_of() in model/series.hpp): with a column
/// `time`, and at least one more.
[[nodiscard]] bool is_series_table(std::string_view text);

/// The columns of such a table over time, each a curve; empty fields are left out, and so is what
/// is not between `from` and `to`. `name` stands for the file in error texts.
///
/// Fails with Errc::bad_argument and `name:line: what was seen; wanted: ...`: a line with more or
/// fewer fields than the first one, or a field that is no number.
[[nodiscard]] Result<Chart> chart_of_series(const std::string& name, std::string_view text,
                                            std::optional<double> from, std::optional<double> to);

} // namespace stos::program
