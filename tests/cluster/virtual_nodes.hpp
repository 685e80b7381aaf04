#pragma once

#include "libstos/base/random.hpp"
#include "libstos/cluster/view/node_core.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace stos::test {

/// What nodes do beside being nodes, by their numbers.
class VirtualRiders {
public:
  virtual ~VirtualRiders() = default;
  /// A process of that node begins: what rides on its control log. It is gone when the next one
  /// begins, or it is killed.
  virtual detail::ControlMachine* begins(std::size_t node) = 0;
  virtual void ends(std::size_t node) = 0;
  virtual void acts(std::size_t node) = 0;
  virtual void hears(std::size_t node, raft::NodeId from, const std::vector<std::byte>& words) = 0;
};

/// The cores of nodes with the network between them, in one thread, on one clock, from one seed.
///
/// A connection carries messages in order. While a cable is cut, they wait, as in TCP; when a
/// connection is reset, they are lost, both ends come to know, and may connect again.
class VirtualCores {
public:
  using Core = detail::NodeCore;

  explicit VirtualCores(std::size_t nodes, std::uint64_t seed = 1,
                        const ClusterOptions& options = brisk(), VirtualRiders* riders = nullptr);

  /// Times that make a story short.
  [[nodiscard]] static ClusterOptions brisk();
  [[nodiscard]] static std::string name(std::size_t node) {
    return std::string(1, char('a' + node));
  }

  void run(double seconds);

  /// Until the predicate holds, for at most so long; whether it does.
  template <class Predicate>
  [[nodiscard]] bool run_until(double seconds, Predicate holds) {
    for (const double end = now_s_ + seconds; now_s_ < end; step())
      if (holds())
        return true;
    return holds();
  }

  /// The process ends, without a word, or with one.
  void kill(std::size_t node);
  /// Words of a rider to another member; see VirtualRiders.
  void say(std::size_t from, raft::NodeId to, std::vector<std::byte> words);
  [[nodiscard]] bool propose(std::size_t node, const std::vector<std::byte>& entry) {
    return nodes_[node].core->propose(entry);
  }
  [[nodiscard]] std::uint64_t life(std::size_t node) const { return nodes_[node].life; }
  [[nodiscard]] bool is_paused(std::size_t node) const { return nodes_[node].paused; }
  void leave(std::size_t node);
  /// A process of that name and address starts anew, without what was on the disk of the one
  /// before, or with it.
  void restart(std::size_t node);
  void come_back(std::size_t node);
  /// An operator says so of the disk of one that has ended.
  void recover_alone(std::size_t node);
  /// Nothing can be written to its disk any more.
  void fill_disk(std::size_t node) { nodes_[node].disk_is_full = true; }
  /// When it next writes to its disk, it crashes: before that, or right after.
  void crash_at_next_write(std::size_t node) { nodes_[node].crashes_at_write = true; }
  /// From now on no two nodes agree on how long a second is.
  void let_clocks_drift();
  /// A run has begun on a node, or is over.
  void note(std::size_t node, detail::RunNote what) { nodes_[node].core->note(std::move(what)); }
  /// A process starts that knows node `knows`, and joins its cluster. Returns its number.
  std::size_t join(std::size_t knows);
  void rejoin(std::size_t node, std::size_t knows) {
    nodes_[node].disk.clear();
    start(node, true, knows);
  }
  void drain(std::size_t node) { nodes_[node].core->leave(); }
  /// Runs that cannot be cut, from now on.
  void let_no_run_be_cut() { runs_can_be_cut_ = false; }
  /// The process stands still, and goes on.
  void pause(std::size_t node) { nodes_[node].paused = true; }
  void resume(std::size_t node) { nodes_[node].paused = false; }
  /// What `from` sends does not reach `to`, until it is healed.
  void cut(std::size_t from, std::size_t to) { cut_.insert({from, to}); }
  void cut_off(std::size_t node);
  void heal() { cut_.clear(); }
  /// Of the processes that stand still, one in two goes on.
  void resume_some();
  /// All cables and disks are well, and no process stands still. What has ended is not there.
  void mend();
  void reset(std::size_t a, std::size_t b);

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] bool is_up(std::size_t node) const { return nodes_[node].core != nullptr; }
  [[nodiscard]] const Core& core(std::size_t node) const { return *nodes_[node].core; }
  [[nodiscard]] double now_s() const { return now_s_; }

  /// It is complete, and has no failure.
  [[nodiscard]] bool belongs(std::size_t node) const;
  /// The names of the view of a node: "abc"; empty before it has one.
  [[nodiscard]] std::string view(std::size_t node) const;
  [[nodiscard]] static std::string view_of(const detail::ControlGroup& control);
  [[nodiscard]] std::uint64_t epoch(std::size_t node) const;
  /// All nodes of `names` have a view of just these, the same one.
  [[nodiscard]] bool agree(const std::string& names) const;
  [[nodiscard]] std::string failure(std::size_t node) const;

  /// What must never be; empty if it is not: two views of one epoch, a leader of a term beside
  /// another one.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  /// Of all nodes, for people.
  [[nodiscard]] std::string picture() const;

  [[nodiscard]] double uniform(double low, double high) { return random_.uniform(low, high); }
  [[nodiscard]] std::size_t below(std::size_t n) {
    return random_.below(static_cast<std::uint32_t>(n));
  }

