// Cores of nodes under random faults: processes that are killed, that crash while they write, stand
// still and come back with their disks or without; cables that are cut, also one way; connections
// that are reset; full disks; clocks that drift; nodes that leave. See VirtualCores::trouble() for
// what must never be.

#include "tests/cluster/virtual_nodes.hpp"
#include "tests/support/seeds.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace stos::test {
namespace {

/// All that belong to the cluster have one view, and know of the same runs.
bool agrees(const VirtualCores& cluster) {
  const detail::ControlGroup* first = nullptr;
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    if (!cluster.belongs(i))
      continue;
    const detail::ControlGroup* control = cluster.core(i).control();
    if (!control->is_seated())
      return false;
    if (first == nullptr)
      first = control;
    if (control->view() != first->view() || control->runs() != first->runs())
      return false;
  }
  return first == nullptr || cluster.agree(cluster.view_of(*first));
}

void harm(VirtualCores& cluster) {
  const std::size_t nodes = cluster.size();
  const std::size_t node = cluster.below(nodes);
  const std::size_t other = (node + 1 + cluster.below(nodes - 1)) % nodes;
  switch (cluster.below(13)) {
    case 0:
      if (cluster.is_up(node))
        cluster.kill(node);
      break;
    case 1: cluster.reset(node, other); break;
    case 2: cluster.cut(node, other); break;
    case 3: cluster.cut_off(node); break;
    case 4: cluster.pause(node); break;
    case 5:
    case 6: cluster.come_back(node); break;
    case 7: // its disk is gone; that of a majority never is
      if (agrees(cluster) && cluster.belongs(node) && cluster.view(node).size() > 2) {
        cluster.kill(node);
        cluster.rejoin(node, other);
      }
      break;
    case 8: cluster.crash_at_next_write(node); break;
    case 9:
      for (std::size_t each = 0; each < nodes; ++each)
        cluster.come_back(each);
      break;
    case 10:
      if (cluster.below(4) == 0)
        cluster.fill_disk(node);
      break;
    case 11:
      if (cluster.belongs(node))
        cluster.drain(node);
      break;
    default: cluster.heal(); break;
  }
  if (cluster.belongs(0) && cluster.core(0).membership().own_index() == 0 && cluster.below(2) == 0)
    cluster.note(0, {"run", cluster.below(5), cluster.below(2) == 0});
}

/// What went wrong; empty if nothing did.
std::string run_seed(std::uint64_t seed) {
  constexpr int faults = 6;
  const std::size_t nodes = 3 + 2 * (seed % 2);
  VirtualCores cluster(nodes, seed);
  if (seed % 3 == 0)
    cluster.let_clocks_drift();
  const std::string all = std::string("abcde").substr(0, nodes);
  if (!cluster.run_until(5, [&] { return cluster.agree(all); }))
    return "they do not come together";
  for (int fault = 0; fault < faults; ++fault) {
    harm(cluster);
    cluster.run(cluster.uniform(0.05, 2.5));
    cluster.resume_some();
  }
  cluster.mend();
  cluster.run(2); // until what was broken is missed
  constexpr double patience_s = 20;
  if (!cluster.run_until(patience_s, [&] { return agrees(cluster); }))
    return "no agreement: " + cluster.picture();
  cluster.run(1);
  if (!agrees(cluster))
    return "the agreement does not last: " + cluster.picture();
  return cluster.trouble();
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t seeds_each = 100;
#else
constexpr std::uint64_t seeds_each = 2'500;
#endif

TEST_CASE("Random faults never make two clusters of one: seeds of the first quarter") {
  check_seeds(1, seeds_each, run_seed);
}

TEST_CASE("Random faults never make two clusters of one: seeds of the second quarter") {
  check_seeds(10'001, 10'000 + seeds_each, run_seed);
}

TEST_CASE("Random faults never make two clusters of one: seeds of the third quarter") {
  check_seeds(20'001, 20'000 + seeds_each, run_seed);
}

TEST_CASE("Random faults never make two clusters of one: seeds of the last quarter") {
  check_seeds(30'001, 30'000 + seeds_each, run_seed);
}

TEST_CASE(
    "Of the views of one epoch that two leaders propose the first one counts, also for a node "
    "that it leaves out") {
  for (const std::uint64_t seed : {1'843, 21'724, 30'767})
    CHECK(run_seed(seed) == "");
}

TEST_CASE("A process that had joined, and stood still until it was left out, does not join again") {
  CHECK(run_seed(1'228) == "");
}

// STOS_TEST_SEEDS=FIRST-LAST test_cluster "[seeds]": as many as there is time for, or one that
// failed.
TEST_CASE("As many seeds of random faults to nodes as STOS_TEST_SEEDS says", "[.][seeds]") {
  check_wanted_seeds(run_seed);
}

} // namespace
} // namespace stos::test
