#pragma once

#include "libstos/base/assert.hpp"
#include "libstos/base/errc.hpp"

#include <utility>
#include <variant>

namespace stos {

/// Either a value or the Error that explains why there is none.
///
/// Reading the value of a failed result (or the error of a good one) is a bug of the caller and
/// aborts; ask `explicit operator bool` first.
template <class T>
class [[nodiscard]] Result {
public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }

  T& operator*() & { return value(); }
  const T& operator*() const& { return const_cast<Result*>(this)->value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &const_cast<Result*>(this)->value(); }

  const Error& error() const {
    STOS_ASSERT(state_.index() == 1, "asked a good result for its error");
    return *std::get_if<1>(&state_);
  }

private:
  T& value() {
    STOS_ASSERT(state_.index() == 0, error().context);
    return *std::get_if<0>(&state_);
  }

  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}

  explicit operator bool() const { return !failed_; }

  const Error& error() const {
    STOS_ASSERT(failed_, "asked a good result for its error");
    return error_;
  }

private:
  Error error_;
  bool failed_ = false;
};

} // namespace stos
