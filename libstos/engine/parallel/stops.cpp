#include "libstos/engine/parallel/stops.hpp"

#include "libstos/base/assert.hpp"
#include "libstos/engine/parallel/domain.hpp"
#include "libstos/engine/parallel/domain_board.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace stos::detail {
namespace {

// A laboratory time with nothing left before it, and nothing that has happened behind it.
double time_of_cut(double latest, double next) {
  return std::max(next, std::nextafter(latest, std::numeric_limits<double>::infinity()));
}

} // namespace

void Stops::want_weighing() {
  if (others_ == nullptr)
    return;
  weighing_is_wanted_.store(true);
  board_.wake_gateway();
}

bool Stops::want_division(std::function<void()> divide) {
  if (division_is_wanted_.exchange(true))
    return false;
  divide_ = std::move(divide);
  if (others_ != nullptr)
    board_.wake_gateway();
  return true;
}

bool Stops::is_wanted() const {
  return world_.wants_stop.load(std::memory_order_relaxed) ||
         weighing_is_wanted_.load(std::memory_order_relaxed) ||
         division_is_wanted_.load(std::memory_order_relaxed);
}

StopOrders Stops::take_wanted() {
  StopOrders orders;
  orders.cut = world_.wants_stop.exchange(false);
  orders.weigh = weighing_is_wanted_.exchange(false);
  orders.divide = division_is_wanted_.load();
  return orders;
}

void Stops::begin(const StopOrders& orders) {
  STOS_ASSERT(phase_.exchange(Phase::pausing) == Phase::none, "a stop begins in another one");
  pause(orders);
}

// What the stop is for is read once the domain of this thread has parked, too.
void Stops::begin_alone() {
  Phase none = Phase::none;
  if (!board_.finished() && phase_.compare_exchange_strong(none, Phase::pausing))
    pause(take_wanted());
}

void Stops::pause(const StopOrders& orders) {
  ++number_;
  orders_ = orders;
  board_.pause(DomainBoard::Pause::stop);
}

std::uint64_t Stops::progress() const {
  const Phase phase = phase_.load();
  const std::uint64_t stop =
      phase == Phase::none ? 0 : 4 * number_ + (phase == Phase::departed ? 1 : 0);
  return stop + (is_deciding_ ? 2 : 0);
}

Result<Stops::Then> Stops::all_stand_still(const Instant& next, double latest,
                                           std::span<const std::vector<std::byte>> seen_by_all) {
  if (phase_.load() == Phase::departed) {
    if (Result<void> arrived = others_->arrive(); !arrived)
      return arrived.error();
    return finish();
  }
  if (std::exchange(is_deciding_, false)) {
    if (Result<void> decided = world_.decide(seen_by_all); !decided)
      return decided.error();
    return Then::look_anew;
  }
  const bool nothing_is_left = next == Instant::never();
  if (nothing_is_left && world_.stops())
    return show();
  if (nothing_is_left || !is_under_way()) {
    phase_.store(Phase::none);
    return Then::move_floor;
  }
  least_ = next.absorption;
  if (orders_.cut)
    world_.stop_before(time_of_cut(latest, least_));
  if (others_ != nullptr && orders_.weigh)
    others_->weigh();
  if (others_ != nullptr && (orders_.move || orders_.divide)) {
    phase_.store(Phase::departed);
    others_->depart(least_);
    return Then::wait;
  }
  return finish();
}

// A division that was asked for after the stop had begun is for the next one.
Stops::Then Stops::finish() {
  if (orders_.divide && division_is_wanted_.load()) {
    std::exchange(divide_, nullptr)();
    division_is_wanted_.store(false);
  }
  phase_.store(Phase::none);
  board_.end_pause(DomainBoard::Pause::stop);
  return Then::look_anew;
}

// One node alone decides by what it has seen itself.
Stops::Then Stops::show() {
  WorldAtStop here;
  here.time = world_.stop_time();
  for (const auto& domain : domains_)
    domain->show_at(here);
  const bool decides = world_.show(here);
  shown_.fetch_add(1, std::memory_order_relaxed);
  if (decides && others_ != nullptr) {
    is_deciding_ = true;
    return Then::wait;
  }
  if (decides)
    world_.decide_alone();
  return Then::look_anew;
}

} // namespace stos::detail
