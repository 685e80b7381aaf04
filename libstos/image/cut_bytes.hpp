#pragma once

#include "libstos/base/content_hash.hpp"
#include "libstos/base/result.hpp"
#include "libstos/image/cut.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace stos::detail {

/// A cut as it is stored: *chunks*, each under the hash of its content, and a *manifest* that names
/// them in order and has the rest. A chunk that has not changed since another cut has the same
/// name.
///
/// Chunks end after agents whose hashed ids say so, of some two hundred agents one: a property of
/// the world alone, so agents that are born or die change the chunk that they are in and no other.
struct EncodedCut {
  struct Chunk {
    ContentHash name;
    std::vector<std::byte> bytes;
  };
  std::vector<std::byte> manifest;
  std::vector<Chunk> chunks;
};

/// Cost: O(bytes of the cut), each copied and hashed once.
[[nodiscard]] EncodedCut encode(const Cut& cut);

/// The chunk of this name, from wherever it is kept.
using ChunkSource = std::function<Result<std::vector<std::byte>>(const ContentHash& name)>;

/// Errors: a manifest or a chunk that encode() has not made, or that has changed since:
/// bad_message,
///         which says which of them. What `chunk` fails with.
[[nodiscard]] Result<Cut> decode_cut(std::span<const std::byte> manifest, const ChunkSource& chunk);

/// What one node has of a cut, for the one that joins all of them.
[[nodiscard]] std::vector<std::byte> encode(const CutPart& part);

/// Fails, with bad_message, on anything that encode() has not made.
[[nodiscard]] Result<CutPart> decode_cut_part(std::span<const std::byte> bytes);

} // namespace stos::detail
