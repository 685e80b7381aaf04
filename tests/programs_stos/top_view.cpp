#include "programs/stos/top_view.hpp"

#include "programs/stos/text_table.hpp"
#include "support/made_up_status.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <sstream>

using namespace stos;
using namespace stos::test;
using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;
using program::draw_top;
using program::statuses_before;
using program::top_as_json;

namespace {

/// Three nodes at two moments, two seconds apart; one of them has been asked earlier each time.
struct Cluster {
  std::vector<NodeStatus> now;
  std::vector<NodeStatus> before;

  Cluster() {
    const std::vector<std::string> names = {"earth", "mars", "venus"};
    for (std::size_t i = 0; i < names.size(); ++i) {
      NodeStatus old = made_up_status(names[i]);
      old.peers.clear();
      for (const std::string& peer : names)
        if (peer != names[i])
          old.peers.push_back({peer, 1, 2, 3, 4, 5000, 6, 7, 8, 9, 0.5});
      old.taken_s -= i == 1 ? 1.5 : 0;
      NodeStatus young = old;
      young.taken_s += 2;
      young.running_s += 2;
      young.events += 123'456 * (i + 1);
      young.simulated_time += 0.25 * static_cast<double>(i);
      young.activations += 1000;
      young.empty_activations += 130 * i;
      young.process.cpu_s += 1.9;
      young.types[0].agents = 1'000'000 * i;
      for (PeerStatus& peer : young.peers)
        peer.bytes_sent += 1'500'000 * (i + 1);
      now.push_back(young);
      before.push_back(old);
    }
  }

