#include "actors/run/balance_desk.hpp"

#include "actors/status/status_desk.hpp"

namespace stos::detail {

BalanceDesk::~BalanceDesk() {
  if (thinking_.joinable())
    thinking_.join();
}

void BalanceDesk::hear(NodeIndex node, NodeWeights weights) {
  weights_[node] = std::move(weights);
  if (!std::ranges::all_of(weights_, [](const auto& each) { return each.has_value(); }))
    return;
  PerNode<NodeWeights> all;
  for (std::optional<NodeWeights>& each : weights_)
    all.push_back(*std::exchange(each, std::nullopt));
  if (thinking_.joinable())
    thinking_.join();
  thinking_ = std::thread([this, all = std::move(all)]() mutable {
    const double began_s = steady_seconds();
    BalanceAdvice advice = balancer_.advise(std::move(all));
    {
      const std::lock_guard lock(mutex_);
      advice_ = std::move(advice);
      thought_for_s_ = steady_seconds() - began_s;
    }
    advised_();
  });
}

BalanceAdvice BalanceDesk::take_advice() {
  constexpr double pause_doubled_most = 16, pause_per_thought = 50;
  BalanceAdvice advice;
  double thought_for_s = 0;
  {
    const std::lock_guard lock(mutex_);
    advice = std::exchange(advice_, {});
    thought_for_s = thought_for_s_;
  }
  std::erase_if(advice.moves,
                [this](const AgentMove& move) { return immovable_.contains(move.agent); });
  pause_s_ =
      advice.moves.empty() ? std::min(2 * pause_s_, pause_doubled_most * every_s_) : every_s_;
  pause_s_ = std::max(pause_s_, pause_per_thought * thought_for_s);
  return advice;
}

std::optional<std::string> BalanceDesk::hear(const std::vector<MoveOutcome>& outcomes) {
  std::optional<std::string> why;
  for (const MoveOutcome& outcome : outcomes)
    if (outcome.result == MoveResult::not_serialisable) {
      if (immovable_.empty())
        why = outcome.text;
      immovable_.insert(outcome.move.agent);
    }
  return why;
}

} // namespace stos::detail
