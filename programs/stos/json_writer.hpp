#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace stos::program {

/// Writes one JSON value (RFC 8259) without blanks, member after member.
///
/// Numbers are the shortest that read back as the same; what JSON has no number for (infinity, no
/// value at all) is null. Bytes of a text that are not UTF-8 become U+FFFD. It is the caller's task
/// to end what was begun, and to name members of objects only.
///
/// Threads: none inside.
class JsonWriter {
public:
  void begin_object() { begin('{'); }
  void begin_object(std::string_view name) { begin(name, '{'); }
  void end_object() { end('}'); }
  void begin_array(std::string_view name) { begin(name, '['); }
  void end_array() { end(']'); }

  void member(std::string_view name, std::string_view value);
  void member(std::string_view name, double value);
  void member(std::string_view name, std::optional<double> value);
  template <std::integral Number>
  void member(std::string_view name, Number value) {
    if constexpr (std::same_as<Number, bool>)
      member_text(name, value ? "true" : "false");
    else
      member_text(name, std::to_string(value));
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

private:
  void begin(char bracket);
  void begin(std::string_view name, char bracket);
  void end(char bracket);
  void separate();
  void append_string(std::string_view value);
  void member_text(std::string_view name, std::string_view text);

  std::string text_;
  bool is_first_ = true; ///< in the object or array that is open
};

} // namespace stos::program
