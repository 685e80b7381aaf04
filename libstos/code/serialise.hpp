#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/plain.hpp"
#include "libstos/code/inspector.hpp"
#include "libstos/code/portable.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <forward_list>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

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

// ---- containers
// -----------------------------------------------------------------------------------
//
// A varint counts the elements. Each takes at least one byte, if need be an additional 0, so that
// the rest of the input bounds how many there can be.

template <class T>
inline constexpr std::size_t element_bytes_min =
    Codec<T>::bytes_min == 0 ? std::size_t{1} : Codec<T>::bytes_min;

template <class T>
bool save_element(SaveInspector& f, const T& x) {
  if constexpr (Codec<T>::bytes_min > 0) {
    return Codec<T>::save(f, x);
  } else {
    const std::size_t before = f.bytes().size();
    if (!Codec<T>::save(f, x))
      return false;
    if (f.bytes().size() == before)
      f.bytes().u8(0);
    return true;
  }
}

template <class T>
std::optional<T> create_element(LoadInspector& f) {
  if constexpr (Codec<T>::bytes_min > 0) {
    return create_value<T>(f);
  } else {
    const std::size_t before = f.bytes().remaining();
    std::optional<T> x = create_value<T>(f);
    if (x && f.bytes().remaining() == before && !f.expect(f.bytes().u8() == 0))
      x.reset();
    return x;
  }
}

/// `add(element)` says whether it could be there.
template <class T, class Add>
bool load_elements(LoadInspector& f, std::size_t count, Add add) {
  for (std::size_t i = 0; i < count; ++i) {
    std::optional<T> element = create_element<T>(f);
    if (!element || !f.expect(add(std::move(*element))))
      return false;
  }
  return f.bytes().ok();
}

template <>
struct Codec<bool> {
  static constexpr std::size_t bytes_min = 1;
  static bool save(SaveInspector& f, bool x) {
    f.bytes().u8(x ? 1 : 0);
    return true;
  }
  static bool load(LoadInspector& f, bool& x) { // a bool of any other bits is undefined behaviour
    const std::uint8_t byte = f.bytes().u8();
    x = byte != 0;
    return f.expect(byte <= 1);
  }
};

template <>
struct Codec<std::string> {
  static constexpr std::size_t bytes_min = 1;
  static bool save(SaveInspector& f, const std::string& x) {
    f.bytes().text(x);
    return true;
  }
  static bool load(LoadInspector& f, std::string& x) {
    x = f.bytes().text_view();
    return f.bytes().ok();
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static constexpr std::size_t bytes_min = 1;
  static constexpr bool in_one_piece =
      is_raw<T> && Codec<T>::bytes_min == sizeof(T) && std::default_initializable<T>;

  static bool save(SaveInspector& f, const std::vector<T>& x) {
    f.bytes().varint(x.size());
    if constexpr (in_one_piece && is_without_padding<T>) {
      f.bytes().raw(x.data(), x.size() * sizeof(T));
    } else {
      for (const auto& element : x)
        if (!save_element<T>(f, element))
          return false;
    }
    return true;
  }

  static bool load(LoadInspector& f, std::vector<T>& x) {
    const std::size_t count = f.bytes().count(element_bytes_min<T>);
    x.clear();
    if constexpr (in_one_piece) {
      x.resize(count);
      return f.bytes().copy(x.data(), count * sizeof(T));
    } else {
      x.reserve(std::min(count, f.bytes().remaining() / sizeof(T)));
      return load_elements<T>(f, count, [&](T&& element) {
        x.push_back(std::move(element));
        return true;
      });
    }
  }
};

/// Strings of other characters than bytes: the characters as they are.
template <class Char>
struct Codec<std::basic_string<Char>> {
  static constexpr std::size_t bytes_min = 1;
  static bool save(SaveInspector& f, const std::basic_string<Char>& x) {
    f.bytes().varint(x.size());
    f.bytes().raw(x.data(), x.size() * sizeof(Char));
    return true;
  }
  static bool load(LoadInspector& f, std::basic_string<Char>& x) {
    x.resize(f.bytes().count(sizeof(Char)));
    return f.bytes().copy(x.data(), x.size() * sizeof(Char));
  }
};

template <class T, class Container>
bool save_elements(SaveInspector& f, const Container& x) {
  f.bytes().varint(static_cast<std::uint64_t>(std::distance(x.begin(), x.end())));
  for (const T& element : x)
    if (!save_element<T>(f, element))
      return false;
  return true;
}

/// Sequences in pieces.
template <class T, class Container>
struct SequenceCodec {
  static constexpr std::size_t bytes_min = 1;
  static bool save(SaveInspector& f, const Container& x) { return save_elements<T>(f, x); }
  static bool load(LoadInspector& f, Container& x) {
    x.clear();
    return load_elements<T>(f, f.bytes().count(element_bytes_min<T>), [&](T&& element) {
      x.push_back(std::move(element));
      return true;
    });
  }
};
template <class T>
struct Codec<std::deque<T>> : SequenceCodec<T, std::deque<T>> {};
template <class T>
struct Codec<std::list<T>> : SequenceCodec<T, std::list<T>> {};

template <class T>
struct Codec<std::forward_list<T>> {
  static constexpr std::size_t bytes_min = 1;
  static bool save(SaveInspector& f, const std::forward_list<T>& x) {
    return save_elements<T>(f, x);
  }
  static bool load(LoadInspector& f, std::forward_list<T>& x) {
    x.clear();
    auto last = x.before_begin();
    return load_elements<T>(f, f.bytes().count(element_bytes_min<T>), [&](T&& element) {
      last = x.insert_after(last, std::move(element));
      return true;
    });
  }
};

/// A container adaptor is written as its container, element for element: also what makes no
/// difference to its order stays as it is.
template <class Adaptor>
struct AdaptorCodec {
  using Container = typename Adaptor::container_type;
  static constexpr std::size_t bytes_min = Codec<Container>::bytes_min;

