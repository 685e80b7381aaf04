#pragma once

#include "actors/agents/citizens.hpp"
#include "actors/messages/pieces.hpp"
#include "actors/messages/stored_cut.hpp"
#include "actors/run/cut_keeper.hpp"
#include "actors/run/output_streams.hpp"
#include "actors/run/restart.hpp"
#include "libstos/cluster/status/node_status.hpp"
#include "libstos/engine/execution.hpp"
#include "libstos/image/present.hpp"
#include "store/cut_store.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace stos::detail {

/// What a signal is to do to the run instead of ending it at once; null: that. Several nodes end
/// together.
[[nodiscard]] inline std::atomic<bool>* stops_at_signal(World& world, std::size_t nodes = 1) {
  if (world.options.snapshot.at_exit)
    return &world.wants_stop;
  return nodes > 1 ? &world.wants_end : nullptr;
}

/// The cuts of one run, on one of its nodes: has the world stop when the options want it or
/// a user asks for it, copies this node's part at the stop, and has the whole cut stored while
/// the run goes on.
///
/// The first node gets the parts of all, joins them, stores the cut and tells all nodes its state
/// digest; where the world is to stand still (World::stands_at), they get the whole of it. What the
/// writing of a cut finds wrong is told on standard error, and ends the run if the options say so;
/// without that the run goes on, and the next cut is tried.
///
/// Where writing takes longer than the pause between two cuts, cuts are left out: those of
/// snapshot.at never, nor those that a user has asked for. On several nodes the first one says
/// so, and drops what others have of them.
///
/// Threads: at_stop by the engine's, hear() and ask() by the run's actor, the others by the thread
///          that waits for the run; a thread of its own writes.
/// Errors:  the constructor throws UsageError if the store cannot be opened or an initial agent
///          cannot be saved.
class Snapshots {
public:
  struct Site {
    std::size_t own_node = 0;
    std::size_t nodes = 1;
    std::shared_ptr<AgentNames> names;
    RunBeginning beginning;

    /// To the first node, and to all others; empty on one node. From any thread; a piece of a part
    /// may have to wait until others have come.
    std::function<void(CutMessage)> send_part;
    std::function<void(CutMessage)> tell_all;

    /// On the nodes of a cluster: what keeps the last cut, beginning with one of the set-up, which
    /// only it comes to know of; null: nothing does. Its copies go to `send_copy`.
    std::shared_ptr<CutKeeper> keeper;
    CutKeeper::Send send_copy;
    std::vector<CutRecord> cuts_before; ///< of this run in earlier views

    /// To the caller of ask(); empty where there can be none. From any thread.
    std::function<void(std::uint64_t number, Result<StoredCut>)> answer;
  };

  /// Sets World::next_stop and at_stop. @pre the run has not begun; the world outlives this
  Snapshots(World& world, Site site);
  ~Snapshots();
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  /// A part of another node, or what the first one tells.
  void hear(CutMessage message);

  /// On the first node: a cut as soon as may be, whatever the options want; Site::answer() says
  /// under this number what has become of it. @pre Site::answer
  void ask(std::uint64_t number);

  /// Likewise, a cut that only the keeper comes to know of.
  void ask_to_keep(std::uint64_t number);

  /// The run is to end where it stands, and nothing of it counts. For a node that is alone in it:
  /// several ones have a Gateway.
  void abandon();

  /// What the cuts of this run have in common; only that of the first node counts.
  [[nodiscard]] std::uint64_t lineage() const { return lineage_; }

  /// The cuts so far, as this node knows them: adds their number, and the last one's time.
  void show(ContinuityStatus& status) const;

  /// What goes to files while the run goes on: once it is over, and finish() is, for its end.
  [[nodiscard]] OutputStreams& streams() { return streams_; }

  /// After the run: waits until all cuts are joined here that were taken (of the other nodes, for
  /// at most `patience_s`) and stored. What was cut, by time.
  [[nodiscard]] std::vector<CutRecord> finish(double patience_s = 0);

