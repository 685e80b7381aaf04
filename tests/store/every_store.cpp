// What all stores of cuts have in common.

#include "tests/store/support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;
using Catch::Matchers::Contains;

namespace {

std::unique_ptr<CutStore> opened(const std::string& place, Access access = Access::write) {
  Result<std::unique_ptr<CutStore>> store = CutStore::open(place, access);
  if (!store)
    FAIL(store.error().context);
  return *std::move(store);
}

// From the host on, if it is a server.
std::string without_password(const std::string& place) {
  if (!place.starts_with("redis://"))
    return place;
  const std::size_t at = place.find('@');
  return place.substr(at == std::string::npos ? 8 : at + 1);
}

/// Runs the test with a new store of each kind, which it may open as often as it likes: on a server
/// only if there is one, in an empty database. system/store.sh starts one.
void on_every_store(const std::function<void(const std::string& place)>& test,
                    bool on_servers = true) {
  static int count = 0;
  const TemporaryFolder folder;
  std::vector<std::string> places = {"memory:" + std::to_string(++count), folder / "a/store"};
  if (const char* const server = std::getenv("STOS_TEST_REDIS"); server != nullptr && on_servers)
    places.push_back(server + std::to_string(count));
  for (const std::string& place : places) {
    INFO("place: " << without_password(place));
    test(place);
  }
}

/// Of the images, whose chunks are much alike from cut to cut.
std::vector<ContentHash> chunks_of(const detail::Cut& cut) {
  std::vector<ContentHash> names;
  for (const detail::EncodedCut::Chunk& chunk : encode(cut).chunks)
    if (chunk.kind == detail::EncodedCut::Chunk::Kind::images)
      names.push_back(chunk.name);
  return names;
}

CutStore::Written written(CutStore& store, const detail::Cut& cut, std::uint32_t keep = 0,
                          const std::string& run = "lattice", std::uint64_t lineage = 7) {
  const Result<CutStore::Written> done =
      store.write(label_of(cut, run, lineage), encode(cut), keep);
  if (!done)
    FAIL(done.error().context);
  CHECK(done->warning.empty());
  return *done;
}

std::vector<CutEntry> listed(CutStore& store) {
  const Result<CutStore::Contents> contents = store.list();
  if (!contents)
    FAIL(contents.error().context);
  CHECK(contents->damage.empty());
  return contents->cuts;
}

std::vector<double> times(CutStore& store) {
  std::vector<double> all;
  for (const CutEntry& entry : listed(store))
    all.push_back(entry.time);
  return all;
}

void check_equal(CutStore& store, const CutEntry& entry, const detail::Cut& cut) {
  const Result<detail::Cut> read = read_cut(store, entry);
  if (!read)
    FAIL(read.error().context);
  CHECK(same_images(*read, cut));
  CHECK(read->state_digest() == cut.state_digest());
}

} // namespace

