#pragma once

#include "libstos/base/ids.hpp"
#include "libstos/base/result.hpp"
#include "libstos/causal/event_key.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace stos {

class World;

namespace detail {

class Domain;
class DomainBoard;

/// What a stop is for: any of these at once.
struct StopOrders {
  bool cut = false;    ///< the world is to be shown as soon as may be, see World::wants_stop
  bool move = false;   ///< agents are to change their nodes, see Migration
  bool divide = false; ///< the agents of some node are to be divided anew among its domains
  bool weigh = false;  ///< the nodes are to find out how much their agents do, see Scales

  [[nodiscard]] bool any() const { return cut || weigh || move || divide; }
  void add(const StopOrders& more) {
    cut = cut || more.cut;
    weigh = weigh || more.weigh;
    move = move || more.move;
    divide = divide || more.divide;
  }
  friend bool operator==(const StopOrders&, const StopOrders&) = default;
};

/// The stops of one run, as one node sees them: moments at which the whole world stands still, and
/// something may be done that events must not see.
///
/// The world *stands still* when no domain executes anything, anywhere, and nothing is under way:
/// every inbox and every link is empty. Agents may have got to different times. Domains come to
/// stand still by themselves when none has an event that it may execute (the floor has to be moved
/// then), or none has an event before the horizon (World::horizon), or since a stop has made them
/// pause. The thread that finds it tells by all_stand_still(), and until that returns nothing but
/// this touches domains and agents. Then
///
///     if agents have departed for this stop:
///       they arrive; go on with (*)
///     else if all nodes have told what their observers have seen:
///       that is concluded (World::decide); all domains look anew
///     else if no event is left before the horizon, and the run stops there:
///       the world is shown as it is there (World::show)      // observers look, or it is cut
///       if something is to be decided by that, this node tells the others what it has seen,
///       until all stand still again; else all domains look anew   // paused or not
///     else if no stop is under way, or no event is left at all:
///       the floor moves to the next event of all, or the run ends; orders come too late then
///     else:                                                  // this is the stop
///       cut: the horizon goes down to a time that no event has reached; the world stands still
///            there, and is shown, by itself later on
///       weigh: each node weighs its agents
///       move, or divide with other nodes: agents depart; until all stand still again
///   (*) divide: what was asked for on this node is done
///       the stop ends: all domains look anew
///
/// A stop begins, for all that is wanted at that time, by begin(); domains pause from then on. On
/// one node alone, the first domain's thread that finds that something is wanted begins it, and the
/// thread of the last domain that parks finds that all stand still (DomainBoard). With other nodes
/// a round of GlobalTime does both: what any node wants rides on its report, so that all nodes
/// begin the same stop, with the same orders, when they conclude the same round; and a round in
/// which all nodes are quiet, equally far with the same stop, is a world that stands still. So one
/// node alone is a cluster without links. Nothing about stops can be seen in the outcome of a run.
///
/// Threads: what asks, from any thread, as each function says; all else by the one thread that has
///          the board: that of the last domain that has parked, or the gateway's owner.
class Stops {
public:
  Stops(World& world, DomainBoard& board, const PerDomain<std::unique_ptr<Domain>>& domains)
      : world_(world), board_(board), domains_(domains) {}
  Stops(const Stops&) = delete;
  Stops& operator=(const Stops&) = delete;

  // ---- asking for one: cuts by World::wants_stop, moves by Gateway::request_moves()

  /// All nodes are to weigh their agents. No effect on one node alone. Threads: any.
  void want_weighing();

  /// `divide` is to be called once at a stop, soon, to divide the agents of this node (see
  /// DomainSet). If such a call is wanted already, that is all, and it returns false. Threads: a
  /// domain's own while it runs, or the gateway's owner.
  bool want_division(std::function<void()> divide);

  /// Whether a cut, a weighing or a division is wanted, and no stop has begun for it. Threads: any.
  [[nodiscard]] bool is_wanted() const;

  // ---- beginning one

  /// What is wanted on this node, by any thread: a cut or a weighing is not wanted any more then, a
  /// division is until it is done.
  [[nodiscard]] StopOrders take_wanted();

  /// The domains pause. @pre none is under way
  void begin(const StopOrders& orders);

  /// On one node alone: for all that is wanted; has no effect if a stop is under way. Threads: a
  /// domain's own before it runs.
  void begin_alone();

  [[nodiscard]] bool is_under_way() const { return phase_.load() != Phase::none; }

  /// What observers here have seen is told to the other nodes, so that all decide the same.
  [[nodiscard]] bool is_deciding() const { return is_deciding_; }

  /// @pre one is under way
  [[nodiscard]] const StopOrders& orders() const { return orders_; }

  /// How far this node has got, the same on all nodes that have got equally far: 0 for no stop,
  /// four times its number, and one more once agents have departed; besides, two more while the
  /// nodes decide.
  [[nodiscard]] std::uint64_t progress() const;

  // ---- carrying it out

  /// What other nodes have to do with a stop.
  class OtherNodes {
  public:
    virtual ~OtherNodes() = default;

    /// The agents of this node are to be weighed.
    virtual void weigh() = 0;

    /// Agents that leave this node are sent away. All clocks go back to `least`: no event,
    /// anywhere, is before it.
    virtual void depart(double least) = 0;

    /// Those that come here are taken in. Fails if another node has sent what makes no sense.
    [[nodiscard]] virtual Result<void> arrive() = 0;
  };
  /// To be called before the run if there are other nodes; these outlive the run.
  void connect(OtherNodes& others) { others_ = &others; }

  enum class Then : std::uint8_t {
    move_floor, ///< to the next event of all, or the run ends
    look_anew,  ///< all domains
    wait,       ///< until all stand still again
  };

  /// All stand still: `next` is the earliest event of all before the horizon, or never(), and no
  /// event and no end of an agent was later than `latest`. Says what the caller has to have the
  /// domains do. `seen_by_all` is what the observers of all nodes have seen, while they decide.
  [[nodiscard]] Result<Then>
  all_stand_still(const Instant& next, double latest,
                  std::span<const std::vector<std::byte>> seen_by_all = {});

  /// No event, anywhere, is before it. @pre at a stop
  [[nodiscard]] double least() const { return least_; }

  /// How often the world was shown. Threads: any.
  [[nodiscard]] std::uint64_t shown() const { return shown_.load(std::memory_order_relaxed); }

private:
  enum class Phase : std::uint8_t { none, pausing, departed };

  void pause(const StopOrders& orders);
  [[nodiscard]] Then show();
  [[nodiscard]] Then finish();

  World& world_;
  DomainBoard& board_;
  const PerDomain<std::unique_ptr<Domain>>& domains_;
  OtherNodes* others_ = nullptr;
  std::atomic<Phase> phase_{Phase::none};
  bool is_deciding_ = false;
  std::uint64_t number_ = 0;
  StopOrders orders_;
  double least_ = Instant::beginning().absorption;
  std::atomic<bool> weighing_is_wanted_{false};
  std::atomic<bool> division_is_wanted_{false};
  std::function<void()> divide_; // written by the caller of want_division(), before it parks
  std::atomic<std::uint64_t> shown_{0};
};

} // namespace detail
} // namespace stos
