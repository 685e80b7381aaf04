#include "actors/node/node_disk.hpp"

#include "tests/store/support.hpp"

#include <catch2/catch.hpp>

#include <fstream>

namespace stos::test {
namespace {

using namespace stos::detail;
using Catch::Contains;

/// A node that has just become the second one of two, and what it has written.
std::vector<ToPersist> first_output() {
  View view;
  view.members = {{{1}, "a", {"h", 1}, 7}, {{2}, "b", {"h", 2}, 8}};
  view.last_id = 2;
  ControlOptions options;
  options.self = {2};
  options.life = 8;
  ControlGroup group(view, options, false, 0);
  std::vector<ToPersist> all = group.take_output().to_persist;
  all.push_back(NodeMemory::write("stos", "b", {2}));
  return all;
}

TEST_CASE("A node finds on its disk what it was, and a new one finds nothing") {
  const TemporaryFolder folder;
  {
    Result<NodeDisk> disk = NodeDisk::open(folder / "log", "stos", "b");
    REQUIRE(disk);
    CHECK_FALSE(disk->take_memory().has_value());
    REQUIRE(disk->persist(first_output()));
  }
  Result<NodeDisk> disk = NodeDisk::open(folder / "log", "stos", "b");
  REQUIRE(disk);
  const std::optional<NodeMemory> memory = disk->take_memory();
  REQUIRE(memory.has_value());
  CHECK(memory->id == raft::NodeId{2});
  CHECK(memory->last.to_string() == "view 1 of a, b");
  CHECK(memory->runs.under_way().empty());
}

TEST_CASE("What an operator says takes the place of what a node had on its disk") {
  const TemporaryFolder folder;
  REQUIRE(NodeDisk::open(folder / "log")->persist(first_output()));
  {
    Result<NodeDisk> disk = NodeDisk::open(folder / "log");
    REQUIRE(disk);
    REQUIRE(disk->persist(disk->take_memory()->alone()));
  }
  const std::optional<NodeMemory> memory = NodeDisk::open(folder / "log")->take_memory();
  REQUIRE(memory.has_value());
  CHECK(memory->id == raft::NodeId{3});
  CHECK(memory->last.to_string() == "view 1001 of b");
  CHECK(memory->control.hard_state.term == raft::Term{2}); // one after that of the first state
}

TEST_CASE("A node that has left finds on its disk that it has, and nothing else") {
  const TemporaryFolder folder;
  {
    Result<NodeDisk> disk = NodeDisk::open(folder / "log", "stos", "b");
    REQUIRE(disk->persist(first_output()));
    REQUIRE(disk->persist(NodeMemory::left("stos", "b")));
  }
  Result<NodeDisk> disk = NodeDisk::open(folder / "log", "stos", "b");
  REQUIRE(disk);
  const std::optional<NodeMemory> memory = disk->take_memory();
  REQUIRE(memory.has_value());
  CHECK(memory->has_left());
  CHECK(memory->last.members.empty());
}

TEST_CASE(
    "The disk of another node, or one that is damaged, is refused by the name of its folder") {
  const TemporaryFolder folder;
  REQUIRE(NodeDisk::open(folder / "log")->persist(first_output()));
  const Result<NodeDisk> other = NodeDisk::open(folder / "log", "stos", "a");
  REQUIRE_FALSE(other);
  CHECK(other.error().code == Errc::bad_config);
  CHECK_THAT(other.error().context, Contains("cluster.log " + (folder / "log")) &&
                                        Contains("of node b of cluster stos, and this is node a"));
  std::ofstream(folder / "file") << "no folder";
  const Result<NodeDisk> file = NodeDisk::open(folder / "file");
  REQUIRE_FALSE(file);
  CHECK_THAT(file.error().context, Contains("cluster.log " + (folder / "file")));
}

} // namespace
} // namespace stos::test
