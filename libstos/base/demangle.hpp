#pragma once

#include <string>

namespace stos::detail {

/// A type's name as its author wrote it, from the one that `typeid` gives.
[[nodiscard]] std::string demangle(const char* mangled);

/// The same for a line of text: a lambda by the function that it is in, as in
/// `Queue::begin()::{lambda#1}`, without the types of parameters, unnamed namespaces and long lists
/// of template arguments.
[[nodiscard]] std::string short_name(const char* mangled);

} // namespace stos::detail
