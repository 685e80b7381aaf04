#include "libstos/base/demangle.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace stos::detail {

std::string demangle(const char* mangled) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status), std::free);
  return status == 0 ? text.get() : mangled;
}

} // namespace stos::detail
