#pragma once

#include "libstos/agent/time_table.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace stos::detail {

/// Agents of similar reach, see Domain.
struct Tier {
  int exponent = 0;                                    ///< of the reach
  double width = Instant::never().absorption;          ///< no agent's reach is less
  double window_end = Instant::beginning().absorption; ///< swept up to here,
  bool has_unswept = false; ///< but for agents that have become due since, or were passed over
  TimeTable table;
};

/// The living agents of one domain, in tiers by their reach: those within a factor of four share
/// one. What is due next, in each and in all of them.
///
/// Threads: none inside; the domain owns it.
class Tiers {
public:
  Tiers() { tiers_.push_back(std::make_unique<Tier>()); }

  /// Puts `cell` into the tier of its reach; to be called when it is new, and when its reach may
  /// have changed.
  void place(Cell& cell);
  [[nodiscard]] std::size_t agents() const;
  void remove(Cell& cell) { tiers_[cell.tier]->table.remove(cell); }

  /// Something has arrived at `cell` that is due at `time`.
  void due(Cell& cell, double time);

  /// `cell.next` was set.
  void update(const Cell& cell) { tiers_[cell.tier]->table.update(cell); }

  /// The tiers that are swept, the widest first. Events may add some at any time.
  [[nodiscard]] std::size_t swept() const { return swept_.size(); }
  [[nodiscard]] Tier& swept(std::size_t i) { return *tiers_[swept_[i]]; }
  [[nodiscard]] double least_width() const {
    return swept_.empty() ? TimeTable::never : tiers_[swept_.back()]->width;
  }

  /// Those without any reach, who go one by one.
  [[nodiscard]] TimeTable& one_by_one() { return tiers_[no_reach]->table; }

  /// A sweep may have ended before its window, and others may let agents go by now who were passed
  /// over.
  void look_for_unswept();

  /// Calls visit(cell) for each agent who is due before `time`, as TimeTable::sweep() does.
  template <class Visit>
  void sweep(double time, Visit&& visit) {
    bool go_on = true;
    for (const auto& tier : tiers_)
      if (go_on)
        tier->table.sweep(time, [&](Cell& cell) { return go_on = visit(cell); });
  }

  /// When the first of all agents is due.
  [[nodiscard]] double earliest() const;
  [[nodiscard]] Instant earliest_instant();

  /// Of a tier, and of all tiers, the agent with the least instant. @pre there is one
  [[nodiscard]] static Cell& first_of(TimeTable& table);
  [[nodiscard]] Cell& first();

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& tier : tiers_)
      for (std::size_t i = 0; i < tier->table.slots(); ++i)
        if (Cell* cell = tier->table.at(i))
          visit(*cell);
  }

private:
  static constexpr std::uint8_t no_reach = 0;

  std::uint8_t tier_of(double reach);

  std::vector<std::unique_ptr<Tier>> tiers_; // references stay good
  std::vector<std::uint8_t> swept_;          // all but no_reach, the widest first
};

} // namespace stos::detail
