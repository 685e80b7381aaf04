#include "libstos/cluster/status/alerts.hpp"

#include "support/made_up_status.hpp"

#include <catch2/catch.hpp>

using namespace stos;
using stos::test::made_up_status;

namespace {

/// A node that goes on: each call gives a later simulated time.
struct Node {
  NodeStatus status = made_up_status();

  const NodeStatus& goes_on() {
    status.simulated_time += 0.001;
    return status;
  }
};

std::vector<AlertType> types_of(const std::vector<Alert>& alerts) {
  std::vector<AlertType> types;
  for (const Alert& alert : alerts)
    types.push_back(alert.type);
  return types;
}

using Types = std::vector<AlertType>;

} // namespace

TEST_CASE("a node that is well raises no alert", "[cluster]") {
  AlertWatch watch({});
  Node node;
  for (double now_s = 0; now_s < 300; now_s += 5) {
    watch.observe(node.goes_on(), now_s);
    REQUIRE(watch.alerts(now_s).empty());
  }
}

TEST_CASE("a node that is silent raises that alert alone, until it is heard again", "[cluster]") {
  AlertWatch watch({});
  Node node;
  node.status.process.resident_bytes = node.status.process.memory_limit_bytes;
  watch.observe(node.goes_on(), 100);
  CHECK(types_of(watch.alerts(109.9)) == Types{AlertType::memory_near_limit});
  const std::vector<Alert> alerts = watch.alerts(112.5);
  REQUIRE(types_of(alerts) == Types{AlertType::node_silent});
  CHECK(alerts[0] == Alert{AlertType::node_silent, "planets", "earth", "", 100,
                           "node earth is silent for 12.5 s; wanted: a word within 10 s"});
  watch.observe(node.goes_on(), 113);
  CHECK(types_of(watch.alerts(113)) == Types{AlertType::memory_near_limit});
}

TEST_CASE("a node that was forgotten is not silent", "[cluster]") {
  AlertWatch watch({});
  watch.observe(made_up_status("a"), 0);
  watch.observe(made_up_status("b"), 0);
  CHECK(watch.alerts(20).size() == 2);
  watch.forget("planets", "a");
  REQUIRE(watch.alerts(20).size() == 1);
  CHECK(watch.alerts(20)[0].node == "b");
}

TEST_CASE("a node whose run is over may be silent and stand still", "[cluster]") {
  AlertWatch watch({});
  NodeStatus status = made_up_status();
  status.lower_bound = status.end_time;
  watch.observe(status, 0);
  CHECK(watch.alerts(1e6).empty());
}

TEST_CASE("memory near its limit is an alert, and without a limit it is none", "[cluster]") {
  AlertWatch watch({});
  Node node;
  ProcessStatus& process = node.status.process;
  process.memory_limit_bytes = 1000;
  process.resident_bytes = 899;
  watch.observe(node.goes_on(), 0);
  CHECK(watch.alerts(0).empty());
  process.resident_bytes = 900;
  watch.observe(node.goes_on(), 1);
  process.resident_bytes = 950;
  watch.observe(node.goes_on(), 2);
  REQUIRE(types_of(watch.alerts(2)) == Types{AlertType::memory_near_limit});
  CHECK(watch.alerts(2)[0].since_s == 1);
  CHECK(watch.alerts(2)[0].text ==
        "node earth needs 950 bytes of memory; wanted: less than 90 % of 1000");
  process.memory_limit_bytes = 0;
  watch.observe(node.goes_on(), 3);
  CHECK(watch.alerts(3).empty());
}

TEST_CASE("a node whose simulated time stands still is an alert after a while", "[cluster]") {
  AlertWatch watch({.progress_timeout_s = 60});
  NodeStatus status = made_up_status();
  for (double now_s = 0; now_s < 60; now_s += 5) {
    ++status.activations; // being busy is no progress
    watch.observe(status, now_s);
    REQUIRE(watch.alerts(now_s).empty());
  }
  watch.observe(status, 64);
  REQUIRE(types_of(watch.alerts(64)) == Types{AlertType::no_progress});
  CHECK(watch.alerts(64)[0].text == "node earth stands at 61.5 s of simulated time for 64 s; "
                                    "wanted: progress within 60 s");
  status.lower_bound += 1e-9;
  watch.observe(status, 65);
  CHECK(watch.alerts(65).empty());
}

TEST_CASE("a mailbox near its limit is an alert", "[cluster]") {
  AlertWatch watch({});
  Node node;
  node.status.mailbox_longest = 899;
  watch.observe(node.goes_on(), 0);
  CHECK(watch.alerts(0).empty());
  node.status.mailbox_longest = 900;
  watch.observe(node.goes_on(), 1);
  REQUIRE(types_of(watch.alerts(1)) == Types{AlertType::queue_at_limit});
  CHECK(watch.alerts(1)[0].text == "node earth has an agent with 900 lambdas that wait; wanted: "
                                   "less than 90 % of 1000, at which the run fails");
  node.status.mailbox_limit = 0;
  watch.observe(node.goes_on(), 2);
  CHECK(watch.alerts(2).empty());
}

TEST_CASE("a node without credit for long is an alert for that peer, and credit ends it",
          "[cluster]") {
  AlertWatch watch({.credit_timeout_s = 30});
  Node node;
  PeerStatus& mars = node.status.peers[0];
  const auto observe_until = [&](double from_s, double to_s) {
    for (double now_s = from_s; now_s <= to_s; now_s += 5)
      watch.observe(node.goes_on(), now_s);
  };
  mars.credit_used_bytes = mars.credit_limit_bytes;
  observe_until(0, 25);
  mars.credit_used_bytes -= 1; // for a moment
  observe_until(26, 26);
  mars.credit_used_bytes += 1;
  observe_until(27, 52);
  CHECK(watch.alerts(55).empty());
  observe_until(57, 57);
  const std::vector<Alert> alerts = watch.alerts(57);
  REQUIRE(types_of(alerts) == Types{AlertType::credit_exhausted});
  CHECK(alerts[0].peer == "mars");
  CHECK(alerts[0].since_s == 27);
  CHECK(alerts[0].text ==
        "node earth has had no credit at node mars for 30 s; wanted: some within 30 s");
  mars.credit_used_bytes = 0;
  observe_until(58, 58);
  CHECK(watch.alerts(58).empty());
}

TEST_CASE("alerts come in the order of nodes and types", "[cluster]") {
  AlertWatch watch({});
  for (const char* const name : {"b", "a"}) {
    NodeStatus status = made_up_status(name);
    status.mailbox_longest = status.mailbox_limit;
    status.process.resident_bytes = status.process.memory_limit_bytes;
    watch.observe(status, 0);
  }
  const std::vector<Alert> alerts = watch.alerts(1);
  REQUIRE(alerts.size() == 4);
  CHECK((alerts[0].node == "a" && alerts[2].node == "b"));
  CHECK(types_of(alerts) == Types{AlertType::memory_near_limit, AlertType::queue_at_limit,
                                  AlertType::memory_near_limit, AlertType::queue_at_limit});
}

TEST_CASE("every type of alert has a name of its own", "[cluster]") {
  CHECK(to_string(AlertType::node_silent) == "node_silent");
  CHECK(to_string(AlertType::memory_near_limit) == "memory_near_limit");
  CHECK(to_string(AlertType::no_progress) == "no_progress");
  CHECK(to_string(AlertType::queue_at_limit) == "queue_at_limit");
  CHECK(to_string(AlertType::credit_exhausted) == "credit_exhausted");
}
