#include "libstos/agent/tiers.hpp"

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

} // namespace

std::uint8_t Tiers::tier_of(double reach) {
  if (!(reach >= std::ldexp(1, 2 * least_exponent)))
    return no_reach;
  const int exponent = exponent_of(reach);
  for (const std::uint8_t index : swept_)
    if (tiers_[index]->exponent == exponent)
      return index;
  const auto index = static_cast<std::uint8_t>(tiers_.size());
  tiers_.push_back(std::make_unique<Tier>());
  tiers_.back()->exponent = exponent;
  const auto narrower = std::find_if(swept_.begin(), swept_.end(), [&](std::uint8_t other) {
    return tiers_[other]->exponent < exponent;
  });
  swept_.insert(narrower, index);
  return index;
}

std::size_t Tiers::agents() const {
  std::size_t sum = 0;
  for (const auto& tier : tiers_)
    sum += tier->table.size();
  return sum;
}

void Tiers::place(Cell& cell) {
  const double reach = cell.mailbox.home_lookahead();
  const std::uint8_t index = tier_of(reach);
  if (cell.slot != Cell::no_slot && cell.tier != index)
    remove(cell);
  if (cell.slot == Cell::no_slot) {
    cell.tier = index;
    tiers_[index]->table.add(cell);
  }
  Tier& tier = *tiers_[index];
  if (index != no_reach)
    tier.width = std::min(tier.width, reach);
  tier.has_unswept |= cell.next < tier.window_end;
}

void Tiers::due(Cell& cell, double time) {
  if (cell.blocked)
    time = std::min(time, cell.next_time());
  cell.blocked = false;
  if (cell.slot == Cell::no_slot) {
    cell.next = std::min(cell.next, time);
    return;
  }
  Tier& tier = *tiers_[cell.tier];
  tier.table.lower(cell, time);
  tier.has_unswept |= time < tier.window_end;
}

void Tiers::look_for_unswept() {
  for (const auto& tier : tiers_)
    tier->has_unswept = tier->table.earliest() < tier->window_end;
}

double Tiers::earliest() const {
  double least = TimeTable::never;
  for (const auto& tier : tiers_)
    least = std::min(least, tier->table.earliest());
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
  Cell* first = nullptr;
  for (const auto& tier : tiers_)
    if (tier->table.earliest() == time) {
      Cell& cell = first_of(tier->table);
      if (first == nullptr || cell.next_instant() < first->next_instant())
        first = &cell;
    }
  return *first;
}

Instant Tiers::earliest_instant() {
  const double time = earliest();
  Instant least = Instant::never();
  if (time == TimeTable::never)
    return least;
  for (const auto& tier : tiers_)
    tier->table.sweep(std::nextafter(time, TimeTable::never), [&](Cell& cell) {
      cell.mailbox.settle();
      least = std::min(least, cell.next_instant());
      return true;
    });
  return least;
}

} // namespace stos::detail
