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

TEST_CASE("a record that has changed, or lies under another name, is none") {
  const EncodedCut cut = encode(made_up_cut(1, 1'000, 0));
  const std::vector<std::byte> chunk = chunk_record(cut.chunks[0]);
  CHECK(read_chunk_record(chunk, cut.chunks[0].name) == cut.chunks[0].bytes);
  CHECK_FALSE(is_chunk_record(chunk, cut.chunks[1].name));
  CHECK_FALSE(read_chunk_record(chunk, cut.chunks[1].name));

  CutEntry entry;
  entry.number = 3;
  entry.run = "lattice";
  entry.time = 0.5;
  const std::vector<std::byte> record = cut_record(entry, cut);
  const auto read = read_cut_record(record, 3, WithManifest::yes);
  REQUIRE(read);
  CHECK(read->entry.run == "lattice");
  CHECK(read->manifest == cut.manifest);
  CHECK(read->chunks.size() == cut.chunks.size());
  CHECK_FALSE(read_cut_record(record, 4, WithManifest::no));
  CHECK_FALSE(read_cut_record(chunk, 3, WithManifest::no));

  RandomStream random(5);
  for (int i = 0; i < 500; ++i) {
    std::vector<std::byte> changed = record;
    const std::size_t at = random.below(static_cast<std::uint32_t>(changed.size()));
    changed[at] ^= static_cast<std::byte>(1 << random.below(8));
    CHECK_FALSE(read_cut_record(changed, 3, WithManifest::no));
    changed.resize(at);
    CHECK_FALSE(read_cut_record(changed, 3, WithManifest::no));
  }
}

TEST_CASE("the cuts that go are those of the lineage, the oldest first") {
  std::vector<StoredCut> cuts;
  for (std::uint64_t number = 1; number <= 6; ++number) {
    StoredCut cut;
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
