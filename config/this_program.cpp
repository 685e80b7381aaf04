#include "config/this_program.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <span>

namespace stos {
namespace {

// Its pages are in memory already, and need not be copied.
ContentHash hash_of(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return {};
  ContentHash hash;
  struct stat about {};
  if (fstat(file, &about) == 0 && about.st_size > 0) {
    const auto size = static_cast<std::size_t>(about.st_size);
    void* const bytes = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes != MAP_FAILED) {
      hash = ContentHash::of(std::span(static_cast<const std::byte*>(bytes), size));
      munmap(bytes, size);
    }
  }
  close(file);
  return hash;
}

} // namespace

const ContentHash& hash_of_this_program() {
  static const ContentHash hash = hash_of("/proc/self/exe");
  return hash;
}

} // namespace stos
