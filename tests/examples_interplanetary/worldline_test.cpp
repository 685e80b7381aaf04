#include "examples/interplanetary/worldline.hpp"
#include "published_system.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace interplanetary;

TEST_CASE("chords stay within the stated tolerance of the true worldline") {
  const auto& system = published().system;
  for (std::size_t i = 0; i < system.mobiles.size(); ++i) {
    const auto id = static_cast<MobileId>(i);
    INFO(system[id].name);
    const auto nodes = sample_worldline(system, id, 0.0, 40.0 * seconds_per_day);
    double worst_ls = 0.0;
    for (std::size_t k = 0; k + 1 < nodes.size(); ++k) {
      const auto velocity = chord_velocity(nodes[k], nodes[k + 1]);
      for (int step = 1; step < 16; ++step) {
        const double t = nodes[k].t_s + step / 16.0 * (nodes[k + 1].t_s - nodes[k].t_s);
        const auto flown = nodes[k].at_ls + (t - nodes[k].t_s) * velocity;
        worst_ls = std::max(worst_ls, length(flown - position_ls(system, id, t)));
      }
    }
    CHECK(worst_ls < system[id].chord_tolerance_ls);
  }
}

TEST_CASE("a year of all worldlines takes fewer than a million pieces") {
  const auto& system = published().system;
  std::size_t pieces = 0;
  for (std::size_t i = 0; i < system.mobiles.size(); ++i)
    pieces +=
        sample_worldline(system, static_cast<MobileId>(i), 0.0, 20.0 * seconds_per_day).size() - 1;
  CHECK(static_cast<double>(pieces) * 365.25 / 20.0 < 1e6);
}

TEST_CASE("a worldline starts and ends on time and is slower than light") {
  const auto& system = published().system;
  const auto nodes = sample_worldline(system, mobile("MRO"), 1000.0, 90000.0);
  CHECK(nodes.front().t_s == 1000.0);
  CHECK(nodes.back().t_s == 90000.0);
  for (std::size_t k = 0; k + 1 < nodes.size(); ++k) {
    CHECK(nodes[k].t_s < nodes[k + 1].t_s);
    CHECK(length(chord_velocity(nodes[k], nodes[k + 1])) < 2e-4);
  }
}

TEST_CASE("walking node by node gives the same bits as sampling at once") {
  const auto& system = published().system;
  const auto nodes = sample_worldline(system, mobile("LRO"), 0.0, 5.0 * seconds_per_day);
  auto node = first_node(system, mobile("LRO"), 0.0);
  for (const auto& sampled : nodes) {
    CHECK(node.t_s == sampled.t_s);
    CHECK(node.at_ls == sampled.at_ls);
    if (node.t_s < 5.0 * seconds_per_day)
      node = next_node(system, mobile("LRO"), node, 5.0 * seconds_per_day);
  }
}

TEST_CASE("what flies straight needs no corners but the longest pieces' ends") {
  const auto nodes = sample_worldline(published().system, mobile("Voyager 1"), 0.0, julian_year_s);
  CHECK(nodes.size() < 30);
}
