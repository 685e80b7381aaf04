#pragma once

#include "libstos/service/keyed/node.hpp"
#include "store/write_ahead_log.hpp"
#include "support/event_queue.hpp"
#include "support/virtual_cables.hpp"
#include "support/virtual_log_folder.hpp"
#include "tests/keyed/bank_clients.hpp"
#include "tests/keyed/counter_model.hpp"
#include "tests/keyed/made_up_agents.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace stos::test {

/// What may happen in a run of replicated agents, decided by its seed. Probabilities are per node
/// and tick, unless something else is said.
struct KeyedFaults {
  std::uint64_t nodes = 3;   ///< that begin
  std::uint64_t later = 0;   ///< nodes that come later
  std::uint32_t clients = 2; ///< of each node
  std::uint32_t keys = 6;
  double loss = 0; ///< of messages
  double duplication = 0;
  std::uint32_t delay_max = 30; ///< in hundredths of a tick
  double crash = 0;
  double crash_in_output = 0; ///< per output
  double restart = 0.05;      ///< of each node that is down
  double partition = 0;
  double one_way = 0;
  std::uint32_t partition_ticks = 40; ///< at most
  double full_disk = 0;
  double pause = 0;
  double hand_over = 0;
  double split = 0;
  double merge = 0;
  double wrong_clocks_s = 0;      ///< at most
  bool small_groups = false;      ///< they split and merge by themselves
  std::uint32_t bank_clients = 0; ///< of each node; see BankClients

  [[nodiscard]] static KeyedFaults of(std::uint64_t seed);
};

/// Nodes that host replicated agents, with their network, clocks and disks, in one thread, from one
/// seed; and clients, of which each asks for one thing at a time and notes down what it is
/// answered. In the end all faults are over, and what was noted down has to be linearizable, agent
/// by agent.
class KeyedCluster {
public:
  KeyedCluster(std::uint64_t seed, const KeyedFaults& faults);

  /// So many ticks with faults, then without. Returns what went wrong, or nothing.
  [[nodiscard]] std::string run(std::uint64_t ticks);

  [[nodiscard]] std::uint64_t answered() const { return answered_; }
  [[nodiscard]] std::uint64_t unanswered() const { return unanswered_; }
  [[nodiscard]] std::uint64_t crashes() const { return crashes_; }
  [[nodiscard]] std::uint64_t transfers() const { return transfers_; }
  [[nodiscard]] std::size_t most_groups() const { return most_groups_; }
  [[nodiscard]] const BankClients& bank() const { return bank_; }

private:
  using Time = std::uint64_t; ///< in hundredths of a tick, of 10 milliseconds
  static constexpr Time per_tick = 100;

  struct Node {
    raft::NodeId id;
    VirtualDisk disk;
    std::optional<WriteAheadLog> log;
    std::unique_ptr<keyed::Node> core; ///< null while it is down
    std::int64_t clock_ahead_ms = 0;
    Time paused_until = 0;
    std::uint64_t lives = 0;
    std::uint64_t ticks_missed = 0;
    bool is_founder = true;
    std::map<std::uint64_t, std::size_t> waits; ///< calls under way: their clients
  };
  struct Client {
    std::size_t node = 0;
    std::optional<std::size_t> open; ///< the operation that it waits for
    std::string key;                 ///< of that
  };
  struct Event {
    Time at;
    std::uint64_t number; ///< of equal times
    std::size_t node;
    std::size_t from;
    std::uint64_t life; ///< of a tick; 0 for a message
    std::vector<std::byte> bytes;
  };

  void start(Node& node);
  void crash(Node& node);
  void tick(Node& node);
  void work(Node& node);
  [[nodiscard]] bool persist(Node& node, const keyed::Node::Output& output);
  void transmit(Node& node, const std::vector<keyed::Node::Message>& messages);
  void take_answers(Node& node, const std::vector<keyed::Reply>& answers);
  void note(Node& node, const keyed::Reply& answer);
  void clients(Node& node);
  [[nodiscard]] std::string key_of(std::uint32_t number);
  void ask(Node& node, Client& client, CounterInput input);
  void accidents(Node& node);
  void administer(Node& node);
  void repair_all();
  void look_at(Node& node);
  [[nodiscard]] std::string is_settled();
  [[nodiscard]] std::string check_histories() const;
  [[nodiscard]] bool read_all();
  [[nodiscard]] keyed::Time clock_of(const Node& node) const;
  void advance();
  [[nodiscard]] bool chance(double probability) {
    return probability > 0 && random_.bernoulli(probability);
  }

  KeyedFaults faults_;
  RandomStream random_;
  std::string trouble_;
  keyed::AgentTypes types_;
  std::vector<Node> nodes_;
  std::vector<Client> clients_;
  BankClients bank_{types_, trouble_};
  std::map<std::string, std::vector<CounterOperation>> histories_;
  std::map<std::uint32_t, std::uint32_t> generations_; // of keys
  std::set<std::int64_t> effects_;                     // amounts of additions
  EventQueue<Event> queue_;
  VirtualCables cables_;
  Time now_ = 0;
  Time disks_free_at_ = 0;
  bool faulty_ = true;
  std::uint64_t moments_ = 0; // what clients see, in order
  std::uint64_t answered_ = 0;
  std::uint64_t unanswered_ = 0;
  std::uint64_t crashes_ = 0;
  std::uint64_t transfers_ = 0;
  std::size_t most_groups_ = 0;
  std::int64_t amounts_ = 0;
  std::size_t next_read_ = 0; // key, in the end
};

/// The run of a seed: what went wrong, or nothing.
[[nodiscard]] std::string run_keyed_seed(std::uint64_t seed);

} // namespace stos::test
