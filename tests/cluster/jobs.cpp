// Jobs on nodes: JobNodes on the cores of nodes, with the faults of random_faults.cpp.

#include "tests/cluster/virtual_jobs.hpp"
#include "tests/support/seeds.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace stos::test {
namespace {

using namespace stos::jobs;

constexpr double patience_s = 60;

bool come_together(VirtualJobs& jobs, const std::string& names) {
  return jobs.cluster().run_until(patience_s, [&] { return jobs.cluster().agree(names); });
}

bool end_well(VirtualJobs& jobs) {
  return jobs.cluster().run_until(patience_s, [&] { return jobs.all_over(); });
}

std::size_t leader(VirtualJobs& jobs) {
  for (std::size_t node = 0; node < jobs.cluster().size(); ++node)
    if (jobs.cluster().belongs(node) && jobs.cluster().core(node).control()->leads())
      return node;
  return 0;
}

std::size_t busy_follower(VirtualJobs& jobs) {
  for (std::size_t node = 0; node < jobs.cluster().size(); ++node)
    if (jobs.cluster().belongs(node) && jobs.children(node) > 0 && node != leader(jobs))
      return node;
  return jobs.cluster().size();
}

TEST_CASE("A job that one node is told of is done by all nodes, and all have its result") {
  VirtualJobs jobs(3, 1);
  REQUIRE(come_together(jobs, "abc"));
  jobs.submit("squares 30");
  jobs.submit("list 5");
  jobs.submit("squares 0");
  bool all_were_busy = false;
  REQUIRE(jobs.cluster().run_until(patience_s, [&] {
    all_were_busy =
        all_were_busy || (jobs.children(0) > 0 && jobs.children(1) > 0 && jobs.children(2) > 0);
    return jobs.all_over();
  }));
  CHECK(all_were_busy);
  CHECK(jobs.wrong() == "");
  CHECK(*jobs.jobs(2).result(jobs.id(0)) == "9455");
  CHECK(*jobs.jobs(0).result(jobs.id(1)) == "[1,4,9,16,25]");
  CHECK(*jobs.jobs(1).result(jobs.id(2)) == "0");
}

TEST_CASE("A part of a node that is lost is done by another one, and counts once") {
  VirtualJobs jobs(3, 2);
  jobs.part_s = 1;
  REQUIRE(come_together(jobs, "abc"));
  jobs.submit("squares 40");
  REQUIRE(jobs.cluster().run_until(patience_s, [&] {
    return busy_follower(jobs) < 3 && jobs.job(0, 0) != nullptr && jobs.job(0, 0)->parts_done > 5;
  }));
  const std::size_t lost = busy_follower(jobs);
  jobs.cluster().kill(lost);
  REQUIRE(end_well(jobs));
  CHECK(jobs.wrong() == "");
  const Job& job = *jobs.job((lost + 1) % 3, 0);
  CHECK(job.phase == Job::Phase::done);
  CHECK(job.copies_lost > 0);
}

TEST_CASE("A job survives the node that leads") {
  VirtualJobs jobs(3, 3);
  jobs.part_s = 1;
  REQUIRE(come_together(jobs, "abc"));
  jobs.submit("squares 40");
  REQUIRE(jobs.cluster().run_until(patience_s, [&] {
    return jobs.job(leader(jobs), 0) != nullptr && jobs.job(leader(jobs), 0)->parts_done > 5;
  }));
  jobs.cluster().kill(leader(jobs));
  REQUIRE(end_well(jobs));
  CHECK(jobs.wrong() == "");
  CHECK(jobs.job(leader(jobs), 0)->phase == Job::Phase::done);
}

TEST_CASE("A job goes on after all nodes have ended and come back") {
  VirtualJobs jobs(3, 4);
  jobs.part_s = 1;
  REQUIRE(come_together(jobs, "abc"));
  jobs.submit("squares 40");
  REQUIRE(jobs.cluster().run_until(
      patience_s, [&] { return jobs.job(0, 0) != nullptr && jobs.job(0, 0)->parts_done > 5; }));
  for (std::size_t node = 0; node < 3; ++node)
    jobs.cluster().kill(node);
  for (std::size_t node = 0; node < 3; ++node)
    jobs.cluster().come_back(node);
  REQUIRE(end_well(jobs));
  CHECK(jobs.wrong() == "");
  CHECK(jobs.job(0, 0)->phase == Job::Phase::done);
}

TEST_CASE("A node that joins gets its share, and knows the jobs of before") {
  VirtualJobs jobs(3, 5);
  jobs.part_s = 1;
  REQUIRE(come_together(jobs, "abc"));
  jobs.submit("list 3");
  REQUIRE(end_well(jobs));
  jobs.cluster().kill(2);
  REQUIRE(come_together(jobs, "ab"));
  jobs.submit("squares 60");
  jobs.cluster().rejoin(2, 0);
  REQUIRE(jobs.cluster().run_until(patience_s, [&] { return jobs.children(2) > 0; }));
  REQUIRE(end_well(jobs));
  CHECK(jobs.wrong() == "");
  CHECK(jobs.job(2, 0)->result == "[1,4,9]");
}

TEST_CASE("A cancelled job leaves no child on any node") {
  VirtualJobs jobs(3, 6);
  jobs.part_s = 1000;
  REQUIRE(come_together(jobs, "abc"));
  jobs.submit("squares 1");
  jobs.part_s = 0.1;
  REQUIRE(jobs.cluster().run_until(patience_s, [&] { return jobs.begun() > 0; }));
  jobs.cancel(0);
  REQUIRE(end_well(jobs));
  CHECK(jobs.job(0, 0)->phase == Job::Phase::cancelled);
  for (std::size_t node = 0; node < 3; ++node)
    CHECK(jobs.children(node) == 0);
  CHECK(jobs.wrong() == "");
}

TEST_CASE("A part that always fails ends its job with the reason, and no other job") {
  VirtualJobs jobs(3, 7);
  REQUIRE(come_together(jobs, "abc"));
  jobs.submit("broken 10");
  jobs.submit("squares 10");
  REQUIRE(end_well(jobs));
  CHECK(jobs.wrong() == "");
  CHECK(jobs.job(0, 0)->why == "part 3 of 10 has failed, 3 times: it was to fail");
  CHECK(jobs.job(0, 1)->phase == Job::Phase::done);
}

TEST_CASE("Of a straggler's two runs the first result counts") {
  VirtualJobs jobs(3, 8);
  jobs.part_s = 0.5;
  jobs.slowness = 0.03;
  REQUIRE(come_together(jobs, "abc"));
  jobs.submit("squares 60");
  REQUIRE(jobs.cluster().run_until(300, [&] { return jobs.all_over(); }));
  CHECK(jobs.wrong() == "");
  const Job& job = *jobs.job(0, 0);
  CHECK(job.phase == Job::Phase::done);
  CHECK(job.copies_lost == 0);
  CHECK(job.copies_failed == 0);
  CHECK(job.copies_begun > 62); // of the split, 60 parts and the reduction
}

void harm(VirtualCores& cluster) {
  const std::size_t nodes = cluster.size();
  const std::size_t node = cluster.below(nodes);
  const std::size_t other = (node + 1 + cluster.below(nodes - 1)) % nodes;
  switch (cluster.below(10)) {
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
    case 7: cluster.crash_at_next_write(node); break;
    case 8:
      for (std::size_t each = 0; each < nodes; ++each)
        cluster.come_back(each);
      break;
    default: cluster.heal(); break;
  }
}

/// What went wrong; empty if nothing did.
std::string run_seed(std::uint64_t seed) {
  constexpr int faults = 6;
  const std::size_t nodes = 3 + 2 * (seed % 2);
  VirtualJobs jobs(nodes, seed, 1 + static_cast<std::uint32_t>(seed % 3));
  VirtualCores& cluster = jobs.cluster();
  if (seed % 3 == 0)
    cluster.let_clocks_drift();
  jobs.failures = seed % 4 == 0 ? 0.1 : 0;
  jobs.slowness = seed % 5 == 0 ? 0.02 : 0;
  const std::string all = std::string("abcde").substr(0, nodes);
  if (!come_together(jobs, all))
    return "they do not come together";
  for (int fault = 0; fault < faults; ++fault) {
    const std::string parts = std::to_string(cluster.below(25));
    const std::size_t kind = cluster.below(6);
    jobs.submit((kind < 3 ? "squares " : kind < 5 ? "list " : "broken ") + parts);
    if (cluster.below(5) == 0)
      jobs.cancel(cluster.below(static_cast<std::size_t>(fault) + 1));
    harm(cluster);
    cluster.run(cluster.uniform(0.05, 2.5));
    cluster.resume_some();
  }
  cluster.mend();
  jobs.failures = 0;
  jobs.slowness = 0;
  for (int i = 0; i < 6; ++i) {
    if (cluster.run_until(20, [&] { return jobs.all_over(); }))
      return jobs.wrong();
    for (std::size_t node = 0; node < nodes; ++node)
      if (!cluster.belongs(node))
        cluster.come_back(node);
  }
  // Members that have lost their disks' news in a change of members can be too many for a majority:
  // then an operator decides (stos recover), and no job goes on until then.
  for (std::size_t node = 0; node < nodes; ++node)
    if (cluster.belongs(node))
      return "jobs do not end: " + cluster.picture();
  return {};
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t seeds_each = 40;
#else
constexpr std::uint64_t seeds_each = 250;
#endif

TEST_CASE("Whatever happens to nodes, each job ends right, or with its reason: first seeds") {
  check_seeds(1, seeds_each, run_seed);
}

TEST_CASE("Whatever happens to nodes, each job ends right, or with its reason: other seeds") {
  check_seeds(10'001, 10'000 + seeds_each, run_seed);
}

// STOS_TEST_SEEDS=FIRST-LAST test_cluster "[job-seeds]": as many as there is time for.
TEST_CASE("As many seeds of jobs under faults as STOS_TEST_SEEDS says", "[.][job-seeds]") {
  check_wanted_seeds(run_seed);
}

} // namespace
} // namespace stos::test
