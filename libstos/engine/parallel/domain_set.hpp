#pragma once

#include "libstos/engine/parallel/domain.hpp"
#include "libstos/engine/parallel/load_balance.hpp"
#include "libstos/engine/parallel/stops.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace stos::detail {

/// All domains of one world on one node, from the initial world to the sum of their counters.
class DomainSet {
public:
  /// Whether agents begin divided among all domains, or together in the first one where light
  /// between the domains would leave them nothing to do in parallel.
  enum class Start : std::uint8_t { divided, as_seems_best };

  /// Divides the set-up of `world` among `domains` groups. `schedule(d)` must cause run(d) soon, on
  /// any thread; see DomainBoard.
  DomainSet(World& world, std::size_t domains, Runners::Schedule schedule,
            AgentBindings* bindings = nullptr, DomainBoard::Patience patience = {});

  /// The same on one of several nodes: `own` is what is for agents of this node, the groups of all
  /// other agents are links already.
  DomainSet(World& world, const Effects& own, std::size_t domains, std::size_t links,
            Runners::Schedule schedule, AgentBindings* bindings, DomainBoard::Patience patience,
            Start start = Start::divided);

  void start() { board_.start(); }

  /// Without links a stop that is wanted begins here.
  Domain::Slice run(DomainIndex domain, std::uint64_t events_max) {
    if (stops_.is_wanted() && !board_.has_links()) [[unlikely]]
      stops_.begin_alone();
    return domains_[domain]->run(events_max);
  }

  [[nodiscard]] std::size_t size() const { return domains_.size(); }
  [[nodiscard]] DomainBoard& board() { return board_; }
  [[nodiscard]] Stops& stops() { return stops_; }
  [[nodiscard]] Indices<DomainIndex> all() const { return domains_.indices(); }
  [[nodiscard]] Domain& domain(DomainIndex index) { return *domains_[index]; }
  [[nodiscard]] Domain& domain_of(const Cell& here) { return *domains_[here.group.domain()]; }

  /// Where an agent shall be executed from now on.
  struct Assignment {
    Cell* cell;
    DomainIndex domain;
  };

  /// Divides the agents among the domains anew, each of those named. Changes no outcome. What comes
  /// from outside stays behind all that domains have promised or relied on so far.
  /// @pre at a stop, see Stops::want_division; the agents are alive; highest_clock() is finite, or
  ///      nothing comes from outside
  /// Cost: O(channels of the agents that change their domains, and of their neighbours).
  void divide_anew(std::span<const Assignment> assignment);

  /// All agents into the first domain; each into the domain of its place in space. Return whether
  /// anything has changed. @pre as for divide_anew()
  bool bring_together();
  bool divide_in_space();

  /// Whether agents are in more than one domain.
  [[nodiscard]] bool is_divided() const { return divided_; }

  /// No event, and no end of an agent, was later on this node. @pre all domains stand still
  [[nodiscard]] double latest() const;

  /// Of what domains have promised so far, the most.
  [[nodiscard]] double highest_clock() const;

  /// What each domain has had to do so far; any thread may ask.
  [[nodiscard]] std::vector<DomainLoad> loads() const;

  /// After all domains have finished.
  [[nodiscard]] RunCounters counters() const;
  [[nodiscard]] EngineCounters engine_counters() const;
  [[nodiscard]] std::optional<Failure> failure() const;
  [[nodiscard]] std::vector<Report> take_reports();

  // What was not taken at a stop before.
  [[nodiscard]] std::vector<TraceRecord> take_trace();
  [[nodiscard]] std::vector<Report> take_records();

private:
  void distribute(const Effects& initial, Start start);
  void distribute(const Resumption& world, Start start);
  void place_in_domains(const std::vector<Cell*>& cells, const std::vector<Channel*>& channels,
                        Start start);
  void take_in(const std::vector<Channel*>& opened, const std::vector<Channel*>& held);
  void are_divided(bool divided);
  [[nodiscard]] bool all_stand_still(const Instant& next);
  [[nodiscard]] std::uint64_t events() const;

  World& world_;
  DomainBoard board_;
  Stops stops_;
  bool divided_ = false;
  std::uint64_t events_together_ =
      0; // until agents were divided, or brought together, the last time
  std::uint64_t events_then_ = 0;
  std::string together_for_; // the agents for which they began together
  PerDomain<std::unique_ptr<Domain>> domains_;
};

} // namespace stos::detail
