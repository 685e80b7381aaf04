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

/// What a node finds of itself on its disk.
struct NodeMemory {
  /// Where a node keeps who it is, beside its logs.
  static constexpr raft::GroupId group{~std::uint64_t{0}};

  std::string cluster;
  std::string node;
  raft::NodeId id;                ///< none if it has left the cluster: nothing else is known then
  View last;                      ///< that it knows
  RunLedger runs;                 ///< under way then
  std::vector<std::byte> machine; ///< of the ControlMachine
  raft::Recovered control;

  /// `found` is what lies on the disk, by group. Nothing if there is no view in it: such a node has
  /// never been one. Fails with bad_message if nothing that this version knows has made it.
  [[nodiscard]] static Result<std::optional<NodeMemory>>
  read(const std::map<raft::GroupId, raft::Recovered>& found);

  /// Fails with bad_config if it is that of another node, or of another cluster.
  [[nodiscard]] Result<void> check(const std::string& cluster, const std::string& node) const;

  [[nodiscard]] bool has_left() const { return !id; }

  /// What takes its place on the disk where an operator says that all other members are lost for
  /// good: it alone is the cluster, as a new member, in a view of a far later epoch, so that those
  /// of the others that are there after all come to it as new ones.
  /// @pre !has_left()
  [[nodiscard]] std::vector<ToPersist> alone() const;

  /// ... and where the node has left the cluster, as it was asked to: it comes back as a new one.
  [[nodiscard]] static std::vector<ToPersist> left(const std::string& cluster,
                                                   const std::string& node);

  /// For the disk: who it is.
  [[nodiscard]] static ToPersist write(const std::string& cluster, const std::string& node,
                                       raft::NodeId id);
};

/// What a process does as a node of a cluster, beside its runs: it finds the others (Membership),
/// and from then on belongs to one view after the other (ControlGroup).
///
/// A node that does not belong to the newest view, or cannot know it, says goodbye, once, and does
/// nothing any more.
///
/// With a disk, it comes back as the member that it was (NodeMemory), if the cluster still has it,
/// and else as a new one. Whatever is to be on the disk is there before anything else of an output
/// is done; if it cannot be, the node stops (cannot_persist()).
///
/// Threads: none inside. Time is a parameter, in seconds, and only goes forward.
class NodeCore {
public:
  using PeerKey = Membership::PeerKey;

  /// `machine` rides on the control log; it outlives the core, and is not to be changed otherwise.
  NodeCore(NodeHello self, const ClusterOptions& options, double now_s,
           std::optional<NodeMemory> memory = {}, ControlMachine* machine = nullptr);

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

  /// A run has begun in this view, or is over: that is to be in the RunLedger.
  void note(RunNote note);

  /// Whether runs are under way here. If none are, a node that says goodbye is not missed at once.
  void has_runs(bool has) { membership_.has_runs(has); }

  /// See ControlGroup.
  [[nodiscard]] bool propose(std::span<const std::byte> entry) {
    return control_ != nullptr && control_->propose(entry);
  }

  /// What an output wanted to have on the disk is not there.
  void cannot_persist(const Error& why);

  /// See ControlGroup.
  void runs_are_cut(const std::optional<Error>& why_not);

  /// A heartbeat, with a Reachability, and a frame of the ControlGroup; any bytes.
  void heard_beat(PeerKey peer, std::span<const std::byte> reachability, double now_s);
  void heard_frame(PeerKey peer, std::span<const std::byte> frame, double now_s);

  void tick(double now_s);

  // ---- outputs

  struct Output {
    std::vector<ToPersist> to_persist; ///< first of all
    Membership::Output membership;     ///< whose beats carry `reachability`
    std::vector<std::byte> reachability;
    std::vector<std::pair<PeerKey, std::vector<std::byte>>> frames;
    std::vector<std::pair<PeerKey, std::vector<std::byte>>>
        taken_in;            ///< who is to hear of its view
    bool wants_cut = false;  ///< of all runs: runs_are_cut() is to be called
    bool leaves = false;     ///< all others are to hear that this node says goodbye, and no more
    std::vector<View> views; ///< that have come and have this process, the first one among them
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
  void resume(NodeMemory memory, double now_s);
  void come_as_new(double now_s);
  void take_output(ControlGroup::Output of_control, Output& output);
  [[nodiscard]] ControlOptions control_options(raft::NodeId self) const;
  void stand();
  void look_for_seat(double now_s);
  void enter(const View& view);
  [[nodiscard]] Reachability reachability(double now_s) const;
  [[nodiscard]] std::optional<raft::NodeId> id_of(PeerKey peer) const;

  const ClusterOptions options_;
  const std::uint64_t life_;
  ControlMachine* const machine_;
  Membership membership_;
  std::unique_ptr<ControlGroup> control_;
  double tick_s_;
  double next_control_tick_s_ = 0;
  double begun_s_ = 0;                   // with the log that was found, or to get that of others
  std::map<std::string, RunNote> notes_; // of this view, by simulation
  std::vector<ToPersist> to_persist_;
  std::optional<Error> own_failure_;
  bool wants_to_leave_ = false;
  std::optional<Error> drained_;
  bool has_left_ = false;
  std::vector<View> views_;
  std::vector<std::string> log_;
};

} // namespace stos::detail
