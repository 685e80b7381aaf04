#pragma once

#include "libstos/engine/parallel/domain.hpp"
#include "libstos/engine/parallel/load_balance.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace stos::detail {

/// A laboratory time with nothing left before it, and nothing that has happened behind it, where
/// all stand still.
[[nodiscard]] inline double stop_time(double latest, double next) {
  return std::max(next, std::nextafter(latest, std::numeric_limits<double>::infinity()));
}

/// All domains of one world on one node, from the initial world to the sum of their counters.
class DomainSet {
public:
  /// Whether agents begin divided among all domains, or together in the first one where light
  /// between the domains would leave them nothing to do in parallel.
  enum class Start : std::uint8_t { divided, as_seems_best };

  /// Divides the set-up of `world` among `domains` groups. `schedule(d)` must cause run(d) soon, on
  /// any thread; see DomainBoard.
  DomainSet(World& world, std::size_t domains, std::function<void(std::size_t)> schedule,
            AgentBindings* bindings = nullptr, DomainBoard::Patience patience = {});

  /// The same on one of several nodes: `own` is what is for agents of this node, the groups of all
  /// other agents are links already.
  DomainSet(World& world, const Effects& own, std::size_t domains, std::size_t links,
            std::function<void(std::size_t)> schedule, AgentBindings* bindings,
            DomainBoard::Patience patience, Start start = Start::divided);

  void start() { board_.start(); }
  Domain::Slice run(std::size_t domain, std::uint64_t events_max) {
    return domains_[domain]->run(events_max);
  }

  [[nodiscard]] std::size_t size() const { return domains_.size(); }
  [[nodiscard]] DomainBoard& board() { return board_; }
  [[nodiscard]] Domain& domain(std::size_t index) { return *domains_[index]; }

  /// Where an agent shall be executed from now on.
  struct Assignment {
    Cell* cell;
    std::size_t domain;
  };

  /// Divides the agents among the domains anew, each of those named. Changes no outcome. What comes
  /// from outside stays behind all that domains have promised or relied on so far.
  /// @pre a stop (see DomainBoard::stop_and) without links; the agents are alive; highest_clock()
  ///      is finite, or nothing comes from outside
  /// Cost: O(channels of the agents that change their domains, and of their neighbours).
  void divide_anew(std::span<const Assignment> assignment);

  /// All agents into the first domain; each into the domain of its place in space. Return whether
  /// anything has changed. @pre a stop without links
  bool bring_together();
  bool divide_in_space();

  /// Whether agents are in more than one domain.
  [[nodiscard]] bool is_divided() const { return divided_; }

  /// Where the world stops on its way (World::at_stop), and that is before its end: lets it be
  /// seen, and returns true. Then all domains have to look anew. @pre nothing is left before that,
  /// and nothing is under way
  bool stop_on_the_way();

  /// How often it has; any thread may ask.
  [[nodiscard]] std::uint64_t stops() const { return stops_.load(std::memory_order_relaxed); }

  /// Whether a stop was asked for (World::wants_stop): then stop_as_wanted() is to be called.
  [[nodiscard]] bool is_stop_wanted() const {
    return world_.wants_stop.load(std::memory_order_relaxed) && !board_.finished();
  }

  /// Lets the domains stop as soon as may be, unless they are about to stop already, which it says
  /// by false; calls `then` at that stop. From a domain's thread. @pre no links
  bool stop_as_wanted(std::function<void()> then = {});

  /// No event, and no end of an agent, was later. @pre a stop
  [[nodiscard]] double latest() const;

  /// Nothing happens before it, anywhere. @pre a stop without links
  [[nodiscard]] double next_time() const;

  /// Of what domains have promised so far, the most.
  [[nodiscard]] double highest_clock() const;

  /// What each domain has had to do so far; any thread may ask.
  [[nodiscard]] std::vector<DomainLoad> loads() const;

  /// After all domains have finished: the counters, the earliest failure, the whole trace.
  [[nodiscard]] RunCounters counters() const;
  [[nodiscard]] EngineCounters engine_counters() const;
  [[nodiscard]] std::optional<Failure> failure() const;
  [[nodiscard]] std::vector<TraceRecord> trace() const;
  [[nodiscard]] std::vector<Report> take_reports();

private:
  void distribute(const Effects& initial, Start start);
  void distribute(const Resumption& world, Start start);
  void place_in_domains(const std::vector<Cell*>& cells, const std::vector<Channel*>& channels,
                        Start start);
  void take_in(const std::vector<Channel*>& opened, const std::vector<Channel*>& held);
  void are_divided(bool divided);
  [[nodiscard]] std::uint64_t events() const;

  World& world_;
  DomainBoard board_;
  bool divided_ = false;
  std::atomic<std::uint64_t> stops_{0};
  std::uint64_t events_together_ =
      0; // until agents were divided, or brought together, the last time
  std::uint64_t events_then_ = 0;
  std::string together_for_; // the agents for which they began together
  std::vector<std::unique_ptr<Domain>> domains_;
};

} // namespace stos::detail
