#pragma once

#include "libstos/service/coordination/coordination_node.hpp"
#include "support/linearizability.hpp"
#include "tests/cluster/virtual_nodes.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos::test {

/// What clients ask of one key whose values are all different, and what they are answered.
struct KeyInput {
  enum class Kind { get, put, remove, compare_and_set, propose };
  Kind kind = Kind::get;
  std::string value;
  std::string expected; ///< compare_and_set: the value that it was seen with; empty: none
};
struct KeyOutput {
  bool is_done = true; ///< else it had another value than expected
  std::string value;   ///< that it had or has; empty: none. Not of put and remove

  friend bool operator==(const KeyOutput&, const KeyOutput&) = default;
};
using KeyOperation = Operation<KeyInput, KeyOutput>;

struct KeyModel {
  using State = std::string; ///< empty: there is no value
  static State initial() { return {}; }
  static std::optional<State> step(const State& state, const KeyInput& input,
                                   const KeyOutput* output);
};

/// Nodes with clients of locks and keys, on virtual cores, from one seed.
///
/// A client asks one node, and, if it gets no answer in time, another one, with the same request.
/// Answers get lost. Lock clients take a lock again and again, renew their leases most of the time,
/// and write to a file that remembers fencing numbers, also when they have slept for longer than
/// their leases; then they do not know that they do not hold it any more.
class VirtualCoordination final : public VirtualRiders {
public:
  VirtualCoordination(std::size_t nodes, std::uint64_t seed);

  [[nodiscard]] VirtualCores& cluster() { return *cluster_; }
  [[nodiscard]] coordination::CoordinationNode& node(std::size_t node) {
    return *nodes_[node].coordination;
  }

  void add_lock_client(const std::string& lock, std::uint32_t permits = 1);
  void add_counter_client(const std::string& key);
  void add_key_client(const std::string& key);
  void add_watcher();

  double lost_answers = 0.05;
  double sleepers = 0.1; ///< holders that sleep for longer than their lease
  /// Clients finish what they are about, and begin nothing new.
  void stop() { stopped_ = true; }
  [[nodiscard]] bool all_idle() const;

  /// All nodes that belong to the cluster have the same table.
  [[nodiscard]] bool agrees() const;
  /// What must never be; empty if it is not.
  [[nodiscard]] std::string wrong();

  std::uint64_t grants = 0;
  std::uint64_t writes = 0;
  std::uint64_t refused_writes = 0; ///< by the file, of holders that had slept
  std::uint64_t operations = 0;     ///< on keys, with an answer

  detail::ControlMachine* begins(std::size_t node) override;
  void ends(std::size_t node) override;
  void acts(std::size_t node) override;
  void hears(std::size_t node, raft::NodeId from, const std::vector<std::byte>& words) override;

private:
  struct Node {
    std::unique_ptr<coordination::CoordinationNode> coordination;
    std::map<std::uint64_t, std::pair<std::size_t, std::uint64_t>> tickets; // client, call
  };
  enum class Kind { lock, counter, key, watcher };
  enum class Stage { idle, opening, acquiring, holding, releasing, reading, writing, watching };
  struct Client {
    Kind kind;
    std::string name;
    std::uint32_t permits = 1;
    coordination::SessionId session;
    bool has_session = false;
    std::uint64_t sequence = 0;
    std::uint64_t answered = 0;
    Stage stage = Stage::idle;
    std::size_t node = 0;
    std::optional<coordination::Request> request; // that waits for an answer
    bool is_told = false;                         // the node has it
    std::uint64_t call = 0;
    double retry_s = 0;
    double asked_s = 0; // for the first time
    double next_s = 0;  // to do something, if it waits for no answer
    double lease_until_s = 0;
    bool is_asleep = false; // a holder that does not renew, and writes when it wakes up
    double release_s = 0;
    std::uint64_t fence = 0;
    std::uint64_t claim = 0;
    std::optional<std::size_t> operation; // in the history of its key
    std::string seen;                     // key clients: the last value,
    std::uint64_t seen_revision = 0;      // and its revision
    std::uint64_t after = 0;              // watchers
    std::vector<coordination::Change> changes;
  };
  /// A file that a lock protects.
  struct File {
    std::uint64_t fence = 0;
  };

  Client& add(Kind kind, const std::string& name);
  void tick();
  void go_on(std::size_t client);
  void begin(Client& client, coordination::Request request, Stage stage);
  void tell(std::size_t client);
  void hear(std::size_t client, const coordination::Answer& answer);
  void hear_of_lock(Client& client, const coordination::Answer& answer);
  void hear_of_key(Client& client, const coordination::Answer& answer);
  void hear_of_counter(Client& client, const coordination::Answer& answer);
  [[nodiscard]] static coordination::Request acquire_of(const Client& client);
  void act_as_holder(Client& client);
  void begin_operation(Client& client);
  void lose_session(Client& client);
  void write(Client& client, bool believes);
  void look_at_holders();
  [[nodiscard]] std::uint64_t stamp() { return ++stamp_; }

  RandomStream random_;
  std::vector<Node> nodes_;
  std::vector<Client> clients_;
  std::map<std::string, File> files_;
  std::map<std::string, std::vector<KeyOperation>> histories_;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> counts_; // sure, perhaps
  std::map<std::uint64_t, std::string> fences_;                           // all that were granted
  std::string trouble_;
  std::uint64_t last_process_ = 0;
  std::uint64_t last_session_ = 0;
  std::uint64_t stamp_ = 0;
  std::uint64_t last_value_ = 0;
  double ticked_s_ = -1;
  bool stopped_ = false;
  std::unique_ptr<VirtualCores> cluster_; // last: its nodes begin with it
};

} // namespace stos::test
