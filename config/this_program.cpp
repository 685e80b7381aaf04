#include "config/this_program.hpp"

#include "libstos/base/huge_pages.hpp"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <span>
#include <vector>

namespace stos {

const ContentHash& hash_of_this_program() {
  static const ContentHash hash = [] {
    std::ifstream file("/proc/self/exe", std::ios::binary | std::ios::ate);
    const auto size = static_cast<std::size_t>(std::max<std::streamoff>(file.tellg(), 0));
    std::vector<char> bytes;
    reserve_large(bytes, size);
    bytes.resize(size);
    file.seekg(0);
    file.read(bytes.data(), static_cast<std::streamsize>(size));
    return ContentHash::of(std::as_bytes(std::span(bytes)));
  }();
  return hash;
}

} // namespace stos
