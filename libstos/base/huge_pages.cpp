#include "libstos/base/huge_pages.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <bit>
#include <cstdint>

namespace stos {

void advise_huge_pages(const void* memory, std::size_t bytes) {
#if defined(__linux__)
  constexpr std::size_t huge_page = std::size_t{2} << 20;
  constexpr std::uintptr_t page = 4096; // a kernel of larger ones refuses, which does no harm
  if (bytes < huge_page)
    return;
  // From the page on in which it begins, so that neighbours in the address space become one.
  const auto begin = std::bit_cast<std::uintptr_t>(memory);
  const std::uintptr_t first = begin / page * page;
  const std::uintptr_t last = (begin + bytes) / page * page;
  (void)madvise(std::bit_cast<void*>(first), last - first, MADV_HUGEPAGE);
#else
  (void)memory;
  (void)bytes;
#endif
}

} // namespace stos
