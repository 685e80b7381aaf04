#include "store/write_ahead_log.hpp"

#include "libstos/base/content_hash.hpp"
#include "libstos/raft/fsm.hpp"
#include "support/virtual_log_folder.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace stos;
using namespace stos::raft;
using stos::detail::LogChange;
using stos::detail::LogState;
using stos::test::VirtualDisk;

namespace {

std::vector<std::byte> some_bytes(std::size_t size, std::uint64_t seed) {
  std::vector<std::byte> bytes(size);
  RandomStream random(seed);
  for (std::byte& byte : bytes)
    byte = std::byte(random.below(256));
  return bytes;
}

EntryPtr entry(std::uint64_t term, std::uint64_t index, std::size_t size = 10) {
  return std::make_shared<const Entry>(
      Entry{{term}, {index}, EntryKind::command, some_bytes(size, term * 1'000 + index)});
}

LogChange change(std::uint64_t group, std::vector<EntryPtr> entries,
                 std::optional<HardState> hard_state = std::nullopt) {
  return {{group}, Persist{hard_state, nullptr, std::move(entries)}};
}

/// All that is in a state, as text.
std::string text_of(const LogState& state) {
  std::string text;
  for (const auto& [group, of_group] : state) {
    text += "group " + to_string(group) + " term " + to_string(of_group.hard_state.term) +
            " vote " + to_string(of_group.hard_state.vote);
    if (of_group.snapshot)
      text += " snapshot " + to_string(of_group.snapshot->last.index) + " " +
              of_group.snapshot->configuration.to_string() + " " +
              ContentHash::of(of_group.snapshot->data).to_string();
    for (const EntryPtr& one : of_group.entries)
      text += " " + to_string(one->index) + ":" + to_string(one->term) + ":" +
              ContentHash::of(one->data).to_string();
    text += "\n";
  }
  return text;
}

std::string opened(VirtualDisk& disk, WriteAheadLogLimits limits = {}) {
  const Result<WriteAheadLog> log = WriteAheadLog::open(disk.open(), limits);
  return log ? text_of(log->state()) : log.error().context;
}

} // namespace

TEST_CASE("what was appended is there when the log is opened again") {
  VirtualDisk disk;
  std::string wanted;
  {
    Result<WriteAheadLog> log = WriteAheadLog::open(disk.open());
    REQUIRE(log);
    CHECK(log->state().empty());
    const auto first = Fsm::first_state({{{1}, {2}}, {}, {}});
    REQUIRE(log->append({{{7}, Persist{HardState{{3}, {2}}, first.snapshot, {entry(3, 1)}}},
                         change(8, {entry(1, 1), entry(1, 2)})}));
    CHECK(disk.syncs == 1); // for all groups together
    REQUIRE(log->append({change(7, {entry(3, 2), entry(3, 3)})}));
    REQUIRE(log->append({change(7, {entry(4, 2)}, HardState{{4}, {1}})}));
    wanted = text_of(log->state());
    CHECK(log->state().at({7}).entries.size() == 2);
    CHECK(log->state().at({7}).entries[1]->term == Term{4});
  }
  CHECK(opened(disk) == wanted);
  Result<WriteAheadLog> again = WriteAheadLog::open(disk.open());
  REQUIRE(again->forget({7}));
  CHECK(!again->state().contains({7}));
  wanted = text_of(again->state());
  CHECK(opened(disk) == wanted);
}

TEST_CASE("a torn end is cut off, wherever it is torn, and the log goes on there") {
  VirtualDisk disk;
  std::vector<std::string> states;
  std::vector<std::size_t> sizes;
  {
    Result<WriteAheadLog> log = WriteAheadLog::open(disk.open());
    for (std::uint64_t i = 1; i <= 4; ++i) {
      states.push_back(text_of(log->state()));
      sizes.push_back(static_cast<std::size_t>(log->size()));
      REQUIRE(log->append({change(1, {entry(i, i, 20)})}));
    }
    states.push_back(text_of(log->state()));
    sizes.push_back(static_cast<std::size_t>(log->size()));
  }
  const std::string name = disk.files.begin()->first;
  const std::vector<std::byte> whole = disk.files[name].bytes;
  REQUIRE(whole.size() == sizes.back());
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    disk.files[name].bytes.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    std::size_t complete = 0;
    while (complete + 1 < sizes.size() && sizes[complete + 1] <= size)
      ++complete;
    Result<WriteAheadLog> log = WriteAheadLog::open(disk.open());
    REQUIRE(log);
    CHECK(text_of(log->state()) == states[complete]);
    // Behind the header of the file and whole records there was nothing but a part of one.
    const bool is_clean = log->torn_bytes() == 0;
    CHECK(is_clean == (size == 0 || size == sizes[complete] || size == 32));
    REQUIRE(log->append({change(2, {entry(9, 1)})}));
    CHECK(opened(disk) == text_of(log->state()));
  }
}

TEST_CASE("each bit that is flipped in the middle is an error that names file and place") {
  VirtualDisk disk;
  std::vector<std::size_t> begins;
  {
    Result<WriteAheadLog> log = WriteAheadLog::open(disk.open());
    for (std::uint64_t i = 1; i <= 4; ++i) {
      begins.push_back(static_cast<std::size_t>(log->size()));
      REQUIRE(log->append({change(1, {entry(i, i, 5)})}));
    }
  }
  begins.front() = 32;
  const std::string name = disk.files.begin()->first;
  const std::vector<std::byte> whole = disk.files[name].bytes;
  const std::string before_last = [&] {
    disk.files[name].bytes.resize(begins.back());
    return opened(disk);
  }();
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    disk.files[name].bytes = whole;
    const std::size_t at = bit / 8;
    disk.files[name].bytes[at] ^= std::byte(1u << bit % 8);
    const std::string seen = opened(disk);
    if (at >= begins.back()) { // nothing is behind it: it may have been torn
      CHECK((seen == before_last || seen.find("4:4:") != std::string::npos));
      continue;
    }
    if (seen.rfind("group 1", 0) == 0) { // in the zeros between two records
      CHECK(seen.find("4:4:") != std::string::npos);
      continue;
    }
    const auto record =
        at < 32 ? 0 : *std::prev(std::upper_bound(begins.begin(), begins.end(), at));
    CHECK(seen.find("disk/0000000001.log, byte " + std::to_string(record) + ": ") == 0);
    CHECK(seen.find("a whole record follows at byte ") != std::string::npos);
  }
}

TEST_CASE("the log goes on in new files, and what no longer counts is removed") {
  WriteAheadLogLimits limits;
  limits.segment_bytes = 2'000;
  VirtualDisk disk;
  std::string wanted;
  std::uint64_t largest = 0;
  {
    Result<WriteAheadLog> log = WriteAheadLog::open(disk.open(), limits);
    for (std::uint64_t i = 1; i <= 500; ++i) {
      REQUIRE(log->append({change(1, {entry(1, i, 50)}, HardState{{1}, {i}})}));
      if (i % 10 == 0) {
        Snapshot snapshot{{{1}, {i}}, {{{1}}, {}, {}}, some_bytes(100, i)};
        REQUIRE(log->append(
            {{{1}, Persist{std::nullopt, std::make_shared<const Snapshot>(snapshot), {}}}}));
      }
      largest = std::max(largest, log->size());
      CHECK(opened(disk, limits) == text_of(log->state()));
    }
    CHECK(log->size() == disk.size());
    wanted = text_of(log->state());
  }
  CHECK(largest < 8'000);
  CHECK(disk.files.begin()->first > "0000000010.log");
  CHECK(opened(disk, limits) == wanted);
}

TEST_CASE("a file that is missing is an error that says so") {
  WriteAheadLogLimits limits;
  limits.segment_bytes = 100;
  limits.waste_max = 1'000;
  VirtualDisk disk;
  {
    Result<WriteAheadLog> log = WriteAheadLog::open(disk.open(), limits);
    for (std::uint64_t i = 1; i <= 10; ++i)
      REQUIRE(log->append({change(1, {entry(1, i, 100)})}));
  }
  REQUIRE(disk.files.size() == 10);
  const auto all = disk.files;
  for (std::uint64_t i = 1; i < 10; ++i) {
    disk.files = all;
    const std::string name = (i < 10 ? "000000000" : "00000000") + std::to_string(i) + ".log";
    disk.files.erase(name);
    const std::string next = (i < 9 ? "000000000" : "00000000") + std::to_string(i + 1) + ".log";
    CHECK(opened(disk, limits)
              .find("disk/" + next +
                    ", byte 0: the file before this one is "
                    "missing") == 0);
  }
  disk.files = all;
  disk.files["0000000004.log"].bytes.pop_back();
  disk.files["0000000004.log"].bytes.resize(60);
  CHECK(opened(disk, limits)
            .find("disk/0000000004.log, byte 32: what is here is damaged, and "
                  "another file follows") == 0);
}

TEST_CASE("on a full disk nothing of an append counts, and it goes on when there is room") {
  VirtualDisk disk;
  Result<WriteAheadLog> log = WriteAheadLog::open(disk.open());
  REQUIRE(log->append({change(1, {entry(1, 1)})}));
  for (std::uint64_t room = 0; room < 40; ++room) {
    disk.capacity = disk.size() + room;
    const Result<void> full = log->append({change(1, {entry(1, 2)})});
    REQUIRE(!full);
    CHECK(full.error().context ==
          "disk/0000000001.log: the disk is full: make room, and start the node again");
    CHECK(opened(disk) == text_of(log->state()));
    CHECK(log->state().at({1}).entries.size() == 1);
  }
  disk.capacity = ~0ull;
  REQUIRE(log->append({change(1, {entry(1, 2)})}));
  CHECK(opened(disk) == text_of(log->state()));
}

TEST_CASE("a disk that is full from the beginning on leaves nothing that cannot be opened") {
  for (std::uint64_t room = 0; room < 100; ++room) {
    VirtualDisk disk;
    disk.capacity = room;
    Result<WriteAheadLog> log = WriteAheadLog::open(disk.open());
    REQUIRE(log);
    const bool fits = static_cast<bool>(log->append({change(1, {entry(1, 1)})}));
    CHECK(opened(disk) == text_of(log->state()));
    disk.capacity = ~0ull;
    REQUIRE(log->append({change(1, {entry(1, fits ? 2 : 1)})}));
    CHECK(opened(disk) == text_of(log->state()));
  }
}

TEST_CASE("after a failed fsync the log refuses all until it is opened again") {
  VirtualDisk disk;
  Result<WriteAheadLog> log = WriteAheadLog::open(disk.open());
  REQUIRE(log->append({change(1, {entry(1, 1)})}));
  const std::string before = text_of(log->state());
  disk.fails_at = 1; // the next write is done, its fsync fails
  CHECK(log->append({change(1, {entry(1, 2)})}).error().context ==
        "disk/0000000001.log: the disk fails");
  disk.fails_at = ~0ull;
  CHECK(!log->append({change(1, {entry(1, 2)})}));
  CHECK(text_of(log->state()) == before);
}

TEST_CASE(
    "whatever a crash tears, what was acknowledged is there, and of the rest all or nothing") {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    INFO("seed " << seed);
    RandomStream random(seed);
    WriteAheadLogLimits limits;
    limits.segment_bytes = 200 + random.below(1'000);
    VirtualDisk disk;
    LogState wanted;
    std::uint64_t last = 0;
    for (int life = 0; life < 4; ++life) {
      Result<WriteAheadLog> log = WriteAheadLog::open(disk.open(), limits);
      REQUIRE(log);
      REQUIRE(text_of(log->state()) == text_of(wanted));
      const std::uint32_t appends = random.below(20);
      for (std::uint32_t i = 0; i < appends; ++i) {
        if (last > 3 && random.bernoulli(0.1)) {
          const std::uint64_t at = last - random.below(3);
          const Recovered& of_group = log->state().at({1});
          if (!of_group.snapshot || of_group.snapshot->last.index.value < at) {
            Snapshot snapshot{{{1}, {at}}, {{{1}}, {}, {}}, some_bytes(random.below(300), at)};
            const LogChange one{
                {1}, Persist{std::nullopt, std::make_shared<const Snapshot>(snapshot), {}}};
            REQUIRE(log->append({one}));
            continue;
          }
        }
        ++last;
        REQUIRE(log->append({change(1, {entry(1, last, random.below(100))})}));
      }
      wanted = log->state();
      // The next one is under way when the power goes, at any of its steps.
      disk.fails_at = random.below(6);
      static_cast<void>(log->append({change(1, {entry(1, last + 1, random.below(100))})}));
      disk.fails_at = ~0ull;
      const LogState maybe = log->state();
      disk.crash(random);
      VirtualDisk copy = disk;
      const Result<WriteAheadLog> after = WriteAheadLog::open(copy.open(), limits);
      REQUIRE(after);
      const std::size_t entries =
          after->state().contains({1}) ? after->state().at({1}).entries.size() : 0;
      const std::size_t before = wanted.contains({1}) ? wanted.at({1}).entries.size() : 0;
      REQUIRE(entries >= std::max(before, maybe.contains({1}) ? maybe.at({1}).entries.size() : 0));
      REQUIRE(entries <= before + 1);
      last += entries - before;
      wanted = after->state();
    }
  }
}

TEST_CASE("a log lies in files, which one process at a time has") {
  const auto folder =
      std::filesystem::temp_directory_path() / ("stos-log-" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  const std::string path = (folder / "a" / "b").string();
  std::string wanted;
  WriteAheadLogLimits limits;
  limits.segment_bytes = 1'000;
  {
    auto files = FileLogFolder::open(path);
    REQUIRE(files);
    Result<WriteAheadLog> log = WriteAheadLog::open(*std::move(files), limits);
    REQUIRE(log);
    for (std::uint64_t i = 1; i <= 100; ++i)
      REQUIRE(log->append({change(i % 2, {entry(1, (i + 1) / 2)}, HardState{{i}, {1}})}));
    wanted = text_of(log->state());
    const auto second = FileLogFolder::open(path, 0);
    REQUIRE(!second);
    CHECK(second.error().context.find("the log in " + path + ": another writer (process ") == 0);
  }
  {
    const Result<WriteAheadLog> log = WriteAheadLog::open(*FileLogFolder::open(path), limits);
    REQUIRE(log);
    CHECK(text_of(log->state()) == wanted);
  }
  std::filesystem::remove_all(folder);
  const auto none = FileLogFolder::open("/proc/no/such/place");
  REQUIRE(!none);
  CHECK(none.error().context.find("the log in /proc/no/such/place: ") == 0);
}
