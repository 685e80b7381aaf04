#pragma once

#include "libstos/base/content_hash.hpp"
#include "libstos/base/result.hpp"
#include "libstos/image/cut.hpp"

#include <cstddef>
#include <cstdint>
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
///
/// The bytes of a chunk are made when they are asked for: a second copy of a large world's images
/// would be the most memory of all.
struct EncodedCut {
  struct Chunk {
    enum class Kind : std::uint8_t {
      reports,
      trace,
      images,
      observations,
      records,
      traced,
      recorded
    };
    static constexpr std::size_t kinds = 7; ///< the manifest has a list of each, in this order

    ContentHash name;
    std::uint64_t place = 0; ///< chunks of one place, in cuts of one world, are much alike
    std::size_t bytes = 0;   ///< of its content
    Kind kind = Kind::images;
    std::size_t first = 0; ///< what it has, in the cut's list of that kind
    std::size_t count = 0;
  };

  const Cut* cut = nullptr;
  std::vector<std::byte> manifest;
  std::vector<Chunk> chunks;

  /// Writes the content of one of the chunks over what is in `bytes`.
  void write_content(const Chunk& chunk, std::vector<std::byte>& bytes) const;
};

/// Cost: O(bytes of the cut), each copied and hashed once. @pre the cut outlives what is returned
[[nodiscard]] EncodedCut encode(const Cut& cut);
EncodedCut encode(Cut&&) = delete;

/// The chunk of this name, from wherever it is kept.
using ChunkSource = std::function<Result<std::vector<std::byte>>(const ContentHash& name)>;

/// Errors: a manifest or a chunk that no EncodedCut has made, or that has changed since:
///         bad_message, which says which of them. What `chunk` fails with.
[[nodiscard]] Result<Cut> decode_cut(std::span<const std::byte> manifest, const ChunkSource& chunk);

/// What one node has of a cut, for the one that joins all of them.
[[nodiscard]] std::vector<std::byte> encode(const CutPart& part);

/// Fails, with bad_message, on anything that encode() has not made.
[[nodiscard]] Result<CutPart> decode_cut_part(std::span<const std::byte> bytes);

} // namespace stos::detail
