#pragma once

#include "libstos/base/result.hpp"
#include "libstos/cluster/view/reachability.hpp"
#include "libstos/options/cluster_options.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace stos::detail {

/// What nodes tell each other before anything else.
struct NodeHello {
  std::uint32_t protocol = 0; ///< version of what nodes say to each other
  std::uint64_t build = 0;    ///< hash of the program
  std::string cluster;
  std::string node;
  NodeAddress address; ///< where the others reach it
  std::uint32_t nodes = 0;
  std::uint64_t life = 0;         ///< another one for each process
  bool joins = false;             ///< it comes to a cluster that runs already, if there is one
  std::vector<NodeAddress> known; ///< other nodes that it has heard of

  // What it is in the cluster; 0 before there is one, and without a log.
  std::uint64_t member = 0; ///< its raft::NodeId
  std::uint64_t epoch = 0;  ///< of the latest view that it knows
  bool returns = false;     ///< it has that from its log, and no view has this process yet
  std::vector<std::uint64_t> lives = {}; ///< of the processes that its view has

  static constexpr std::uint32_t current_protocol = 3;

  friend bool operator==(const NodeHello&, const NodeHello&) = default;
};

/// Finds the other nodes of a cluster, and notices when one is lost.
///
/// Every node knows the addresses of some others, and learns of the rest from them. Of two nodes
/// the one with the greater address connects, so that there is one connection between them; the
/// other one only does so when nothing has come for a while (the greater one may not know of it
/// yet). Both say hello, and refuse what does not belong to the cluster: another protocol, cluster
/// or build, another number of nodes, a name that is taken. When all have said hello the cluster is
/// *complete*; the nodes are numbered in the order of their names.
///
/// From then on each member is to be heard of regularly. A connection that has gone is made again,
/// in the same way as the first one. What a node sees of the others is its reachability(); which of
/// them stay is for all to decide together (ControlGroup), and enter() puts that into effect: who
/// does not belong to the cluster any more, and speaks to this node, is told so.
///
/// Threads: none inside. Time is a parameter, in seconds, and only goes forward.
/// Errors:  failure() says why there will be no cluster, or why this node was sent away.
class Membership {
public:
  using PeerKey = std::uint64_t; ///< a node that speaks to us, as the caller tells them apart

  Membership(NodeHello self, const ClusterOptions& options, double now_s);

  /// What the caller has to do after each of the calls below, in this order; taken once.
  struct Output {
    std::vector<PeerKey> refuse; ///< with the text of the same index
    std::vector<std::string> why;
    std::vector<PeerKey> greet;   ///< send hello() to
    std::vector<PeerKey> welcome; ///< likewise, saying that a view will take it in
    std::vector<PeerKey> beat;    ///< say that we are alive
    std::vector<NodeAddress> connect;
    std::vector<std::string> log; ///< one event each
  };
  [[nodiscard]] Output take_output();

  [[nodiscard]] NodeHello hello() const;

  void connected(const NodeAddress& address, PeerKey peer, double now_s);
  void is_own(const NodeAddress& address) { contacts_.erase(address); } ///< by another name
  void cannot_connect(const NodeAddress& address, const std::string& reason, double now_s);
  void heard_hello(PeerKey peer, const NodeHello& hello, double now_s);

  /// A hello of a node of a cluster that runs already: this node waits for enter().
  void heard_welcome(PeerKey peer, const NodeHello& hello, double now_s);
  void heard(PeerKey peer, double now_s);
  void refused_by(PeerKey peer, const std::string& why);
  void lost(PeerKey peer, const std::string& why);
  void left(PeerKey peer); ///< it has said goodbye

  /// Whether runs are under way here (as long as nothing is said, they are): if not, members that
  /// say goodbye end with this one, as a rule, and are no loss.
  void has_runs(bool has) { has_runs_ = has; }
  void tick(double now_s);
  void beat_soon(); ///< with the next tick

  struct Member {
    PeerKey key = 0;      ///< 0: this node itself, or there is no connection
    std::uint64_t id = 0; ///< its raft::NodeId; 0 before there is a view
    std::string name;
    NodeAddress address;
    std::uint64_t life = 0;      ///< of its process, as far as this node knows
    std::uint64_t seat_life = 0; ///< of the process that the view has
    bool is_self = false;
    bool was_heard = false;    ///< since this process has started
    bool has_left = false;     ///< it has said goodbye
    bool was_away = false;     ///< without a connection, since the last enter()
    bool is_told_away = false; ///< in the log
    double last_heard_s = 0;
    double away_since_s = 0; ///< if there is no connection
    std::string problem;     ///< why there is none
  };

