#pragma once

#include "libstos/base/result.hpp"
#include "libstos/cluster/view/control_machine.hpp"
#include "libstos/cluster/view/reachability.hpp"
#include "libstos/cluster/view/run_ledger.hpp"
#include "libstos/cluster/view/view.hpp"
#include "libstos/raft/groups.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

struct ControlOptions {
  raft::NodeId self;
  std::uint64_t seed = 1; ///< another one on each node
  std::uint64_t life = 1; ///< another one each time the node starts
  raft::ElectionKind election = raft::ElectionKind::raft;
  double tick_s = 0.1;               ///< of the log's clock; elections take some 10 to 20 of them
  ControlMachine* machine = nullptr; ///< that rides on the log, the same kind on all nodes
};

/// What is to be on the disk before anything else of the same output is done.
struct ToPersist {
  raft::GroupId group;
  std::optional<raft::Persist> what; ///< nothing: the group is gone
};

/// What the nodes of a cluster decide together: its views, and which runs are under way
/// (RunLedger), as entries of a log that a majority agrees on. Here is what one node does for that.
///
/// Each node tells all others what it sees of its connections (Reachability). The node that leads
/// the log proposes the next view: without those that have to go, so that all others reach each
/// other; or with the same members, if a connection was lost and is there again, since what was on
/// its way over it is lost, and the runs have to begin again from their last cut. What was only
/// heard of, and is not seen by the leader itself, has to stay so for `settle_s`: a node that has
/// just stopped is noticed by the others at other times.
///
/// A process that has come later, to which all members have a connection, gets into the next view,
/// and members that wish to leave are not in it any more. Nothing is lost by that: before such a
/// view is proposed, the leader asks for a cut of all runs, and waits for it (`wants_cut`).
///
/// A view counts once it is committed. Then the members of the log are made those of the view, so
/// that the next loss needs a majority of these only. A node without a majority, and one that the
/// newest view does not have, stops: failure().
///
/// Beside that the log carries what a ControlMachine decides (propose()). Its entries are put
/// together in a snapshot when they have grown as long as the last one, those of views at once.
///
/// Who leads is a matter of the log (`cluster.election`), and of nothing else: no run knows it.
///
/// A node whose process has ended, and which has its log on a disk, comes back as the same member:
/// with its vote, and what it knew. Its process is another one, so a view has to come that has this
/// one; until then it takes part in the log and in nothing else (is_seated()). All nodes of a
/// cluster can come back so: the view that they agree on has the next epoch.
///
/// Time:    seconds, a parameter; only goes forward.
/// Threads: none inside.
class ControlGroup {
public:
  /// The log's group, where a node keeps several of them on its disk.
  static constexpr raft::GroupId group{1};

  /// The nodes of `first` have just found each other, all of them with the same one; or, if this
  /// node `joins`, that view has taken it in, and it gets the log from the others.
  ControlGroup(View first, const ControlOptions& options, bool joins, double now_s);

  /// This node has found its log. @pre `last` is that of last_state(found), and this
  /// node is in it
  ControlGroup(View last, raft::Recovered found, const ControlOptions& options, double now_s);

  /// What all members have agreed on.
  struct State {
    View view;
    RunLedger runs;
    std::vector<std::byte> machine = {};
  };

  /// What counts for sure in a log that was found; nothing if there is no view in it.
  [[nodiscard]] static std::optional<State> last_state(const raft::Recovered& found);

  /// What lies on the disks of the members of a group that begins so.
  [[nodiscard]] static raft::Persist first_state(const State& state);

  /// A frame of raft::Groups from another member. What makes no sense is an error, and is dropped.
  [[nodiscard]] Result<void> hear(raft::NodeId from, std::span<const std::byte> frame);

  /// What that member sees.
  void hear(raft::NodeId from, Reachability reachability);

  /// `own` is what this node sees; `newcomers`, those that it mentions, have no ids yet. `now` are
  /// the members of the view as their processes are now, without ids, in the order of the view.
  void tick(Reachability own, std::vector<View::Member> now, std::vector<View::Member> newcomers,
            double now_s);

