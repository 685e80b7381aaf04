#include "libstos/engine/parallel/tiers.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace stos::detail {
namespace {

// Below the least reach agents go one by one.
constexpr int least_exponent = -20;
constexpr int greatest_exponent = 20;
constexpr int exponent_of_infinity = greatest_exponent + 1;

int exponent_of(double reach) {
  if (!std::isfinite(reach))
    return exponent_of_infinity;
  return std::min(static_cast<int>(std::floor(std::ilogb(reach) / 2.0)), greatest_exponent);
}

// How many events to wait until such a number of agents are looked at again.
std::uint64_t longer(std::uint64_t patience, std::size_t agents) {
  constexpr std::uint64_t events_of_each = 64;
  constexpr std::uint64_t patience_max = std::uint64_t{1} << 40;
  return std::min(std::max(2 * patience, events_of_each * (agents + 64)), patience_max);
}

} // namespace

std::uint8_t Tiers::tier_of(double reach) {
  if (!(reach >= std::ldexp(1, 2 * least_exponent)))
    return in_list;
  const int exponent = exponent_of(reach);
  for (std::size_t i = 1; i < tiers_.size(); ++i)
    if (tiers_[i]->exponent == exponent)
      return tiers_[i]->listed_until > 0 ? in_list : static_cast<std::uint8_t>(i);
  const auto index = static_cast<std::uint8_t>(tiers_.size());
  tiers_.push_back(std::make_unique<Tier>());
  tiers_.back()->exponent = exponent;
  insert_swept(index);
  return index;
}

void Tiers::insert_swept(std::uint8_t index) {
  const auto narrower = std::find_if(swept_.begin(), swept_.end(), [&](std::uint8_t other) {
    return tiers_[other]->exponent < tiers_[index]->exponent;
  });
  swept_.insert(narrower, index);
}

std::size_t Tiers::agents() const {
  std::size_t sum = list_.size();
  for (std::size_t i = 1; i < tiers_.size(); ++i)
    sum += tiers_[i]->table.size();
  return sum;
}

void Tiers::place(Cell& cell) {
  const double reach = cell.mailbox.home_lookahead();
  const std::uint8_t index = tier_of(reach);
  if (cell.slot != Cell::no_slot && cell.tier != index)
    remove(cell);
  const bool is_new = cell.slot == Cell::no_slot;
  cell.tier = index;
  if (index == in_list) {
    if (is_new) {
      cell.mailbox.settle();
      cell.next = cell.blocked ? TimeTable::never : cell.next_time();
      list_.add(cell, cell.blocked ? Instant::never() : cell.next_instant());
    }
    return;
  }
  Tier& tier = *tiers_[index];
  if (is_new)
    tier.table.add(cell);
  tier.width = std::min(tier.width, reach);
  tier.has_unswept |= cell.next < tier.window_end;
  swept_earliest_ = std::min(swept_earliest_, cell.next);
}

void Tiers::remove(Cell& cell) {
  if (cell.tier == in_list)
    list_.remove(cell);
  else
    tiers_[cell.tier]->table.remove(cell);
}

void Tiers::due(Cell& cell, const Instant& next) {
  Instant instant = next;
  if (cell.blocked)
    instant = std::min(instant, cell.next_instant());
  cell.blocked = false;
  const double time = instant.absorption;
  if (cell.slot == Cell::no_slot) {
    cell.next = std::min(cell.next, time);
    return;
  }
  if (cell.tier == in_list) {
    cell.next = std::min(cell.next, time);
    list_.lower(cell, instant);
    return;
  }
  Tier& tier = *tiers_[cell.tier];
  tier.table.lower(cell, time);
  tier.has_unswept |= time < tier.window_end;
  swept_earliest_ = std::min(swept_earliest_, time);
}

void Tiers::update(Cell& cell) {
  cell.next = cell.next_time();
  if (cell.tier == in_list) {
    list_.set(cell, cell.next_instant());
  } else {
    tiers_[cell.tier]->table.update(cell);
    swept_earliest_ = std::min(swept_earliest_, cell.next);
  }
}

