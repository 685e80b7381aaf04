#include "libstos/base/csv.hpp"

namespace stos {
namespace {

// Takes a field that begins with a quote. False if it has no end.
bool take_quoted(std::string_view& text, std::string& field) {
  text.remove_prefix(1);
  for (auto end = text.find('"'); end != std::string_view::npos; end = text.find('"')) {
    field += text.substr(0, end);
    text.remove_prefix(end + 1);
    if (!text.starts_with('"'))
      return text.empty() || text.starts_with(',') || text.starts_with('\n');
    field += '"';
    text.remove_prefix(1);
  }
  return false;
}

} // namespace

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos)
    return std::string(text);
  std::string quoted = "\"";
  for (const char c : text)
    quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::vector<std::string> take_csv_line(std::string_view& text) {
  std::vector<std::string> fields;
  for (;;) {
    std::string& field = fields.emplace_back();
    if (text.starts_with('"')) {
      if (!take_quoted(text, field))
        return {};
    } else {
      field = text.substr(0, text.find_first_of(",\n"));
      text.remove_prefix(field.size());
    }
    const bool is_last = !text.starts_with(',');
    text.remove_prefix(text.empty() ? 0 : 1);
    if (is_last)
      return fields;
  }
}

} // namespace stos
