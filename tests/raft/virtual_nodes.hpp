#pragma once

#include "libstos/raft/groups.hpp"
#include "store/write_ahead_log.hpp"
#include "support/event_queue.hpp"
#include "support/virtual_cables.hpp"
#include "support/virtual_log_folder.hpp"
#include "tests/raft/checker.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos::test {

/// What may happen in a run, decided by its seed.
struct Faults {
  std::uint64_t nodes = 3;  ///< that are there
  std::uint64_t voters = 3; ///< of them, at first
  std::uint64_t groups = 1;
  raft::ElectionKind election = raft::ElectionKind::raft;
  double loss = 0; ///< of frames
  double duplication = 0;
  std::uint32_t delay_max = 30; ///< in hundredths of a tick
  double drift = 0;             ///< of clocks, at most, from their nominal speed
  double activity = 0.25;       ///< of clients, per node and tick
  double idle = 0;              ///< a node does nothing for a while with what it has heard
  // How likely each is, per node and tick.
  double crash = 0;
  double crash_in_output = 0; ///< per output
  double crash_leading = 0;   ///< per output of a node that leads; before it is sent
  bool impatient = false;     ///< election timeouts that are shorter than many messages are late
  std::uint32_t append_entries_max = 4;
  double restart = 0.02;              ///< of each node that is down, per node that is up and tick
  std::uint32_t partition_ticks = 60; ///< at most
  double partition = 0;
  double one_way = 0;
  double full_disk = 0;
  double pause = 0; ///< a process that stands still, its clock too
  double change = 0;
  double hand_over = 0;
  double compact = 0;
  double forget_vote = 0; ///< a disk that loses what it had synced: for tests of the checker
  bool lying_disks = false;

  [[nodiscard]] static Faults of(std::uint64_t seed);
};

/// Nodes with their network, clocks and disks, in one thread, from one seed. Each runs Groups above
/// a WriteAheadLog, frames go as bytes, clients write and read, and a Checker looks at all of it.
class VirtualNodes {
public:
  VirtualNodes(std::uint64_t seed, const Faults& faults);

  /// So many ticks with faults, then without until all have agreed again. Returns what went wrong,
  /// or nothing.
  [[nodiscard]] std::string run(std::uint64_t ticks);

  [[nodiscard]] const Checker& checker(std::uint64_t group) const { return checkers_[group]; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  [[nodiscard]] std::uint64_t crashes() const { return crashes_; }

private:
  using Time = std::uint64_t; ///< in hundredths of a tick
  static constexpr Time per_tick = 100;

  struct Read {
    std::uint64_t told_when_asked;
    std::optional<raft::LogIndex> needs;
  };

  /// One group on one node, beside the Fsm: the state that is replicated, and who waits for it.
  struct Replica {
    std::uint64_t applied = 0;
    std::uint64_t digest = 0;
    std::map<raft::EntryId, std::uint64_t> proposals;
    std::map<std::uint64_t, Read> reads;
    bool led = false;
  };

  struct Node {
    raft::NodeId id;
    VirtualDisk disk;
    std::optional<WriteAheadLog> log;
    std::unique_ptr<raft::Groups> groups; ///< null while it is down
    std::map<raft::GroupId, Replica> replicas;
    Time tick_length = per_tick;
    Time paused_until = 0;
    std::uint64_t lives = 0;
    std::uint64_t ticks_missed = 0;
    bool tick_waits = false; ///< a tick of this life is in the queue
  };

  struct Event {
    Time at;
    std::uint64_t number; ///< of equal times
    std::size_t node;
    std::uint64_t life; ///< of a tick; 0 for a frame
    std::vector<std::byte> frame;
  };

  void start(Node& node);
  void crash(Node& node);
  void tick(Node& node);
  void receive(Node& node, const std::vector<std::byte>& bytes);
  void work(Node& node);
  [[nodiscard]] bool persist(Node& node, const raft::GroupsOutput& output);
  void transmit(Node& node, const raft::GroupsOutput& output);
  void apply(Node& node, const raft::GroupsOutput& output);
  void apply(Node& node, raft::GroupId group, const raft::Apply& apply);
  void answer_reads(Node& node, raft::GroupId group, Replica& replica);
  void look_at(Node& node);
  void clients(Node& node);
  void accidents(Node& node);
  void administer(Node& node, raft::GroupId group, raft::Fsm& fsm);
  void repair_all();
  [[nodiscard]] bool all_agree();
  [[nodiscard]] std::string failed() const;
  [[nodiscard]] std::string picture() const; ///< of all replicas, for people
  void advance();
  [[nodiscard]] bool chance(double probability) {
    return probability > 0 && random_.bernoulli(probability);
  }

  Faults faults_;
  RandomStream random_;
  std::vector<Node> nodes_;
  std::vector<Checker> checkers_;
  EventQueue<Event> queue_;
  VirtualCables cables_;
  Time now_ = 0;
  Time disks_free_at_ = 0;
  bool faulty_ = true;
  std::uint64_t steps_ = 0;
  std::uint64_t crashes_ = 0;
  std::uint64_t commands_ = 0;
  std::uint64_t questions_ = 0;
  std::uint64_t last_wanted_ = 0; // the commands that all must have in the end
  std::string trouble_;
};

/// The run of a seed: what went wrong, or nothing.
[[nodiscard]] std::string run_seed(std::uint64_t seed);

} // namespace stos::test
