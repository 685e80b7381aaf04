#pragma once

#include "libstos/base/content_hash.hpp"
#include "store/cut_store.hpp"
#include "store/records.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

namespace stos::detail {

/// The chunks of a cut on their way into a store, in the order in which the cut has them: whether
/// each is stored whole, or as its difference from one of the last cut.
///
/// A difference that is larger than half of its base is none: that chunk is stored whole, and is
/// the base of the next ones. Bases are whole, so a chunk is read in two steps at most. What cuts
/// refer to, and is there no more as it was, is stored whole: their records have no base for it.
///
/// Threads: none inside.
/// Source:  the idea is that of `zstd --patch-from`.
class Packing {
public:
  /// @pre `before`, the complete cuts of the store, by number; both and the coder outlive this
  Packing(const EncodedCut& cut, std::uint64_t lineage, const std::vector<KeptCut>& before,
          RecordCoder& coder, CutStore::Written& written);

  [[nodiscard]] bool done() const { return stored_.size() == cut_.chunks.size(); }

  /// The next chunk.
  [[nodiscard]] const EncodedCut::Chunk& next() const { return cut_.chunks[stored_.size()]; }
  /// What `chunk` is to be compared with, if anything.
  [[nodiscard]] std::optional<ContentHash> base_of(const EncodedCut::Chunk& chunk) const;

  /// The next chunk is there already.
  void pass(const KeptChunk& there) { add(there); }

  /// The record of the next chunk, to be stored. `base_record` is that of base_of(), or empty.
  [[nodiscard]] std::vector<std::byte> pack(std::span<const std::byte> base_record);

  /// All of them, as the cut's own record has them. @pre done()
  [[nodiscard]] const std::vector<KeptChunk>& stored() const { return stored_; }

private:
  void add(KeptChunk chunk);
  [[nodiscard]] std::vector<std::byte> difference(KeptChunk& chunk,
                                                  std::span<const std::byte> base_record);

  const EncodedCut& cut_;
  RecordCoder& coder_;
  CutStore::Written& written_;
  std::set<ContentHash> referred_to_;
  std::map<std::uint64_t, ContentHash> bases_; ///< by place
  std::vector<KeptChunk> stored_;
  std::vector<std::byte> content_; ///< of the next chunk
};

} // namespace stos::detail
