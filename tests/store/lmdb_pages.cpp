// A file of LMDB, read without LMDB: what LMDB has written is never taken for damaged, and all of
// its records are found.

#include "store/lmdb_pages.hpp"

#include "libstos/base/random.hpp"
#include "store/lmdb_environment.hpp"
#include "tests/store/support.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>

using namespace stos;
using namespace stos::detail;
using namespace stos::test;

namespace {

std::string contents_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

ReadableFile file_of(const std::string& bytes) {
  return {bytes.size(), [&bytes](std::uint64_t offset, std::span<std::byte> to) {
            if (offset > bytes.size() || to.size() > bytes.size() - offset)
              return false;
            std::memcpy(to.data(), bytes.data() + offset, to.size());
            return true;
          }};
}

/// Looks at the newest state.
void check_found(const std::string& bytes, const std::map<std::string, std::string>& wanted) {
  const ReadableFile file = file_of(bytes);
  const LmdbMetas metas = read_lmdb_metas(file);
  CHECK(obstacle_to_open(file, metas).empty());
  REQUIRE((metas[0] && metas[1]));
  const LmdbContents found =
      look_through(file, metas[0]->transaction > metas[1]->transaction ? *metas[0] : *metas[1]);
  for (const std::string& damage : found.damage)
    FAIL(damage);
  REQUIRE(found.records.size() == wanted.size());
  auto next = wanted.begin();
  for (const LmdbContents::Record& record : found.records) {
    CHECK(record.key == next->first);
    CHECK((bytes.substr(record.offset, record.size) == next->second));
    ++next;
  }
}

} // namespace

TEST_CASE("a file that LMDB has written has no damage, whatever was put into it and removed") {
  const std::uint64_t seed = Catch::rngSeed() != 0 ? Catch::rngSeed() : 1;
  INFO("seed: " << seed);
  RandomStream random(seed);
  const TemporaryFolder folder;
  const auto environment = LmdbEnvironment::of(folder.path());
  REQUIRE(environment);
  std::map<std::string, std::string> records;
  std::optional<LmdbTransaction> reader; // keeps pages from being used anew, every now and then
  for (int i = 0; i < 100; ++i) {
    INFO("transaction " << i);
    auto transaction = LmdbTransaction::begin(*environment, LmdbTransaction::Kind::write);
    REQUIRE(transaction);
    auto changed = records;
    const bool grows = i % 50 < 30;
    for (std::uint32_t left = random.below(60); left > 0; --left) {
      const std::string key =
          "k" + std::string(random.below(300), 'x') + std::to_string(random.below(500));
      if (random.below(4) == 0 ? grows : !grows) {
        REQUIRE(transaction->remove(key) == 0);
        changed.erase(key);
        if (!grows && !changed.empty()) { // one that is there
          const std::string first = changed.begin()->first;
          REQUIRE(transaction->remove(first) == 0);
          changed.erase(first);
        }
        continue;
      }
      const std::uint32_t size = random.below(random.below(5) == 0 ? 20'000 : 2'500);
      const std::string value(size, static_cast<char>('a' + random.below(26)));
      REQUIRE(transaction->put(key, std::as_bytes(std::span(value))) == 0);
      changed[key] = value;
    }
    if (random.below(10) == 0)
      continue; // it is undone
    REQUIRE(transaction->commit() == 0);
    records = std::move(changed);
    check_found(contents_of(folder / "data.mdb"), records);
    if (random.below(5) == 0) {
      reader.reset();
      auto begun = LmdbTransaction::begin(*environment, LmdbTransaction::Kind::read);
      REQUIRE(begun);
      reader.emplace(*std::move(begun));
    }
  }
  CHECK(records.size() > 0);
}
