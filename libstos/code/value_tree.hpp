#pragma once

#include "libstos/base/json_writer.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stos {

/// A value for people to look at: objects whose fields have names, arrays, and texts and numbers as
/// leaves. Two trees can be compared, and each can be printed.
///
/// Cost: some hundred bytes a value, however small that is.
struct ValueTree {
  enum class Kind : std::uint8_t {
    none,    ///< nothing is there yet; printed as null
    literal, ///< a number, true, false or null, as JSON has it
    text,    ///< any bytes
    array,
    object, ///< its children have names, in the order of the fields
  };

  std::string name; ///< of the field of an object; no part of the value itself
  Kind kind = Kind::none;
  std::string text;
  std::vector<ValueTree> children;

  [[nodiscard]] static ValueTree of_text(std::string_view text) {
    return {{}, Kind::text, std::string(text), {}};
  }
  [[nodiscard]] static ValueTree of_literal(std::string literal) {
    return {{}, Kind::literal, std::move(literal), {}};
  }
  [[nodiscard]] static ValueTree of_number(std::uint64_t number) {
    return of_literal(std::to_string(number));
  }
  /// Infinite ones, and what is no number, are texts.
  [[nodiscard]] static ValueTree of_number(double number);
  [[nodiscard]] static ValueTree empty_array() { return {{}, Kind::array, {}, {}}; }
  [[nodiscard]] static ValueTree empty_object() { return {{}, Kind::object, {}, {}}; }
  [[nodiscard]] static ValueTree of_numbers(const std::vector<double>& numbers);

  /// Adds an element to an array, or a field to an object. Returns it, until more is added. A name
  /// that is taken gets a number behind it.
  ValueTree& add(ValueTree element);
  ValueTree& add(std::string_view field, ValueTree value);

  [[nodiscard]] bool is_leaf() const { return kind < Kind::array; }

  /// The field of this name of an object; null if there is none.
  [[nodiscard]] const ValueTree* find(std::string_view field) const;

  /// The same value; names within it count.
  [[nodiscard]] bool same_as(const ValueTree& other) const;
};

/// Indented, what is short stays on one line.
[[nodiscard]] std::string to_json(const ValueTree& tree,
                                  JsonWriter::Form form = JsonWriter::Form::line);

/// Where `a` and `b` differ, one text each: `members.energy is 3.5 in A, 3.25 in B`. Of arrays in
/// which something is missing, it says what. In the order of the fields; empty if they are the
/// same.
struct SideNames {
  std::string a = "A";
  std::string b = "B";
};
[[nodiscard]] std::vector<std::string> differences(const ValueTree& a, const ValueTree& b,
                                                   const SideNames& names = {});

} // namespace stos
