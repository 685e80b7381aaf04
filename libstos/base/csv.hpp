#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stos {

/// A field of a table as RFC 4180 has it: in quotes if it has commas, quotes or line ends.
[[nodiscard]] std::string csv_field(std::string_view text);

/// The next line of a table, field by field, and takes it from `text`; quotes are undone, and a
/// field in quotes may have line ends. None if a quote has no end, or something follows it.
/// @pre `text` is not empty
[[nodiscard]] std::vector<std::string> take_csv_line(std::string_view& text);

} // namespace stos
