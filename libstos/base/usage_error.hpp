#pragma once

#include "libstos/base/errc.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace stos {

/// A program used the library in a way that has no meaning: thrown to the line that did it.
///
/// Inside a lambda the engine catches it like any exception of the model: the simulation fails and
/// says which agent did what, and where in spacetime.
class UsageError : public std::runtime_error {
public:
  explicit UsageError(Error error)
      : std::runtime_error(std::string(to_string(error.code)) + ": " + error.context),
        error_(std::move(error)) {}
  UsageError(Errc code, std::string context) : UsageError(Error{code, std::move(context)}) {}

  [[nodiscard]] const Error& error() const { return error_; }

private:
  Error error_;
};

} // namespace stos