  /// An entry for the machine. It is to come once more if it is not applied: a leader may be lost
  /// with it. False if this node does not lead, or has too much under way.
  [[nodiscard]] bool propose(std::span<const std::byte> entry);

  /// All runs were cut, as was wanted; or one of them cannot be, and this is why.
  void runs_are_cut(const std::optional<Error>& why_not);

  struct Output {
    std::vector<ToPersist> to_persist; ///< first of all
    std::vector<std::pair<raft::NodeId, std::vector<std::byte>>> frames;
    std::vector<View> views;      ///< that have come, in order
    std::vector<std::string> log; ///< one event each
    bool wants_cut = false;       ///< of all runs: runs_are_cut() is to be called
    std::vector<std::pair<std::uint64_t, std::string>>
        refused; ///< newcomers, by their lives, and why
  };
  [[nodiscard]] Output take_output();

  [[nodiscard]] const View& view() const { return view_; }

  /// Whether the view has this process.
  [[nodiscard]] bool is_seated() const;

  /// A node that has joined gets it from the others.
  [[nodiscard]] bool has_log() const { return !fsm().log().configuration().voters.empty(); }

  /// The runs that are under way, as far as this node has heard.
  [[nodiscard]] const RunLedger& runs() const { return runs_; }

  /// Why this node does not belong to the cluster any more.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

  /// For people.
  [[nodiscard]] raft::Status status() const { return fsm().status(); }
  [[nodiscard]] std::string leader() const; ///< its name; empty if none is known
  [[nodiscard]] raft::NodeId leader_id() const { return fsm().leader(); }
  [[nodiscard]] bool leads() const { return fsm().leads() && !is_out_ && !failure_; }

private:
  static constexpr double settle_s = 0.5;

  void begin(raft::Recovered state);
  [[nodiscard]] raft::Fsm& fsm() { return *groups_.find(group); }
  [[nodiscard]] const raft::Fsm& fsm() const { return *groups_.find(group); }
  [[nodiscard]] std::size_t own_index() const { return *view_.index_of(options_.self); }
  void apply(const raft::Apply& what);
  /// Whether the entry may wait for a snapshot: those of the machine, which may be many, do.
  bool apply(std::span<const std::byte> entry);
  void compact(raft::LogIndex upto);
  [[nodiscard]] bool set_state(std::span<const std::byte> bytes);
  void enter(View next);
  void lead(double now_s);
  void propose_notes();
  void change_members();
  [[nodiscard]] View without_leaving() const;
  [[nodiscard]] bool can_do_without_leaving() const;
  [[nodiscard]] std::optional<View> next_view(double now_s);
  [[nodiscard]] std::optional<View> planned_view();
  [[nodiscard]] std::optional<View> view_without(const std::vector<std::size_t>& gone) const;
  void seat_all(View& next) const;
  void look_for_majority(const Reachability& own);
  void note_leader();

  const ControlOptions options_;
  View view_;
  raft::Groups groups_;
  Reachabilities seen_;
  double next_tick_s_;
  std::vector<std::size_t> gone_; // who has to go, as last seen,
  double gone_since_s_ = 0;       // and since when
  enum class Cut { none, wanted, taken };
  Cut cut_ = Cut::none;           // before a view that is planned
  std::vector<View::Member> now_; // the members, as their processes are
  std::vector<View::Member> newcomers_;
  std::vector<std::pair<std::uint64_t, std::string>> refused_;
  bool wants_cut_ = false;
  bool wants_to_leave_ = false; // this node
  bool is_out_ = false;         // a later view than that of its log does not have it
  RunLedger runs_;
  std::size_t bytes_since_snapshot_ = 0;
  std::size_t snapshot_bytes_ = 0;
  std::vector<RunNote> notes_proposed_; // under the same leader, not yet applied
  std::uint64_t proposed_ = 0;          // the epoch of a view
  raft::Term proposed_in_;              // under which leader
  raft::NodeId leader_told_;
  std::vector<ToPersist> to_persist_;
  std::vector<View> views_;
  std::vector<std::string> log_;
  std::optional<Error> failure_;
};

} // namespace stos::detail
