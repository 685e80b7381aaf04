#pragma once

#include <string>

namespace stos::detail {

/// A type's name as its author wrote it, from the one that `typeid` gives.
[[nodiscard]] std::string demangle(const char* mangled);

} // namespace stos::detail