  std::string draw(int columns, int rows) const { return draw_top(now, before, columns, rows); }
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

} // namespace

TEST_CASE("a wide terminal shows all that is known of a cluster", "[stos]") {
  CHECK(Cluster().draw(130, 40) ==
        R"(planets: 3 nodes, 3.00M agents, 370k events/s, 60.25 s of 100 s, running 2m 2s

NODE   AGENTS  EVENTS/S  TIME s  LAG s  EMPTY  BLOCKED   CPU  MEMORY  FLYING  MAILBOX  WAKES/S  MOVED  AGE s
earth      40     61.7k    61.5    0.5     0%      28%  0.95   64.0M    1234       21        0      4    0.0
mars    1.00M      123k   61.75   0.25    13%       0%  0.95   64.0M    1234       21        0      4    1.5
venus   2.00M      185k      62      0    26%       0%  0.95   64.0M    1234       21        0      4    0.0

BYTES/S to:  earth   mars  venus
earth            -   732k   732k
mars         1.43M      -  1.43M
venus        2.15M  2.15M      -

AGENTS            all  earth   mars  venus
Bob             3.00M      0  1.00M  2.00M
ns::Alice<int>    120     40     40     40
)");
}

TEST_CASE("a small terminal shows what fits, and says what does not", "[stos]") {
  CHECK(Cluster().draw(40, 5) == R"(planets: 3 nodes, 3.00M agents, 370k eve

NODE   AGENTS  EVENTS/S  TIME s  LAG s
earth      40     61.7k    61.5    0.5
... and 2 more nodes
)");
  CHECK(Cluster().draw(79, 24) ==
        R"(planets: 3 nodes, 3.00M agents, 370k events/s, 60.25 s of 100 s, running 2m 2s

NODE   AGENTS  EVENTS/S  TIME s  LAG s  EMPTY  BLOCKED   CPU  MEMORY  FLYING
earth      40     61.7k    61.5    0.5     0%      28%  0.95   64.0M    1234
mars    1.00M      123k   61.75   0.25    13%       0%  0.95   64.0M    1234
venus   2.00M      185k      62      0    26%       0%  0.95   64.0M    1234

BYTES/S to:  earth   mars  venus
earth            -   732k   732k
mars         1.43M      -  1.43M
venus        2.15M  2.15M      -

AGENTS            all  earth   mars  venus
Bob             3.00M      0  1.00M  2.00M
ns::Alice<int>    120     40     40     40
)");
}

TEST_CASE("numbers of any size take few columns", "[stos]") {
  const auto agents_shown = [](std::uint64_t agents) {
    NodeStatus node = made_up_status("n");
    node.types = {{"T", agents}};
    const std::vector<NodeStatus> nodes = {node};
    const std::string line = lines_of(draw_top(nodes, {}, 20, 9)).at(3);
    return line.substr(line.rfind(' ') + 1);
  };
  CHECK(agents_shown(7) == "7");
  CHECK(agents_shown(9'999) == "9999");
  CHECK(agents_shown(10'000) == "10.0k");
  CHECK(agents_shown(999'000) == "999k");
  CHECK(agents_shown(1'000'000) == "1.00M");
  CHECK(agents_shown(123'456'789'012) == "123G");
  CHECK(agents_shown(std::numeric_limits<std::uint64_t>::max()) == "18.4E");
}

TEST_CASE("seconds of simulated time are shown as such, unless they are many", "[stos]") {
  CHECK(program::seconds_text(0.125) == "0.125");
  CHECK(program::seconds_text(123.4567) == "123.457");
  CHECK(program::seconds_text(1'000'000) == "1000000");
  CHECK(program::seconds_text(31'536'000.25) == "31536000");
  CHECK(program::seconds_text(3e12) == "3e+12");
}

TEST_CASE("no terminal is too small", "[stos]") {
  const Cluster cluster;
  for (int columns = 0; columns < 140; columns += 3)
    for (int rows = 0; rows < 20; ++rows) {
      const std::vector<std::string> lines = lines_of(cluster.draw(columns, rows));
      REQUIRE(static_cast<int>(lines.size()) <= rows);
      for (const std::string& line : lines)
        REQUIRE(static_cast<int>(line.size()) <= columns);
    }
  CHECK(cluster.draw(-1, -1) == "");
}

TEST_CASE("what was not there before, or has begun anew, has no rates", "[stos]") {
  Cluster cluster;
  cluster.before.erase(cluster.before.begin());
  cluster.before.back().process.started_s -= 100;
  const std::vector<std::string> lines = lines_of(cluster.draw(130, 40));
  CHECK_THAT(lines[0], Contains("3.00M agents, - events/s"));
  CHECK_THAT(lines[3], StartsWith("earth      40         -    61.5    0.5      -      28%     -"));
  CHECK_THAT(lines[4], StartsWith("mars    1.00M      123k"));
  CHECK_THAT(lines[5], StartsWith("venus   2.00M         -"));
  CHECK(lines[8] == "earth            -     -      -");
}

TEST_CASE("rates of a node are by its own clock", "[stos]") {
  Cluster cluster;
  cluster.before[2].taken_s -= 8;                         // it was not heard for a while
  cluster.now[1].taken_s = cluster.before[1].taken_s - 1; // somebody has set its clock
  const std::vector<std::string> lines = lines_of(cluster.draw(130, 40));
  CHECK_THAT(lines[3], StartsWith("earth      40     61.7k"));
  CHECK_THAT(lines[4], StartsWith("mars    1.00M         -"));
  CHECK_THAT(lines[5], StartsWith("venus   2.00M     37.0k"));
  CHECK(lines[8] == "earth            -  732k   732k");
  CHECK(lines[10] == "venus         439k  439k      -");
}

TEST_CASE("a node that has said nothing new is compared as at the last look", "[stos]") {
  const auto at = [](double taken_s, const char* node) {
    NodeStatus status = made_up_status(node);
    status.taken_s = taken_s;
    return status;
  };
  const std::vector<NodeStatus> first = {at(1, "a"), at(1, "b")};
  const std::vector<NodeStatus> second = {at(2, "a"), at(2, "b")};
  const std::vector<NodeStatus> third = {at(3, "a"), at(2, "b"), at(3, "c")};
  CHECK(statuses_before(first, {}, {}).empty());
  CHECK(statuses_before(second, first, {}) == first);
  CHECK(statuses_before(third, second, first) == std::vector<NodeStatus>{at(2, "a"), at(1, "b")});
}

TEST_CASE("a node alone has no traffic to show", "[stos]") {
  NodeStatus alone = made_up_status();
  alone.peers.clear();
  alone.end_time = std::numeric_limits<double>::infinity();
  alone.running_s = 3 * 3600 + 61;
  NodeStatus before = alone;
  before.taken_s -= 1;
  CHECK(draw_top(std::vector{alone}, std::vector{before}, 120, 40) ==
        R"(planets: 1 node, 43 agents, 0 events/s, 60.25 s, running 3h 1m 1s

NODE   AGENTS  EVENTS/S  TIME s  LAG s  EMPTY  BLOCKED   CPU  MEMORY  FLYING  MAILBOX  WAKES/S  MOVED  AGE s
earth      43         0    61.5      0      -      26%  0.00   64.0M    1234       21        0      4    0.0

AGENTS          all  earth
ns::Alice<int>   40     40
Bob               3      3
)");
}

TEST_CASE("each simulation has a part of its own, and nothing is no cluster", "[stos]") {
  NodeStatus a = made_up_status("n"), b = made_up_status("n");
  a.simulation = "a";
  b.simulation = "b";
  b.lower_bound = std::numeric_limits<double>::infinity();
  const std::vector<NodeStatus> now = {a, b};
  const std::string text = draw_top(now, {}, 100, 40);
  CHECK_THAT(text, StartsWith("a: 1 node"));
  CHECK_THAT(text, Contains("\n\nb: 1 node, 43 agents, - events/s, at the end, running"));
  CHECK(draw_top({}, {}, 80, 24) == "no node is known\n");
}

TEST_CASE("names cannot disturb the terminal", "[stos]") {
  NodeStatus node = made_up_status("\x1b[2J\xff evil");
  node.types = {{"stos::a_class_with_a_long_name", 1}};
  const std::vector<NodeStatus> nodes = {node};
  const std::string text = draw_top(nodes, {}, 100, 40);
  CHECK_THAT(text, Contains("?[2J? evil"));
  CHECK_THAT(text, Contains("stos::a_class_w~"));
  for (const char c : text)
    REQUIRE((c == '\n' || (c >= ' ' && c <= '~')));
}

TEST_CASE("the JSON of a cluster is one line with every number", "[stos]") {
  Cluster cluster;
  cluster.now.erase(cluster.now.begin() + 1, cluster.now.end());
  NodeStatus& node = cluster.now[0];
  node.peers.resize(1);
  node.end_time = std::numeric_limits<double>::infinity();
  const std::string numbers =
      R"("agents":40,"agents_blocked":11,"agents_born":50,"agents_died":7,)"
      R"("types":{"Bob":0,"ns::Alice<int>":40},"events":1123456,"simulated_time_s":61.5,)"
      R"("lower_bound_s":60.25,"end_time_s":null,"finished":false,"running_s":122.5,"cpu_s":14.4,)"
      R"("resident_bytes":67108864,"threads":8,"open_files":15,"lambdas_sent_local":900000,)"
      R"("lambdas_sent_remote":120000,"lambdas_dropped":13,"lambdas_in_flight":1234,)"
      R"("wakeups":77,"activations":3000,"empty_activations":500,"mailbox_longest":21,"migrations_done":4,)"
      R"("migrations_refused":5,"migrations_failed":6,"global_time_rounds":345,)"
      R"("continuity":{"epoch":3,"members":5,"leads":true,"term":17,"log_length":2345,"joined":14,)"
      R"("left":8,"lost":11,"cuts":16,"cut_time_s":58.5,"cut_taken_s":1.65e+09,)"
      R"("copies_missing":1,"recoveries":2,)"
      R"("recovery_s":0.75},)"
      R"("events_per_second":61728,"empty_share":0,"blocked_share":0.275,)"
      R"("processors":0.9500000000000002)";
  const std::string total_numbers = std::string(numbers).replace(
      numbers.find(R"("Bob":0,)"), std::string_view(R"("Bob":0,)").size(), "");
  CHECK(top_as_json(cluster.now, cluster.before) ==
        R"({"simulations":[{"simulation":"planets","total":{)" + total_numbers +
            R"(},"nodes":[{"node":"earth","taken_s":1700000002,"seconds_between":2,"lag_s":0,)" +
            numbers +
            R"(,"peers":{"mars":{"frames_sent":1,"frames_received":2,"lambdas_sent":3,)"
            R"("lambdas_received":4,"bytes_sent":1505000,"bytes_received":6,)"
            R"("bytes_sent_per_second":750000,"lambdas_sent_per_second":0,"credit_used_bytes":7,)"
            R"("credit_limit_bytes":8,"credit_waits":9,"silence_s":0.5}}}]}]})"
            "\n");
  CHECK(top_as_json({}, {}) == "{\"simulations\":[]}\n");
}

TEST_CASE("names in JSON are text, whatever they are", "[stos]") {
  NodeStatus node = made_up_status("a\"b\\c\n\xff\xc3\xa9");
  const std::vector<NodeStatus> nodes = {node};
  CHECK_THAT(top_as_json(nodes, {}), Contains(R"("node":"a\"b\\c\u000a\ufffd)"
                                              "\xc3\xa9\",") &&
                                         Contains("\"events_per_second\":null") && EndsWith("}\n"));
}
