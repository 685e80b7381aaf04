#pragma once

#include "libstos/cluster/gateway/link.hpp"
#include "libstos/cluster/placement/placement.hpp"
#include "libstos/cluster/placement/weights.hpp"
#include "libstos/cluster/stop/migration.hpp"
#include "libstos/cluster/time/global_time.hpp"
#include "libstos/engine/parallel/domain_set.hpp"
#include "libstos/engine/parallel/stops.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace stos::detail {

/// The channels and references of the set-up between this node and one other node, in an order
/// that is the same on both.
struct InitialLink {
  std::vector<Channel*> outgoing;
  std::vector<std::pair<Channel*, AgentId>> incoming; ///< and their sources
};

/// One node's share of the set-up, or of a world that goes on from a cut, which is the same on all
/// nodes. What of the latter is for the DomainSet stays in World::resumption.
struct InitialShare {
  Effects own; ///< for the DomainSet
  PerNode<InitialLink> links;
  std::vector<Cell*> elsewhere;     ///< the records of all other agents, whose objects are deleted
  std::vector<Channel*> holds_here; ///< of agents here, closed from elsewhere
  std::vector<Channel*> closed_from_here; ///< of agents elsewhere
};

/// Divides the set-up of `world`, or its Resumption, and keeps what belongs to the node:
/// `node_of[i]` says where the initial agent number i is to be, or agent number i of those. Agents
/// that are to be elsewhere are deleted here.
[[nodiscard]] InitialShare take_share(World& world, const Placement& node_of,
                                      const NodePlace& place);

/// Stands between the domains of one node and all other nodes of one simulation: frames in, frames
/// out.
///
/// When a domain here has to wait, the gateway asks the other nodes to tell where they stand, and
/// answers when they ask. From that it finds what the whole cluster can promise (see Standing), and
/// lets those domains go on for which that is enough. If there is none, and the next event of all
/// is here, that becomes the floor.
///
/// Rounds (see GlobalTime) find the end of the run, and those moments between which agents may move
/// or something from outside may come in: what has been promised must not be disturbed.
///
/// Stops are those of the whole cluster (see Stops): what is wanted anywhere rides on the reports
/// of a round, and a round in which all nodes are quiet is what says that all stand still, and
/// when the next event of all would be. No clocks are told during a stop.
///
/// While more waits for a slow receiver than may be sent, the domains pause, too, so that what
/// waits here stays bounded.
///
/// Threads: none inside; run(), receive() and request_moves() by one owner at a time. Domains speak
/// to it through
///          the DomainBoard.
class Gateway final : private Stops::OtherNodes {
public:
  Gateway(World& world, DomainSet& set, const NodePlace& place, InitialShare& share,
          const LinkLimits& limits);
  ~Gateway() override;

  struct Frame {
    NodeIndex node; ///< that it is for
    std::vector<std::byte> bytes;
  };

  /// A frame that has arrived from `node`. Has the board schedule the gateway.
  void receive(NodeIndex node, std::vector<std::byte> frame);

  enum class Slice {
    more,     ///< there is news: run again
    parked,   ///< to be run again when the board schedules it; at `wake_at_s` it is to be woken
    finished, ///< the domains finish; nothing more is to come
  };
  struct Output {
    std::vector<Frame> frames; ///< to be sent, in this order
    std::optional<double> wake_at_s;
    std::vector<MoveAnswer> moves;      ///< requests that are through
    std::optional<NodeWeights> weights; ///< what the agents here weigh, at a stop just now
  };

  /// Has agents move, from wherever they are: each move follows those before it. Returns the number
  /// of the request, whose answer is among the output of a later run(); has the board schedule the
  /// gateway. Fails for a node that there is not, for more than `moves_of_a_request_max`, and once
  /// the run is over.
  [[nodiscard]] Result<std::uint64_t> request_moves(const std::vector<AgentMove>& moves);
  static constexpr std::size_t moves_of_a_request_max = std::size_t{1} << 20;

  /// So many moves go in one report, and about so many wait for one stop; others for the next one.
  static constexpr std::size_t moves_of_a_report_max = std::size_t{1} << 16;
  static constexpr std::size_t moves_of_a_stop_max = std::size_t{1} << 20;

  /// Has all nodes weigh their agents, soon: each has what it finds among the output of a later
  /// run().
  void want_weighing() { stops_.want_weighing(); }

  [[nodiscard]] const MoveCounters& move_counters() const { return move_counters_; }

  /// A stop is under way: agents may be on their way between nodes. Or the nodes decide.
  [[nodiscard]] bool is_stopping() const { return stops_.is_under_way() || stops_.is_deciding(); }