  /// Whether the peer has said hello and is welcome.
  [[nodiscard]] bool knows(PeerKey peer) const {
    const auto known = peers_.find(peer);
    return known != peers_.end() && known->second.hello.has_value();
  }
  [[nodiscard]] bool is_complete() const { return complete_; }
  [[nodiscard]] const std::string& own_name() const { return self_.node; }

  /// A node that has come, whether or not all have.
  struct Presence {
    std::string name;
    NodeAddress address;
    bool lost = false;
    double silence_s = 0; ///< since it was last heard
  };

  /// This node and those that have said hello, or belonged to the cluster and are lost; by name.
  [[nodiscard]] std::vector<Presence> presences(double now_s) const;

  /// All nodes in the order of their names. @pre is_complete()
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }
  [[nodiscard]] std::size_t own_index() const;
  [[nodiscard]] std::optional<std::size_t> index_of(PeerKey peer) const;

  /// The raft::NodeId of a peer, as a view or itself says; 0 if it has none. And back.
  [[nodiscard]] std::uint64_t id_of(PeerKey peer) const;
  [[nodiscard]] PeerKey key_of(std::uint64_t id) const;

  /// What this node sees of the members, by index.
  [[nodiscard]] std::vector<Reachability::State> reachability(double now_s) const;

  /// What a view says of a member.
  struct Seat {
    std::string name;
    NodeAddress address;
    std::uint64_t life;
    std::uint64_t id = 0; ///< raft::NodeId
  };

  /// As this node's log has it, these were the members when it last was one of them.
  /// @pre nothing was heard yet, this node is among them
  void resume(const std::vector<Seat>& seats, double now_s);

  /// The cluster has gone on without this node, which comes again as a new one.
  void come_as_new(double now_s);

  /// What hello() says of that.
  void stands(std::uint64_t member, std::uint64_t epoch, bool returns);

  /// These are the members from now on, by name. Those before that are not among them are told so
  /// if they speak to this node, with the reason. Connections that are there now are the first ones
  /// of theirs. @pre this node is among them
  void enter(const std::vector<Seat>& seats, const std::string& why);

  /// Nodes that have come to the complete cluster, and to which there is a connection.
  struct Newcomer {
    PeerKey key;
    Seat seat;
  };
  [[nodiscard]] std::vector<Newcomer> newcomers() const;

  /// One of them cannot be taken in now.
  void refuse_newcomer(std::uint64_t life, const std::string& why);

  /// Why there is no cluster, or why it is not what it was.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

  /// When tick() is to be called next.
  [[nodiscard]] double next_tick_s() const;

private:
  struct Contact {
    bool connecting = false;
    double next_try_s = 0;
    std::string problem; ///< of the latest try
    std::uint64_t tries = 0;
    double first_try_s = 0;
  };
  struct Peer {
    std::optional<NodeHello> hello;
    bool greeted = false;
    double last_heard_s = 0;
  };

  [[nodiscard]] bool is_lost(const Member& member, double now_s) const;
  void leave(PeerKey peer, const std::string& why, bool for_good);
  void know(const NodeAddress& address, double now_s);
  [[nodiscard]] std::string objection_to(PeerKey peer, const NodeHello& hello) const;
  [[nodiscard]] bool is_expected(const NodeAddress& address) const;
  void refuse(PeerKey peer, const NodeHello& hello, const std::string& why);
  void replace_by(PeerKey peer, const NodeHello& hello);
  [[nodiscard]] bool is_of_a_cluster_without_this(const NodeHello& hello) const;
  [[nodiscard]] const Member* member_that_is(const NodeHello& hello) const;
  [[nodiscard]] bool is_returning(const Member& member) const;
  void complete_if_all_are_here(double now_s);
  void connect_again(Member& member, PeerKey peer, double now_s);
  void send_away(PeerKey peer);
  void add_member(const Seat& seat);
  void fail(Errc code, std::string text);
  [[nodiscard]] std::string who_is_missing() const;

  NodeHello self_;
  const ClusterOptions options_;
  double started_s_;
  double last_beat_s_;
  double last_tick_s_;
  std::map<NodeAddress, Contact> contacts_; // of nodes that have not said hello
  std::map<PeerKey, Peer> peers_;
  std::vector<Member> members_;
  std::map<std::string, std::string> former_;  // members that did not stay, and why
  std::map<PeerKey, std::string> former_keys_; // their connections
  bool complete_ = false;
  bool joins_ = false;  // a cluster that runs already
  bool seated_ = false; // in the newest view
  bool has_runs_ = true;
  std::optional<Error> failure_;
  Output output_;
};

} // namespace stos::detail
