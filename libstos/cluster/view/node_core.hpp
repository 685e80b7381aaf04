#pragma once

#include "libstos/cluster/membership/membership.hpp"
#include "libstos/cluster/view/control_group.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

/// What a process does as a node of a cluster, beside its runs: it finds the others (Membership),
/// and from then on belongs to one view after the other (ControlGroup).
///
/// A node that does not belong to the newest view, or cannot know it, says goodbye, once, and does
/// nothing any more.
///
/// Threads: none inside. Time is a parameter, in seconds, and only goes forward.
class NodeCore {
public:
  using PeerKey = Membership::PeerKey;

  NodeCore(NodeHello self, const ClusterOptions& options, double now_s);

  // ---- inputs: what has happened. Those of Membership, and what other nodes' cores have said.

  void connected(const NodeAddress& address, PeerKey peer, double now_s);
  void is_own(const NodeAddress& address) { membership_.is_own(address); }
  void cannot_connect(const NodeAddress& address, const std::string& reason, double now_s);
  void heard_hello(PeerKey peer, const NodeHello& hello, double now_s);
  void heard(PeerKey peer, double now_s) { membership_.heard(peer, now_s); }
  void refused_by(PeerKey peer, const std::string& why);
  void lost(PeerKey peer, const std::string& why) { membership_.lost(peer, why); }
  void left(PeerKey peer) { membership_.left(peer); }

  void heard_welcome(PeerKey peer, const NodeHello& hello, double now_s);

  /// The view that takes this node in, as an encoded View; any bytes.
  void heard_view(PeerKey peer, std::span<const std::byte> view, double now_s);

  /// This node is to leave the cluster, as soon as all runs are cut.
  void leave() { wants_to_leave_ = true; }

  /// See ControlGroup.
  void runs_are_cut(const std::optional<Error>& why_not);

  /// A heartbeat, with a Reachability, and a frame of the ControlGroup; any bytes.
  void heard_beat(PeerKey peer, std::span<const std::byte> reachability, double now_s);
  void heard_frame(PeerKey peer, std::span<const std::byte> frame, double now_s);

  void tick(double now_s);

  // ---- outputs

  struct Output {
    Membership::Output membership; ///< whose beats carry `reachability`
    std::vector<std::byte> reachability;
    std::vector<std::pair<PeerKey, std::vector<std::byte>>> frames;
    std::vector<std::pair<PeerKey, std::vector<std::byte>>>
        taken_in;            ///< who is to hear of its view
    bool wants_cut = false;  ///< of all runs: runs_are_cut() is to be called
    bool leaves = false;     ///< all others are to hear that this node says goodbye, and no more
    std::vector<View> views; ///< that have come, the first one among them
    std::vector<std::string> log;
  };
  [[nodiscard]] Output take_output(double now_s);

  /// Null before all have come.
  [[nodiscard]] const ControlGroup* control() const { return control_.get(); }
  [[nodiscard]] const Membership& membership() const { return membership_; }

  /// Why this node does not belong to the cluster, or not any more.
  [[nodiscard]] const std::optional<Error>& failure() const;

  /// When tick() is to be called next.
  [[nodiscard]] double next_tick_s() const;

private:
  void begin_if_complete(double now_s);
  void begin(View first, bool joins, double now_s);
  void enter(const View& view);
  [[nodiscard]] Reachability reachability(double now_s) const;
  [[nodiscard]] std::optional<raft::NodeId> id_of(PeerKey peer) const;
  [[nodiscard]] PeerKey key_of(raft::NodeId node) const;

  const ClusterOptions options_;
  const std::uint64_t life_;
  Membership membership_;
  std::unique_ptr<ControlGroup> control_;
  std::map<raft::NodeId, std::string> names_; // of all that ever were members
  double tick_s_;
  double next_control_tick_s_ = 0;
  bool wants_to_leave_ = false;
  std::optional<Error> drained_;
  bool has_left_ = false;
  std::vector<View> views_;
  std::vector<std::string> log_;
};

} // namespace stos::detail
