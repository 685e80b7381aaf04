#pragma once

#include "libstos/engine/event_list.hpp"
#include "libstos/engine/parallel/time_table.hpp"

#include <algorithm>
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

  // Whether sweeping pays, see Tiers::count_sweep().
  std::uint32_t sweeps = 0;
  std::uint64_t visits = 0;
  std::uint64_t listed_until = 0; ///< the count of the domain's events; 0: it is swept
  std::uint64_t patience = 0;     ///< so many events later than it was listed
};

/// The living agents of one domain: what is due next, in each tier and in all of them.
///
/// Agents whose reaches are within a factor of four share a tier, which is swept. Those without any
/// reach stand in an event list and go one by one, and so do the agents of a tier whose sweeps find
/// next to nothing to do: a sweep for each event would cost more than the list does.
///
/// Threads: none inside; the domain owns it.
class Tiers {
public:
  Tiers() { tiers_.push_back(nullptr); }

  /// Puts `cell` into the tier of its reach, or into the list; to be called when it is new, and
  /// when its reach may have changed.
  void place(Cell& cell);
  [[nodiscard]] std::size_t agents() const;
  void remove(Cell& cell);

  /// Something has arrived at `cell` that is due at `next`.
  void due(Cell& cell, const Instant& next);

  /// Whether arrivals at `cell` have to be put in order at once.
  [[nodiscard]] static bool is_listed(const Cell& cell) {
    return cell.tier == in_list && cell.slot != Cell::no_slot;
  }

  /// Whether what its mailbox sums up is to be up to date at all times.
  [[nodiscard]] static CausalMailbox::Sums sums_of(const Cell& cell) {
    return is_listed(cell) ? CausalMailbox::Sums::later : CausalMailbox::Sums::now;
  }

  /// `cell` has executed something: what it does next is to be looked up. @pre its mailbox is
  /// settled
  void update(Cell& cell);

  /// Nothing is known of what `cell` does next until it is due() again.
  void put_aside(Cell& cell);

  /// The tiers that are swept, the widest first. Events may add some at any time.
  [[nodiscard]] std::size_t swept() const { return swept_.size(); }
  [[nodiscard]] Tier& swept(std::size_t i) { return *tiers_[swept_[i]]; }
  [[nodiscard]] double least_width() const {
    return swept_.empty() ? TimeTable::never : tiers_[swept_.back()]->width;
  }

  /// A sweep of `tier` has visited so many agents; the domain has executed `events_of_all` so far.
  /// Agents of a tier where that is too few go into the list; they come back later to try again.
  void count_sweep(Tier& tier, std::uint64_t visits, std::uint64_t events_of_all);

  /// At times, tiers come back from the list, and so do agents of it that have got some reach.
  void try_sweeping_again(std::uint64_t events_of_all, const Space& space) {
    if (events_of_all >= look_through_list_at_) [[unlikely]]
      look_through_list(events_of_all, space);
  }

  /// The agents that go one by one.
  [[nodiscard]] EventList& list() { return list_; }

  /// When the first agent of those that are swept is due: as of the last look_at_swept(), but for
  /// what has become due since.
  [[nodiscard]] double swept_earliest() const { return swept_earliest_; }
  void look_at_swept();

  /// A sweep may have ended before its window, and agents that were passed over may be free to go
  /// by now.
  void look_for_unswept();

  /// Calls visit(cell) for each agent that is due before `time`, in no particular order, as
  /// TimeTable::sweep() does; it changes nothing.
  template <class Visit>
  void look(double time, Visit&& visit) {
    bool go_on = true;
    const auto guarded = [&](Cell& cell) { return go_on = visit(cell); };
    list_.look(time, guarded);
    for (const std::uint8_t index : swept_)
      if (go_on)
        tiers_[index]->table.sweep(time, guarded);
  }

  /// When the first of all agents is due.
  [[nodiscard]] double earliest() const;
  [[nodiscard]] Instant earliest_instant();

  /// Of all agents, the one with the least instant. @pre there is one
  [[nodiscard]] Cell& first();

  template <class Visit>
  void for_each(Visit&& visit) const {
    for_each_of(list_, visit);
    for (std::size_t i = 1; i < tiers_.size(); ++i)
      for_each_of(tiers_[i]->table, visit);
  }

private:
  static constexpr std::uint8_t in_list = 0;

  template <class Table, class Visit>
  static void for_each_of(const Table& table, Visit& visit) {
    for (std::size_t i = 0; i < table.slots(); ++i)
      if (Cell* cell = table.at(i))
        visit(*cell);
  }
  [[nodiscard]] static Cell& first_of(TimeTable& table);
  std::uint8_t tier_of(double reach);
  void insert_swept(std::uint8_t index);
  void put_in_list(Tier& tier, std::uint64_t events_of_all);
  void look_through_list(std::uint64_t events_of_all, const Space& space);

  EventList list_;
  std::vector<std::unique_ptr<Tier>> tiers_; // references stay good; [in_list] is none
  std::vector<std::uint8_t> swept_;          // the widest first
  double swept_earliest_ = TimeTable::never;
  std::uint64_t look_through_list_at_ = 0; // the count of the domain's events
  std::uint64_t list_patience_ = 0;        // so many events after the last time
};

} // namespace stos::detail