  /// It is time: has the board schedule the gateway.
  void wake() { board_.wake_gateway(); }

  /// The run is to end without the other nodes: from now on nothing happens here any more.
  void abandon();

  /// Does all that is to be done at `now_s`, a clock that only goes forward. Fails if another node
  /// has sent something that makes no sense; then the run cannot go on.
  [[nodiscard]] Result<Slice> run(double now_s, Output& output);

  [[nodiscard]] const LinkCounters& counters(NodeIndex node) const {
    return links_[node]->counters();
  }
  /// Of what is for that node: what waits for credit, and what has gone and was not acknowledged.
  [[nodiscard]] std::size_t waiting_bytes(NodeIndex node) const {
    return links_[node]->waiting_bytes();
  }
  [[nodiscard]] std::size_t unacknowledged_bytes(NodeIndex node) const {
    return links_[node]->unacknowledged_bytes();
  }
  /// Adds what went over all links. @pre the run is finished
  void count(EngineCounters& counters) const;
  [[nodiscard]] std::uint64_t rounds() const { return global_time_.rounds(); }

private:
  [[nodiscard]] Slice run_abandoned();
  void end_if_wanted();
  [[nodiscard]] Result<void> read_frames();
  [[nodiscard]] Result<bool> read_frames_of(Link& link);
  void deliver();
  void take_parcels();
  [[nodiscard]] bool is_at_rest() const;
  [[nodiscard]] Result<void> conclude_round();
  [[nodiscard]] Result<void> check_quiet(const GlobalTime::Result& round) const;
  [[nodiscard]] bool begin_stop(const GlobalTime::Result& round);
  void weigh() override;
  void depart(double least) override;
  [[nodiscard]] Result<void> arrive() override;
  void count(const Migration& migration);
  void answer(const MovesUnderWay& moves);
  void answer(MoveOutcome outcome);
  void pass_answers(Output& output);
  void watch_congestion();
  void look_around();
  [[nodiscard]] Instant next_elsewhere(const Link& link) const;
  [[nodiscard]] bool begin_next_event();
  [[nodiscard]] std::optional<Standing> standing() const;
  [[nodiscard]] Instant next_here() const;
  [[nodiscard]] bool is_all_over() const;
  void hand_in_tasks();
  [[nodiscard]] bool wants_round(double now_s);
  [[nodiscard]] bool wants_quiet_round() const;
  void begin_round();
  [[nodiscard]] NodeReport report();
  [[nodiscard]] double least_time_of_domains() const;
  [[nodiscard]] std::uint64_t lambda_frames_received() const;
  void report_wanted(NodeReport& report);
  [[nodiscard]] bool is_quiet() const;
  [[nodiscard]] Link::News news(double clock, const std::optional<Standing>& standing) const;
  [[nodiscard]] double clock_to_tell() const;
  [[nodiscard]] double wanted() const;
  [[nodiscard]] double wanted_to_tell(const Link& link, double wanted) const;
  void send(double clock, Output& output);

  template <class Act>
  void each_link(Act&& act) const {
    for (const auto& link : links_)
      if (link != nullptr)
        act(*link);
  }

  struct Request {
    MoveAnswer answer;
    std::size_t moves;
  };

  World& world_;
  DomainSet& set_;
  DomainBoard& board_;
  Stops& stops_;
  Abroad abroad_;
  PerNode<std::unique_ptr<Link>> links_; // null for this node
  Link* first_link_ = nullptr;
  GlobalTime global_time_;
  std::vector<std::pair<std::uint64_t, NodeReport>> reports_; // to be sent, with their rounds
  std::optional<std::uint64_t> at_rest_since_; // the board's wakeups, while all domains sleep
  bool reported_quiet_ = false;
  bool reported_withdrawn_ = false;
  Instant agreed_ = Instant::beginning(); // the last next event that all have found
  /// What all have found in rounds. A node may know more for itself, but not for the others: what
  /// it knows counts on what is under way to them coming in time for their own promises.
  double agreed_time_ = Instant::beginning().absorption;
  std::optional<double> next_round_at_s_ = 0;
  double round_pause_s_;
  bool abandoned_ = false;

  std::deque<Request> requests_; // that are not through, the oldest first
  std::deque<AgentMove> asked_;  // theirs that no report has told yet
  std::uint64_t requested_ = 0;
  StopOrders orders_;        // for the next stop,
  std::vector<Wish> wishes_; // and the moves among them
  std::optional<Migration> migration_;
  MoveCounters move_counters_;
  Scales scales_;
  std::optional<NodeWeights> weights_; // that were not handed out yet
};

} // namespace stos::detail
