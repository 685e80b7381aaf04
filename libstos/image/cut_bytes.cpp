#include "libstos/image/cut_bytes.hpp"

#include "libstos/base/hash.hpp"
#include "libstos/world/counters_bytes.hpp"
#include "libstos/world/report_bytes.hpp"

#include <string>
#include <utility>

namespace stos::detail {
namespace {

constexpr std::uint64_t magic = 0x3174756373746f73; // "sotscut1", as bytes
constexpr std::uint64_t agents_of_a_chunk = 256;    // on average

bool ends_chunk(AgentId agent) { return mix64(agent.value) % agents_of_a_chunk == 0; }

Error damaged(const std::string& what) {
  return {Errc::bad_message, "a cut that cannot be read: " + what};
}

// The images of a chunk, after the ids and sizes of all of them. False if it is none, or follows
// what is there already out of order.
bool append_chunk(std::span<const std::byte> bytes, Cut& cut) {
  BytesReader in(bytes);
  constexpr std::size_t bytes_each = 9;
  std::size_t begin = cut.bytes.size();
  std::size_t sum = 0;
  for (std::size_t left = in.count(bytes_each); left > 0 && in.ok(); --left) {
    const AgentId agent{in.u64()};
    if (!cut.images.empty() && !(cut.images.back().agent < agent))
      return false;
    cut.images.push_back({agent, begin});
    const std::uint64_t size = in.varint();
    if (size > in.remaining() || sum + size > in.remaining())
      return false;
    begin += size;
    sum += size;
  }
  if (!in.ok() || in.remaining() != sum)
    return false;
  const auto images = in.raw(sum);
  cut.bytes.insert(cut.bytes.end(), images.begin(), images.end());
  return true;
}

} // namespace

EncodedCut encode(const Cut& cut) {
  EncodedCut encoded;
  BytesWriter manifest(encoded.manifest);
  manifest.u64(magic);
  manifest.f64(cut.time);
  write_counters(cut.counters, manifest);
  manifest.varint(cut.departed.size());
  for (const Cut::Departed& each : cut.departed) {
    manifest.u64(each.agent.value);
    manifest.u64(each.type_id);
    manifest.u8(each.died ? 1 : 0);
  }
  write_reports(cut.reports, manifest);
  for (std::size_t first = 0; first < cut.images.size();) {
    std::size_t last = first;
    while (last + 1 < cut.images.size() && !ends_chunk(cut.images[last].agent))
      ++last;
    EncodedCut::Chunk& chunk = encoded.chunks.emplace_back();
    BytesWriter out(chunk.bytes);
    out.varint(last - first + 1);
    for (std::size_t i = first; i <= last; ++i) {
      out.u64(cut.images[i].agent.value);
      out.varint(cut.image(i).size());
    }
    for (std::size_t i = first; i <= last; ++i)
      out.raw(cut.image(i));
    chunk.name = ContentHash::of(out.bytes());
    first = last + 1;
  }
  manifest.varint(encoded.chunks.size());
  for (const EncodedCut::Chunk& chunk : encoded.chunks) {
    manifest.u64(chunk.name.high);
    manifest.u64(chunk.name.low);
  }
  const ContentHash hash = ContentHash::of(manifest.bytes());
  manifest.u64(hash.high);
  manifest.u64(hash.low);
  return encoded;
}

Result<Cut> decode_cut(std::span<const std::byte> manifest, const ChunkSource& chunk) {
  constexpr std::size_t hash_size = 16;
  if (manifest.size() < hash_size)
    return damaged("its manifest has " + std::to_string(manifest.size()) + " bytes");
  BytesReader in(manifest.first(manifest.size() - hash_size));
  BytesReader hash(manifest.last(hash_size));
  const ContentHash told{hash.u64(), hash.u64()};
  if (in.u64() != magic)
    return damaged("what should be its manifest is none");
  if (told != ContentHash::of(manifest.first(manifest.size() - hash_size)))
    return damaged("its manifest is not as it was written");
  Cut cut;
  cut.time = in.f64();
  read_counters(cut.counters, in);
  constexpr std::size_t bytes_of_departed = 17;
  for (std::size_t left = in.count(bytes_of_departed); left > 0; --left) {
    Cut::Departed each{};
    each.agent.value = in.u64();
    each.type_id = in.u64();
    each.died = in.u8() != 0;
    cut.departed.push_back(each);
  }
  read_reports(cut.reports, in);
  for (std::size_t left = in.count(hash_size); left > 0; --left) {
    const ContentHash name{in.u64(), in.u64()};
    Result<std::vector<std::byte>> bytes = chunk(name);
    if (!bytes)
      return bytes.error();
    if (ContentHash::of(*bytes) != name)
      return damaged("chunk " + name.to_string() + " is not as it was written");
    if (!append_chunk(*bytes, cut))
      return damaged("chunk " + name.to_string() + " has no images of agents in order");
  }
  if (!in.at_end())
    return damaged("its manifest ends too early, or too late");
  return cut;
}

} // namespace stos::detail
