#pragma once

#include "libstos/service/jobs/job_node.hpp"
#include "tests/cluster/virtual_nodes.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace stos::test {

/// Nodes that run jobs, on virtual cores; their children are entries of a list, which end after a
/// while, from the same seed.
///
/// A job's name says what its script is: "squares 7" has the parts 1 to 7, whose results are their
/// squares, and their sum as its result; "list 7" has the list of the results. Its part 3 fails
/// always in "broken 7". Others fail at random, as often as `failures` says.
class VirtualJobs final : public VirtualRiders {
public:
  VirtualJobs(std::size_t nodes, std::uint64_t seed, std::uint32_t slots = 2);

  [[nodiscard]] VirtualCores& cluster() { return *cluster_; }
  [[nodiscard]] jobs::JobNode& jobs(std::size_t node) { return *nodes_[node].jobs; }

  /// A user who does not give up: asks any node that is there, again and again, until one of them
  /// knows the job.
  void submit(const std::string& name, jobs::PartLimits limits = {});
  void cancel(std::size_t number) { cancelled_.insert(number); }
  [[nodiscard]] jobs::JobId id(std::size_t number) const { return submitted_[number].id; }

  /// Of each child that begins: the chance that it fails, and that it takes a hundred times as
  /// long.
  double failures = 0;
  double slowness = 0;
  double part_s = 0.2; ///< that a part takes, at most

  /// As seen by a node; nothing if it does not know it.
  [[nodiscard]] const jobs::Job* job(std::size_t node, std::size_t number);
  /// All jobs are over on all nodes that belong to the cluster, which agree on all of it.
  [[nodiscard]] bool all_over();
  /// What is not as it should be once all are over; empty if nothing is.
  [[nodiscard]] std::string wrong();
  [[nodiscard]] std::size_t children(std::size_t node) const {
    return nodes_[node].children.size();
  }
  [[nodiscard]] std::uint64_t begun() const { return begun_; }

  detail::ControlMachine* begins(std::size_t node) override;
  void ends(std::size_t node) override;
  void acts(std::size_t node) override;
  void hears(std::size_t node, raft::NodeId from, const std::vector<std::byte>& words) override;

private:
  struct Child {
    jobs::WorkOrder order;
    double ends_at_s;
    double seconds;
    bool fails;
  };
  struct Node {
    std::unique_ptr<jobs::JobNode> jobs;
    std::map<std::uint64_t, Child> children;
  };
  struct Submitted {
    jobs::JobId id;
    jobs::JobSpec spec;
    bool is_known = false; ///< to all that matters
    std::uint64_t failures = 0;
  };

  void ask(std::size_t node);
  void begin_child(std::size_t node, jobs::WorkOrder order);
  [[nodiscard]] jobs::PartEnd end_of(const Child& child);

  std::uint32_t slots_;
  RandomStream random_;
  std::vector<Node> nodes_;
  std::vector<Submitted> submitted_;
  std::set<std::size_t> cancelled_;
  std::uint64_t begun_ = 0;
  std::unique_ptr<VirtualCores> cluster_; // last: its nodes begin with it
};

} // namespace stos::test