void Tiers::put_aside(Cell& cell) {
  cell.next = TimeTable::never;
  if (cell.tier == in_list)
    list_.set(cell, Instant::never());
  else
    tiers_[cell.tier]->table.update(cell);
}

void Tiers::count_sweep(Tier& tier, std::uint64_t visits, std::uint64_t events_of_all) {
  constexpr std::uint32_t sweeps_to_judge_by = 64;
  constexpr std::uint64_t visits_worth_a_sweep = 4;
  tier.visits += visits;
  if (++tier.sweeps < sweeps_to_judge_by)
    return;
  if (tier.visits < visits_worth_a_sweep * tier.sweeps)
    put_in_list(tier, events_of_all);
  tier.sweeps = 0;
  tier.visits = 0;
}

// The way there and back costs what a few events of each agent do.
void Tiers::put_in_list(Tier& tier, std::uint64_t events_of_all) {
  tier.patience = longer(tier.patience, tier.table.size());
  tier.listed_until = events_of_all + tier.patience;
  std::erase_if(swept_, [&](std::uint8_t index) { return tiers_[index].get() == &tier; });
  for (std::size_t slot = 0; slot < tier.table.slots(); ++slot)
    if (Cell* cell = tier.table.at(slot))
      place(*cell);
}

void Tiers::look_through_list(std::uint64_t events_of_all, const Space& space) {
  for (std::size_t i = 1; i < tiers_.size(); ++i) {
    Tier& tier = *tiers_[i];
    if (tier.listed_until == 0 || tier.listed_until > events_of_all)
      continue;
    tier.listed_until = 0;
    insert_swept(static_cast<std::uint8_t>(i));
  }
  const std::size_t agents = list_.size();
  for (std::size_t slot = 0; slot < list_.slots(); ++slot)
    if (Cell* cell = list_.at(slot)) {
      cell->mailbox.sum_up(cell->path, space);
      place(*cell);
    }
  const bool in_vain = 8 * list_.size() > 7 * agents;
  list_patience_ = longer(in_vain ? list_patience_ : 0, agents);
  look_through_list_at_ = events_of_all + list_patience_;
}

void Tiers::look_at_swept() {
  swept_earliest_ = TimeTable::never;
  for (const std::uint8_t index : swept_)
    swept_earliest_ = std::min(swept_earliest_, tiers_[index]->table.earliest());
}

void Tiers::look_for_unswept() {
  for (const std::uint8_t index : swept_)
    tiers_[index]->has_unswept = tiers_[index]->table.earliest() < tiers_[index]->window_end;
}

double Tiers::earliest() const {
  double least = list_.earliest();
  for (const std::uint8_t index : swept_)
    least = std::min(least, tiers_[index]->table.earliest());
  return least;
}

Cell& Tiers::first_of(TimeTable& table) {
  Cell& first = table.first([](Cell& a, Cell& b) {
    a.mailbox.settle();
    b.mailbox.settle();
    return a.next_instant() < b.next_instant();
  });
  first.mailbox.settle();
  return first;
}

Cell& Tiers::first() {
  const double time = earliest();
  Cell* first = list_.earliest() == time ? &list_.first() : nullptr;
  for (const std::uint8_t index : swept_)
    if (tiers_[index]->table.earliest() == time) {
      Cell& cell = first_of(tiers_[index]->table);
      if (first == nullptr || cell.next_instant() < first->next_instant())
        first = &cell;
    }
  return *first;
}

Instant Tiers::earliest_instant() {
  const double time = earliest();
  Instant least = list_.earliest_instant();
  if (time == TimeTable::never)
    return least;
  for (const std::uint8_t index : swept_)
    tiers_[index]->table.sweep(std::nextafter(time, TimeTable::never), [&](Cell& cell) {
      cell.mailbox.settle();
      least = std::min(least, cell.next_instant());
      return true;
    });
  return least;
}

} // namespace stos::detail
