#pragma once

#include "actors/transport/credentials.hpp"
#include "actors/transport/newcomer.hpp"
#include "actors/transport/peer_list.hpp"
#include "actors/transport/rate_limit.hpp"
#include "actors/transport/refusal_log.hpp"
#include "libstos/options/cluster_options.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>
#include <caf/io/scribe.hpp>

#include <atomic>
#include <chrono>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace stos::detail {

/// The door of a process that is a node: it listens, and calls others, on a thread of its own, and
/// hands a connection to CAF's middleman once each side has proved who it is. CAF itself neither
/// listens nor connects.
///
/// What strangers can make it do is limited: `cluster.newcomers_max` connections, of which the next
/// one takes the place of the oldest, `cluster.handshake_timeout` for each, calls_a_second_max new
/// ones, a few lines in the log (RefusalLog). What each may cost is limited by Newcomer.
///
/// Threads: all functions may be called from any.
/// Errors:  UsageError: bad_config if the keys are no good, or if without any it is to listen where
///          others can reach it; io_error if it cannot listen.
class Gate {
public:
  /// Listens at once, at port 0 at any free one; see address(). The connections of those who call
  /// wait until open(). A node without a name gets that of its certificate, or of host and port.
  Gate(caf::actor_system& system, const ClusterOptions& options);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// Where it listens, with the port.
  [[nodiscard]] const NodeAddress& address() const { return address_; }
  [[nodiscard]] const std::string& name() const { return credentials_->self().name; }

  /// From now on the peers that come in speak to `door`, as do those that are called (connect()).
  void open(const caf::actor& door);

  /// Calls the node that listens there. The door hears of the outcome: ReachedMessage with a
  /// connection for CAF's broker, or UnreachableMessage.
  void connect(const NodeAddress& address);

  /// Whom a system belongs to that has sent something; see PeerList.
  [[nodiscard]] std::optional<Peer> peer_of(const caf::node_id& system) const;

  /// The node behind that system belongs to the cluster: limits are not for its messages.
  void admit(const caf::node_id& system);

  /// For the log, where strangers cannot fill it; see RefusalLog. Whether it was written.
  bool note(const std::string& line) { return log_->note(line); }

  /// Ends the thread and all connections that are not CAF's yet.
  void close();

  static constexpr int calls_a_second_max = 200;

private:
  using Clock = std::chrono::steady_clock;
  struct Call {
    std::unique_ptr<Newcomer> newcomer;
    std::optional<NodeAddress> called; ///< by this side
    std::string where;                 ///< the other side is
    Clock::time_point deadline;
  };
  struct Wanted {
    NodeAddress address;
    Result<std::vector<SocketAddress>> places;
  };
  struct Mail; ///< what other threads want; it may outlive the gate

  void listen_at(const NodeAddress& address);
  void run();
  void wait();
  void accept_all();
  void accept_one(int socket, const std::string& from);
  void begin_calls();
  void advance_all();
  /// Whether the call is over, one way or the other.
  [[nodiscard]] bool advance(Call& call);
  void hand_over(Call& call);
  void give_up(const Call& call, const std::string& why);
  void make_room();
  [[nodiscard]] Newcomer::Judge judge() const;

  caf::actor_system& system_;
  const ClusterOptions options_;
  std::shared_ptr<Credentials> credentials_;
  const std::shared_ptr<PeerList> peers_;
  const std::shared_ptr<RefusalLog> log_ = std::make_shared<RefusalLog>();
  const std::shared_ptr<Mail> mail_;
  Greeting greeting_;
  NodeAddress address_;
  int listener_ = -1;
  std::list<Call> calls_;
  std::size_t callers_ = 0; ///< of them, those who have called here
  RateLimit calls_left_{calls_a_second_max, calls_a_second_max};
  bool listens_ = false;
  std::thread thread_;
};

/// For a process that is no node: calls the node there, and returns its actor. Waits for at most
/// `patience` for the connection, and once more for CAF.
[[nodiscard]] Result<caf::actor> call_node(caf::actor_system& system, const NodeAddress& address,
                                           const TlsOptions& tls, bool insecure, Peer self,
                                           std::chrono::nanoseconds patience);

} // namespace stos::detail
