// A store in a folder whose file has changed since it was written: what is damaged is found and
// named, what is right is read, and LMDB, which would crash, is not let at it.

#include "libstos/base/random.hpp"
#include "store/lmdb_pages.hpp"
#include "tests/store/support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;
using Catch::Matchers::Contains;

namespace {

std::string contents_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void replace(const std::string& path, const std::string& contents) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << contents;
}

/// Where the record of a chunk lies in a file.
std::optional<detail::LmdbContents::Record> record_of_chunk(const std::string& contents,
                                                            const std::string& name) {
  const detail::ReadableFile file{contents.size(),
                                  [&contents](std::uint64_t at, std::span<std::byte> to) {
                                    if (at > contents.size() || to.size() > contents.size() - at)
                                      return false;
                                    std::memcpy(to.data(), contents.data() + at, to.size());
                                    return true;
                                  }};
  const detail::LmdbMetas metas = detail::read_lmdb_metas(file);
  const auto& newer = metas[0]->transaction > metas[1]->transaction ? metas[0] : metas[1];
  for (const auto& record : detail::look_through(file, *newer).records) {
    std::string digits;
    for (const char byte : record.key.substr(1)) {
      constexpr const char* hexadecimal = "0123456789abcdef";
      digits += hexadecimal[static_cast<unsigned char>(byte) >> 4];
      digits += hexadecimal[static_cast<unsigned char>(byte) & 15];
    }
    if (record.key[0] == 'c' && digits == name)
      return record;
  }
  return std::nullopt;
}

/// A small store of three cuts, whose file is damaged anew each time. A fourth one was removed; a
/// store without its newest state may still have it. Of each of the last two, most chunks are
/// stored as differences: from those of the removed cut, and from those of the one before.
class Patient {
public:
  Patient() {
    for (int i = 1; i <= 4; ++i)
      cuts_[i] = made_up_cut(i, 1'500, 1'000, 30, i > 2 ? 1 : 0);
    const auto store = CutStore::open(path(), Access::write);
    REQUIRE(store);
    for (auto& [time, cut] : cuts_) {
      const auto written =
          (*store)->write(label_of(cut), encode(cut), 3); // the first one goes again
      REQUIRE(written);
      CHECK((written->chunks_different > 0) == (time % 2 == 0));
    }
    healthy_ = contents_of(file());
  }

  [[nodiscard]] std::string path() const { return folder_ / "store"; }
  [[nodiscard]] std::string file() const { return folder_ / "store/data.mdb"; }
  [[nodiscard]] const std::string& healthy() const { return healthy_; }
  [[nodiscard]] std::size_t cuts() const { return 3; }

  /// Reads what can be read of a store with that file. Returns how many cuts came back.
  std::size_t examine(const std::string& contents) const {
    replace(file(), contents);
    const auto store = CutStore::open(path(), Access::read);
    if (!store) {
      check_named(store.error().context);
      return 0;
    }
    const Result<CutStore::Contents> found = (*store)->list();
    if (!found) {
      check_named(found.error().context);
      return 0;
    }
    CHECK((found->cuts.size() >= cuts() || !found->damage.empty()));
    std::size_t right = 0;
    for (const CutEntry& entry : found->cuts) {
      const Result<detail::Cut> read = read_cut(**store, entry);
      if (!read)
        FAIL(read.error().context);
      const detail::Cut& wanted = cuts_.at(static_cast<int>(entry.time));
      CHECK(same_images(*read, wanted));
      CHECK(read->state_digest() == wanted.state_digest());
      ++right;
    }
    return right;
  }

  /// What a store with that file lets itself be written to harms no cut.
  void write_to(const std::string& contents) const {
    replace(file(), contents);
    const auto store = CutStore::open(path(), Access::write);
    if (!store) {
      check_named(store.error().context);
      return;
    }
    const Result<CutStore::Contents> before = (*store)->list();
    REQUIRE(before);
    const detail::Cut next = made_up_cut(9, 3'000, 3'000);
    const auto written = (*store)->write(label_of(next), encode(next), 0);
    if (!written)
      FAIL(written.error().context);
    const Result<CutStore::Contents> after = (*store)->list();
    REQUIRE(after);
    CHECK(after->cuts.size() >= before->cuts.size() + 1);
    for (const CutEntry& entry : after->cuts)
      if (const Result<detail::Cut> read = read_cut(**store, entry); !read)
        FAIL(read.error().context);
  }

private:
  void check_named(const std::string& error) const { CHECK_THAT(error, Contains(path())); }