TEST_CASE("a cut comes back from every store as it was written") {
  on_every_store([](const std::string& place) {
    const detail::Cut first = made_up_cut(1.5, 3'000, 10);
    const detail::Cut second = made_up_cut(2.5, 3'000, 10);
    const detail::Cut empty = made_up_cut(3.5, 0, 0);
    {
      const auto store = opened(place);
      CHECK(without_password(store->place()) == without_password(place));
      CHECK(listed(*store).empty());
      CHECK(written(*store, first).number == 1);
      CHECK(written(*store, second).number == 2);
      CHECK(written(*store, empty).number == 3);
    }
    const auto store = opened(place, Access::read);
    const std::vector<CutEntry> cuts = listed(*store);
    REQUIRE(cuts.size() == 3);
    CHECK(cuts[0].number == 1);
    CHECK(cuts[0].run == "lattice");
    CHECK(cuts[0].lineage == 7);
    CHECK(cuts[0].time == 1.5);
    CHECK(cuts[0].agents == 3'000);
    CHECK(cuts[0].state_digest == first.state_digest().to_string());
    CHECK(cuts[0].written_s == 1'700'000'000);
    CHECK(cuts[0].bytes > first.bytes());
    check_equal(*store, cuts[0], first);
    check_equal(*store, cuts[1], second);
    check_equal(*store, cuts[2], empty);
  });
}

TEST_CASE("a chunk that has not changed is stored once") {
  on_every_store([](const std::string& place) {
    const auto store = opened(place);
    const detail::Cut cut = made_up_cut(1, 20'000, 10);
    const CutStore::Written first = written(*store, cut);
    CHECK(first.chunks > 50);
    CHECK(first.chunks_new == first.chunks);
    CHECK(first.bytes_new > cut.bytes());
    CHECK(first.bytes_stored <= first.bytes_new);
    const CutStore::Written second = written(*store, made_up_cut(2, 20'000, 10));
    CHECK(second.chunks == first.chunks);
    CHECK(second.chunks_new >= 1);
    CHECK(second.chunks_new <= 3); // two of agents, one of reports
    CHECK(second.bytes_stored < first.bytes_stored / 20);
  });
}

TEST_CASE("of a crowd of which one in a hundred has changed, little more than that is stored") {
  on_every_store([](const std::string& place) {
    const auto store = opened(place);
    constexpr std::size_t agents = 20'000;
    std::map<int, detail::Cut> cuts;
    for (int i = 1; i <= 6; ++i)
      cuts[i] = made_up_cut(i, agents, agents, 97);
    const CutStore::Written first = written(*store, cuts[1]);
    CHECK(first.chunks_different == 0);
    for (int i = 2; i <= 6; ++i) {
      const CutStore::Written done = written(*store, cuts[i]);
      CHECK(done.chunks_new > done.chunks * 8 / 10);
      CHECK(done.chunks_different + 1 == done.chunks_new);     // the reports are few
      CHECK(done.bytes_stored < first.bytes_stored * 4 / 100); // of small agents
    }
    for (const CutEntry& entry : listed(*opened(place, Access::read)))
      check_equal(*store, entry, cuts[static_cast<int>(entry.time)]);
  });
}

TEST_CASE("a chunk of which more than half has changed is stored whole, for the next ones to "
          "differ from") {
  on_every_store([](const std::string& place) {
    const auto store = opened(place);
    std::vector<detail::Cut> cuts;
    cuts.push_back(made_up_cut(1, 3'000, 3'000, 50));
    cuts.push_back(made_up_cut(2, 3'000, 3'000, 50));
    cuts.push_back(made_up_cut(3, 3'000, 3'000, 50, 1));
    cuts.push_back(made_up_cut(4, 3'000, 3'000, 50, 1));
    CHECK(written(*store, cuts[0]).chunks_different == 0);
    CHECK(written(*store, cuts[1]).chunks_different > 10);
    CHECK(written(*store, cuts[2]).chunks_different == 0);
    const CutStore::Written last = written(*store, cuts[3]);
    CHECK(last.chunks_different + 1 == last.chunks_new);
    for (const CutEntry& entry : listed(*store))
      check_equal(*store, entry, cuts[static_cast<std::size_t>(entry.time) - 1]);
  });
}

TEST_CASE("what a kept cut differs from is kept with it, and goes with it") {
  on_every_store([](const std::string& place) {
    const auto store = opened(place);
    const std::vector<ContentHash> bases = chunks_of(made_up_cut(1, 3'000, 3'000, 20));
    const auto bases_there = [&] {
      (void)listed(*store);
      return std::ranges::count_if(
          bases, [&store](const ContentHash& name) { return bool(store->chunk(name)); });
    };
    for (int i = 1; i <= 5; ++i)
      written(*store, made_up_cut(i, 3'000, 3'000, 20), 1);
    CHECK(times(*store) == std::vector<double>{5});
    CHECK(bases_there() == std::ssize(bases));
    check_equal(*store, listed(*store)[0], made_up_cut(5, 3'000, 3'000, 20));

    // A run that goes on from there differs from what it began with.
    const CutStore::Written branch =
        written(*store, made_up_cut(6, 3'000, 3'000, 20), 1, "what-if", 8);
    CHECK(branch.chunks_different > 10);
    written(*store, made_up_cut(7, 3'000, 3'000, 20, 1), 1);
    CHECK(bases_there() == std::ssize(bases));
    check_equal(*store, listed(*store)[0], made_up_cut(6, 3'000, 3'000, 20));
    written(*store, made_up_cut(8, 3'000, 3'000, 20, 1), 1, "what-if", 8);
    CHECK(bases_there() == 0);
    CHECK(times(*store) == std::vector<double>{7, 8});
  });
}

TEST_CASE("the oldest cuts of a lineage go, and the chunks that no other cut has") {
  on_every_store([](const std::string& place) {
    const auto store = opened(place);
    std::vector<detail::Cut> cuts;
    for (int i = 1; i <= 5; ++i)
      cuts.push_back(made_up_cut(i, 3'000, 3'000)); // nothing in common
    written(*store, cuts[0], 2, "other", 8);
    for (int i = 1; i <= 3; ++i)
      CHECK(written(*store, cuts[i], 2).cuts_removed == (i == 3 ? 1 : 0));
    CHECK(times(*store) == std::vector<double>{1, 3, 4});

    const auto has = [&store](const detail::Cut& cut) {
      std::size_t there = 0;
      for (const ContentHash& name : chunks_of(cut))
        there += store->chunk(name) ? 1 : 0;
      return there;
    };
    CHECK(has(cuts[0]) == chunks_of(cuts[0]).size());
    CHECK(has(cuts[1]) == 0);
    CHECK(has(cuts[2]) == chunks_of(cuts[2]).size());
    CHECK(written(*store, cuts[4], 1).cuts_removed == 2);
    CHECK(times(*store) == std::vector<double>{1, 5});
    CHECK(has(cuts[2]) + has(cuts[3]) == 0);
  });
}

TEST_CASE("a cut takes the place of the one of its lineage and time") {
  on_every_store([](const std::string& place) {
    const auto store = opened(place);
    written(*store, made_up_cut(1, 2'000, 2'000));
    written(*store, made_up_cut(2, 2'000, 2'000));
    written(*store, made_up_cut(1, 1'000, 0), 0, "other", 8);
    const detail::Cut again = made_up_cut(1, 500, 0);
    const CutStore::Written done = written(*store, again);
    CHECK(done.cuts_removed == 1);
    CHECK(times(*store) == std::vector<double>{2, 1, 1});
    check_equal(*store, listed(*store)[2], again);
    CHECK_FALSE(store->chunk(chunks_of(made_up_cut(1, 2'000, 2'000)).back()));
  });
}

TEST_CASE("what was listed stays as it is until it is listed again") {
  on_every_store(
      [](const std::string& place) {
        const auto writer = opened(place);
        const detail::Cut first = made_up_cut(1, 2'000, 2'000);
        written(*writer, first);
        const auto reader = opened(place, Access::read);
        const std::vector<CutEntry> cuts = listed(*reader);
        for (int i = 2; i < 20; ++i)
          written(*writer, made_up_cut(i, 2'000, 2'000), 1);
        REQUIRE(cuts.size() == 1);
        check_equal(*reader, cuts[0], first);
        CHECK(times(*reader) == std::vector<double>{19});
        CHECK_FALSE(read_cut(*reader, cuts[0]));
      },
      false);
}

TEST_CASE("two writers of a store write one after another") {
  on_every_store([](const std::string& place) {
    const auto a = opened(place);
    const auto b = opened(place);
    std::vector<double> wanted;
    for (int i = 1; i <= 6; ++i) {
      const detail::Cut cut = made_up_cut(i, 1'000, 50);
      CHECK(written(i % 2 == 0 ? *a : *b, cut).number == static_cast<std::uint64_t>(i));
      wanted.push_back(i);
    }
    CHECK(times(*a) == wanted);
    CHECK(times(*b) == wanted);
    check_equal(*a, listed(*a)[4], made_up_cut(5, 1'000, 50));
  });
}

TEST_CASE("a cut is picked by number, by time, by its run, or as the last one") {
  on_every_store([](const std::string& place) {
    const auto store = opened(place);
    written(*store, made_up_cut(1, 10, 0));
    written(*store, made_up_cut(2, 10, 0));
    written(*store, made_up_cut(2, 10, 1), 0, "what-if", 8);
    written(*store, made_up_cut(1, 10, 1), 0, "lattice", 9); // the same run once more
    const Result<CutStore::Contents> contents = store->list();
    REQUIRE(contents);
    const auto picked = [&](const CutChoice& choice) -> std::string {
      const Result<CutEntry> entry = pick(*store, *contents, choice);
      return entry ? "#" + std::to_string(entry->number) : entry.error().context;
    };
    CHECK(picked({}) == "#4");
    CHECK(picked({.run = "what-if"}) == "#3");
    CHECK(picked({.number = 2}) == "#2");
    CHECK(picked({.time = 2, .run = "lattice"}) == "#2");
    CHECK(picked({.time = 1}) == "#4");
    CHECK_THAT(picked({.time = 2}),
               Contains("several runs") && Contains("#2  t = 2 s  run lattice, 10 agents"));
    CHECK_THAT(picked({.time = 0.25}), Contains("no cut at t = 0.25 s; there are:\n  #1") &&
                                           Contains(without_password(place)));
    CHECK_THAT(picked({.number = 9}), Contains("no cut #9"));
    CHECK_THAT(picked({.run = "nothing"}), Contains("no cut of the run nothing"));
    CHECK_THAT(pick(*store, {}, {}).error().context, Contains("there is no cut in it"));
  });
}

TEST_CASE("of many cuts, an error lists the last ones") {
  const auto store = opened("memory:");
  CutStore::Contents contents;
  for (std::uint64_t i = 1; i <= 50; ++i) {
    CutEntry entry;
    entry.number = i;
    contents.cuts.push_back(entry);
  }
  const std::string text = pick(*store, contents, {.number = 99}).error().context;
  CHECK_THAT(text,
             Contains("(30 more)") && Contains("#31 ") && Contains("#50 ") && !Contains("#30 "));
}
