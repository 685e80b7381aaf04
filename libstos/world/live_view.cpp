#include "libstos/world/live_view.hpp"

#include "libstos/code/agent_ops.hpp"

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>

namespace stos::detail {

void LiveCounters::add(const LiveCounters& other) {
  agents_born += other.agents_born;
  agents_died += other.agents_died;
  events += other.events;
  sent_local += other.sent_local;
  sent_remote += other.sent_remote;
  dropped += other.dropped;
  activations += other.activations;
  empty_activations += other.empty_activations;
  agents_blocked += other.agents_blocked;
  lambdas_waiting += other.lambdas_waiting;
  mailbox_longest = std::max(mailbox_longest, other.mailbox_longest);
  last_event_time = std::max(last_event_time, other.last_event_time);
  event_durations.add(other.event_durations);
  activation_durations.add(other.activation_durations);
}

LiveView::~LiveView() {
  for (Type* type = types_.load(); type != nullptr;)
    delete std::exchange(type, type->next);
}

// Each word is seen together with the odd version, or with a later one; the even version together
// with all words.
void LiveView::show(const LiveCounters& counters) {
  wanted_.store(false, std::memory_order_relaxed);
  const auto values = std::bit_cast<Words>(counters);
  const std::uint64_t version = version_.load(std::memory_order_relaxed);
  version_.store(version + 1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < words; ++i)
    shown_[i].store(values[i], std::memory_order_release);
  version_.store(version + 2, std::memory_order_release);
}

bool LiveView::read(LiveCounters& counters) const {
  const std::uint64_t version = version_.load(std::memory_order_acquire);
  if (version % 2 != 0)
    return false;
  Words values;
  for (std::size_t i = 0; i < words; ++i)
    values[i] = shown_[i].load(std::memory_order_acquire);
  if (version_.load(std::memory_order_relaxed) != version)
    return false;
  if (version != 0)
    counters = std::bit_cast<LiveCounters>(values);
  else
    counters = {};
  return true;
}

void LiveView::count_agents(const AgentOps& ops, std::int64_t change) {
  std::atomic<std::uint64_t>& agents = type_of(ops).agents;
  agents.store(agents.load(std::memory_order_relaxed) + static_cast<std::uint64_t>(change),
               std::memory_order_relaxed);
}

const char* LiveView::name_of(const Type& type) { return type.ops->type_name; }

// Classes are few, and most often it is the same one again.
LiveView::Type& LiveView::type_of(const AgentOps& ops) {
  if (recent_ != nullptr && recent_->ops == &ops)
    return *recent_;
  Type* const first = types_.load(std::memory_order_relaxed);
  for (Type* type = first; type != nullptr; type = type->next)
    if (type->ops->type_id == ops.type_id)
      return *(recent_ = type);
  auto type = std::make_unique<Type>(ops, first);
  recent_ = type.get();
  types_.store(type.release(), std::memory_order_release);
  return *recent_;
}

} // namespace stos::detail