private:
  using Key = Core::PeerKey;
  struct Beat {
    std::vector<std::byte> reachability;
  };
  struct Frame {
    std::vector<std::byte> bytes;
  };
  struct Refusal {
    std::string why;
  };
  struct Words {
    std::vector<std::byte> bytes;
  };
  struct Goodbye {};
  struct Welcome {
    detail::NodeHello hello;
  };
  struct TakenIn {
    std::vector<std::byte> view;
  };
  using Content =
      std::variant<detail::NodeHello, Refusal, Beat, Frame, Goodbye, Welcome, TakenIn, Words>;

  /// A connection between two processes, by the number of both.
  struct Line {
    std::size_t a;
    std::size_t b;
  };
  struct Node {
    std::unique_ptr<Core> core;
    std::uint64_t life = 0;
    bool paused = false;
    bool disk_is_full = false;
    bool crashes_at_write = false;
    double clock_rate = 1;
    std::uint64_t epoch = 0; ///< of the last view that a process of this node has entered
    std::map<raft::GroupId, raft::Recovered> disk;
    std::map<std::size_t, std::uint64_t> lines; ///< to other nodes: the connection's number
    std::vector<std::pair<double, NodeAddress>> connecting;
  };
  struct Message {
    double at_s;
    std::size_t from;
    std::uint64_t line;
    Content content;
  };

  void start(std::size_t node, bool joins = false, std::size_t knows = 0);
  void write(std::size_t node, const std::vector<detail::ToPersist>& all);
  [[nodiscard]] bool persist(std::size_t node, const std::vector<detail::ToPersist>& all);
  void step();
  void act(std::size_t node);
  void connect(std::size_t from, const NodeAddress& address);
  void close(std::size_t a, std::size_t b, bool tells_a, bool tells_b);
  void send(std::size_t from, Key line, Content content);
  void deliver(std::size_t to, const Message& message);
  void look();
  [[nodiscard]] bool flows(std::size_t from, std::size_t to) const {
    return !cut_.contains({from, to});
  }

  [[nodiscard]] double clock(std::size_t node) const { return now_s_ * nodes_[node].clock_rate; }

  static constexpr double step_s = 0.005;

  ClusterOptions options_;
  VirtualRiders* const riders_;
  bool runs_can_be_cut_ = true;
  RandomStream random_;
  std::vector<Node> nodes_;
  double now_s_ = 0;
  std::uint64_t last_line_ = 0;
  std::uint64_t last_life_ = 0;
  std::map<std::uint64_t, Line> lines_;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<Message>> under_way_; // by from, to
  std::set<std::pair<std::size_t, std::size_t>> cut_;
  std::map<std::uint64_t, detail::View> views_;   // by epoch
  std::map<std::uint64_t, raft::NodeId> leaders_; // by term
  std::map<raft::NodeId, std::string> ids_;       // all that any view has had
  std::string trouble_;
};

} // namespace stos::test
