#include "actors/run/move_desk.hpp"

#include "libstos/base/usage_error.hpp"

#include <exception>
#include <utility>

namespace stos::detail {

void refuse(MoveOrder& order) {
  order.outcomes.set_exception(std::make_exception_ptr(
      UsageError(Errc::bad_argument, "the simulation has ended before the agents could move")));
}

void MoveDesk::open(Take take) {
  const std::lock_guard lock(mutex_);
  take_ = std::move(take);
  state_ = State::opened;
  for (MoveOrder& order : std::exchange(waiting_, {}))
    take_(std::move(order));
}

void MoveDesk::wait() {
  const std::lock_guard lock(mutex_);
  take_ = {};
  state_ = State::waiting;
}

void MoveDesk::shut() {
  const std::lock_guard lock(mutex_);
  take_ = {};
  state_ = State::closed;
  for (MoveOrder& order : std::exchange(waiting_, {}))
    refuse(order);
}

std::future<std::vector<MoveOutcome>> MoveDesk::order(std::vector<AgentMove> moves) {
  MoveOrder order{std::move(moves), {}};
  std::future<std::vector<MoveOutcome>> outcomes = order.outcomes.get_future();
  const std::lock_guard lock(mutex_);
  switch (state_) {
    case State::waiting: waiting_.push_back(std::move(order)); break;
    case State::opened: take_(std::move(order)); break;
    case State::closed: refuse(order); break;
  }
  return outcomes;
}

} // namespace stos::detail
