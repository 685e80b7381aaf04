// Files of LMDB with small pages: the first bytes choose what the metas say, the rest is pages. The
// number of a page is put in here. What is found must lie within the file.

#include "store/lmdb_pages.hpp"

#include "libstos/base/bytes.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

using namespace stos;
using stos::fuzz::require;
using namespace stos::detail;

namespace {

constexpr std::size_t page_size = 512;

ReadableFile file_of(const std::vector<std::byte>& bytes) {
  return {bytes.size(), [&bytes](std::uint64_t offset, std::span<std::byte> to) {
            if (offset > bytes.size() || to.size() > bytes.size() - offset)
              return false;
            std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), to.size(), to.begin());
            return true;
          }};
}

void write_tree(BytesReader& in, std::uint16_t flags, BytesWriter& out) {
  out.u32(flags == 0 ? 0 : page_size);
  out.u16(flags);
  const std::uint8_t depth = in.u8();
  out.u16(depth);
  for (int i = 0; i < 4; ++i) // of pages of three kinds, and of entries
    out.u64(in.u8());
  const std::uint8_t root = in.u8();
  out.u64(depth == 0 ? ~std::uint64_t{0} : root);
}

std::vector<std::byte> meta(BytesReader in, std::uint64_t number) {
  BytesWriter out;
  out.u64(number);
  out.u16(0);
  out.u16(8); // a meta
  out.u32(0);
  out.u32(0xBEEFC0DE);
  out.u32(1);
  out.u64(0);
  out.u64(0);
  write_tree(in, 8, out);
  write_tree(in, 0, out);
  out.u64(in.u8());
  out.u64(in.u8() + number);
  std::vector<std::byte> page = out.take();
  page.resize(page_size);
  return page;
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t choices = 14;
  if (size < choices)
    return 0;
  const std::span<const std::byte> input = std::as_bytes(std::span(data, size));
  std::vector<std::byte> bytes = meta(BytesReader(input.first(choices)), 0);
  const std::vector<std::byte> second = meta(BytesReader(input.first(choices)), 1);
  bytes.insert(bytes.end(), second.begin(), second.end());
  for (std::size_t at = choices; at < size; at += page_size) {
    const auto page = input.subspan(at, std::min(page_size, size - at));
    const std::uint64_t number = little_endian(std::uint64_t{bytes.size() / page_size});
    bytes.insert(bytes.end(), page.begin(), page.end());
    if (page.size() >= sizeof number)
      std::memcpy(&*(bytes.end() - static_cast<std::ptrdiff_t>(page.size())), &number,
                  sizeof number);
  }
  const ReadableFile file = file_of(bytes);
  const LmdbMetas metas = read_lmdb_metas(file);
  (void)obstacle_to_open(file, metas);
  for (const std::optional<LmdbMeta>& each : metas)
    if (each)
      for (const LmdbContents::Record& record : look_through(file, *each).records)
        require(record.key.size() <= 511 && record.offset <= bytes.size());
  return 0;
}
