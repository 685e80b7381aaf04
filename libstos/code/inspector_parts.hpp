#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

/// What the inspectors (SaveInspector, LoadInspector, NamingInspector) are made of.
namespace stos::detail {

/// Calls what a user's `inspect` gave us: it succeeds with true, with an error that is none
/// (CAF's convert to true if they are one), or by returning.
template <class Function, class... Args>
bool succeeds(Function& function, Args&&... args) {
  using Answer = std::invoke_result_t<Function&, Args...>;
  if constexpr (std::is_void_v<Answer>) {
    function(std::forward<Args>(args)...);
    return true;
  } else if constexpr (std::is_same_v<std::remove_cvref_t<Answer>, bool>) {
    return function(std::forward<Args>(args)...);
  } else {
    return !static_cast<bool>(function(std::forward<Args>(args)...));
  }
}

struct NoCallback {
  void operator()() const {}
};

struct Always {
  template <class T>
  bool operator()(const T&) const {
    return true;
  }
};

/// What all inspectors have in common.
///
/// `inspect` may call itself, for a tree: so that no input can make it do so without end, an
/// inspector fails below `depth_max` calls within each other.
class Inspector {
public:
  static constexpr std::uint32_t depth_max = 200;

  [[nodiscard]] static constexpr bool has_human_readable_format() { return false; }

  /// One call of `inspect` within others.
  class Nested {
  public:
    explicit Nested(Inspector& inspector) : inspector_(inspector) { ++inspector_.depth_; }
    ~Nested() { --inspector_.depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;
    [[nodiscard]] bool too_deep() const { return inspector_.depth_ > depth_max; }

  private:
    Inspector& inspector_;
  };

private:
  std::uint32_t depth_ = 0;
};

/// What `object()` of the inspector `F` gives to an `inspect`; `Callback` is what the `inspect`
/// wants called behind the fields.
template <class F, class Callback = NoCallback>
class InspectedObject {
public:
  explicit InspectedObject(F& f, Callback callback = {}) : f_(f), callback_(std::move(callback)) {}

  InspectedObject& pretty_name(std::string_view) { return *this; }

  template <class Function>
  [[nodiscard]] decltype(auto) on_load(Function&& callback) {
    return behind_fields<F::is_loading>(std::forward<Function>(callback));
  }
  template <class Function>
  [[nodiscard]] decltype(auto) on_save(Function&& callback) {
    return behind_fields<!F::is_loading>(std::forward<Function>(callback));
  }

  template <class... Fields>
  [[nodiscard]] bool fields(Fields&&... each) {
    return f_.all_of(each...) && f_.expect(succeeds(callback_));
  }

private:
  template <bool IsCalled, class Function>
  decltype(auto) behind_fields(Function&& callback) {
    if constexpr (IsCalled)
      return InspectedObject<F, std::decay_t<Function>>(f_, std::forward<Function>(callback));
    else
      return (*this);
  }

  F& f_;
  Callback callback_;
};

/// A field that is saved or shown: what its `inspect` says for loading has no effect.
template <class Field>
struct FieldToSave {
  template <class T>
  Field& fallback(T&&) {
    return static_cast<Field&>(*this);
  }
  template <class Predicate>
  Field& invariant(Predicate&&) {
    return static_cast<Field&>(*this);
  }
};

} // namespace stos::detail
