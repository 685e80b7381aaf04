// A store in a folder whose file has changed since it was written: what is damaged is found and
// named, what is right is read, and LMDB, which would crash, is not let at it.

#include "libstos/base/random.hpp"
#include "store/lmdb_pages.hpp"
#include "tests/store/support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
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

/// A small store of three cuts, whose file is damaged anew each time. A fourth one was removed; a
/// store without its newest state may still have it.
class Patient {
public:
  Patient() {
    for (int i = 1; i <= 4; ++i)
      cuts_[i] = made_up_cut(i, 1'500, 1'000);
    const auto store = CutStore::open(path(), Access::write);
    REQUIRE(store);
    for (auto& [time, cut] : cuts_)
      REQUIRE((*store)->write(label_of(cut), encode(cut), 3)); // the first one goes again
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
      CHECK(read->bytes == wanted.bytes);
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
