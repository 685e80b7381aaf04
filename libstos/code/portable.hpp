#pragma once

#include "libstos/code/inspector.hpp"

#include <array>
#include <concepts>
#include <deque>
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <span>
#include <stack>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
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

/// Of an ordered container: objects of that class are all alike.
template <class Compare>
inline constexpr bool is_stateless = std::is_empty_v<Compare>&& std::default_initializable<Compare>;

template <class T>
inline constexpr bool is_hash_table = false;
template <class T, class... More>
inline constexpr bool is_hash_table<std::unordered_set<T, More...>> = true;
template <class T, class... More>
inline constexpr bool is_hash_table<std::unordered_multiset<T, More...>> = true;
template <class T, class... More>
inline constexpr bool is_hash_table<std::unordered_map<T, More...>> = true;
template <class T, class... More>
inline constexpr bool is_hash_table<std::unordered_multimap<T, More...>> = true;

template <class Char>
struct IsPortable<std::basic_string<Char>> : std::true_type {};
template <class T>
struct IsPortable<std::vector<T>> : IsPortable<T> {};
template <class T>
struct IsPortable<std::deque<T>> : IsPortable<T> {};
template <class T>
struct IsPortable<std::list<T>> : IsPortable<T> {};
template <class T>
struct IsPortable<std::forward_list<T>> : IsPortable<T> {};
template <class T, class Container>
struct IsPortable<std::stack<T, Container>> : IsPortable<Container> {};
template <class T, class Container>
struct IsPortable<std::queue<T, Container>> : IsPortable<Container> {};
template <class T, class Container, class Compare>
struct IsPortable<std::priority_queue<T, Container, Compare>>
    : std::bool_constant<IsPortable<Container>::value && is_stateless<Compare>> {};
template <class T>
struct IsPortable<std::unique_ptr<T>>
    : std::bool_constant<!std::is_polymorphic_v<T> && IsPortable<T>::value> {};
template <class T, std::size_t N>
struct IsPortable<T[N]> : IsPortable<T> {};
template <class T, std::size_t N>
struct IsPortable<std::array<T, N>>
    : std::bool_constant<IsPortable<T>::value &&
                         (std::is_trivially_copyable_v<T> || std::default_initializable<T>)> {};
template <class T, class Compare>
struct IsPortable<std::set<T, Compare>>
    : std::bool_constant<IsPortable<T>::value && is_stateless<Compare>> {};
template <class T, class Compare>
struct IsPortable<std::multiset<T, Compare>> : IsPortable<std::set<T, Compare>> {};
template <class K, class V, class Compare>
struct IsPortable<std::map<K, V, Compare>>
    : std::bool_constant<AllPortable<K, V>::value && is_stateless<Compare>> {};
template <class K, class V, class Compare>
struct IsPortable<std::multimap<K, V, Compare>> : IsPortable<std::map<K, V, Compare>> {};
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
/// string, container or container adaptor of portable values, a std::unique_ptr to one (of a class
/// without virtual functions, so that it is what it seems), or a type with a CAF `inspect` overload
/// and a default constructor. Hash tables are none: their order could differ on the other node.
template <class T>
concept Portable = detail::IsPortable<std::decay_t<T>>::value;

} // namespace stos
