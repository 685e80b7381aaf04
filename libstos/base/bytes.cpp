#include "libstos/base/bytes.hpp"

#include <algorithm>

namespace stos {

// What the vector has room for is used up before it gets more.
void BytesWriter::grow(std::size_t size) {
  constexpr std::size_t bytes_min = 64; // of its own: what was there before may be far more
  const std::size_t more = std::max({size, 2 * this->size(), bytes_min});
  const std::size_t room = bytes_->capacity() - size_;
  bytes_->resize(size_ + (room < size ? more : std::min(room, 4 * more)));
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
