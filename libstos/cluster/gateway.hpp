#pragma once

#include "libstos/agent/domain_set.hpp"
#include "libstos/cluster/global_time.hpp"
#include "libstos/cluster/link.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace stos::detail {

/// What of the set-up concerns channels and references between this node and one other node, in
/// an order that is the same on both.
struct InitialLink {
  std::vector<Channel*> outgoing;
  std::vector<std::pair<Channel*, AgentId>> incoming; ///< and their sources
};

/// One node's share of the set-up, which is the same on all nodes.
struct InitialShare {
  Effects own;                      ///< for the DomainSet
  std::vector<InitialLink> links;   ///< by node
  std::vector<Cell*> elsewhere;     ///< the records of all other agents, whose objects are deleted
  std::vector<Channel*> holds_here; ///< of agents here, closed from elsewhere
  std::vector<Channel*> closed_from_here; ///< of agents elsewhere
};

/// Divides the set-up of `world` and keeps what belongs to the node: `node_of[i]` says where the
/// initial agent number i is to be. Agents that are to be elsewhere are deleted here.
[[nodiscard]] InitialShare take_share(World& world, const std::vector<std::uint16_t>& node_of,
                                      const NodePlace& place);

/// Stands between the domains of one node and all other nodes of one simulation: frames in, frames
/// out.
///
/// It asks the other nodes what the whole cluster can promise when somebody here has to wait, and
/// answers when they ask (see GlobalTime); it lets things from outside in when that disturbs no
/// promise.
///
/// Threads: none inside; run() and receive() by one owner at a time. Domains speak to it through
///          the DomainBoard.
class Gateway {
public:
  Gateway(World& world, DomainBoard& board, const NodePlace& place, InitialShare& share,
          const LinkLimits& limits);
  ~Gateway();

  struct Frame {
    std::size_t node;
    std::vector<std::byte> bytes;
  };

  /// A frame that has arrived from `node`. Has the board schedule the gateway.
  void receive(std::size_t node, std::vector<std::byte> frame);

  enum class Slice {
    more,     ///< there is news: run again
    parked,   ///< to be run again when the board schedules it; at `wake_at_s` it is to be woken
    finished, ///< the domains finish; nothing more is to come
  };
  struct Output {
    std::vector<Frame> frames; ///< to be sent, in this order
    std::optional<double> wake_at_s;
  };

  /// It is time: has the board schedule the gateway.
  void wake() { board_.wake_gateway(); }

  /// The run is to end without the other nodes: from now on nothing happens here any more.
  void abandon();

  /// Does all that is to be done at `now_s`, a clock that only goes forward. Fails if another node
  /// has sent something that makes no sense; then the run cannot go on.
  [[nodiscard]] Result<Slice> run(double now_s, Output& output);

  [[nodiscard]] const LinkCounters& counters(std::size_t node) const {
    return links_[node]->counters();
  }
  /// Adds what went over all links. @pre the run is finished
  void count(EngineCounters& counters) const;
  [[nodiscard]] std::uint64_t rounds() const { return global_time_.turned(); }

private:
  [[nodiscard]] Slice run_abandoned();
  [[nodiscard]] Result<void> read_frames();
  [[nodiscard]] Result<bool> read_frames_of(Link& link);
  void deliver();
  [[nodiscard]] Result<void> conclude_round();
  void hand_in_tasks();
  [[nodiscard]] bool wants_round(double now_s);
  void turn();
  [[nodiscard]] NodeReport report(bool asleep);
  [[nodiscard]] bool is_quiet() const;
  [[nodiscard]] FrameHeader common_header() const;
  [[nodiscard]] double own_clock() const;
  void send(double clock, Output& output);

  template <class Act>
  void each_link(Act&& act) {
    for (const auto& link : links_)
      if (link != nullptr)
        act(*link);
  }

  World& world_;
  DomainBoard& board_;
  Abroad abroad_;
  std::vector<std::unique_ptr<Link>> links_; // by node; null for this one
  Link* first_link_ = nullptr;
  GlobalTime global_time_;
  std::vector<std::pair<std::uint64_t, NodeReport>> reports_; // to be sent, with their rounds
  bool reported_quiet_ = false;
  std::optional<double> next_round_at_s_ = 0;
  double round_pause_s_;
  bool abandoned_ = false;
};

} // namespace stos::detail
