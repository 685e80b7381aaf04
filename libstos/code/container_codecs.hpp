#pragma once

#include "libstos/code/codec.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <iterator>
#include <list>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

// To be included by way of serialise.hpp, which has the codecs of all types.
// A varint counts the elements. Each takes at least one byte, if need be an additional 0, so that
// the rest of the input bounds how many there can be.

namespace stos::detail {

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

} // namespace stos::detail
