#include "libstos/base/json_writer.hpp"

#include "libstos/base/exact_text.hpp"
#include "libstos/base/utf8.hpp"

#include <cmath>

namespace stos {

void JsonWriter::new_line() {
  constexpr std::size_t indentation = 2;
  if (form_ == Form::indented)
    (text_ += '\n').append(depth_ * indentation, ' ');
}

void JsonWriter::separate() {
  if (!std::exchange(follows_name_, false)) {
    if (!is_first_)
      text_ += form_ == Form::spaced ? ", " : ",";
    new_line();
  }
  is_first_ = false;
}

void JsonWriter::begin(char bracket) {
  separate();
  text_ += bracket;
  is_first_ = true;
  ++depth_;
}

void JsonWriter::end(char bracket) {
  --depth_;
  if (!is_first_)
    new_line();
  text_ += bracket;
  is_first_ = false;
}

void JsonWriter::name(std::string_view name) {
  separate();
  append_string(name);
  text_ += form_ == Form::line ? ":" : ": ";
  follows_name_ = true;
}

void JsonWriter::value(std::string_view text) {
  separate();
  append_string(text);
}

void JsonWriter::value(double number) {
  literal(std::isfinite(number) ? exact_text(number) : "null");
}

void JsonWriter::literal(std::string_view json) {
  separate();
  text_ += json;
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

} // namespace stos
