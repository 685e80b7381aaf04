#pragma once

#include "libstos/code/inspector_parts.hpp"
#include "libstos/code/value_tree.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace stos {

class NamingInspector;

namespace detail {

// Defined in named_values.hpp, for every type of value.
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
  struct Field : detail::FieldToSave<Field<T>> {
    Field(std::string_view of_name, const T& value) : name(of_name), x(value) {}

    std::string_view name;
    const T& x;

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
  struct ComputedField : detail::FieldToSave<ComputedField<Show>> {
    ComputedField(std::string_view of_name, Show does) : name(of_name), show(std::move(does)) {}

    std::string_view name;
    mutable Show show;

    [[nodiscard]] AnyField any() const {
      return {name, this,
              [](NamingInspector& f, const void* field) {
                return static_cast<const ComputedField*>(field)->show(f);
              },
              ""}; // it has more than one
    }
  };

  using Object = detail::InspectedObject<NamingInspector>;

  template <class T>
  [[nodiscard]] Object object(T&) {
    return Object(*this);
  }
  [[nodiscard]] Object virtual_object(std::string_view) { return Object(*this); }

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

  template <class... Fields>
  [[nodiscard]] bool all_of(Fields&... each) {
    const std::array<AnyField, sizeof...(Fields)> all{each.any()...};
    return show(all);
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

} // namespace stos
