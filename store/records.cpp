#include "store/records.hpp"

#include "libstos/base/bytes.hpp"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <new>
#include <string>
#include <utility>

namespace stos::detail {
namespace {

constexpr std::uint8_t kind_cut = 1;
constexpr std::uint8_t kind_chunk = 2;
constexpr std::uint8_t kind_difference = 3;
constexpr std::size_t hash_size = 16;
static_assert(head_bytes == 3 * hash_size + 1);

// The fastest of the usual levels: cuts are written beside a run, which wants the processors.
constexpr int compression_level = 1;

// Of zstd's window, as powers of two: what it takes, and what it reads without being asked to.
constexpr int window_min = 10;
constexpr int window_max = 27;

// Of the table in which it looks for what was there before: of its own accord it takes a smaller
// one, and misses one place in three.
constexpr int hashes_min = 17;

// A name that no known content has: of a chunk that is stored whole.
constexpr ContentHash no_base{};

void write_hash(const ContentHash& hash, BytesWriter& out) {
  out.u64(hash.high);
  out.u64(hash.low);
}

ContentHash read_hash(BytesReader& in) {
  const std::uint64_t high = in.u64();
  return {high, in.u64()};
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

CutStore::Manifest manifest_of(KeptCut cut) {
  CutStore::Manifest manifest{std::move(cut.manifest), {}};
  for (const KeptChunk& chunk : cut.chunks)
    manifest.chunks.push_back(chunk.name);
  return manifest;
}

struct RecordCoder::Zstd {
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> compressing{ZSTD_createCCtx()};
  std::unique_ptr<ZSTD_DCtx, Free> decompressing{ZSTD_createDCtx()};
};

RecordCoder::RecordCoder() : zstd_(std::make_unique<Zstd>()) {
  if (!zstd_->compressing || !zstd_->decompressing)
    throw std::bad_alloc();
  ZSTD_CCtx_setParameter(zstd_->compressing.get(), ZSTD_c_compressionLevel, compression_level);
}

RecordCoder::~RecordCoder() = default;

// For the next frame. All of the prefix must lie in the window, and what is far back in a long one
// must be found again.
void RecordCoder::refer_to(std::span<const std::byte> prefix, std::size_t content) {
  ZSTD_CCtx* const context = zstd_->compressing.get();
  int window = 0; // as usual
  int hashes = 0;
  if (!prefix.empty()) {
    window = std::clamp(static_cast<int>(std::bit_width(prefix.size() + content)), window_min,
                        window_max);
    hashes = std::max(hashes_min, window - 2);
  }
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window);
  ZSTD_CCtx_setParameter(context, ZSTD_c_hashLog, hashes);
  ZSTD_CCtx_refPrefix(context, prefix.data(), prefix.size());
}

// The size of `content`, then itself, compressed, to the end of the record.
void RecordCoder::write_compressed(std::span<const std::byte> content,
                                   std::span<const std::byte> prefix, BytesWriter& out) {
  out.varint(content.size());
  frame_.resize(std::max(frame_.size(), ZSTD_compressBound(content.size())));
  ZSTD_CCtx* const context = zstd_->compressing.get();
  refer_to(prefix, content.size());
  const std::size_t size =
      ZSTD_compress2(context, frame_.data(), frame_.size(), content.data(), content.size());
  STOS_ASSERT(ZSTD_isError(size) == 0, ZSTD_getErrorName(size));
  out.raw(frame_.data(), size);
}

std::optional<RecordCoder::Bytes> RecordCoder::read_compressed(BytesReader& in,
                                                               std::span<const std::byte> prefix) {
  const std::uint64_t size = in.varint();
  const std::span<const std::byte> frame = in.raw(in.remaining());
  if (!in.ok() || ZSTD_getFrameContentSize(frame.data(), frame.size()) != size)
    return std::nullopt;
  Bytes content(size);
  ZSTD_DCtx* const context = zstd_->decompressing.get();
  ZSTD_DCtx_refPrefix(context, prefix.data(), prefix.size());
  if (ZSTD_decompressDCtx(context, content.data(), content.size(), frame.data(), frame.size()) !=
      size)
    return std::nullopt;
  return content;
}

RecordCoder::Bytes RecordCoder::cut_record(const CutEntry& entry,
                                           const std::vector<KeptChunk>& chunks,
                                           std::span<const std::byte> manifest) {
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
  out.varint(chunks.size());
  for (const KeptChunk& chunk : chunks) {
    write_hash(chunk.name, out);
    out.u64(chunk.place);
    write_hash(chunk.base.value_or(no_base), out);
  }
  write_compressed(manifest, {}, out);
  return sealed(out.take());
}

RecordCoder::Bytes RecordCoder::chunk_record(const ContentHash& name,
                                             std::span<const std::byte> content) {
  BytesWriter out;
  write_hash({}, out);
  out.u8(kind_chunk);
  write_hash(name, out);
  write_compressed(content, {}, out);
  return sealed(out.take());
}

RecordCoder::Bytes RecordCoder::difference_record(const ContentHash& name,
                                                  std::span<const std::byte> content,
                                                  const ContentHash& base_name,
                                                  std::span<const std::byte> base) {
  BytesWriter out;
  write_hash({}, out);
  out.u8(kind_difference);
  write_hash(name, out);
  write_hash(base_name, out);
  write_compressed(content, base, out);
  return sealed(out.take());
}

std::optional<KeptCut> RecordCoder::read_cut(std::span<const std::byte> bytes, std::uint64_t number,
                                             WithManifest with_manifest) {
  BytesReader in(unsealed(bytes));
  KeptCut record;
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
  constexpr std::size_t bytes_each = 2 * hash_size + sizeof(std::uint64_t);
  for (std::size_t left = in.count(bytes_each); left > 0; --left) {
    KeptChunk& chunk = record.chunks.emplace_back();
    chunk.name = read_hash(in);
    chunk.place = in.u64();
    if (const ContentHash base = read_hash(in); base != no_base)
      chunk.base = base;
  }
  if (!in.ok() || entry.number != number)
    return std::nullopt;
  if (with_manifest == WithManifest::yes) {
    std::optional<Bytes> manifest = read_compressed(in, {});
    if (!manifest)
      return std::nullopt;
    record.manifest = *std::move(manifest);
  }
  return record;
}

std::optional<RecordCoder::Bytes> RecordCoder::read_chunk(std::span<const std::byte> record,
                                                          const ContentHash& name,
                                                          std::span<const std::byte> base) {
  const std::optional<KeptChunk> head = read_head(record, name);
  if (!head)
    return std::nullopt;
  BytesReader in(record.subspan(head->base ? head_bytes : head_bytes - hash_size));
  return read_compressed(in, base);
}

std::optional<KeptChunk> read_head(std::span<const std::byte> record, const ContentHash& name) {
  if (unsealed(record).empty())
    return std::nullopt;
  return read_head_only(record, name);
}

std::optional<KeptChunk> read_head_only(std::span<const std::byte> begin, const ContentHash& name) {
  BytesReader in(begin);
  (void)read_hash(in);
  const std::uint8_t kind = in.u8();
  KeptChunk chunk;
  chunk.name = read_hash(in);
  if (kind == kind_difference)
    chunk.base = read_hash(in);
  if (!in.ok() || (kind != kind_chunk && kind != kind_difference) || chunk.name != name)
    return std::nullopt;
  return chunk;
}

std::uint64_t bytes_of_chunks(const EncodedCut& cut) {
  std::uint64_t sum = 0;
  for (const EncodedCut::Chunk& chunk : cut.chunks)
    sum += chunk.bytes;
  return sum;
}

} // namespace stos::detail
