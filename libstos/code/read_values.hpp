#pragma once

#include "libstos/base/result.hpp"
#include "libstos/code/reading_inspector.hpp"
#include "libstos/code/serialise.hpp"

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

/// How a ReadingInspector reads values of each type.
namespace stos {

namespace detail {

/// Has an `inspect` overload that a ReadingInspector can call.
template <class T>
concept Readable = requires(ReadingInspector& f, T& x) {
  { inspect(f, x) } -> std::convertible_to<bool>;
};

template <class T>
std::string range_of() {
  if constexpr (std::is_integral_v<T>)
    return "a whole number from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
           std::to_string(std::numeric_limits<T>::max());
  else
    return "a number";
}

template <class T>
bool read_number(ReadingInspector& f, T& x) {
  const ValueTree& here = f.here();
  // Infinite numbers, and what is none, are texts.
  const bool may_be_number = here.kind == ValueTree::Kind::literal ||
                             (std::is_floating_point_v<T> && here.kind == ValueTree::Kind::text);
  const char* const end = here.text.data() + here.text.size();
  const auto [at, problem] = std::from_chars(here.text.data(), end, x);
  return (may_be_number && problem == std::errc() && at == end) || f.wanted(range_of<T>());
}

template <class T>
bool read_scalar(ReadingInspector& f, T& x) {
  if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> number{};
    const bool good = read_scalar(f, number);
    x = static_cast<T>(number);
    return good;
  } else if constexpr (std::is_same_v<T, bool>) {
    const ValueTree& here = f.here();
    x = here.text == "true";
    return (here.kind == ValueTree::Kind::literal && (x || here.text == "false")) ||
           f.wanted("true or false");
  } else if constexpr (std::is_same_v<T, char>) {
    if (f.here().kind == ValueTree::Kind::text && f.here().text.size() == 1) {
      x = f.here().text[0];
      return true;
    }
    unsigned char code = 0;
    const bool good = read_number(f, code);
    x = static_cast<char>(code);
    return good;
  } else if constexpr (std::is_integral_v<T>) {
    // Through the largest type of its kind, as characters are numbers, too.
    std::conditional_t<std::is_signed_v<T>, long long, unsigned long long> number = 0;
    const ValueTree& here = f.here();
    const char* const end = here.text.data() + here.text.size();
    const auto [at, problem] = std::from_chars(here.text.data(), end, number);
    x = static_cast<T>(number);
    return (here.kind == ValueTree::Kind::literal && problem == std::errc() && at == end &&
            std::in_range<T>(number)) ||
           f.wanted(range_of<T>());
  } else {
    return read_number(f, x);
  }
}

template <class T>
bool read_text(ReadingInspector& f, T& x) {
  if (f.here().kind != ValueTree::Kind::text)
    return f.wanted("a text");
  x = f.here().text;
  return true;
}

/// `add(element)` for each element.
template <class T, class Add>
bool read_elements(ReadingInspector& f, Add add) {
  if (!f.want_array())
    return false;
  const ValueTree& all = f.here();
  for (std::size_t i = 0; i < all.children.size(); ++i) {
    const ReadingInspector::Within within(f, all.children[i], i);
    T element{};
    if (!read_value(f, element))
      return false;
    add(std::move(element));
  }
  return true;
}

template <class Array>
bool read_array(ReadingInspector& f, Array& x, std::size_t size) {
  if (!f.want_array())
    return false;
  const ValueTree& all = f.here();
  if (all.children.size() != size)
    return f.wanted("an array of " + std::to_string(size));
  for (std::size_t i = 0; i < size; ++i) {
    const ReadingInspector::Within within(f, all.children[i], i);
    if (!read_value(f, x[i]))
      return false;
  }
  return true;
}

template <class... T>
bool read_tuple(ReadingInspector& f, T&... values) {
  if (!f.want_array())
    return false;
  const ValueTree& all = f.here();
  if (all.children.size() != sizeof...(T))
    return f.wanted("an array of " + std::to_string(sizeof...(T)));
  std::size_t i = 0;
  const auto read_one = [&](auto& value) {
    const ReadingInspector::Within within(f, all.children[i], i);
    ++i;
    return read_value(f, value);
  };
  return (read_one(values) && ... && true);
}

/// The field of an object; fails if it is not there.
template <class T>
bool read_member(ReadingInspector& f, std::string_view name, T& x) {
  auto field = ReadingInspector::field(name, x);
  return f.all_of(field);
}

template <class Map>
bool read_map(ReadingInspector& f, Map& x) {
  using Key = typename Map::key_type;
  using Value = typename Map::mapped_type;
  x.clear();
  constexpr bool has_one_each = requires { x.at(std::declval<const Key&>()); };
  if constexpr (has_one_each && (std::is_same_v<Key, std::string> || std::is_integral_v<Key>)) {
    if (!f.want_object())
      return false;
    for (const ValueTree& field : f.here().children) {
      const ReadingInspector::Within within(f, field, field.name);
      Key key{};
      if constexpr (std::is_integral_v<Key>) {
        const ValueTree name = ValueTree::of_literal(field.name);
        const ReadingInspector::Within of_name(f, name, "key");
        if (!read_scalar(f, key))
          return false;
      } else {
        key = field.name;
      }
      Value value{};
      if (!read_value(f, value))
        return false;
      x.emplace(std::move(key), std::move(value));
    }
    return true;
  } else {
    struct Entry {
      Key key{};
      Value value{};
    };
    if (!f.want_array())
      return false;
    const ValueTree& all = f.here();
    for (std::size_t i = 0; i < all.children.size(); ++i) {
      const ReadingInspector::Within within(f, all.children[i], i);
      ReadingInspector::Whole whole(f);
      Entry entry;
      if (!read_member(f, "key", entry.key) || !read_member(f, "value", entry.value) ||
          !whole.is_read())
        return false;
      x.emplace(std::move(entry.key), std::move(entry.value));
    }
    return true;
  }
}

template <class... T>
bool read_variant(ReadingInspector& f, std::variant<T...>& x) {
  ReadingInspector::Whole whole(f);
  std::uint64_t index = 0;
  if (!read_member(f, "alternative", index))
    return false;
  std::uint64_t at = 0;
  bool good = false;
  const auto read_one = [&]<class U>(std::type_identity<U>) {
    if (at++ != index)
      return false;
    U value{};
    good = read_member(f, "value", value);
    x = std::move(value);
    return true;
  };
  if (!(read_one(std::type_identity<T>{}) || ...))
    return f.wanted("an alternative below " + std::to_string(sizeof...(T)));
  return good && whole.is_read();
}

template <class T>
bool read_raw(ReadingInspector& f, T& x) {
  std::array<std::byte, sizeof(T)> bytes;
  if (!f.bytes(bytes))
    return false;
  BytesReader in(bytes);
  return in.copy(&x, sizeof(T));
}

template <class T>
inline constexpr bool is_variant = false;
template <class... T>
inline constexpr bool is_variant<std::variant<T...>> = true;

template <class T>
bool read_optional(ReadingInspector& f, std::optional<T>& x) {
  x.reset();
  return f.is_null() || read_value(f, x.emplace());
}
template <class T>
bool read_optional(ReadingInspector& f, std::unique_ptr<T>& x) {
  x.reset();
  return f.is_null() || read_value(f, *(x = std::make_unique<T>()));
}

template <class T>
bool read_inspected(ReadingInspector& f, T& x) {
  const Inspector::Nested nested(f);
  ReadingInspector::Whole whole(f);
  return f.expect(!nested.too_deep()) && inspect(f, x) && whole.is_read();
}

template <class T>
[[gnu::cold, gnu::noinline]] bool read_value(ReadingInspector& f, T& x) {
  constexpr bool is_standard = !std::is_trivially_copyable_v<T>;
  if constexpr (Readable<T>)
    return read_inspected(f, x);
  else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>)
    return read_scalar(f, x);
  else if constexpr (std::is_same_v<T, std::string>)
    return read_text(f, x);
  else if constexpr (requires { read_optional(f, x); })
    return read_optional(f, x);
  else if constexpr (is_variant<T>)
    return read_variant(f, x);
  else if constexpr (is_standard && requires { typename T::mapped_type; })
    return read_map(f, x);
  else if constexpr (std::is_array_v<T>)
    return read_array(f, x, std::extent_v<T>);
  else if constexpr (requires { std::tuple_size<T>::value; }) {
    if constexpr (requires { x.begin(); })
      return read_array(f, x, std::tuple_size_v<T>);
    else
      return std::apply([&f](auto&... values) { return read_tuple(f, values...); }, x);
  } else if constexpr (is_standard && requires { x.insert(x.end(), *x.begin()); }) {
    x.clear();
    return read_elements<typename T::value_type>(
        f, [&x](auto&& element) { x.insert(x.end(), std::move(element)); });
  } else if constexpr (std::is_empty_v<T>) {
    ReadingInspector::Whole whole(f);
    return f.want_object() && whole.is_read();
  } else if constexpr (std::is_trivially_copyable_v<T>) {
    return read_raw(f, x);
  } else {
    return f.wanted("a value of a type that people can write, which this one is not");
  }
}

} // namespace detail

/// What `tree` says, or which field of it makes no sense. Fails with bad_argument.
template <class T>
[[nodiscard]] Result<T> read_from(const ValueTree& tree) {
  ReadingInspector f(tree);
  T x{};
  if (!detail::read_value(f, x) || !f.ok())
    return Error{Errc::bad_argument, f.why()};
  return x;
}

} // namespace stos
