#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stos {

/// Writes one JSON value (RFC 8259), part after part.
///
/// Numbers are the shortest that read back as the same; what JSON has no number for (infinity, no
/// value at all) is null. Bytes of a text that are not UTF-8 become U+FFFD. It is the caller's task
/// to end what was begun, and to give a name() to each member of an object and to nothing else.
///
/// Threads: none inside.
class JsonWriter {
public:
  enum class Form : std::uint8_t {
    line,     ///< one line without blanks
    spaced,   ///< one line, with blanks between the parts
    indented, ///< a line for each part
  };

  explicit JsonWriter(Form form = Form::line) : form_(form) {}

  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }

  /// Of the member whose value comes next.
  void name(std::string_view name);

  void value(std::string_view text);
  void value(double number);
  template <std::integral Number>
  void value(Number number) {
    if constexpr (std::same_as<Number, bool>)
      literal(number ? "true" : "false");
    else
      literal(std::to_string(number));
  }
  /// A value that is JSON already.
  void literal(std::string_view json);

  void begin_object(std::string_view name) {
    this->name(name);
    begin_object();
  }
  void begin_array(std::string_view name) {
    this->name(name);
    begin_array();
  }
  template <class Value>
  void member(std::string_view name, const Value& value) {
    this->name(name);
    this->value(value);
  }
  template <class Value>
  void member(std::string_view name, const std::optional<Value>& value) {
    this->name(name);
    if (value)
      this->value(*value);
    else
      literal("null");
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

private:
  void begin(char bracket);
  void end(char bracket);
  void separate();
  void new_line();
  void append_string(std::string_view value);

  std::string text_;
  Form form_;
  std::uint32_t depth_ = 0;
  bool is_first_ = true;     ///< in the object or array that is open
  bool follows_name_ = true; ///< what comes next stands where it is; also the whole value
};

} // namespace stos
