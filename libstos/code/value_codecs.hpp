#pragma once

#include "libstos/code/codec.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

// To be included by way of serialise.hpp, which has the codecs of all types.

namespace stos::detail {

// ---- a fixed number of values

template <class T, std::size_t N>
struct Codec<T[N]> {
  static constexpr bool is_raw = detail::is_raw<T>;
  static constexpr std::size_t bytes_min = N * Codec<T>::bytes_min;

  static bool save(SaveInspector& f, const T (&x)[N]) {
    if constexpr (is_raw && is_without_padding<T>) {
      f.bytes().raw(x, bytes_min);
    } else {
      for (const T& element : x)
        if (!save_value(f, element))
          return false;
    }
    return true;
  }
  static bool load(LoadInspector& f, T (&x)[N]) {
    if constexpr (is_raw) {
      return f.bytes().copy(x, bytes_min);
    } else {
      for (T& element : x)
        if (!load_value(f, element))
          return false;
      return true;
    }
  }
};

template <class T, std::size_t N>
struct Codec<std::array<T, N>> {
  static constexpr bool is_raw = detail::is_raw<T>;
  static constexpr std::size_t bytes_min = N * Codec<T>::bytes_min;

  static bool save(SaveInspector& f, const std::array<T, N>& x) {
    if constexpr (is_raw && is_without_padding<T>) {
      f.bytes().raw(x.data(), bytes_min);
    } else {
      for (const T& element : x)
        if (!save_value(f, element))
          return false;
    }
    return true;
  }
  static bool load(LoadInspector& f, std::array<T, N>& x) {
    if constexpr (is_raw) {
      return f.bytes().copy(x.data(), bytes_min);
    } else {
      for (T& element : x)
        if (!load_value(f, element))
          return false;
      return true;
    }
  }
};

template <class... T>
struct Codec<std::tuple<T...>> {
  static constexpr std::size_t bytes_min = (Codec<T>::bytes_min + ... + 0);

  static bool save(SaveInspector& f, const std::tuple<T...>& x) {
    return std::apply([&](const T&... values) { return (save_value(f, values) && ...); }, x);
  }
  static std::optional<std::tuple<T...>> create(LoadInspector& f) {
    std::tuple<std::optional<T>...> loaded;
    return std::apply(
        [&](std::optional<T>&... values) -> std::optional<std::tuple<T...>> {
          if (!(create_into(f, values) && ...))
            return std::nullopt;
          return std::optional<std::tuple<T...>>(std::in_place, std::move(*values)...);
        },
        loaded);
  }

private:
  template <class U>
  static bool create_into(LoadInspector& f, std::optional<U>& value) {
    if (std::optional<U> created = create_value<U>(f)) // which need not be assignable
      value.emplace(std::move(*created));
    return value.has_value();
  }
};

template <class A, class B>
struct Codec<std::pair<A, B>> {
  static constexpr std::size_t bytes_min = Codec<A>::bytes_min + Codec<B>::bytes_min;

  static bool save(SaveInspector& f, const std::pair<A, B>& x) {
    return save_value(f, x.first) && save_value(f, x.second);
  }
  static std::optional<std::pair<A, B>> create(LoadInspector& f) {
    if (std::optional<A> first = create_value<A>(f))
      if (std::optional<B> second = create_value<B>(f))
        return std::pair<A, B>(std::move(*first), std::move(*second));
    return std::nullopt;
  }
};

// ---- one of several

template <class T>
struct Codec<std::optional<T>> {
  static constexpr std::size_t bytes_min = 1;

  static bool save(SaveInspector& f, const std::optional<T>& x) {
    return save_value(f, x.has_value()) && (!x || save_value(f, *x));
  }
  static bool load(LoadInspector& f, std::optional<T>& x) {
    x.reset();
    bool present = false;
    if (!load_value(f, present) || !present)
      return f.bytes().ok();
    if (std::optional<T> value = create_value<T>(f))
      x.emplace(std::move(*value));
    return x.has_value();
  }
};

/// Null or a value of its own, like an optional.
template <class T>
struct Codec<std::unique_ptr<T>> {
  static constexpr std::size_t bytes_min = 1;

  static bool save(SaveInspector& f, const std::unique_ptr<T>& x) {
    return save_value(f, x != nullptr) && (x == nullptr || save_value(f, *x));
  }
  static bool load(LoadInspector& f, std::unique_ptr<T>& x) {
    x.reset();
    bool present = false;
    if (!load_value(f, present) || !present)
      return f.bytes().ok();
    if (auto value = create_value<std::remove_const_t<T>>(f))
      x = std::make_unique<T>(std::move(*value));
    return x != nullptr;
  }
};

template <class... T>
struct Codec<std::variant<T...>> {
  using Variant = std::variant<T...>;
  static constexpr std::size_t bytes_min = 1; // of the index, a varint

  static bool save(SaveInspector& f, const Variant& x) {
    if (!f.expect(!x.valueless_by_exception()))
      return false;
    f.bytes().varint(x.index());
    return std::visit([&](const auto& value) { return save_value(f, value); }, x);
  }
  static std::optional<Variant> create(LoadInspector& f) {
    const std::uint64_t index = f.bytes().varint();
    std::optional<Variant> x;
    if (f.expect(index < sizeof...(T)))
      create_alternative(f, index, x, std::index_sequence_for<T...>{});
    return x;
  }

private:
  template <std::size_t... I>
  static void create_alternative(LoadInspector& f, std::uint64_t index, std::optional<Variant>& x,
                                 std::index_sequence<I...>) {
    static_cast<void>(((I == index && (create_at<I>(f, x), true)) || ...));
  }
  template <std::size_t I>
  static void create_at(LoadInspector& f, std::optional<Variant>& x) {
    if (auto value = create_value<std::variant_alternative_t<I, Variant>>(f))
      x.emplace(std::in_place_index<I>, std::move(*value));
  }
};

} // namespace stos::detail
