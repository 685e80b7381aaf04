#include "libstos/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace stos::detail {

void assertion_failed(const char* expression, const char* file, int line, std::string_view seen) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s %.*s\n", file, line, expression,
               static_cast<int>(seen.size()), seen.data());
  std::abort();
}

} // namespace stos::detail
