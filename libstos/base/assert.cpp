#include "libstos/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace stos::detail {
namespace {

// Where the library was built is of no meaning to those who read this.
std::string_view without_root(std::string_view file) {
  constexpr std::string_view own_place = "libstos/base/assert.cpp";
  const std::string_view own = __FILE__;
  if (own.ends_with(own_place) && file.starts_with(own.substr(0, own.size() - own_place.size())))
    return file.substr(own.size() - own_place.size());
  const std::size_t folder = file.rfind('/');
  return folder == std::string_view::npos ? file : file.substr(folder + 1);
}

} // namespace

void assertion_failed(const char* expression, const char* file, int line, std::string_view seen) {
  const std::string_view where = without_root(file);
  std::fprintf(stderr, "%.*s:%d: broken invariant: %s %.*s\n", static_cast<int>(where.size()),
               where.data(), line, expression, static_cast<int>(seen.size()), seen.data());
  std::abort();
}

} // namespace stos::detail
