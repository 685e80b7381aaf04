#include "libstos/base/bytes.hpp"

#include <algorithm>

namespace stos {

void BytesWriter::grow(std::size_t size) {
  constexpr std::size_t bytes_min = 64;
  const std::size_t wanted = std::max({size_ + size, 2 * size_, bytes_min});
  bytes_->resize(std::max(wanted, std::min(bytes_->capacity(), 4 * wanted)));
}

std::uint64_t BytesReader::long_varint() {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < detail::varint_bytes_max && remaining_ > 0; ++i) {
    const std::uint64_t byte = word<std::uint8_t>();
    if (i + 1 == detail::varint_bytes_max && byte > 1) // of the tenth byte, one bit is left
      break;
    value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80)
      return value;
  }
  fail();
  return 0;
}

} // namespace stos
