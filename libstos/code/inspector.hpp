#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/code/inspector_parts.hpp"

#include <string_view>
#include <type_traits>
#include <utility>

namespace stos {

class SaveInspector;
class LoadInspector;

namespace detail {

// Defined in serialise.hpp, for every type of value.
template <class T>
bool save_value(SaveInspector& f, const T& x);
template <class T>
bool load_value(LoadInspector& f, T& x);

} // namespace detail

/// Writes values for which there is an `inspect` overload as CAF 0.18 wants them:
/// @code
///   template <class Inspector>
///   bool inspect(Inspector& f, Order& x) {
///     return f.object(x).fields(f.field("item", x.item), f.field("pieces", x.pieces));
///   }
/// @endcode
/// It has the interface of CAF's inspectors that such overloads use, without CAF: object, field,
/// apply, fallback and invariant, getters and setters, on_save and on_load.
///
/// Format: the fields one after the other, without their names. A field with a fallback is always
///         there; one with a function that says whether it is present has a byte 0 or 1 first.
/// Errors: the writer fails if `inspect` or one of its callbacks does, and for objects that hold
///         each other more than `depth_max` deep.
class SaveInspector : public detail::Inspector {
public:
  static constexpr bool is_loading = false;

  explicit SaveInspector(BytesWriter& to) : to_(to) {}

  using Object = detail::InspectedObject<SaveInspector>;

  template <class T>
  [[nodiscard]] Object object(T&) {
    return Object(*this);
  }
  [[nodiscard]] Object virtual_object(std::string_view) { return Object(*this); }

  /// Calls `Write` with the inspector.
  template <class Write>
  struct Field : detail::FieldToSave<Field<Write>> {
    explicit Field(Write does) : write(std::move(does)) {}

    [[nodiscard]] bool operator()(SaveInspector& f) { return write(f); }

    Write write;
  };

  template <class T>
  [[nodiscard]] static auto field(std::string_view, T& x) {
    return make_field([&x](SaveInspector& f) { return f.apply(x); });
  }
  template <class Get, class Set>
  [[nodiscard]] static auto field(std::string_view, Get get, Set&&) {
    return make_field([get = std::move(get)](SaveInspector& f) mutable { return f.apply(get()); });
  }
  template <class IsPresent, class Get, class Reset, class Set>
  [[nodiscard]] static auto field(std::string_view, IsPresent is_present, Get get, Reset&&, Set&&) {
    return make_field(
        [is_present = std::move(is_present), get = std::move(get)](SaveInspector& f) mutable {
          const bool present = is_present();
          return f.apply(present) && (!present || f.apply(get()));
        });
  }

  template <class T>
  [[nodiscard]] bool apply(const T& x) {
    return detail::save_value(*this, x);
  }
  template <class Get, class Set>
  [[nodiscard]] bool apply(Get&& get, Set&&) {
    return apply(get());
  }

  /// For an `inspect` that finds a value that it cannot save.
  template <class... Ts>
  void set_error(Ts&&...) {
    to_.fail();
  }
  template <class... Ts>
  void emplace_error(Ts&&...) {
    to_.fail();
  }

  template <class... Fields>
  [[nodiscard]] bool all_of(Fields&... each) {
    return (each(*this) && ...);
  }

  [[nodiscard]] BytesWriter& bytes() { return to_; }

  /// Passes `good` on; if it is false, the writer fails.
  [[nodiscard]] bool expect(bool good) {
    if (!good)
      to_.fail();
    return good && to_.ok();
  }

private:
  template <class Write>
  static Field<Write> make_field(Write write) {
    return Field<Write>(std::move(write));
  }

  BytesWriter& to_;
};

/// Reads what SaveInspector has written.
///
/// Errors: the reader fails if the input is not what was written by the same `inspect`, if an
///         invariant does not hold, and if a setter or callback fails. The object is then in
///         whatever state its own `inspect` has left it in.
class LoadInspector : public detail::Inspector {
public:
  static constexpr bool is_loading = true;

  explicit LoadInspector(BytesReader& from) : from_(from) {}

  using Object = detail::InspectedObject<LoadInspector>;

  template <class T>
  [[nodiscard]] Object object(T&) {
    return Object(*this);
  }
  [[nodiscard]] Object virtual_object(std::string_view) { return Object(*this); }

  /// Calls `Read` with the inspector and a function that checks the value.
  template <class Read, class Predicate>
  struct Field {
    Read read;
    Predicate holds;

    [[nodiscard]] bool operator()(LoadInspector& f) { return read(f, holds); }
    template <class U>
    Field& fallback(U&&) {
      return *this;
    }
    template <class P>
    Field<Read, P> invariant(P predicate) {
      return {std::move(read), std::move(predicate)};
    }
  };

  template <class T>
  [[nodiscard]] static auto field(std::string_view, T& x) {
    return make_field([&x](LoadInspector& f, auto& holds) {
      return f.apply(x) && f.expect(holds(std::as_const(x)));
    });
  }
  template <class Get, class Set>
  [[nodiscard]] static auto field(std::string_view, Get&&, Set set) {
    using T = std::decay_t<std::invoke_result_t<Get&>>;
    return make_field([set = std::move(set)](LoadInspector& f, auto& holds) mutable {
      return f.load_and_set<T>(set, holds);
    });
  }
  template <class IsPresent, class Get, class Reset, class Set>
  [[nodiscard]] static auto field(std::string_view, IsPresent&&, Get&&, Reset reset, Set set) {
    using T = std::decay_t<std::invoke_result_t<Get&>>;
    return make_field(
        [reset = std::move(reset), set = std::move(set)](LoadInspector& f, auto& holds) mutable {
          bool present = false;
          if (!f.apply(present))
            return false;
          if (present)
            return f.load_and_set<T>(set, holds);
          reset();
          return true;
        });
  }

  template <class T>
  [[nodiscard]] bool apply(T& x) {
    return detail::load_value(*this, x);
  }
  template <class Get, class Set>
  [[nodiscard]] bool apply(Get&&, Set&& set) {
    const detail::Always holds;
    return load_and_set<std::decay_t<std::invoke_result_t<Get&>>>(set, holds);
  }

  /// For an `inspect` that finds a value that makes no sense.
  template <class... Ts>
  void set_error(Ts&&...) {
    from_.fail();
  }
  template <class... Ts>
  void emplace_error(Ts&&...) {
    from_.fail();
  }

  template <class... Fields>
  [[nodiscard]] bool all_of(Fields&... each) {
    return (each(*this) && ...);
  }

  [[nodiscard]] BytesReader& bytes() { return from_; }

  /// Passes `good` on; if it is false, the reader fails.
  [[nodiscard]] bool expect(bool good) {
    if (!good)
      from_.fail();
    return good && from_.ok();
  }

private:
  template <class T, class Set, class Predicate>
  bool load_and_set(Set& set, Predicate& holds) {
    T value{};
    return apply(value) && expect(holds(std::as_const(value))) &&
           expect(detail::succeeds(set, std::move(value)));
  }
  template <class Read>
  static Field<Read, detail::Always> make_field(Read read) {
    return {std::move(read), {}};
  }

  BytesReader& from_;
};

} // namespace stos