  TemporaryFolder folder_;
  std::map<int, detail::Cut> cuts_;
  std::string healthy_;
};

} // namespace

TEST_CASE("a bit flipped anywhere in a store is found if it matters, and the other cuts are read") {
  const Patient patient;
  CHECK(patient.examine(patient.healthy()) == patient.cuts());
  const std::uint64_t seed = Catch::rngSeed() != 0 ? Catch::rngSeed() : 1;
  INFO("seed: " << seed);
  RandomStream random(seed);
  std::map<std::size_t, int> outcomes;
  for (int i = 0; i < 1'000; ++i) {
    std::string flipped = patient.healthy();
    // Every second one within the pages that lead to the rest.
    const std::uint32_t range =
        static_cast<std::uint32_t>(i % 2 == 0 ? flipped.size() : flipped.size() / 4);
    const std::size_t at = random.below(range);
    const int bit = static_cast<int>(random.below(8));
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
    INFO("bit " << bit << " of byte " << at << " of " << flipped.size());
    ++outcomes[patient.examine(flipped)];
    if (i % 20 == 0)
      patient.write_to(flipped);
  }
  CHECK(outcomes[0] < 100); // a page that leads to all of them, or a chunk that all of them have
}

TEST_CASE("a store that was cut off is read as far as it goes") {
  const Patient patient;
  RandomStream random(3);
  std::map<std::size_t, int> outcomes;
  for (int i = 0; i < 200; ++i) {
    std::size_t size = random.below(static_cast<std::uint32_t>(patient.healthy().size()));
    if (i % 2 == 0)
      size &= ~std::size_t{4095};
    INFO(size << " bytes of " << patient.healthy().size());
    const std::string shortened = patient.healthy().substr(0, size);
    ++outcomes[patient.examine(shortened)];
    if (i % 10 == 0)
      patient.write_to(shortened);
  }
  CHECK(outcomes[0] < 190);
}

TEST_CASE("a base that is damaged is named, and the cut before is used") {
  const TemporaryFolder folder;
  const std::string place = folder / "store";
  const auto cut = [](int i) { return made_up_cut(i, 1'000, 1'000, 100, i > 1 ? 1 : 0); };
  for (int i = 1; i <= 3; ++i) {
    const detail::Cut made = cut(i);
    const auto store = CutStore::open(place, Access::write);
    REQUIRE(store);
    REQUIRE((*store)->write(label_of(made), encode(made), 0));
  }
  const detail::Cut second = cut(2);
  const std::string base = encode(second).chunks.back().name.to_string();
  std::string contents = contents_of(place + "/data.mdb");
  const auto record = record_of_chunk(contents, base);
  REQUIRE(record);
  contents[record->offset + record->size - 1] ^= 1;
  replace(place + "/data.mdb", contents);

  const auto store = CutStore::open(place, Access::write);
  REQUIRE(store);
  const Result<CutStore::Contents> found = (*store)->list();
  REQUIRE(found);
  REQUIRE(found->damage.size() == 2);
  CHECK_THAT(found->damage[0], Contains("cut #2  t = 2 s") &&
                                   Contains("chunk " + base + " is not as it was written"));
  CHECK_THAT(found->damage[1], Contains("cut #3  t = 3 s") &&
                                   Contains("chunk " + base + " is not as it was written, and"));
  const Result<CutEntry> picked = pick(**store, *found, {});
  REQUIRE(picked);
  CHECK(picked->time == 1);
  CHECK(read_cut(**store, *picked));

  // The next cut does not build on it, and a cut that has it makes it whole again.
  const detail::Cut fourth = cut(4);
  REQUIRE((*store)->write(label_of(fourth), encode(fourth), 0));
  CHECK((*store)->list()->cuts.size() == 2);
  REQUIRE((*store)->write(label_of(second), encode(second), 0));
  const Result<CutStore::Contents> mended = (*store)->list();
  CHECK(mended->damage.empty());
  for (const CutEntry& entry : mended->cuts)
    CHECK(same_images(*read_cut(**store, entry), cut(static_cast<int>(entry.time))));
}
