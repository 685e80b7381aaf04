#include "store/records.hpp"

#include "libstos/base/bytes.hpp"

#include <zstd.h>

#include <string>

namespace stos::detail {
namespace {

constexpr std::uint8_t kind_cut = 1;
constexpr std::uint8_t kind_chunk = 2;
constexpr std::size_t hash_size = 16;

// The fastest of the usual levels: cuts are written beside a run, which wants the processors.
constexpr int compression_level = 1;

void write_hash(const ContentHash& hash, BytesWriter& out) {
  out.u64(hash.high);
  out.u64(hash.low);
}

ContentHash read_hash(BytesReader& in) {
  const std::uint64_t high = in.u64();
  return {high, in.u64()};
}

// The size of `content`, then itself, compressed, to the end of the record.
void write_compressed(std::span<const std::byte> content, BytesWriter& out) {
  out.varint(content.size());
  std::vector<std::byte> frame(ZSTD_compressBound(content.size()));
  const std::size_t size =
      ZSTD_compress(frame.data(), frame.size(), content.data(), content.size(), compression_level);
  STOS_ASSERT(ZSTD_isError(size) == 0, ZSTD_getErrorName(size));
  out.raw(frame.data(), size);
}

std::optional<std::vector<std::byte>> read_compressed(BytesReader& in) {
  const std::uint64_t size = in.varint();
  const std::span<const std::byte> frame = in.raw(in.remaining());
  if (!in.ok() || ZSTD_getFrameContentSize(frame.data(), frame.size()) != size)
    return std::nullopt;
  std::vector<std::byte> content(size);
  if (ZSTD_decompress(content.data(), content.size(), frame.data(), frame.size()) != size)
    return std::nullopt;
  return content;
}

// Writes the hash of what comes after its own place.
std::vector<std::byte> sealed(std::vector<std::byte> record) {
  const ContentHash hash = ContentHash::of(std::span(record).subspan(hash_size));
  std::vector<std::byte> seal;
  BytesWriter out(seal);
  write_hash(hash, out);
  out.finish();
  std::copy(seal.begin(), seal.end(), record.begin());
  return record;
}

// What is behind a right hash; nothing if it is wrong.
std::span<const std::byte> unsealed(std::span<const std::byte> record) {
  if (record.size() <= hash_size)
    return {};
  BytesReader in(record);
  const ContentHash told = read_hash(in);
  const std::span<const std::byte> rest = record.subspan(hash_size);
  return ContentHash::of(rest) == told ? rest : std::span<const std::byte>();
}

} // namespace

std::vector<std::byte> cut_record(const CutEntry& entry, const EncodedCut& cut) {
  BytesWriter out;
  write_hash({}, out);
  out.u8(kind_cut);
  out.u64(entry.number);
  out.text(entry.run);
  out.u64(entry.lineage);
  out.f64(entry.time);
  out.text(entry.state_digest);
  out.varint(entry.agents);
  out.u64(static_cast<std::uint64_t>(entry.written_s));
  out.varint(entry.bytes);
  out.varint(cut.chunks.size());
  for (const EncodedCut::Chunk& chunk : cut.chunks)
    write_hash(chunk.name, out);
  write_compressed(cut.manifest, out);
  return sealed(out.take());
}

std::vector<std::byte> chunk_record(const EncodedCut::Chunk& chunk) {
  BytesWriter out;
  write_hash({}, out);
  out.u8(kind_chunk);
  write_hash(chunk.name, out);
  write_compressed(chunk.bytes, out);
  return sealed(out.take());
}

std::optional<StoredCut> read_cut_record(std::span<const std::byte> bytes, std::uint64_t number,
                                         WithManifest with_manifest) {
  BytesReader in(unsealed(bytes));
  StoredCut record;
  CutEntry& entry = record.entry;
  if (in.u8() != kind_cut)
    return std::nullopt;
  entry.number = in.u64();
  entry.run = in.text();
  entry.lineage = in.u64();
  entry.time = in.f64();
  entry.state_digest = in.text();
  entry.agents = in.varint();
  entry.written_s = static_cast<std::int64_t>(in.u64());
  entry.bytes = in.varint();
  for (std::size_t left = in.count(hash_size); left > 0; --left)
    record.chunks.push_back(read_hash(in));
  if (!in.ok() || entry.number != number)
    return std::nullopt;
  if (with_manifest == WithManifest::yes) {
    std::optional<std::vector<std::byte>> manifest = read_compressed(in);
    if (!manifest)
      return std::nullopt;
    record.manifest = *std::move(manifest);
  }
  return record;
}

bool is_chunk_record(std::span<const std::byte> bytes, const ContentHash& name) {
  BytesReader in(unsealed(bytes));
  return in.u8() == kind_chunk && read_hash(in) == name && in.ok();
}

std::optional<std::vector<std::byte>> read_chunk_record(std::span<const std::byte> bytes,
                                                        const ContentHash& name) {
  if (!is_chunk_record(bytes, name))
    return std::nullopt;
  BytesReader in(bytes.subspan(hash_size + 1 + hash_size));
  return read_compressed(in);
}

std::uint64_t bytes_of_chunks(const EncodedCut& cut) {
  std::uint64_t sum = 0;
  for (const EncodedCut::Chunk& chunk : cut.chunks)
    sum += chunk.bytes.size();
  return sum;
}

} // namespace stos::detail