  static const Container& contained(const Adaptor& x) { return x.*Inside::member(); }
  static bool save(SaveInspector& f, const Adaptor& x) { return save_value(f, contained(x)); }
  static bool load(LoadInspector& f, Adaptor& x) { return load_value(f, x.*Inside::member()); }

protected:
  struct Inside : Adaptor {
    static Container Adaptor::*member() { return &Inside::c; }
  };
};
template <class T, class Container>
struct Codec<std::stack<T, Container>> : AdaptorCodec<std::stack<T, Container>> {};
template <class T, class Container>
struct Codec<std::queue<T, Container>> : AdaptorCodec<std::queue<T, Container>> {};

template <class T, class Container, class Compare>
struct Codec<std::priority_queue<T, Container, Compare>>
    : AdaptorCodec<std::priority_queue<T, Container, Compare>> {
  using Queue = std::priority_queue<T, Container, Compare>;
  static bool load(LoadInspector& f, Queue& x) {
    if (!AdaptorCodec<Queue>::load(f, x))
      return false;
    const auto& heap = AdaptorCodec<Queue>::contained(x);
    return f.expect(std::is_heap(heap.begin(), heap.end(), Compare()));
  }
};

/// Sets that may hold equal elements, in whose order those stay.
template <class T, class Compare>
struct Codec<std::multiset<T, Compare>> {
  static constexpr std::size_t bytes_min = 1;
  static bool save(SaveInspector& f, const std::multiset<T, Compare>& x) {
    return save_elements<T>(f, x);
  }
  static bool load(LoadInspector& f, std::multiset<T, Compare>& x) {
    x.clear();
    return load_elements<T>(f, f.bytes().count(element_bytes_min<T>), [&](T&& element) {
      x.insert(std::move(element));
      return true;
    });
  }
};

template <class T, class Compare>
struct Codec<std::set<T, Compare>> {
  static constexpr std::size_t bytes_min = 1;
  static bool save(SaveInspector& f, const std::set<T, Compare>& x) {
    return save_elements<T>(f, x);
  }
  static bool load(LoadInspector& f, std::set<T, Compare>& x) {
    x.clear();
    return load_elements<T>(f, f.bytes().count(element_bytes_min<T>), [&](T&& element) {
      const std::size_t before = x.size();
      x.emplace_hint(x.end(), std::move(element));
      return x.size() > before;
    });
  }
};

/// Maps, with one value for each key or with many.
template <class Map, bool has_one_each>
struct MapCodec {
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  static constexpr std::size_t bytes_min = 1;

  static bool save(SaveInspector& f, const Map& x) {
    f.bytes().varint(x.size());
    for (const auto& [key, value] : x)
      if (!save_element<K>(f, key) || !save_value(f, value))
        return false;
    return true;
  }
  static bool load(LoadInspector& f, Map& x) {
    x.clear();
    const std::size_t count = f.bytes().count(element_bytes_min<K> + Codec<V>::bytes_min);
    for (std::size_t i = 0; i < count; ++i) {
      std::optional<K> key = create_element<K>(f);
      std::optional<V> value = key ? create_value<V>(f) : std::nullopt;
      if (!value)
        return false;
      const std::size_t before = x.size();
      if constexpr (has_one_each)
        x.emplace_hint(x.end(), std::move(*key), std::move(*value));
      else
        x.emplace(std::move(*key), std::move(*value));
      if (!f.expect(x.size() > before)) // no key twice
        return false;
    }
    return f.bytes().ok();
  }
};
template <class K, class V, class Compare>
struct Codec<std::map<K, V, Compare>> : MapCodec<std::map<K, V, Compare>, true> {};
template <class K, class V, class Compare>
struct Codec<std::multimap<K, V, Compare>> : MapCodec<std::multimap<K, V, Compare>, false> {};

// ---- a fixed number of values
// ---------------------------------------------------------------------

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
// -------------------------------------------------------------------------------

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

} // namespace detail

/// Appends `x`. Check `to.ok()` in the end: it is false if the `inspect` of some part of `x` has
/// failed, and for objects that hold each other more than Inspector::depth_max deep.
///
/// Format: what is trivially copyable, its own bytes; a type with an `inspect` overload, its
/// fields;
///         a string or container, a varint for the number of elements, then these; an optional or a
///         unique_ptr, a byte 0 or 1 first; a variant, a varint for the alternative first.
template <Portable T>
void save(BytesWriter& to, const T& x) {
  SaveInspector f(to);
  if (!detail::save_value(f, x))
    to.fail();
}

/// Reads what save() has written. False, and `from` has failed, if the input is none of a T; then
/// `x` is a value, but an unspecified one.
///
/// The input may be hostile: whatever it says, the memory that is allocated is in proportion to
/// what is left of it. Only in structures that are read as their own bytes nothing is checked; put
/// no pointers, bools or enumerations there that must not have any other value, or give them an
/// `inspect`.
template <Portable T>
[[nodiscard]] bool load(BytesReader& from, T& x) {
  LoadInspector f(from);
  if (!detail::load_value(f, x))
    from.fail();
  return from.ok();
}

/// The same for types that need not have a default constructor.
template <Portable T>
[[nodiscard]] std::optional<T> load_new(BytesReader& from) {
  LoadInspector f(from);
  std::optional<T> x = detail::create_value<T>(f);
  if (!x || !from.ok()) {
    from.fail();
    return std::nullopt;
  }
  return x;
}

} // namespace stos
