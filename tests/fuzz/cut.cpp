// Cuts as they are stored. The input has the size and the bytes of a manifest up to its list of
// chunks, then sizes and bytes of chunks; the hashes, which a fuzzer does not find, are put in
// here. A cut that was read is written again; that, read once more, must be in the same state.

#include "libstos/base/bytes.hpp"
#include "libstos/image/cut_bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <span>
#include <vector>

using namespace stos;
using namespace stos::detail;

namespace {

void require(bool condition) {
  if (!condition)
    std::abort();
}

std::vector<std::byte> next_part(BytesReader& in) {
  const auto part = in.raw(std::min<std::size_t>(in.u16(), in.remaining()));
  return {part.begin(), part.end()};
}

void write_hash(const ContentHash& hash, BytesWriter& out) {
  out.u64(hash.high);
  out.u64(hash.low);
}

Result<Cut> read(const EncodedCut& encoded) {
  std::map<ContentHash, std::vector<std::byte>> chunks;
  for (const EncodedCut::Chunk& chunk : encoded.chunks)
    chunks[chunk.name] = chunk.bytes;
  return decode_cut(encoded.manifest, [&chunks](const ContentHash& name) {
    const auto found = chunks.find(name);
    return found != chunks.end() ? Result<std::vector<std::byte>>(found->second)
                                 : Error{Errc::io_error, "no such chunk"};
  });
}

// As encode() of a CutPart writes it.
std::vector<std::byte> part_of(const EncodedCut& encoded) {
  BytesWriter out;
  out.varint(0);
  out.varint(encoded.manifest.size());
  out.raw(encoded.manifest);
  for (const EncodedCut::Chunk& chunk : encoded.chunks) {
    out.varint(chunk.bytes.size());
    out.raw(chunk.bytes);
  }
  return out.take();
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int lists = 3; // of reports, trace and images
  BytesReader in(std::as_bytes(std::span(data, size)));
  EncodedCut encoded;
  encoded.manifest = next_part(in);
  BytesWriter manifest(encoded.manifest);
  for (int list = 0; list < lists; ++list) {
    const std::uint8_t chunks = in.u8();
    manifest.varint(chunks);
    for (int left = chunks; left > 0; --left) {
      EncodedCut::Chunk& chunk = encoded.chunks.emplace_back();
      chunk.bytes = next_part(in);
      chunk.name = ContentHash::of(chunk.bytes);
      write_hash(chunk.name, manifest);
    }
  }
  write_hash(ContentHash::of(manifest.bytes()), manifest);
  manifest.finish();

  const Result<Cut> cut = read(encoded);
  require(static_cast<bool>(decode_cut_part(part_of(encoded))) == static_cast<bool>(cut));
  if (!cut)
    return 0;
  require(cut->bytes.size() <= size);
  const Result<Cut> again = read(encode(*cut));
  require(static_cast<bool>(again));
  require(again->bytes == cut->bytes && again->state_digest() == cut->state_digest());
  return 0;
}
