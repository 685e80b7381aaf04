#pragma once

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

/// Has the shape of a CAF inspector, so that `inspect` overloads written for CAF can be found
/// without CAF.
struct InspectorShape {
  struct Object {
    template <class... Fields>
    bool fields(Fields&&...) {
      return true;
    }
    Object& pretty_name(const char*) { return *this; }
  };
  template <class T>
  Object object(T&) {
    return {};
  }
  template <class... Ts>
  int field(const char*, Ts&&...) {
    return 0;
  }
  template <class T>
  bool apply(T&) {
    return true;
  }
  static constexpr bool is_loading = false;
};

template <class T>
concept Inspectable = requires(InspectorShape f, T& x) {
  { inspect(f, x) } -> std::convertible_to<bool>;
};

template <class T>
struct IsPortable : std::bool_constant<!std::is_pointer_v<T> && !std::is_member_pointer_v<T> &&
                                       (std::is_trivially_copyable_v<T> || Inspectable<T>)> {};
template <class T>
struct IsPortable<std::reference_wrapper<T>> : std::false_type {};
template <>
struct IsPortable<std::string_view> : std::false_type {};
template <class T, std::size_t N>
struct IsPortable<std::span<T, N>> : std::false_type {};
template <class... T>
struct AllPortable : std::bool_constant<(IsPortable<T>::value && ...)> {};

template <>
struct IsPortable<std::string> : std::true_type {};
template <class T>
struct IsPortable<std::vector<T>> : IsPortable<T> {};
template <class T, std::size_t N>
struct IsPortable<std::array<T, N>> : IsPortable<T> {};
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
/// string or container of portable values, or a type with a CAF `inspect` overload.
template <class T>
concept Portable = detail::IsPortable<std::decay_t<T>>::value;

} // namespace stos
