#pragma once

#include "libstos/agent/domain.hpp"
#include "libstos/agent/load_balance.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace stos::detail {

/// All domains of one world on one node, from the initial world to the sum of their counters.
class DomainSet {
public:
  /// Divides the set-up of `world` among `domains` groups. `schedule(d)` must cause run(d) soon, on
  /// any thread; see DomainBoard.
  DomainSet(World& world, std::size_t domains, std::function<void(std::size_t)> schedule,
            AgentBindings* bindings = nullptr, DomainBoard::Patience patience = {});

  /// The same on one of several nodes: `own` is what is for agents of this node, the groups of all
  /// other agents are links already.
  DomainSet(World& world, const Effects& own, std::size_t domains, std::size_t links,
            std::function<void(std::size_t)> schedule, AgentBindings* bindings,
            DomainBoard::Patience patience);

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
  void distribute(const Effects& initial);

  DomainBoard board_;
  std::vector<std::unique_ptr<Domain>> domains_;
};

/// Divides agents into groups of about equal size that are compact in space: recursive bisection
/// along the longest side, in a wide gap. Sets Cell::domain to `first` and following.
void partition(std::vector<Cell*>::iterator begin, std::vector<Cell*>::iterator end,
               std::size_t first, std::size_t domains);

} // namespace stos::detail
