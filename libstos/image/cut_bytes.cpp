#include "libstos/image/cut_bytes.hpp"

#include "libstos/base/hash.hpp"
#include "libstos/base/huge_pages.hpp"
#include "libstos/world/counters_bytes.hpp"
#include "libstos/world/report_bytes.hpp"
#include "libstos/world/trace_bytes.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace stos::detail {
namespace {

constexpr std::uint64_t magic = 0x3574756373746f73; // "sotscut5", as bytes
constexpr std::uint64_t agents_of_a_chunk = 256;    // on average
constexpr std::size_t hash_size = 16;

// So much room is made for what is told to come, at most.
constexpr std::uint64_t sane_agents_of_a_chunk = std::uint64_t{1} << 12;

bool ends_chunk(AgentId agent) { return mix64(agent.value) % agents_of_a_chunk == 0; }

Error damaged(const std::string& what) {
  return {Errc::bad_message, "a cut that cannot be read: " + what};
}

// The images of a chunk, after the ids and sizes of all of them. False if it is none, or follows
// what is there already out of order.
bool append_chunk(std::span<const std::byte> bytes, Cut& cut) {
  BytesReader in(bytes);
  constexpr std::size_t bytes_each = 9;
  std::vector<std::pair<AgentId, std::size_t>> sizes(in.count(bytes_each));
  std::size_t sum = 0;
  for (auto& [agent, size] : sizes) {
    agent.value = in.u64();
    const std::uint64_t told = in.varint();
    if (told > in.remaining() || sum + told > in.remaining())
      return false;
    size = told;
    sum += size;
  }
  if (!in.ok() || in.remaining() != sum || sum > std::numeric_limits<std::uint32_t>::max())
    return false;
  for (const auto& [agent, size] : sizes) {
    if (!cut.images.empty() && !(cut.images.back().agent < agent))
      return false;
    cut.add_image(agent, in.raw(size));
  }
  return true;
}

void write_images(const Cut& cut, std::size_t first, std::size_t count, BytesWriter& out) {
  out.varint(count);
  for (std::size_t i = first; i < first + count; ++i) {
    out.u64(cut.images[i].agent.value);
    out.varint(cut.images[i].size);
  }
  for (std::size_t i = first; i < first + count; ++i)
    out.raw(cut.image(i));
}

void write_origin(const CutOrigin& origin, BytesWriter& out) {
  out.text(origin.run);
  out.text(origin.build);
  out.varint(origin.facts.size());
  for (const auto& [name, value] : origin.facts) {
    out.text(name);
    out.text(value);
  }
  out.u64(origin.set_up_agents);
  out.u64(origin.set_up);
}

void read_origin(CutOrigin& origin, BytesReader& in) {
  origin.run = in.text();
  origin.build = in.text();
  for (std::size_t left = in.count(2); left > 0 && in.ok(); --left) {
    std::string name = in.text();
    origin.facts.push_back({std::move(name), in.text()});
  }
  origin.set_up_agents = in.u64();
  origin.set_up = in.u64();
}

void write_types(const std::vector<Cut::Type>& types, BytesWriter& out) {
  out.varint(types.size());
  for (const Cut::Type& type : types) {
    out.u64(type.id);
    out.text(type.name);
    out.text(type.fields);
  }
}

void read_types(std::vector<Cut::Type>& types, BytesReader& in) {
  constexpr std::size_t bytes_each = 10;
  for (std::size_t left = in.count(bytes_each); left > 0 && in.ok(); --left) {
    Cut::Type& type = types.emplace_back();
    type.id = in.u64();
    type.name = in.text();
    type.fields = in.text();
  }
}

// Adds chunks to an encoded cut.
class Chunking {
public:
  using Kind = EncodedCut::Chunk::Kind;

  explicit Chunking(EncodedCut& encoded) : encoded_(encoded) {}

  // What is recorded in the order of time stays as it is, and gets more behind it: so do all chunks
  // but the last one.
  void add_records(Kind kind, std::size_t records) {
    constexpr std::size_t records_of_a_chunk = 1024;
    for (std::size_t first = 0; first < records; first += records_of_a_chunk)
      add(kind, first, std::min(records - first, records_of_a_chunk), first);
  }

  // The last one does not end where its last agent says so, which another cut may have, too.
  void add_images() {
    const std::vector<Cut::Place>& images = encoded_.cut->images;
    for (std::size_t first = 0; first < images.size();) {
      std::size_t last = first;
      while (last + 1 < images.size() && !ends_chunk(images[last].agent))
        ++last;
      add(Kind::images, first, last - first + 1,
          ends_chunk(images[last].agent) ? images[last].agent.value : 0);
      first = last + 1;
    }
  }

  // Each is a chunk as it is.
  void add_texts(Kind kind, const StreamedTexts& texts) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      EncodedCut::Chunk& chunk = begin(kind, i, 1, i);
      chunk.bytes = texts[i]->bytes.size();
      chunk.name = texts[i]->name;
    }
  }

