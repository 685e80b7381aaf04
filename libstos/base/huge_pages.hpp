#pragma once

#include <cstddef>
#include <vector>

namespace stos {

/// Has the system take huge pages for memory that was not used yet. It hands them out many times
/// faster than as much in small ones, above all in a virtual machine, and they are faster to use.
/// Does nothing where that is not possible, or the memory is less than one of them.
void advise_huge_pages(const void* memory, std::size_t bytes);

/// Room for so many values, in huge pages if it is large.
template <class T>
void reserve_large(std::vector<T>& values, std::size_t count) {
  if (values.capacity() >= count)
    return;
  values.reserve(count);
  advise_huge_pages(values.data(), values.capacity() * sizeof(T));
}

} // namespace stos
