// A cut as chunks under the hashes of their contents, and a manifest.

#include "libstos/image/cut_bytes.hpp"

#include "libstos/base/hash.hpp"
#include "libstos/base/random.hpp"
#include "tests/support/same_images.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::detail;
using Catch::Matchers::Contains;

namespace {

using Chunks = std::map<ContentHash, std::vector<std::byte>>;

Chunks chunks_of(const EncodedCut& encoded) {
  Chunks chunks;
  for (const EncodedCut::Chunk& chunk : encoded.chunks)
    encoded.write_content(chunk, chunks[chunk.name]);
  return chunks;
}

Result<Cut> decode(const std::vector<std::byte>& manifest, const Chunks& chunks) {
  return decode_cut(manifest, [&chunks](const ContentHash& name) -> Result<std::vector<std::byte>> {
    const auto found = chunks.find(name);
    if (found == chunks.end())
      return Error{Errc::io_error, "no chunk " + name.to_string()};
    return found->second;
  });
}

std::vector<std::byte> random_bytes(RandomStream& random, std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes)
    byte = static_cast<std::byte>(random.below(256));
  return bytes;
}

bool same_texts(const StreamedTexts& a, const StreamedTexts& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
    return x->name == y->name && x->bytes == y->bytes;
  });
}

/// Made up: agents 1 to n, and as many children, whose ids lie anywhere.
Cut made_up(std::size_t n, std::uint64_t seed = 1) {
  RandomStream random(seed);
  Cut cut;
  cut.time = 12.5;
  cut.counters.agents_born = 2 * n;
  cut.counters.last_event_time = 12.25;
  cut.counters.digest = RunDigest::from_value(77);
  cut.departed = {{AgentId{5}, 9, true}, {AgentId{6}, 9, false}};
  cut.reports = {{"topic", AgentId{1}, 3, 0, random_bytes(random, 5)}};
  cut.origin = {"run", "build", {{"simulation.seed", "1"}}, 7, 8};
  cut.classes = {{9, "Walker", "legs, speed"}};
  cut.lambdas = {{3, "a", "8 bytes captured, 48 in all"}, {4, "b", ""}};
  cut.names = {{"first", AgentId{1}}};
  TraceRecord record;
  record.type = "Walker";
  record.agent = AgentId{1};
  cut.streamed.trace.assign(1500, record);
  cut.streamed.records = {{"height", AgentId{2}, 13, 0, random_bytes(random, 8)}};
  cut.streamed.trace_records = 70;
  for (StreamedTexts* texts : {&cut.streamed.traced, &cut.streamed.recorded})
    for (std::size_t size : {1, 3'000}) {
      const auto bytes = random_bytes(random, size);
      texts->push_back(
          std::make_shared<const StreamedText>(StreamedText{ContentHash::of(bytes), bytes}));
    }
  std::set<std::uint64_t> ids;
  for (std::uint64_t i = 1; i <= n; ++i) {
    ids.insert(i);
    ids.insert(mix64(i));
  }
  for (const std::uint64_t id : ids) {
    cut.add_image(AgentId{id}, random_bytes(random, random.below(60)));
  }
  return cut;
}

} // namespace

TEST_CASE("a cut comes back from its manifest and chunks as it was") {
  for (const std::size_t agents : {0u, 1u, 2'000u}) {
    const Cut cut = made_up(agents);
    const EncodedCut encoded = encode(cut);
    const Result<Cut> again = decode(encoded.manifest, chunks_of(encoded));
    REQUIRE(again);
    CHECK(again->time == cut.time);
    CHECK(test::same_images(*again, cut));
    CHECK(again->departed == cut.departed);
    CHECK(again->origin == cut.origin);
    CHECK(again->classes == cut.classes);
    CHECK(again->lambdas == cut.lambdas);
    CHECK(again->names == cut.names);
    CHECK(again->reports.size() == cut.reports.size());
    CHECK(format_trace(again->streamed.trace) == format_trace(cut.streamed.trace));
    CHECK(again->streamed.records.size() == 1);
    CHECK(again->streamed.trace_records == 70);
    CHECK(same_texts(again->streamed.traced, cut.streamed.traced));
    CHECK(same_texts(again->streamed.recorded, cut.streamed.recorded));
    CHECK(again->state_digest() == cut.state_digest());
    CHECK(encoded.chunks.size() <= 9 + cut.images.size() / 100); // lines and texts have their own
  }
}

TEST_CASE("agents that change, come or go change their own chunk and no other") {
  const Cut before = made_up(5'000);
  const Chunks kept = chunks_of(encode(before));
  CHECK(kept.size() > 20);

  Cut changed = before;
  const Cut::Place& place = changed.images[777];
  changed.pieces[place.piece][place.begin] ^= std::byte{1};
  std::size_t others = 0;
  for (const auto& [name, bytes] : chunks_of(encode(changed)))
    others += kept.count(name) == 0 ? 1 : 0;
  CHECK(others == 1);

  Cut gone = before; // the first agent
  gone.images.erase(gone.images.begin());
  others = 0;
  for (const auto& [name, bytes] : chunks_of(encode(gone)))
    others += kept.count(name) == 0 ? 1 : 0;
  CHECK(others <= 1);
}

TEST_CASE("what has changed in a store is found, and said") {
  const Cut made = made_up(2'000);
  const EncodedCut encoded = encode(made);
  const Chunks chunks = chunks_of(encoded);
  RandomStream random(4);
  for (int i = 0; i < 500; ++i) {
    std::vector<std::byte> manifest = encoded.manifest;
    const std::size_t at = random.below(static_cast<std::uint32_t>(manifest.size()));
    manifest[at] ^= static_cast<std::byte>(1 << random.below(8));
    const Result<Cut> cut = decode(manifest, chunks);
    REQUIRE_FALSE(cut);
    CHECK_THAT(cut.error().context, Contains("manifest"));

    Chunks changed = chunks;
    auto chunk = changed.begin();
    std::advance(chunk, random.below(static_cast<std::uint32_t>(changed.size())));
    chunk->second[random.below(static_cast<std::uint32_t>(chunk->second.size()))] ^= std::byte{4};
    const Result<Cut> other = decode(encoded.manifest, changed);
    REQUIRE_FALSE(other);
    CHECK_THAT(other.error().context,
               Contains(chunk->first.to_string()) && Contains("is not as it was written"));
  }
  for (std::size_t size = 0; size < encoded.manifest.size(); size += 7) {
    std::vector<std::byte> manifest = encoded.manifest;
    manifest.resize(size);
    CHECK_FALSE(decode(manifest, chunks));
  }
  Chunks fewer = chunks;
  fewer.erase(fewer.begin());
  const Result<Cut> cut = decode(encoded.manifest, fewer);
  REQUIRE_FALSE(cut);
  CHECK(cut.error().code == Errc::io_error); // what the store has said
}
