#pragma once

#include "libstos/base/ids.hpp"
#include "libstos/code/serialise.hpp"
#include "libstos/code/value_tree.hpp"
#include "libstos/spacetime/velocity.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>

namespace stos {

class NamingInspector;

namespace detail {

// Defined below, for every type of value.
template <class T>
bool name_value(NamingInspector& f, const T& x);

} // namespace detail

/// Turns values for which there is an `inspect` overload into a tree, with the names that `inspect`
/// gives to the fields. It has the interface of SaveInspector.
///
/// Format: an object has its fields in the order of `inspect`; those of several objects of one
///         `inspect`, as of a base class, stand in one. Sequences, pairs and tuples are arrays; a
///         map is an object if its keys are texts or whole numbers, each once, else an array of
///         objects of `key` and `value`; an optional that is empty is null; a variant tells which
///         alternative it has. What is trivially copyable and has no `inspect` has no names: its
///         bytes are a text.
/// Errors: ok() is false if `inspect` or one of its callbacks fails, and for objects that hold each
///         other more than `depth_max` deep; the tree has what came before that.
///
/// It is made for each class of agents and looked at by people, rarely: what does not depend on the
/// type stands in the .cpp, and the rest is kept small.
class NamingInspector : public detail::Inspector {
public:
  static constexpr bool is_loading = false;
  [[nodiscard]] static constexpr bool has_human_readable_format() { return true; }

  /// What stands in the place of a value: itself, or the name of its type, which takes no longer
  /// for a large one.
  enum class Shows : std::uint8_t { values, types };

  explicit NamingInspector(ValueTree& to, Shows shows = Shows::values)
      : place_(&to), shows_(shows) {}

  /// A field whose type is forgotten.
  struct AnyField {
    std::string_view name;
    const void* value;
    bool (*show)(NamingInspector&, const void* value);
    const char* type; ///< mangled
  };

  template <class T>
  struct Field {
    std::string_view name;
    const T& x;

    template <class U>
    Field& fallback(U&&) {
      return *this;
    }
    template <class Predicate>
    Field& invariant(Predicate&&) {
      return *this;
    }
    [[nodiscard]] AnyField any() const {
      return {name, std::addressof(x),
              [](NamingInspector& f, const void* value) {
                return detail::name_value(f, *static_cast<const T*>(value));
              },
              typeid(T).name()};
    }
  };

  /// `show(f)`, which may change what it has captured.
  template <class Show>
  struct ComputedField {
    std::string_view name;
    mutable Show show;

    template <class U>
    ComputedField& fallback(U&&) {
      return *this;
    }
    template <class Predicate>
    ComputedField& invariant(Predicate&&) {
      return *this;
    }
    [[nodiscard]] AnyField any() const {
      return {name, this,
              [](NamingInspector& f, const void* field) {
                return static_cast<const ComputedField*>(field)->show(f);
              },
              ""}; // it has more than one
    }
  };

  template <class Callback = detail::NoCallback>
  class Object {
  public:
    explicit Object(NamingInspector& f, Callback callback = {})
        : f_(f), callback_(std::move(callback)) {}

    Object& pretty_name(std::string_view) { return *this; }

    template <class F>
    Object& on_load(F&&) {
      return *this;
    }
    template <class F>
    Object<F> on_save(F callback) {
      return Object<F>(f_, std::move(callback));
    }

    template <class... Fields>
    [[nodiscard]] bool fields(Fields&&... each) {
      const std::array<AnyField, sizeof...(Fields)> all{each.any()...};
      return f_.show(all) && f_.expect(detail::succeeds(callback_));
    }

  private:
    NamingInspector& f_;
    Callback callback_;
  };

  template <class T>
  [[nodiscard]] Object<> object(T&) {
    return Object<>(*this);
  }
  [[nodiscard]] Object<> virtual_object(std::string_view) { return Object<>(*this); }

  template <class T>
  [[nodiscard]] static Field<T> field(std::string_view name, const T& x) {
    return {name, x};
  }
  template <class Get, class Set>
  [[nodiscard]] static auto field(std::string_view name, Get get, Set&&) {
    return computed(name,
                    [get = std::move(get)](NamingInspector& f) mutable { return f.apply(get()); });
  }
  template <class IsPresent, class Get, class Reset, class Set>
  [[nodiscard]] static auto field(std::string_view name, IsPresent is_present, Get get, Reset&&,
                                  Set&&) {
    return computed(name, [is_present = std::move(is_present),
                           get = std::move(get)](NamingInspector& f) mutable {
      return is_present() ? f.apply(get()) : f.nothing();
    });
  }

  template <class T>
  [[nodiscard]] bool apply(const T& x) {
    return detail::name_value(*this, x);
  }
  template <class Get, class Set>
  [[nodiscard]] bool apply(Get&& get, Set&&) {
    return apply(get());
  }

  /// For an `inspect` that finds a value that it cannot save.
  template <class... Ts>
  void set_error(Ts&&...) {
    ok_ = false;
  }
  template <class... Ts>
  void emplace_error(Ts&&...) {
    ok_ = false;
  }

  [[nodiscard]] bool ok() const { return ok_; }

  /// Passes `good` on; if it is false, the inspector fails.
  [[nodiscard]] bool expect(bool good) { return ok_ = ok_ && good; }

  // ---- values; each returns ok()

  bool number(std::int64_t x);
  bool number(std::uint64_t x);
  bool number(double x);
  bool number(float x);
  bool boolean(bool x);
  bool character(char x); ///< a text, if it is one by itself
  bool text(std::string_view x);
  bool bytes(std::span<const std::byte> x);
  bool nothing();

  /// What comes until its end stands in it, side by side.
  class Inside {
  public:
    Inside(NamingInspector& f, ValueTree::Kind kind);
    ~Inside() { f_.place_ = place_; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

    void next(std::string_view name = {}); ///< what comes until the next one is its value
    [[nodiscard]] ValueTree& tree() { return *inside_; }

  private:
    NamingInspector& f_;
    ValueTree* place_;
    ValueTree* inside_;
  };

private:
  template <class Show>
  [[nodiscard]] static ComputedField<Show> computed(std::string_view name, Show show) {
    return {name, std::move(show)};
  }

  [[nodiscard]] bool show(std::span<const AnyField> fields);
  bool put(ValueTree value);
  ValueTree& place_for(ValueTree::Kind kind);

  ValueTree* place_;
  const ValueTree* several_ = nullptr; ///< the latest place with more than one value
  Shows shows_;
  bool ok_ = true;
};

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
