// What a store keeps as bytes.

#include "store/records.hpp"

#include "libstos/base/random.hpp"
#include "store/keep.hpp"
#include "tests/store/support.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace stos;
using namespace stos::detail;
using namespace stos::test;

namespace {

std::vector<std::byte> content_of(const EncodedCut& cut, std::size_t chunk) {
  std::vector<std::byte> content;
  cut.write_content(cut.chunks[chunk], content);
  return content;
}

} // namespace

TEST_CASE("a record that has changed, or lies under another name, is none") {
  const Cut made = made_up_cut(1, 1'000, 0);
  const EncodedCut cut = encode(made);
  RecordCoder coder;
  const ContentHash name = cut.chunks[0].name;
  const ContentHash other = cut.chunks[1].name;
  const std::vector<std::byte> chunk = coder.chunk_record(name, content_of(cut, 0));
  CHECK(coder.read_chunk(chunk, name) == content_of(cut, 0));
  CHECK_FALSE(read_head(chunk, name)->base);
  CHECK_FALSE(read_head(chunk, other));
  CHECK_FALSE(coder.read_chunk(chunk, other));

  CutEntry entry;
  entry.number = 3;
  entry.run = "lattice";
  entry.time = 0.5;
  const std::vector<KeptChunk> chunks = {{name, 1, {}}, {other, 2, name}};
  const std::vector<std::byte> record = coder.cut_record(entry, chunks, cut.manifest);
  const auto read = coder.read_cut(record, 3, WithManifest::yes);
  REQUIRE(read);
  CHECK(read->entry.run == "lattice");
  CHECK(read->manifest == cut.manifest);
  REQUIRE(read->chunks.size() == 2);
  CHECK(read->chunks[0].whole() == name);
  CHECK(read->chunks[1].place == 2);
  CHECK(read->chunks[1].whole() == name);
  CHECK_FALSE(coder.read_cut(record, 4, WithManifest::no));
  CHECK_FALSE(coder.read_cut(chunk, 3, WithManifest::no));

  const std::vector<std::byte> difference =
      coder.difference_record(other, content_of(cut, 1), name, content_of(cut, 0));
  RandomStream random(5);
  for (int i = 0; i < 500; ++i) {
    std::vector<std::byte> changed = record;
    const std::size_t at = random.below(static_cast<std::uint32_t>(changed.size()));
    changed[at] ^= static_cast<std::byte>(1 << random.below(8));
    CHECK_FALSE(coder.read_cut(changed, 3, WithManifest::no));
    changed.resize(at);
    CHECK_FALSE(coder.read_cut(changed, 3, WithManifest::no));

    std::vector<std::byte> flipped = difference;
    flipped[random.below(static_cast<std::uint32_t>(flipped.size()))] ^=
        static_cast<std::byte>(1 << random.below(8));
    CHECK_FALSE(read_head(flipped, other));
    CHECK_FALSE(coder.read_chunk(flipped, other, content_of(cut, 0)));
  }
}

TEST_CASE("a chunk stored as its difference from another one comes back, with that one only") {
  RecordCoder coder;
  for (const std::size_t agents :
       {1u, 300u, 20'000u}) { // the last ones are beyond zstd's usual window
    const Cut before = made_up_cut(1, agents, agents / 100);
    const Cut after = made_up_cut(2, agents, agents / 100);
    const auto all_of = [](const Cut& cut) {
      std::vector<std::byte> all;
      for (std::size_t i = 0; i < cut.images.size(); ++i)
        all.insert(all.end(), cut.image(i).begin(), cut.image(i).end());
      return all;
    };
    const std::vector<std::byte> base = all_of(before);
    const std::vector<std::byte> content = all_of(after);
    const ContentHash base_name = ContentHash::of(base);
    const ContentHash name = ContentHash::of(content);
    const std::vector<std::byte> whole = coder.chunk_record(name, content);
    const std::vector<std::byte> record = coder.difference_record(name, content, base_name, base);
    CHECK(read_head(record, name)->base == base_name);
    CHECK(coder.read_chunk(record, name, base) == content);
    CHECK(coder.read_chunk(whole, name) == content);
    if (agents == 1)
      continue;
    CHECK(record.size() < whole.size() / 20);
    CHECK(coder.read_chunk(record, name, content) != content);
    CHECK(coder.read_chunk(record, name) != content);
  }
}

TEST_CASE("the cuts that go are those of the lineage, the oldest first") {
  std::vector<KeptCut> cuts;
  for (std::uint64_t number = 1; number <= 6; ++number) {
    KeptCut cut;
    cut.entry.number = number;
    cut.entry.lineage = number % 2;
    cut.entry.time = static_cast<double>(number);
    cuts.push_back(cut);
  }
  CHECK(beyond(0, 1, cuts).empty());
  CHECK(beyond(3, 1, cuts).empty());
  CHECK(beyond(1, 1, cuts) == std::vector<std::uint64_t>{1, 3});
  CutLabel label;
  label.lineage = 1;
  label.time = 3;
  CHECK(replaced_by(label, cuts) == std::vector<std::uint64_t>{3});
  label.lineage = 0;
  CHECK(replaced_by(label, cuts).empty());
}
