#pragma once

#include "libstos/agent/inspector.hpp"

#include <array>
#include <concepts>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace stos {

namespace detail {

/// Has an `inspect` overload that can save and load it.
template <class T>
concept Inspected = requires(SaveInspector& save, LoadInspector& load, T& x) {
  { inspect(save, x) } -> std::convertible_to<bool>;
  { inspect(load, x) } -> std::convertible_to<bool>;
};

/// An object that `inspect` shall load has to be there first.
template <class T>
concept Inspectable = Inspected<T> && std::default_initializable<T>;

/// What keeps it from being portable, for a clear error.
template <class T>
inline constexpr bool lacks_default_constructor =
    Inspected<T> && !std::default_initializable<T> && !std::is_trivially_copyable_v<T>;

template <class T>
inline constexpr bool is_view = std::is_pointer_v<T> || std::is_member_pointer_v<T>;
template <class T>
inline constexpr bool is_view<std::reference_wrapper<T>> = true;
template <class Char, class Traits>
inline constexpr bool is_view<std::basic_string_view<Char, Traits>> = true;
template <class T, std::size_t N>
inline constexpr bool is_view<std::span<T, N>> = true;

template <class T>
struct IsPortable
    : std::bool_constant<!is_view<T> && (std::is_trivially_copyable_v<T> || Inspectable<T>)> {};
template <class... T>
struct AllPortable : std::bool_constant<(IsPortable<T>::value && ...)> {};

template <>
struct IsPortable<std::string> : std::true_type {};
template <class T>
struct IsPortable<std::vector<T>> : IsPortable<T> {};
template <class T, std::size_t N>
struct IsPortable<T[N]> : IsPortable<T> {};
template <class T, std::size_t N>
struct IsPortable<std::array<T, N>>
    : std::bool_constant<IsPortable<T>::value &&
                         (std::is_trivially_copyable_v<T> || std::default_initializable<T>)> {};
template <class T>
struct IsPortable<std::set<T>> : IsPortable<T> {};
template <class K, class V>
struct IsPortable<std::map<K, V>> : AllPortable<K, V> {};
template <class T>
struct IsPortable<std::optional<T>> : IsPortable<T> {};
template <class A, class B>
struct IsPortable<std::pair<A, B>> : AllPortable<A, B> {};
template <class... T>
struct IsPortable<std::tuple<T...>> : AllPortable<T...> {};
template <class... T>
struct IsPortable<std::variant<T...>> : AllPortable<T...> {};

} // namespace detail

/// A value that can travel to another node: trivially copyable (but no pointer or view), a standard
/// string or container of portable values, or a type with a CAF `inspect` overload and a default
/// constructor. Hash tables are none: their order could differ on the other node.
template <class T>
concept Portable = detail::IsPortable<std::decay_t<T>>::value;

} // namespace stos
