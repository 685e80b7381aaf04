#pragma once

#include "libstos/cluster/stop/moves.hpp"

#include <functional>
#include <future>
#include <mutex>
#include <vector>

namespace stos::detail {

/// Agents are to move; a thread of this process waits for what becomes of it.
struct MoveOrder {
  std::vector<AgentMove> moves;
  std::promise<std::vector<MoveOutcome>> outcomes;
};

/// The simulation has ended before.
void refuse(MoveOrder& order);

/// Takes orders for the run of one simulation: before the run they wait, after it they are refused.
///
/// Threads: all functions may be called from anywhere.
class MoveDesk {
public:
  using Take = std::function<void(MoveOrder)>;

  void open(Take take);
  void wait(); ///< the run is interrupted, and goes on
  void shut();

  [[nodiscard]] std::future<std::vector<MoveOutcome>> order(std::vector<AgentMove> moves);

private:
  enum class State { waiting, opened, closed };

  std::mutex mutex_;
  State state_ = State::waiting;
  Take take_;
  std::vector<MoveOrder> waiting_;
};

} // namespace stos::detail
