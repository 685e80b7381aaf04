#pragma once

#include "libstos/base/result.hpp"
#include "libstos/world/trace.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace stos::program {

/// A trace read back from text. Owns the names that its records point to, so it moves and is not
/// copied.
struct Trace {
  Trace() = default;
  Trace(Trace&&) = default;
  Trace& operator=(Trace&&) = default;

  std::set<std::string> types;
  std::vector<TraceRecord> records; ///< in the order of the file; `ordinal` counts them
};

/// Reads what format_trace() has written; `name` stands for the file in error texts.
///
/// Fails with Errc::bad_argument and `name:line: what was seen; wanted: ...`: another header line,
/// a line with more or fewer columns, a kind or a number that is none, a number above 1e150,
/// an agent that was not born before, a last line without line break; and with `name: ...` for more
/// than `records_max` records.
[[nodiscard]] Result<Trace> parse_trace(const std::string& name, std::string_view text,
                                        std::size_t records_max);

} // namespace stos::program
