#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stos {

namespace detail {

/// `value` as its bytes lie in a message: little endian. Its own inverse.
template <class Word>
[[nodiscard]] constexpr Word little_endian(Word value) {
  if constexpr (std::endian::native == std::endian::big) {
    Word swapped = 0;
    for (std::size_t i = 0; i < sizeof(Word); ++i)
      swapped = static_cast<Word>(swapped << 8 | (value >> (8 * i) & 0xff));
    return swapped;
  }
  return value;
}

inline constexpr std::size_t varint_bytes_max = 10; ///< of 64 bits, seven in a byte

} // namespace detail

/// Appends values to a vector of bytes: its own one, or one that it borrows.
///
/// Words are little endian; a double is its bits; a varint is LEB128, seven bits a byte, the lowest
/// first; a text is the varint of its size, then its bytes. Nothing says what a value is: the
/// reader has to know.
///
/// Owns:    a borrowed vector must outlive the writer, and is the writer's alone until the writer
///          is gone or finish() was called; only then its size is that of what was written.
/// Errors:  a value that has no bytes (see serialise.hpp) makes ok() false for good; what was
///          written is of no use then. Throws std::bad_alloc.
/// Threads: none inside.
class BytesWriter {
public:
  BytesWriter() : bytes_(&own_) {}
  explicit BytesWriter(std::vector<std::byte>& appended_to)
      : bytes_(&appended_to), begin_(appended_to.size()), size_(begin_) {}
  BytesWriter(const BytesWriter&) = delete;
  BytesWriter& operator=(const BytesWriter&) = delete;
  ~BytesWriter() { finish(); }

  void u8(std::uint8_t value) { word(value); }
  void u16(std::uint16_t value) { word(value); }
  void u32(std::uint32_t value) { word(value); }
  void u64(std::uint64_t value) { word(value); }
  void f64(double value) { word(std::bit_cast<std::uint64_t>(value)); }

  void varint(std::uint64_t value) {
    std::byte* at = make_room(detail::varint_bytes_max);
    std::byte* const begin = at;
    for (; value >= 0x80; value >>= 7)
      *at++ = static_cast<std::byte>(value | 0x80);
    *at++ = static_cast<std::byte>(value);
    size_ += static_cast<std::size_t>(at - begin);
  }

  void raw(const void* data, std::size_t size) {
    if (size == 0) // an empty range may have no address
      return;
    std::memcpy(make_room(size), data, size);
    size_ += size;
  }
  void raw(std::span<const std::byte> data) { raw(data.data(), data.size()); }

  void text(std::string_view value) {
    varint(value.size());
    raw(value.data(), value.size());
  }

  /// Something could not be put into bytes.
  void fail() { ok_ = false; }
  [[nodiscard]] bool ok() const { return ok_; }

  /// How many bytes this writer has written, and which. The span is good until the next one.
  [[nodiscard]] std::size_t size() const { return size_ - begin_; }
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return {bytes_->data() + begin_, size()};
  }

  /// Gives the vector the size of what it holds. The writer may go on afterwards.
  void finish() { bytes_->resize(size_); }

  /// What was written into the writer's own vector; the writer begins anew. @pre it borrows none
  [[nodiscard]] std::vector<std::byte> take() {
    finish();
    size_ = 0;
    ok_ = true;
    return std::exchange(own_, {});
  }

private:
  template <class Word>
  void word(Word value) {
    value = detail::little_endian(value);
    std::memcpy(make_room(sizeof value), &value, sizeof value);
    size_ += sizeof value;
  }

  /// The vector is kept larger than what was written, so that most values are one comparison and
  /// one store.
  std::byte* make_room(std::size_t size) {
    if (bytes_->size() - size_ < size) [[unlikely]]
      grow(size);
    return bytes_->data() + size_;
  }
  void grow(std::size_t size);

  std::vector<std::byte> own_;
  std::vector<std::byte>* bytes_;
  std::size_t begin_ = 0;
  std::size_t size_ = 0; ///< of what is written, at most bytes_->size()
  bool ok_ = true;
};

/// Reads what a BytesWriter has written; the input may be anything.
///
/// After the first read that the input does not allow (it ends too early, a varint of more than 64
/// bits or ten bytes, a size that exceeds the rest), ok() is false, nothing remains, and all reads
/// give zero or nothing. So a sequence of reads needs one check, at its end.
///
/// Owns:    nothing: the input must outlive the reader and the spans and views that it returns.
/// Limits:  never reads outside of the input; allocates at most as many bytes as remain in it.
/// Threads: none inside.
class BytesReader {
public:
  explicit BytesReader(std::span<const std::byte> input)
      : at_(input.data()), remaining_(input.size()) {}

  std::uint8_t u8() { return word<std::uint8_t>(); }
  std::uint16_t u16() { return word<std::uint16_t>(); }
  std::uint32_t u32() { return word<std::uint32_t>(); }
  std::uint64_t u64() { return word<std::uint64_t>(); }
  double f64() { return std::bit_cast<double>(word<std::uint64_t>()); }

  std::uint64_t varint() {
    if (remaining_ > 0 && *at_ < std::byte{0x80}) [[likely]]
      return word<std::uint8_t>();
    return long_varint();
  }

  /// A varint that counts things of which each takes at least `bytes_each` of the bytes that
  /// follow. Fails if there cannot be so many. @pre bytes_each > 0
  std::size_t count(std::size_t bytes_each) {
    const std::uint64_t size = varint();
    if (size > remaining_ / bytes_each) [[unlikely]] {
      fail();
      return 0;
    }
    return static_cast<std::size_t>(size);
  }

  /// The next `size` bytes, in place; none after a failure.
  std::span<const std::byte> raw(std::size_t size) {
    if (size > remaining_) [[unlikely]] {
      fail();
      return {};
    }
    const std::span<const std::byte> data(at_, size);
    at_ += size;
    remaining_ -= size;
    return data;
  }

  /// Copies the next `size` bytes to `to`, which is left as it was if there are not so many.
  bool copy(void* to, std::size_t size) {
    const std::span<const std::byte> data = raw(size);
    if (size != 0 && !data.empty())
      std::memcpy(to, data.data(), size);
    return ok_;
  }

  std::string_view text_view() {
    const std::span<const std::byte> data = raw(count(1));
    return {reinterpret_cast<const char*>(data.data()), data.size()};
  }
  std::string text() { return std::string(text_view()); }

  /// What was read makes no sense to the caller: as if the input had ended too early.
  void fail() {
    ok_ = false;
    remaining_ = 0;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t remaining() const { return remaining_; }

  /// All of the input was read, and nothing failed.
  [[nodiscard]] bool at_end() const { return ok_ && remaining_ == 0; }

private:
  template <class Word>
  Word word() {
    if (sizeof(Word) > remaining_) [[unlikely]] {
      fail();
      return 0;
    }
    Word value;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    remaining_ -= sizeof value;
    return detail::little_endian(value);
  }
  std::uint64_t long_varint();

  const std::byte* at_;
  std::size_t remaining_;
  bool ok_ = true;
};

} // namespace stos