  /// A cut that is required could not be taken or stored: where the run had to end, and why.
  [[nodiscard]] std::optional<Failure> failure() const;

private:
  /// A cut of which some parts may be missing.
  struct Pending {
    std::vector<CutPart> parts;
    std::vector<Pieces> encoded; ///< parts of other nodes
    std::size_t parts_heard = 0;
    std::string problem;              ///< why there will be no cut
    double pause_s = 0;               ///< of this node, wall-clock time
    std::vector<std::uint64_t> asked; ///< for it, by their numbers
  };

  [[nodiscard]] bool is_first() const { return site_.own_node == 0; }
  void plan_cut_of_set_up();
  [[nodiscard]] bool is_for_keeper(double time, const Pending& pending) const;
  [[nodiscard]] bool is_of_set_up(double time) const { return time == set_up_; }
  void keep(const Cut& cut);
  void prepare_for(std::size_t agents);
  void give_back(Cut&& cut);
  void hear_end(const CutMessage& message);
  [[nodiscard]] Result<void> open_store();
  [[nodiscard]] double next_stop_after(double time) const;
  double at_stop(const WorldAtStop& stop);
  void end_early();
  void stop_again_if_asked();
  [[nodiscard]] double seconds_of_pause() const;
  [[nodiscard]] bool is_left_out(double time);
  void take_part(const WorldAtStop& stop);
  void take(double time, Result<CutPart> part);
  void send(double time, Pending part);
  void hear_part(CutMessage message);
  void add(double time, Result<CutPart> part, double pause_s);
  void count_part(double time);
  [[nodiscard]] std::optional<double> seconds_between_stops() const;
  void ask_by_clock();
  void write_cuts();
  void write(double time, Pending pending);
  static void decode(Pending& pending);
  [[nodiscard]] Result<StoredCut> write_joined(double time, Pending& pending);
  [[nodiscard]] Result<StoredCut> store_and_tell(const Cut& cut, StoredCut done);
  [[nodiscard]] Result<CutStore::Written> store(const Cut& cut, const CutRecord& record);
  void conclude(const CutRecord& record, const std::string& problem, bool is_kept_only = false);
  [[nodiscard]] bool is_scheduled(double time) const;
  [[nodiscard]] bool is_for_files_only(double time) const;
  void release_lines();
  void enter(const CutRecord& record);
  void complain(double time, const std::string& what);
  void answer(const std::vector<std::uint64_t>& asked, const Result<StoredCut>& result);

  World& world_;
  const Site site_;
  OutputStreams streams_;
  const SnapshotOptions options_;
  std::vector<double> at_; // ascending
  double last_cut_ = Instant::beginning().absorption;
  double set_up_ =
      -Instant::never().absorption; // when the first cut is, if it is for the keeper only
  std::unique_ptr<CutStore> store_; // on the first node
  std::uint64_t lineage_;
  std::atomic<bool> is_abandoned_{false};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<std::size_t, double>, Pieces> pieces_; // of other nodes
  std::vector<std::uint64_t> asked_;                        // for the next cut
  std::set<std::uint64_t> asked_to_keep_;                   // of these
  std::map<double, Pending> pending_;                       // by time
  std::map<double, std::size_t> dropped_; // of cuts that were left out: parts still to be heard
  std::deque<std::pair<double, Pending>> complete_;
  std::optional<double> lines_end_;        // those before it may be written, without any cut
  bool is_kept_for_lines_ = true;          // the world can be cut for them
  std::shared_ptr<const Present> present_; // where the world stands still
  std::map<double, CutRecord> records_;
  double last_taken_s_ = 0; // when the last of these was, in seconds since 1970
  CutMemory memory_;        // for the next cut
  std::size_t taken_ = 0;   // here
  std::chrono::steady_clock::time_point stopped_{};
  std::size_t concluded_ = 0;
  std::size_t left_out_ = 0;
  std::optional<Failure> failure_;
  bool is_writing_ = false;
  bool is_over_ = false;
  std::thread writer_; // of cuts on the first node, and of messages to it on others
};

} // namespace stos::detail
