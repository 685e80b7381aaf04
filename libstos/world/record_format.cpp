#include "libstos/world/record_format.hpp"

#include "libstos/base/csv.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/json_writer.hpp"

#include <optional>

namespace stos::detail {
namespace {

void write_value(const Report& record, JsonWriter& json) {
  const std::string text = value_text(record);
  const bool is_readable = !text.starts_with("0x");
  switch (record.type) {
    case ReportType::boolean:
    case ReportType::integer:
    case ReportType::natural: return is_readable ? json.literal(text) : json.value(text);
    case ReportType::real:
      // inf and nan, with a sign or without, are the only ones that end in a letter of the two
      if (is_readable && (text.ends_with('f') || text.ends_with('n')))
        return json.literal("null");
      return is_readable ? json.literal(text) : json.value(text);
    case ReportType::other:
    case ReportType::text: break;
  }
  json.value(text);
}

} // namespace

RecordFormat record_format_of(std::string_view path) {
  const std::size_t number = path.find_last_not_of("0123456789");
  if (number != path.npos && number > 0 && path[number] == '.' && number + 1 < path.size())
    path = path.substr(0, number);
  return path.ends_with(".jsonl") || path.ends_with(".ndjson") ? RecordFormat::json_lines
                                                               : RecordFormat::csv;
}

std::string told_of_records(const RunOptions& options) {
  if (options.records_path.empty())
    return "none";
  return record_format_of(options.records_path) == RecordFormat::csv ? "given, for CSV"
                                                                     : "given, for lines of JSON";
}

std::string_view header_of(RecordFormat format) {
  return format == RecordFormat::csv ? "time,agent,topic,value\n" : "";
}

void append_line(RecordFormat format, const Report& record, std::string& text) {
  if (format == RecordFormat::csv) {
    text += exact_text(record.time) + ',' + exact_text(record.agent.value) + ',';
    text += csv_field(record.topic) + ',' + csv_field(value_text(record)) + '\n';
    return;
  }
  JsonWriter json;
  json.begin_object();
  json.member("time", record.time);
  json.member("agent", record.agent.value);
  json.member("topic", record.topic);
  json.name("value");
  write_value(record, json);
  json.end_object();
  text += json.take() + "\n";
}

} // namespace stos::detail
