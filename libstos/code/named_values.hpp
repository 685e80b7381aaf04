#pragma once

#include "libstos/base/ids.hpp"
#include "libstos/code/naming_inspector.hpp"
#include "libstos/code/serialise.hpp"
#include "libstos/spacetime/velocity.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

/// How a NamingInspector shows values of each type.
namespace stos {

namespace detail {

/// Types that are shown in a way of their own: `static bool show(NamingInspector& f, const T& x)`.
template <class T>
struct Shown {};

template <>
struct Shown<AgentId> {
  static bool show(NamingInspector& f, AgentId x) { return f.text(std::to_string(x.value)); }
};

template <>
struct Shown<ChannelNumber> {
  static bool show(NamingInspector& f, ChannelNumber x) { return f.number(std::uint64_t{x.value}); }
};

template <int D>
struct Shown<Minkowski<D>> {
  static bool show(NamingInspector& f, const Minkowski<D>& x) {
    std::array<double, static_cast<std::size_t>(D)> all;
    for (std::size_t i = 0; i < D; ++i)
      all[i] = x[i];
    return name_value(f, all);
  }
};

template <int D>
struct Shown<Velocity<D>> {
  static bool show(NamingInspector& f, const Velocity<D>& x) {
    std::array<double, static_cast<std::size_t>(D - 1)> all;
    for (std::size_t i = 0; i + 1 < D; ++i)
      all[i] = x[i];
    return name_value(f, all);
  }
};

template <class... T>
struct Shown<std::variant<T...>> {
  static bool show(NamingInspector& f, const std::variant<T...>& x) {
    if (!f.expect(!x.valueless_by_exception()))
      return false;
    NamingInspector::Inside inside(f, ValueTree::Kind::object);
    inside.next("alternative");
    f.number(std::uint64_t{x.index()});
    inside.next("value");
    return std::visit([&f](const auto& value) { return name_value(f, value); }, x);
  }
};

/// Has an `inspect` overload that a NamingInspector can call.
template <class T>
concept Named = requires(NamingInspector& f, T& x) {
  { inspect(f, x) } -> std::convertible_to<bool>;
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_optional<std::unique_ptr<T>> = true;

template <class T>
bool name_inspected(NamingInspector& f, const T& x) {
  const Inspector::Nested nested(f);
  // CAF's inspectors take what they save as T&, too, and do not change it.
  return f.expect(!nested.too_deep()) && f.expect(inspect(f, const_cast<T&>(x)));
}

template <class T>
bool name_scalar(NamingInspector& f, T x) {
  if constexpr (std::is_enum_v<T>)
    return name_scalar(f, static_cast<std::underlying_type_t<T>>(x));
  else if constexpr (std::is_same_v<T, bool>)
    return f.boolean(x);
  else if constexpr (std::is_same_v<T, char>)
    return f.character(x);
  else if constexpr (std::is_same_v<T, float>)
    return f.number(x);
  else if constexpr (std::is_floating_point_v<T>)
    return f.number(static_cast<double>(x));
  else if constexpr (std::is_signed_v<T>)
    return f.number(static_cast<std::int64_t>(x));
  else
    return f.number(static_cast<std::uint64_t>(x));
}

template <class Elements>
bool name_elements(NamingInspector& f, const Elements& x) {
  NamingInspector::Inside inside(f, ValueTree::Kind::array);
  for (const auto& element : x) {
    inside.next();
    if (!name_value(f, element))
      return false;
  }
  return true;
}

template <class Map>
bool name_map(NamingInspector& f, const Map& x) {
  using Key = typename Map::key_type;
  constexpr bool has_one_each = requires { x.at(std::declval<const Key&>()); };
  if constexpr (has_one_each && (std::is_same_v<Key, std::string> || std::is_integral_v<Key>)) {
    NamingInspector::Inside inside(f, ValueTree::Kind::object);
    for (const auto& [key, value] : x) {
      if constexpr (std::is_integral_v<Key>)
        inside.next(std::to_string(key));
      else
        inside.next(key);
      if (!name_value(f, value))
        return false;
    }
  } else {
    NamingInspector::Inside inside(f, ValueTree::Kind::array);
    for (const auto& [key, value] : x) {
      inside.next();
      NamingInspector::Inside entry(f, ValueTree::Kind::object);
      entry.next("key");
      if (!name_value(f, key))
        return false;
      entry.next("value");
      if (!name_value(f, value))
        return false;
    }
  }
  return true;
}

template <class Tuple>
bool name_tuple(NamingInspector& f, const Tuple& x) {
  NamingInspector::Inside inside(f, ValueTree::Kind::array);
  return std::apply(
      [&](const auto&... values) {
        return ((inside.next(), name_value(f, values)) && ... && true);
      },
      x);
}

template <class T>
[[gnu::cold, gnu::noinline]] bool name_value(NamingInspector& f, const T& x) {
  constexpr bool is_standard = !std::is_trivially_copyable_v<T>; // what else could be Portable?
  if constexpr (requires { Shown<T>::show(f, x); })
    return Shown<T>::show(f, x);
  else if constexpr (IsPortable<T>::value && Named<T>)
    return name_inspected(f, x);
  else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>)
    return name_scalar(f, x);
  else if constexpr (std::is_same_v<T, std::string>)
    return f.text(x);
  else if constexpr (is_optional<T>)
    return x ? name_value(f, *x) : f.nothing();
  else if constexpr (requires { Codec<T>::contained(x); })
    return name_value(f, Codec<T>::contained(x));
  else if constexpr (is_standard && requires { typename T::mapped_type; })
    return name_map(f, x);
  else if constexpr (std::is_array_v<T> || (is_standard && requires { x.begin(); }))
    return name_elements(f, x);
  else if constexpr (requires { std::tuple_size<T>::value; }) {
    if constexpr (requires { x.begin(); })
      return name_elements(f, x);
    else
      return name_tuple(f, x);
  } else if constexpr (std::is_empty_v<T>) {
    const NamingInspector::Inside nothing(f, ValueTree::Kind::object);
    return f.ok();
  } else if constexpr (std::is_trivially_copyable_v<T>) {
    std::array<std::byte, sizeof(T)> bytes;
    copy_raw(bytes.data(), x);
    return f.bytes(bytes);
  } else {
    return f.text("(cannot be shown)");
  }
}

} // namespace detail

/// `x` as a tree.
template <Portable T>
[[nodiscard]] ValueTree tree_of(const T& x) {
  ValueTree tree;
  NamingInspector f(tree);
  static_cast<void>(detail::name_value(f, x));
  return tree;
}

} // namespace stos
