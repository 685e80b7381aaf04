#pragma once

#include "libstos/engine/parallel/domain_set.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stos::detail {

/// An agent as one that divides by load sees it.
struct LoadedAgent {
  Cell* cell = nullptr;
  std::array<double, 3> place{};
  double load = 0;
  std::size_t part = 0; ///< what partition_by_load() sets
};

/// Divides the agents of one node among its domains by what each of them has executed.
///
/// Domains stay compact in space, as those that partition() makes: recursive bisection along the
/// longest side, where the load on both sides is equal; of the cuts for which it nearly is, in the
/// widest gap. Each part goes to the domain that has most of its agents already.
///
/// Threads: none inside; what is given to Stops::want_division() calls it.
/// Cost:    O(agents) for note(), O(agents log agents) for divide(), and what
///          DomainSet::divide_anew costs for those that change their domains.
class LoadDivision {
public:
  explicit LoadDivision(DomainSet& set) : set_(set) {}

  /// Loads count from now on.
  void note();

  /// Divides by the loads since note(); an event in domain d takes `seconds_per_event[d]`. Returns
  /// false, and changes nothing, unless the domain that has most to do gets a good part less, and
  /// where the shortest channel between two domains would be much shorter than it is now. Only
  /// agents that are at rest and have been there from the beginning are divided by their places: if
  /// one moves, or was born in the run, it is false, too.
  [[nodiscard]] bool divide(std::span<const double> seconds_per_event);

  /// Agents that divide() has moved, and that are still alive, go back to where they were.
  void take_back();

private:
  struct Noted {
    AgentId agent;
    std::uint32_t value; ///< events, or the number of a domain

    friend auto operator<=>(const Noted&, const Noted&) = default;
  };
  [[nodiscard]] std::vector<LoadedAgent>
  loaded_agents(double time, std::span<const double> seconds_per_event) const;
  using Assignment = DomainSet::Assignment;
  [[nodiscard]] bool is_settled() const;
  [[nodiscard]] double shortest_way_between() const;
  [[nodiscard]] bool brings_domains_together(std::span<const Assignment> assignment) const;
  [[nodiscard]] static const Noted* find(const std::vector<Noted>& notes, AgentId agent);
  template <class Visit>
  void for_each_agent(Visit&& visit) const {
    for (const DomainIndex i : set_.all())
      set_.domain(i).for_each_agent(visit);
  }

  DomainSet& set_;
  std::vector<Noted> events_; // by agent
  std::vector<Noted> former_; // domains of the agents that were moved, by agent
};

/// Divides agents into `parts`, numbered from `first` on, of about equal load.
void partition_by_load(std::span<LoadedAgent> agents, std::size_t first, std::size_t parts);

} // namespace stos::detail
