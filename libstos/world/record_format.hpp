#pragma once

#include "libstos/options/run_options.hpp"
#include "libstos/world/report.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace stos::detail {

// The text that agents record: a line each.
//
// Threads: none inside.

enum class RecordFormat : std::uint8_t {
  csv,        ///< `time,agent,topic,value`, as csv_of(Reports) has it
  json_lines, ///< {"time":1.5,"agent":7,"topic":"position","value":3}
};

/// By the end of the file's name: .jsonl and .ndjson are lines of JSON, also with the number of a
/// later run of the same process behind it, as in "records.jsonl.2".
[[nodiscard]] RecordFormat record_format_of(std::string_view path);

/// What runs that belong together have alike: "none", or "given, for CSV".
[[nodiscard]] std::string told_of_records(const RunOptions& options);

/// What the file begins with.
[[nodiscard]] std::string_view header_of(RecordFormat format);

/// The line of one record, with its end. In JSON a value of a type of the program's own is a text,
/// its bytes, and what is no finite number is null.
void append_line(RecordFormat format, const Report& record, std::string& text);

} // namespace stos::detail
