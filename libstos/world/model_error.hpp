#pragma once

#include "libstos/base/errc.hpp"

namespace stos::detail {

/// Everything that a model's code can throw, in words. @pre in a catch block
[[nodiscard]] Error error_of_current_exception();

} // namespace stos::detail
