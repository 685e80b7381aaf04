#pragma once

#include "libstos/base/content_hash.hpp"

namespace stos {

/// Which program this process executes, to the last byte: nodes exchange code by name, and cuts
/// have it by name, so only the same program can make sense of it.
///
/// Threads: any.
[[nodiscard]] const ContentHash& hash_of_this_program();

} // namespace stos
