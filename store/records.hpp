#pragma once

#include "libstos/base/content_hash.hpp"
#include "store/cut_store.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace stos::detail {

// What a store keeps as bytes: each record begins with a hash of its rest, and has its own name in
// it, so that a record that was changed, or lies under the name of another one, is found. Chunks
// and manifests are compressed (zstd).
//
// A chunk is stored *whole*, or as its difference from a chunk that is stored whole, its *base*
// (zstd with the base as prefix: what they have in common takes next to nothing).

/// A chunk as a cut refers to it.
struct KeptChunk {
  ContentHash name;
  std::uint64_t place = 0;              ///< see EncodedCut::Chunk
  std::optional<ContentHash> base = {}; ///< if it is not stored whole

  /// The chunk that another one of its place is to have as its base.
  [[nodiscard]] const ContentHash& whole() const { return base ? *base : name; }
};

/// The record of a complete cut: all but the chunks themselves.
struct KeptCut {
  CutEntry entry;
  std::vector<KeptChunk> chunks;
  std::vector<std::byte> manifest; ///< empty if it was not asked for
};

enum class WithManifest { no, yes };

/// What of it is handed out.
[[nodiscard]] CutStore::Manifest manifest_of(KeptCut cut);

/// Makes records, and reads them.
///
/// Owns:    what zstd works with, which takes longer to make than it takes to compress a chunk.
/// Threads: one at a time.
class RecordCoder {
public:
  using Bytes = std::vector<std::byte>;

  RecordCoder();
  ~RecordCoder();
  RecordCoder(const RecordCoder&) = delete;
  RecordCoder& operator=(const RecordCoder&) = delete;

  [[nodiscard]] Bytes cut_record(const CutEntry& entry, const std::vector<KeptChunk>& chunks,
                                 std::span<const std::byte> manifest);
  [[nodiscard]] Bytes chunk_record(const ContentHash& name, std::span<const std::byte> content);
  [[nodiscard]] Bytes difference_record(const ContentHash& name, std::span<const std::byte> content,
                                        const ContentHash& base_name,
                                        std::span<const std::byte> base);

  /// Nothing if the bytes are not as cut_record() made them for this number.
  [[nodiscard]] std::optional<KeptCut> read_cut(std::span<const std::byte> record,
                                                std::uint64_t number, WithManifest with_manifest);

  /// The content of a chunk, with that of its base if it has one. Nothing if the bytes are not as
  /// they were made for this name.
  [[nodiscard]] std::optional<Bytes> read_chunk(std::span<const std::byte> record,
                                                const ContentHash& name,
                                                std::span<const std::byte> base = {});

private:
  struct Zstd;

  void refer_to(std::span<const std::byte> prefix, std::size_t content);
  void write_compressed(std::span<const std::byte> content, std::span<const std::byte> prefix,
                        BytesWriter& out);
  [[nodiscard]] std::optional<Bytes> read_compressed(BytesReader& in,
                                                     std::span<const std::byte> prefix);

  std::unique_ptr<Zstd> zstd_;
  Bytes frame_; ///< that is compressed
};

/// What a chunk's record says of it, without decompressing anything. Nothing if the bytes are not
/// as they were made for this name.
[[nodiscard]] std::optional<KeptChunk> read_head(std::span<const std::byte> record,
                                                 const ContentHash& name);

/// The same of the first bytes of a record, which are taken as they are.
inline constexpr std::size_t head_bytes = 49;
[[nodiscard]] std::optional<KeptChunk> read_head_only(std::span<const std::byte> begin,
                                                      const ContentHash& name);

/// Of all chunks, in bytes.
[[nodiscard]] std::uint64_t bytes_of_chunks(const EncodedCut& cut);

} // namespace stos::detail
