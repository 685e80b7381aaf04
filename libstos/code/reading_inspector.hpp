#pragma once

#include "libstos/code/inspector_parts.hpp"
#include "libstos/code/value_tree.hpp"

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace stos {

class ReadingInspector;

namespace detail {

// Defined in read_values.hpp, for every type of value.
template <class T>
bool read_value(ReadingInspector& f, T& x);

} // namespace detail

/// Makes values for which there is an `inspect` overload of what people have written: the opposite
/// of NamingInspector, whose format it reads, and with the interface of LoadInspector.
///
/// Format: fields are known by their names, in any order. Each has to be there, but for those with
/// a
///         fallback or a function that says whether it is present; no other may be.
/// Errors: ok() is false, and why() says which field is not as it has to be, what was seen there
///         and what is wanted. The value is then an unspecified one.
class ReadingInspector : public detail::Inspector {
public:
  static constexpr bool is_loading = true;
  [[nodiscard]] static constexpr bool has_human_readable_format() { return true; }

  explicit ReadingInspector(const ValueTree& from) : place_(&from) {}

  using Object = detail::InspectedObject<ReadingInspector>;

  template <class T>
  [[nodiscard]] Object object(T&) {
    return Object(*this);
  }
  [[nodiscard]] Object virtual_object(std::string_view) { return Object(*this); }

  /// `read(f)` where the field is there, `otherwise()` where it is not: false, if it has to be.
  template <class Read, class Assign, class Predicate, class Otherwise>
  struct Field {
    std::string_view name;
    Read read;         ///< (f, holds)
    Assign assign;     ///< (value)
    Predicate holds;   ///< (value)
    Otherwise missing; ///< (assign)

    template <class P>
    [[nodiscard]] auto invariant(P predicate) {
      return Field<Read, Assign, P, Otherwise>{name, std::move(read), std::move(assign),
                                               std::move(predicate), std::move(missing)};
    }
    template <class U>
    [[nodiscard]] auto fallback(U value) {
      auto use = [value = std::move(value)](Assign& set) { return detail::succeeds(set, value); };
      return Field<Read, Assign, Predicate, decltype(use)>{name, std::move(read), std::move(assign),
                                                           std::move(holds), std::move(use)};
    }
  };

  template <class T>
  [[nodiscard]] static auto field(std::string_view name, T& x) {
    return make_field(
        name,
        [&x](ReadingInspector& f, auto& holds) {
          return f.apply(x) && f.expect_valid(holds(std::as_const(x)));
        },
        [&x](const auto& value) { x = static_cast<T>(value); }, NotThere{});
  }
  template <class Get, class Set>
  [[nodiscard]] static auto field(std::string_view name, Get&&, Set set) {
    using T = std::decay_t<std::invoke_result_t<Get&>>;
    return make_field(
        name,
        [set](ReadingInspector& f, auto& holds) mutable { return f.read_and_set<T>(set, holds); },
        set, NotThere{});
  }
  template <class IsPresent, class Get, class Reset, class Set>
  [[nodiscard]] static auto field(std::string_view name, IsPresent&&, Get&&, Reset reset, Set set) {
    using T = std::decay_t<std::invoke_result_t<Get&>>;
    return make_field(
        name,
        [reset, set](ReadingInspector& f, auto& holds) mutable {
          return f.is_null() ? (reset(), true) : f.read_and_set<T>(set, holds);
        },
        set, [reset](auto&) mutable { return reset(), true; });
  }

  template <class T>
  [[nodiscard]] bool apply(T& x) {
    return detail::read_value(*this, x);
  }
  template <class Get, class Set>
  [[nodiscard]] bool apply(Get&&, Set&& set) {
    const detail::Always holds;
    return read_and_set<std::decay_t<std::invoke_result_t<Get&>>>(set, holds);
  }

  /// For an `inspect` that finds a value that makes no sense.
  template <class... Ts>
  void set_error(Ts&&...) {
    expect_valid(false);
  }
  template <class... Ts>
  void emplace_error(Ts&&...) {
    expect_valid(false);
  }

  template <class... Fields>
  [[nodiscard]] bool all_of(Fields&... each) {
    return want_object() && (read_field(each) && ...);
  }

  /// Passes `good` on; if it is false, the inspector fails.
  [[nodiscard]] bool expect(bool good) { return expect_valid(good); }

  [[nodiscard]] bool ok() const { return why_.empty(); }
  [[nodiscard]] const std::string& why() const { return why_; }

  // ---- for read_values.hpp

  [[nodiscard]] const ValueTree& here() const { return *place_; }
  [[nodiscard]] bool is_null() const {
    return place_->kind == ValueTree::Kind::literal && place_->text == "null";
  }

  /// Fails: here something else was wanted.
  bool wanted(std::string_view what);
  bool want_object();
  bool want_array();
  /// What NamingInspector shows of values whose parts have no names.
  bool bytes(std::span<std::byte> into);

  /// Everything until its end is about this part of what is here, which has a name or a number.
  class Within {
  public:
    Within(ReadingInspector& f, const ValueTree& part, std::string_view name);
    Within(ReadingInspector& f, const ValueTree& part, std::size_t index);
    ~Within();
    Within(const Within&) = delete;
    Within& operator=(const Within&) = delete;

  private:
    Within(ReadingInspector& f, const ValueTree& part);
    ReadingInspector& f_;
    const ValueTree* place_;
    std::size_t path_size_;
  };

  /// One value that may be an object; in its end, all of the object's fields have to be read. One
  /// in the same place within it, as of a base class, adds to it.
  class Whole {
  public:
    explicit Whole(ReadingInspector& f);
    ~Whole();
    Whole(const Whole&) = delete;
    Whole& operator=(const Whole&) = delete;
    [[nodiscard]] bool is_read();

  private:
    ReadingInspector& f_;
    const ValueTree* before_;
    std::set<std::string_view> known_; ///< of the one before
  };

private:
  struct NotThere {
    template <class Assign>
    bool operator()(Assign&) const {
      return false;
    }
  };

  template <class Read, class Assign, class Otherwise>
  [[nodiscard]] static auto make_field(std::string_view name, Read read, Assign assign,
                                       Otherwise otherwise) {
    return Field<Read, Assign, detail::Always, Otherwise>{
        name, std::move(read), std::move(assign), {}, std::move(otherwise)};
  }

  template <class F>
  bool read_field(F& field) {
    known_.insert(field.name);
    const ValueTree* const part = place_->find(field.name);
    if (part == nullptr)
      return field.missing(field.assign) || fail_missing(field.name);
    const Within within(*this, *part, field.name);
    return field.read(*this, field.holds) && ok();
  }
  template <class T, class Set, class Predicate>
  bool read_and_set(Set& set, Predicate& holds) {
    T value{};
    return apply(value) && expect_valid(holds(std::as_const(value))) &&
           expect_valid(detail::succeeds(set, std::move(value)));
  }

  bool expect_valid(bool good);
  bool fail_missing(std::string_view field);
  bool fail(std::string why);

  const ValueTree* place_;
  std::string path_;
  const ValueTree* whole_ = nullptr; // the object that is read,
  std::set<std::string_view> known_; // and its fields
  std::string why_;
};

} // namespace stos
