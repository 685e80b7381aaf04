#include "libstos/cluster/status/node_status.hpp"

#include "support/made_up_status.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <random>

using namespace stos;
using namespace stos::test;

namespace {

std::vector<std::byte> bytes_of(const NodeStatus& status) {
  BytesWriter out;
  write_status(status, out);
  return out.take();
}

} // namespace

TEST_CASE("a status comes back from its bytes as it was", "[cluster]") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200; ++i) {
    const NodeStatus status = i == 0   ? NodeStatus()
                              : i == 1 ? made_up_status()
                                       : random_status(random);
    const std::vector<std::byte> bytes = bytes_of(status);
    BytesReader in(bytes);
    const Result<NodeStatus> read = read_status(in);
    REQUIRE(read);
    REQUIRE(in.at_end());
    REQUIRE(*read == status);
  }
}

TEST_CASE("a status that was cut off is refused, wherever", "[cluster]") {
  const std::vector<std::byte> bytes = bytes_of(made_up_status());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    BytesReader in(std::span<const std::byte>(bytes.data(), size));
    const Result<NodeStatus> read = read_status(in);
    REQUIRE_FALSE(read);
    REQUIRE(read.error().code == Errc::bad_message);
    REQUIRE_FALSE(in.ok());
  }
}

TEST_CASE("a status whose names are out of order or repeated is refused", "[cluster]") {
  const auto refuses = [](const NodeStatus& status) {
    const std::vector<std::byte> bytes = bytes_of(status);
    BytesReader in(bytes);
    return !read_status(in);
  };
  NodeStatus status = made_up_status();
  CHECK_FALSE(refuses(status));
  status.types[1].type = status.types[0].type;
  CHECK(refuses(status));
  status = made_up_status();
  std::swap(status.peers[0], status.peers[1]);
  CHECK(refuses(status));
}

TEST_CASE("agents are counted by type, in the order of their names", "[cluster]") {
  NodeStatus status;
  add_agents(status, "b", 2);
  add_agents(status, "c", 1);
  add_agents(status, "a", 4);
  add_agents(status, "b", 3);
  add_agents(status, "d", 0);
  CHECK(status.types == std::vector<TypeStatus>{{"a", 4}, {"b", 5}, {"c", 1}});
  CHECK(agents_of(status) == 10);
}

TEST_CASE("news of a node replace what was known of it, unless they are older", "[cluster]") {
  std::vector<NodeStatus> known;
  const auto tell = [&known](const char* simulation, const char* node, double taken_s) {
    NodeStatus status;
    status.simulation = simulation;
    status.node = node;
    status.taken_s = taken_s;
    take_news(known, status);
  };
  tell("s", "b", 10);
  tell("s", "a", 10);
  tell("r", "c", 10);
  tell("s", "b", 12);
  tell("s", "a", 9);
  REQUIRE(known.size() == 3);
  CHECK((known[0].simulation == "r" && known[0].node == "c"));
  CHECK((known[1].node == "a" && known[1].taken_s == 10));
  CHECK((known[2].node == "b" && known[2].taken_s == 12));
}

TEST_CASE("the nodes of each simulation are found together", "[cluster]") {
  std::vector<NodeStatus> known;
  for (const char* simulation : {"b", "a", "b", "c"})
    for (const char* node : {"x", "y"}) {
      NodeStatus status;
      status.simulation = simulation;
      status.node = node;
      take_news(known, status);
    }
  known.pop_back();
  const auto simulations = by_simulation(known);
  REQUIRE(simulations.size() == 3);
  CHECK((simulations[0].size() == 2 && simulations[0][1].simulation == "a"));
  CHECK((simulations[1].size() == 2 && simulations[1][0].simulation == "b"));
  CHECK((simulations[2].size() == 1 && simulations[2][0].node == "x"));
  CHECK(by_simulation({}).empty());
}

TEST_CASE("the total of nodes adds what is counted, and takes the ends of what is not",
          "[cluster]") {
  NodeStatus a = made_up_status("a"), b = made_up_status("b");
  b.types = {{"Bob", 1}, {"Carol", 2}};
  b.simulated_time = 10;
  b.lower_bound = 9;
  b.mailbox_longest = 500;
  const std::vector<NodeStatus> nodes = {a, b};
  const NodeStatus total = total_of(nodes);
  CHECK(total.types == std::vector<TypeStatus>{{"Bob", 4}, {"Carol", 2}, {"ns::Alice<int>", 40}});
  CHECK(total.events == 2'000'000);
  CHECK(total.migrations_failed == 12);
  CHECK(total.simulated_time == 61.5);
  CHECK(total.lower_bound == 9);
  CHECK(total.end_time == 100);
  CHECK(total.mailbox_longest == 500);
  CHECK(total.event_durations.count() == 4);
  CHECK(total.process.cpu_s == 25);
  CHECK(total.process.started_s == 1.6e9);
  CHECK(total.peers.empty());
  CHECK(total_of({}) == NodeStatus());
}

TEST_CASE("a run is over once no event is left before its boundary", "[cluster]") {
  NodeStatus status;
  CHECK_FALSE(is_finished(status));
  status.lower_bound = std::numeric_limits<double>::infinity();
  CHECK(is_finished(status));
  status.lower_bound = 99;
  status.end_time = 100;
  CHECK_FALSE(is_finished(status));
  status.end_time = 99;
  CHECK(is_finished(status));
}
