#include "store/packing.hpp"

#include "store/keep.hpp"

#include <utility>

namespace stos::detail {
namespace {

// The last one of the lineage; of a new one, the last one at all, which it may have begun from.
const KeptCut* last_of(std::uint64_t lineage, const std::vector<KeptCut>& cuts) {
  for (auto cut = cuts.rbegin(); cut != cuts.rend(); ++cut)
    if (cut->entry.lineage == lineage)
      return &*cut;
  return cuts.empty() ? nullptr : &cuts.back();
}

} // namespace

Packing::Packing(const EncodedCut& cut, std::uint64_t lineage, const std::vector<KeptCut>& before,
                 RecordCoder& coder, CutStore::Written& written)
    : cut_(cut), coder_(coder), written_(written), referred_to_(names_of(before)) {
  if (const KeptCut* last = last_of(lineage, before))
    for (const KeptChunk& chunk : last->chunks)
      bases_.emplace(chunk.place, chunk.whole());
  written_.chunks = cut.chunks.size();
  stored_.reserve(cut.chunks.size());
}

std::optional<ContentHash> Packing::base_of(const EncodedCut::Chunk& chunk) const {
  const auto base = bases_.find(chunk.place);
  if (base == bases_.end() || referred_to_.count(chunk.name) != 0)
    return std::nullopt;
  return base->second;
}

void Packing::add(KeptChunk chunk) {
  chunk.place = next().place;
  stored_.push_back(chunk);
}

std::vector<std::byte> Packing::pack(std::span<const std::byte> base_record) {
  KeptChunk chunk{next().name};
  cut_.write_content(next(), content_);
  std::vector<std::byte> record = difference(chunk, base_record);
  if (!chunk.base)
    record = coder_.chunk_record(chunk.name, content_);
  ++written_.chunks_new;
  written_.chunks_different += chunk.base ? 1 : 0;
  written_.bytes_new += content_.size();
  written_.bytes_stored += record.size();
  add(chunk);
  return record;
}

// Sets the chunk's base if it is one.
std::vector<std::byte> Packing::difference(KeptChunk& chunk,
                                           std::span<const std::byte> base_record) {
  const std::optional<ContentHash> name = base_of(next());
  if (!name || base_record.empty())
    return {};
  const std::optional<RecordCoder::Bytes> base = coder_.read_chunk(base_record, *name);
  if (!base || ContentHash::of(*base) != *name)
    return {};
  std::vector<std::byte> record = coder_.difference_record(chunk.name, content_, *name, *base);
  if (record.size() > base_record.size() / 2)
    return {};
  chunk.base = name;
  return record;
}

} // namespace stos::detail
