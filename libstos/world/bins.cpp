#include "libstos/world/bins.hpp"

#include "libstos/base/exact_text.hpp"
#include "libstos/base/usage_error.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace stos {
namespace {

bool are_bounds(const std::vector<double>& all) {
  return std::ranges::all_of(all, [](double bound) { return std::isfinite(bound); }) &&
         std::ranges::adjacent_find(all, std::greater_equal<>()) == all.end();
}

} // namespace

Bins::Bins(std::vector<double> bounds) : bounds_(std::move(bounds)) {
  if (bounds_.size() > bounds_max)
    throw UsageError(Errc::bad_argument, "a histogram has at most " + std::to_string(bounds_max) +
                                             " bounds, not " + std::to_string(bounds_.size()));
  if (!are_bounds(bounds_)) {
    std::string all;
    for (const double bound : bounds_)
      all += (all.empty() ? "" : ", ") + exact_text(bound);
    throw UsageError(Errc::bad_argument,
                     "the bounds of a histogram are numbers, each above the one before, not " +
                         all);
  }
  if (!bounds_.empty())
    counts_.resize(bounds_.size() + 1);
}

void Bins::add(double x) {
  if (bounds_.empty() || std::isnan(x))
    return;
  const auto above = std::ranges::upper_bound(bounds_, x);
  ++counts_[static_cast<std::size_t>(above - bounds_.begin())];
}

void Bins::add(const Bins& other) {
  if (bounds_.empty())
    *this = other;
  else if (bounds_ == other.bounds_)
    std::ranges::transform(counts_, other.counts_, counts_.begin(), std::plus<>());
}

std::string Bins::name_of(std::size_t bin) const {
  if (bin == 0)
    return "below " + exact_text(bounds_.front());
  if (bin == bounds_.size())
    return "from " + exact_text(bounds_.back());
  return exact_text(bounds_[bin - 1]) + " to " + exact_text(bounds_[bin]);
}

bool Bins::makes_sense() const {
  return are_bounds(bounds_) && bounds_.size() <= bounds_max &&
         counts_.size() == (bounds_.empty() ? 0 : bounds_.size() + 1);
}

} // namespace stos
