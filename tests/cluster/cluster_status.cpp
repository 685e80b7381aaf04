#include "libstos/cluster/status/cluster_status.hpp"

#include "support/made_up_status.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <span>
#include <string>

using namespace stos;
using stos::test::made_up_status;

namespace {

ClusterStatus made_up_cluster() {
  ClusterStatus cluster;
  cluster.cluster = "stos";
  cluster.told_by = "mars";
  cluster.nodes_wanted = 3;
  cluster.nodes = {{"earth", {"10.0.0.1", 4242}, false, 0.5}, {"mars", {"::1", 1}, true, 12}};
  cluster.statuses = {made_up_status("earth"), made_up_status("mars")};
  cluster.alerts = {{AlertType::no_progress, "planets", "mars", "", 61, "stands"},
                    {AlertType::credit_exhausted, "planets", "mars", "earth", 31, "waits"}};
  cluster.log = {{1.7e9, "earth", "node refused node=venus"}};
  return cluster;
}

NodeNews news_of(const std::string& node, std::vector<std::string> simulations) {
  NodeNews news{node, {}, {}};
  for (std::string& simulation : simulations) {
    NodeStatus& status = news.statuses.emplace_back(made_up_status(node));
    status.simulation = std::move(simulation);
  }
  return news;
}

template <class Value, class Write>
std::vector<std::byte> bytes_of(const Value& value, Write write) {
  BytesWriter out;
  write(value, out);
  return out.take();
}

template <class Read>
bool any_prefix_can_be_read(const std::vector<std::byte>& bytes, Read read) {
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    BytesReader in(std::span<const std::byte>(bytes).first(size));
    if (read(in))
      return true;
  }
  return false;
}

} // namespace

TEST_CASE("the status of a cluster and the news of a node come back from their bytes",
          "[monitoring]") {
  const ClusterStatus cluster = made_up_cluster();
  const auto bytes = bytes_of(cluster, write_cluster_status);
  BytesReader in(bytes);
  CHECK(*read_cluster_status(in) == cluster);
  CHECK_FALSE(any_prefix_can_be_read(bytes, read_cluster_status));

  const NodeNews news{"mars", {made_up_status("mars")}, {{1, "mars", "a"}, {2, "mars", "b"}}};
  const auto news_bytes = bytes_of(news, write_news);
  BytesReader news_in(news_bytes);
  CHECK(*read_news(news_in) == news);
  CHECK_FALSE(any_prefix_can_be_read(news_bytes, read_news));
}

TEST_CASE("an alert of a type that is not known is refused", "[monitoring]") {
  ClusterStatus cluster = made_up_cluster();
  cluster.alerts.front().type = static_cast<AlertType>(200);
  const auto bytes = bytes_of(cluster, write_cluster_status);
  BytesReader in(bytes);
  const Result<ClusterStatus> read = read_cluster_status(in);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == Errc::bad_message);
}

TEST_CASE("a run that a node does not tell of any more is forgotten, with its alerts",
          "[monitoring]") {
  ClusterWatch watch({10, 60, 30, 0.9, 0.9});
  watch.observe(news_of("earth", {"a", "b"}), 0);
  watch.observe(news_of("mars", {"a"}), 0);
  CHECK(watch.status(0).statuses.size() == 3);
  CHECK(watch.status(10).alerts.size() == 3); // all are silent

  watch.observe(news_of("earth", {"b"}), 1);
  watch.observe(news_of("mars", {}), 1);
  const ClusterStatus left = watch.status(1);
  REQUIRE(left.statuses.size() == 1);
  CHECK(left.statuses.front().simulation == "b");
  CHECK(left.statuses.front().node == "earth");
  CHECK(watch.status(11).alerts.size() == 1);
}

TEST_CASE("a node tells of no other node's runs", "[monitoring]") {
  ClusterWatch watch({});
  NodeNews news = news_of("earth", {"a"});
  news.statuses.front().node = "mars";
  watch.observe(news, 0);
  CHECK(watch.status(0).statuses.empty());
}

TEST_CASE("an alert is new once each time that it begins", "[monitoring]") {
  ClusterWatch watch({10, 1e9, 30, 0.9, 0.9});
  watch.observe(news_of("earth", {"a"}), 0);
  CHECK(watch.take_new_alerts(9).empty());
  REQUIRE(watch.take_new_alerts(10).size() == 1);
  CHECK(watch.take_new_alerts(11).empty());
  CHECK(watch.status(12).alerts.front().since_s == 12); // it was heard 12 s ago

  watch.observe(news_of("earth", {"a"}), 13);
  CHECK(watch.take_new_alerts(13).empty());
  CHECK(watch.take_new_alerts(23).size() == 1);
}

TEST_CASE("of what all nodes log the latest lines are kept", "[monitoring]") {
  ClusterWatch watch({});
  for (int i = 0; i < 300; ++i)
    watch.observe({"earth", {}, {{static_cast<double>(i), "earth", std::to_string(i)}}}, 0);
  const std::vector<LogLine> log = watch.status(0).log;
  REQUIRE(log.size() == ClusterWatch::log_lines_max);
  CHECK(log.front().text == "100");
  CHECK(log.back().text == "299");
}
