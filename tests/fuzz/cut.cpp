// Cuts as they are stored. The input has the size and the bytes of a manifest up to its list of
// chunks, then sizes and bytes of chunks; the hashes, which a fuzzer does not find, are put in
// here. A cut that was read is written again; that, read once more, must be in the same state.

#include "libstos/base/bytes.hpp"
#include "libstos/image/cut_bytes.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/same_images.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

using namespace stos;
using stos::fuzz::require;
using namespace stos::detail;

namespace {

std::vector<std::byte> next_part(BytesReader& in) {
  const auto part = in.raw(std::min<std::size_t>(in.u16(), in.remaining()));
  return {part.begin(), part.end()};
}

void write_hash(const ContentHash& hash, BytesWriter& out) {
  out.u64(hash.high);
  out.u64(hash.low);
}

// A manifest and the contents of chunks, in its order.
struct Stored {
  std::vector<std::byte> manifest;
  std::vector<std::vector<std::byte>> chunks;
};

Result<Cut> read(const Stored& stored) {
  std::map<ContentHash, std::vector<std::byte>> chunks;
  for (const std::vector<std::byte>& chunk : stored.chunks)
    chunks[ContentHash::of(chunk)] = chunk;
  return decode_cut(stored.manifest, [&chunks](const ContentHash& name) {
    const auto found = chunks.find(name);
    return found != chunks.end() ? Result<std::vector<std::byte>>(found->second)
                                 : Error{Errc::io_error, "no such chunk"};
  });
}

Stored stored(const Cut& cut) {
  const EncodedCut encoded = encode(cut);
  Stored all{encoded.manifest, {}};
  for (const EncodedCut::Chunk& chunk : encoded.chunks)
    encoded.write_content(chunk, all.chunks.emplace_back());
  return all;
}

// As encode() of a CutPart writes it.
std::vector<std::byte> part_of(const Stored& stored) {
  BytesWriter out;
  out.varint(0);
  out.varint(stored.manifest.size());
  out.raw(stored.manifest);
  for (const std::vector<std::byte>& chunk : stored.chunks) {
    out.varint(chunk.size());
    out.raw(chunk);
  }
  return out.take();
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  BytesReader in(std::as_bytes(std::span(data, size)));
  Stored input;
  input.manifest = next_part(in);
  BytesWriter manifest(input.manifest);
  for (std::size_t list = 0; list < EncodedCut::Chunk::kinds; ++list) {
    const std::uint8_t chunks = in.u8();
    manifest.varint(chunks);
    for (int left = chunks; left > 0; --left) {
      const std::vector<std::byte>& chunk = input.chunks.emplace_back(next_part(in));
      write_hash(ContentHash::of(chunk), manifest);
    }
  }
  write_hash(ContentHash::of(manifest.bytes()), manifest);
  manifest.finish();

  const Result<Cut> cut = read(input);
  require(static_cast<bool>(decode_cut_part(part_of(input))) == static_cast<bool>(cut));
  if (!cut)
    return 0;
  require(cut->bytes() <= size);
  const Result<Cut> again = read(stored(*cut));
  require(static_cast<bool>(again));
  require(test::same_images(*again, *cut) && again->state_digest() == cut->state_digest());
  return 0;
}
