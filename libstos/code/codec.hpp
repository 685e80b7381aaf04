#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/plain.hpp"
#include "libstos/code/inspector.hpp"
#include "libstos/code/portable.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

// To be included by way of serialise.hpp, which has the codecs of all types.

namespace stos {

namespace detail {

template <class T>
inline constexpr bool is_without_padding = std::has_unique_object_representations_v<T> ||
                                           std::is_same_v<T, float> || std::is_same_v<T, double>;

/// The bytes of `x` itself, where there is room for them. Where the compiler can tell which of them
/// are padding (see clear_padding()), those are 0, so that equal values have equal bytes.
template <class T>
void copy_raw(std::byte* to, const T& x) {
  if constexpr (is_without_padding<T>) {
    std::memcpy(to, std::addressof(x), sizeof(T));
  } else {
    alignas(T) std::array<std::byte, sizeof(T)> copy;
    std::memcpy(copy.data(), std::addressof(x), sizeof(T));
    clear_padding<T>(copy.data());
    std::memcpy(to, copy.data(), sizeof(T));
  }
}

template <class T>
void save_raw(BytesWriter& to, const T& x) {
  if constexpr (is_without_padding<T>) {
    to.raw(std::addressof(x), sizeof(T));
  } else {
    std::array<std::byte, sizeof(T)> bytes;
    copy_raw(bytes.data(), x);
    to.raw(bytes.data(), sizeof(T));
  }
}

/// How values of type T are written and read. Members:
///   bytes_min            what a value takes at least
///   save(f, x)
///   load(f, x)           into a value that is there already, or instead
///   create(f)            a new value in a std::optional, empty after a failure
///
/// A type that is none of the standard ones below has the fields of its `inspect`, if it can be
/// loaded in this way, and else its own bytes. (The nodes of a cluster run the same program.)
template <class T>
struct Codec {
  static_assert(IsPortable<T>::value,
                "stos: this type cannot be serialised: give it a CAF `inspect` overload and a "
                "default constructor, or make it trivially copyable; pointers and views mean "
                "nothing on another node");

  static constexpr bool is_raw = !Inspectable<T>;
  static constexpr std::size_t bytes_min = is_raw && !std::is_empty_v<T> ? sizeof(T) : 0;

  static bool save(SaveInspector& f, const T& x) {
    if constexpr (Inspectable<T>) {
      const Inspector::Nested nested(f);
      // CAF's inspectors take what they save as T&, too, and do not change it.
      return f.expect(!nested.too_deep()) && f.expect(inspect(f, const_cast<T&>(x)));
    } else {
      if constexpr (bytes_min > 0)
        save_raw(f.bytes(), x);
      return true;
    }
  }

  static bool load(LoadInspector& f, T& x) {
    if constexpr (Inspectable<T>) {
      const Inspector::Nested nested(f);
      return f.expect(!nested.too_deep()) && f.expect(inspect(f, x));
    } else {
      return f.bytes().copy(static_cast<void*>(std::addressof(x)), bytes_min);
    }
  }
};

/// Values that are written as their own bytes.
template <class T>
inline constexpr bool is_raw = requires {
  requires Codec<T>::is_raw;
};

template <class T>
std::optional<T> create_value(LoadInspector& f) {
  if constexpr (requires { Codec<T>::create(f); }) {
    return Codec<T>::create(f);
  } else if constexpr (is_raw<T>) { // which need not have a default constructor
    std::array<std::byte, sizeof(T)> bytes{};
    if (!f.bytes().copy(bytes.data(), Codec<T>::bytes_min))
      return std::nullopt;
    return std::bit_cast<T>(bytes);
  } else {
    std::optional<T> x(std::in_place);
    if (!Codec<T>::load(f, *x))
      x.reset();
    return x;
  }
}

template <class T>
bool save_value(SaveInspector& f, const T& x) {
  return Codec<std::remove_const_t<T>>::save(f, x);
}

template <class T>
bool load_value(LoadInspector& f, T& x) {
  static_assert(!std::is_const_v<T>, "stos: a constant cannot be loaded");
  if constexpr (requires { Codec<T>::load(f, x); }) {
    return Codec<T>::load(f, x);
  } else {
    std::optional<T> loaded = Codec<T>::create(f);
    if (loaded)
      x = std::move(*loaded);
    return loaded.has_value();
  }
}

} // namespace detail
} // namespace stos
