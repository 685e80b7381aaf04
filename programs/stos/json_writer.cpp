#include "programs/stos/json_writer.hpp"

#include "config/spelling.hpp"

#include <charconv>
#include <cmath>

namespace stos::program {

void JsonWriter::separate() {
  if (!is_first_)
    text_ += ',';
  is_first_ = false;
}

void JsonWriter::begin(char bracket) {
  separate();
  text_ += bracket;
  is_first_ = true;
}

void JsonWriter::begin(std::string_view name, char bracket) {
  separate();
  append_string(name);
  text_ += ':';
  text_ += bracket;
  is_first_ = true;
}

void JsonWriter::end(char bracket) {
  text_ += bracket;
  is_first_ = false;
}

void JsonWriter::append_string(std::string_view value) {
  constexpr std::string_view digits = "0123456789abcdef";
  text_ += '"';
  while (!value.empty()) {
    const std::size_t bytes = detail::utf8_sequence_bytes(value);
    const auto c = static_cast<unsigned char>(value.front());
    if (bytes == 0) {
      text_ += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += value.front();
    } else if (c < 0x20) {
      text_ += "\\u00";
      text_ += digits[c >> 4];
      text_ += digits[c & 15];
    } else {
      text_ += value.substr(0, bytes);
    }
    value.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  text_ += '"';
}

void JsonWriter::member_text(std::string_view name, std::string_view text) {
  separate();
  append_string(name);
  text_ += ':';
  text_ += text;
}

void JsonWriter::member(std::string_view name, std::string_view value) {
  separate();
  append_string(name);
  text_ += ':';
  append_string(value);
}

void JsonWriter::member(std::string_view name, double value) {
  char number[32];
  const auto [end, status] = std::to_chars(number, number + sizeof number, value);
  member_text(name, std::isfinite(value) ? std::string_view(number, end) : "null");
}

void JsonWriter::member(std::string_view name, std::optional<double> value) {
  if (value)
    member(name, *value);
  else
    member_text(name, "null");
}

} // namespace stos::program