private:
  EncodedCut::Chunk& begin(Kind kind, std::size_t first, std::size_t count, std::uint64_t place) {
    EncodedCut::Chunk& chunk = encoded_.chunks.emplace_back();
    chunk.place = mix64(place) + static_cast<std::uint64_t>(kind);
    chunk.kind = kind;
    chunk.first = first;
    chunk.count = count;
    return chunk;
  }

  void add(Kind kind, std::size_t first, std::size_t count, std::uint64_t place) {
    EncodedCut::Chunk& chunk = begin(kind, first, count, place);
    encoded_.write_content(chunk, content_);
    chunk.bytes = content_.size();
    chunk.name = ContentHash::of(content_);
  }

  EncodedCut& encoded_;
  std::vector<std::byte> content_; // of the chunk that is added
};

void write_names(const EncodedCut& encoded, Chunking::Kind kind, BytesWriter& manifest) {
  const auto is_one = [kind](const EncodedCut::Chunk& chunk) { return chunk.kind == kind; };
  manifest.varint(static_cast<std::uint64_t>(std::ranges::count_if(encoded.chunks, is_one)));
  for (const EncodedCut::Chunk& chunk : encoded.chunks)
    if (is_one(chunk)) {
      manifest.u64(chunk.name.high);
      manifest.u64(chunk.name.low);
    }
}

// Takes each of the chunks that the manifest names next. `take` says whether it could read it.
template <class Take>
std::optional<Error> read_chunks(BytesReader& manifest, const ChunkSource& source,
                                 const char* content, Take take) {
  for (std::size_t left = manifest.count(hash_size); left > 0; --left) {
    const std::uint64_t high = manifest.u64();
    const ContentHash name{high, manifest.u64()};
    const Result<std::vector<std::byte>> bytes = source(name);
    if (!bytes)
      return bytes.error();
    if (ContentHash::of(*bytes) != name)
      return damaged("chunk " + name.to_string() + " is not as it was written");
    if (!take(*bytes))
      return damaged("chunk " + name.to_string() + " has no " + content);
  }
  return std::nullopt;
}

// Kind after kind, in the order in which encode() has them.
std::optional<Error> read_content(BytesReader& manifest, const ChunkSource& source, Cut& cut) {
  const auto read_all = [&](const char* content, auto&& read) {
    return read_chunks(manifest, source, content, [&read](std::span<const std::byte> bytes) {
      BytesReader in(bytes);
      read(in);
      return in.at_end();
    });
  };
  if (auto problem =
          read_all("reports", [&cut](BytesReader& in) { read_reports(cut.reports, in); }))
    return problem;
  const auto names = std::make_shared<std::deque<std::string>>();
  if (auto problem =
          read_all("trace", [&](BytesReader& in) { read_trace(cut.streamed.trace, *names, in); }))
    return problem;
  cut.streamed.names_in_trace = names;
  if (auto problem = read_chunks(
          manifest, source, "images of agents in order",
          [&cut](std::span<const std::byte> bytes) { return append_chunk(bytes, cut); }))
    return problem;
  if (auto problem = read_all("observations", [&cut](BytesReader& in) {
        std::ranges::move(read_observations(in), std::back_inserter(cut.observations));
      }))
    return problem;
  if (auto problem =
          read_all("records", [&cut](BytesReader& in) { read_reports(cut.streamed.records, in); }))
    return problem;
  for (StreamedTexts* texts : {&cut.streamed.traced, &cut.streamed.recorded})
    if (auto problem =
            read_chunks(manifest, source, "text", [texts](std::span<const std::byte> bytes) {
              texts->push_back(std::make_shared<const StreamedText>(StreamedText{
                  ContentHash::of(bytes), std::vector<std::byte>(bytes.begin(), bytes.end())}));
              return true;
            }))
      return problem;
  return std::nullopt;
}

} // namespace

void EncodedCut::write_content(const Chunk& chunk, std::vector<std::byte>& bytes) const {
  bytes.clear();
  BytesWriter out(bytes);
  switch (chunk.kind) {
    case Chunk::Kind::reports:
      return write_reports(std::span(cut->reports).subspan(chunk.first, chunk.count), out);
    case Chunk::Kind::trace:
      return write_trace(std::span(cut->streamed.trace).subspan(chunk.first, chunk.count), out);
    case Chunk::Kind::images: return write_images(*cut, chunk.first, chunk.count, out);
    case Chunk::Kind::observations:
      return write_observations(std::span(cut->observations).subspan(chunk.first, chunk.count),
                                out);
    case Chunk::Kind::records:
      return write_reports(std::span(cut->streamed.records).subspan(chunk.first, chunk.count), out);
    case Chunk::Kind::traced: return out.raw(cut->streamed.traced[chunk.first]->bytes);
    case Chunk::Kind::recorded: return out.raw(cut->streamed.recorded[chunk.first]->bytes);
  }
}

