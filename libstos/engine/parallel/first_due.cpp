#include "libstos/engine/parallel/first_due.hpp"

#include <algorithm>
#include <cmath>

namespace stos::detail {
namespace {

// Among so many there are some who can go, most often, and they are found within the time that an
// event takes that does something worth the name.
constexpr std::size_t agents_max = 32;

} // namespace

void FirstDue::find(Tiers& tiers, double end_time) {
  found_.clear();
  agents_ = tiers.agents();
  const double first = tiers.earliest();
  if (!(first < end_time))
    return;
  if (width_ == 0)
    width_ = std::isfinite(tiers.least_width()) ? tiers.least_width() : 1;
  std::size_t before = 0;
  for (;;) {
    collect(tiers, std::min(first + width_, end_time));
    if (found_.size() >= agents_max / 2)
      break;
    if (found_.size() == before) { // no other agent is due for long
      width_ /= 2;
      break;
    }
    before = found_.size();
    width_ *= 2;
  }
  if (found_.size() > agents_max) { // and some who are due earlier may be missing
    width_ /= 2;
    found_.clear();
    return;
  }
  std::sort(found_.begin(), found_.end(),
            [](const Due& a, const Due& b) { return a.where[0] < b.where[0]; });
}

void FirstDue::collect(Tiers& tiers, double end) {
  found_.clear();
  tiers.look(end, [this](Cell& cell) {
    found_.push_back({cell.path.position(cell.next), &cell});
    return found_.size() <= agents_max;
  });
}

bool FirstDue::is_out_of_reach(std::size_t i) const {
  const Point& here = found_[i].where;
  for (std::size_t k = 0; k < found_.size() && found_[k].where[0] <= here[0]; ++k)
    if (k != i &&
        !(here[0] < light_cone::influence_bound(
                        found_[k].where[0], space_.distance(found_[k].where, here), here, agents_)))
      return false;
  return true;
}

} // namespace stos::detail
