#pragma once

#include "libstos/base/content_hash.hpp"
#include "store/cut_store.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace stos::detail {

// What a store keeps as bytes: each record begins with a hash of its rest, and has its own name in
// it, so that a record that was changed, or lies under the name of another one, is found. Chunks
// and manifests are compressed (zstd).
//
// Threads: none inside.

/// The record of a complete cut: all but the chunks themselves.
struct StoredCut {
  CutEntry entry;
  std::vector<ContentHash> chunks;
  std::vector<std::byte> manifest; ///< empty if it was not asked for
};

[[nodiscard]] std::vector<std::byte> cut_record(const CutEntry& entry, const EncodedCut& cut);
[[nodiscard]] std::vector<std::byte> chunk_record(const EncodedCut::Chunk& chunk);

enum class WithManifest { no, yes };

/// Nothing if the bytes are not as cut_record() made them for this number.
[[nodiscard]] std::optional<StoredCut>
read_cut_record(std::span<const std::byte> bytes, std::uint64_t number, WithManifest with_manifest);

/// The content of a chunk. Nothing if the bytes are not as chunk_record() made them for this name.
[[nodiscard]] std::optional<std::vector<std::byte>>
read_chunk_record(std::span<const std::byte> bytes, const ContentHash& name);

/// The same question without decompressing anything.
[[nodiscard]] bool is_chunk_record(std::span<const std::byte> bytes, const ContentHash& name);

/// Of all chunks, in bytes.
[[nodiscard]] std::uint64_t bytes_of_chunks(const EncodedCut& cut);

} // namespace stos::detail