EncodedCut encode(const Cut& cut) {
  EncodedCut encoded;
  encoded.cut = &cut;
  Chunking chunking(encoded);
  chunking.add_records(Chunking::Kind::reports, cut.reports.size());
  chunking.add_records(Chunking::Kind::trace, cut.streamed.trace.size());
  chunking.add_images();
  chunking.add_records(Chunking::Kind::observations, cut.observations.size());
  chunking.add_records(Chunking::Kind::records, cut.streamed.records.size());
  chunking.add_texts(Chunking::Kind::traced, cut.streamed.traced);
  chunking.add_texts(Chunking::Kind::recorded, cut.streamed.recorded);
  BytesWriter manifest(encoded.manifest);
  manifest.u64(magic);
  manifest.f64(cut.time);
  write_origin(cut.origin, manifest);
  write_counters(cut.counters, manifest);
  manifest.u8(cut.stop_is_wanted ? 1 : 0);
  manifest.varint(cut.streamed.trace_records);
  manifest.varint(cut.departed.size());
  for (const Cut::Departed& each : cut.departed) {
    manifest.u64(each.agent.value);
    manifest.u64(each.type_id);
    manifest.u8(each.died ? 1 : 0);
  }
  write_types(cut.classes, manifest);
  write_types(cut.lambdas, manifest);
  manifest.varint(cut.names.size());
  for (const auto& [name, agent] : cut.names) {
    manifest.text(name);
    manifest.u64(agent.value);
  }
  manifest.varint(cut.images.size());
  manifest.varint(cut.bytes());
  for (const auto kind : {Chunking::Kind::reports, Chunking::Kind::trace, Chunking::Kind::images,
                          Chunking::Kind::observations, Chunking::Kind::records,
                          Chunking::Kind::traced, Chunking::Kind::recorded})
    write_names(encoded, kind, manifest);
  const ContentHash hash = ContentHash::of(manifest.bytes());
  manifest.u64(hash.high);
  manifest.u64(hash.low);
  return encoded;
}

std::vector<std::byte> encode(const CutPart& part) {
  const EncodedCut encoded = encode(part.cut);
  constexpr std::size_t bytes_around_an_image = 16; // or more, rarely
  std::vector<std::byte> bytes;
  reserve_large(bytes, encoded.manifest.size() + part.cut.bytes() +
                           part.cut.images.size() * bytes_around_an_image);
  BytesWriter out(bytes);
  out.varint(part.leads_to.size());
  for (const AgentId agent : part.leads_to)
    out.u64(agent.value);
  out.varint(encoded.manifest.size());
  out.raw(encoded.manifest);
  std::vector<std::byte> content;
  for (const EncodedCut::Chunk& chunk : encoded.chunks) {
    encoded.write_content(chunk, content);
    out.varint(content.size());
    out.raw(content);
  }
  out.finish();
  return bytes;
}

// The manifest names the chunks in the order in which they follow.
Result<CutPart> decode_cut_part(std::span<const std::byte> bytes) {
  BytesReader in(bytes);
  CutPart part;
  for (std::size_t left = in.count(sizeof(std::uint64_t)); left > 0; --left)
    part.leads_to.push_back(AgentId{in.u64()});
  const auto manifest = in.raw(in.count(1));
  Result<Cut> cut =
      decode_cut(manifest, [&in](const ContentHash&) -> Result<std::vector<std::byte>> {
        const auto chunk = in.raw(in.count(1));
        return std::vector<std::byte>(chunk.begin(), chunk.end());
      });
  if (!cut)
    return cut.error();
  if (!in.at_end())
    return damaged("a part of it ends too early, or too late");
  part.cut = *std::move(cut);
  return part;
}

Result<Cut> decode_cut(std::span<const std::byte> manifest, const ChunkSource& chunk) {
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
  read_origin(cut.origin, in);
  read_counters(cut.counters, in);
  cut.stop_is_wanted = in.u8() != 0;
  cut.streamed.trace_records = in.varint();
  constexpr std::size_t bytes_of_departed = 17;
  for (std::size_t left = in.count(bytes_of_departed); left > 0; --left) {
    Cut::Departed each{};
    each.agent.value = in.u64();
    each.type_id = in.u64();
    each.died = in.u8() != 0;
    cut.departed.push_back(each);
  }
  read_types(cut.classes, in);
  read_types(cut.lambdas, in);
  constexpr std::size_t bytes_of_name = 9;
  for (std::size_t left = in.count(bytes_of_name); left > 0 && in.ok(); --left) {
    std::string name = in.text();
    cut.names.emplace_back(std::move(name), AgentId{in.u64()});
  }
  const std::uint64_t agents_told = in.varint();
  in.varint(); // the bytes of their images
  const std::uint64_t chunks_at_most = in.remaining() / hash_size;
  reserve_large(cut.images, std::min(agents_told, chunks_at_most * sane_agents_of_a_chunk));
  if (auto problem = read_content(in, chunk, cut))
    return *problem;
  if (!in.at_end())
    return damaged("its manifest ends too early, or too late");
  return cut;
}

} // namespace stos::detail
