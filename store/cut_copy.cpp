#include "store/cut_copy.hpp"

#include "libstos/base/bytes.hpp"
#include "libstos/base/huge_pages.hpp"
#include "store/records.hpp"

#include <utility>

namespace stos::detail {
namespace {

constexpr std::uint8_t version = 1;

void write_block(std::span<const std::byte> block, BytesWriter& out) {
  out.varint(block.size());
  out.raw(block);
}

std::vector<std::byte> read_block(BytesReader& in) {
  const std::span<const std::byte> block = in.raw(in.count(1));
  return {block.begin(), block.end()};
}

} // namespace

CutCopy::CutCopy(const Cut& cut, std::vector<std::byte> label, const CutCopy& before)
    : label_(std::move(label)) {
  EncodedCut encoded = encode(cut);
  manifest_ = std::move(encoded.manifest);
  RecordCoder coder;
  std::vector<std::byte> content;
  for (const EncodedCut::Chunk& chunk : encoded.chunks) {
    Record& record = chunks_[chunk.name];
    if (record != nullptr)
      continue;
    if (const auto known = before.chunks_.find(chunk.name); known != before.chunks_.end()) {
      record = known->second;
      continue;
    }
    encoded.write_content(chunk, content);
    record =
        std::make_shared<const std::vector<std::byte>>(coder.chunk_record(chunk.name, content));
  }
}

std::vector<std::byte> CutCopy::news_for(const CutCopy& there) const {
  constexpr std::size_t bytes_around_a_block = 16;
  std::vector<std::byte> news;
  reserve_large(news, bytes() + (chunks_.size() + 3) * bytes_around_a_block);
  BytesWriter out(news);
  out.u8(version);
  write_block(label_, out);
  write_block(manifest_, out);
  out.varint(chunks_.size());
  for (const auto& [name, record] : chunks_) {
    out.u64(name.high);
    out.u64(name.low);
    const bool is_there = there.chunks_.contains(name);
    out.u8(is_there ? 1 : 0);
    if (!is_there)
      write_block(*record, out);
  }
  out.finish();
  return news;
}

Result<CutCopy> CutCopy::read(std::span<const std::byte> news, const CutCopy& here) {
  constexpr std::size_t least_bytes = sizeof(ContentHash) + 1; // of a chunk
  BytesReader in(news);
  CutCopy copy;
  if (in.u8() != version)
    in.fail();
  copy.label_ = read_block(in);
  copy.manifest_ = read_block(in);
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left) {
    ContentHash name;
    name.high = in.u64();
    name.low = in.u64();
    Record& record = copy.chunks_[name];
    if (in.u8() == 0) {
      record = std::make_shared<const std::vector<std::byte>>(read_block(in));
    } else if (const auto known = here.chunks_.find(name); known != here.chunks_.end()) {
      record = known->second;
    } else {
      in.fail();
    }
  }
  if (!in.at_end())
    return Error{Errc::bad_message,
                 "no copy of a cut: " + std::to_string(news.size()) + " bytes that make no sense"};
  return copy;
}

Result<Cut> CutCopy::cut() const {
  RecordCoder coder;
  return decode_cut(manifest_, [&](const ContentHash& name) -> Result<std::vector<std::byte>> {
    const auto record = chunks_.find(name);
    if (record != chunks_.end())
      if (auto content = coder.read_chunk(*record->second, name))
        return *std::move(content);
    return Error{Errc::bad_message,
                 "a copy of a cut has no chunk " + name.to_string() + ", or a damaged one"};
  });
}

std::size_t CutCopy::bytes() const {
  std::size_t bytes = label_.size() + manifest_.size();
  for (const auto& [name, record] : chunks_)
    bytes += record->size() + sizeof name;
  return bytes;
}

} // namespace stos::detail
