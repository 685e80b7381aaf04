#include "libstos/image/event_log.hpp"

#include "libstos/base/demangle.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/hash.hpp"
#include "libstos/image/agent_view.hpp"
#include "libstos/world/agent_base.hpp"
#include "libstos/world/each_lambda.hpp"

#include <algorithm>
#include <utility>

namespace stos::detail {
namespace {

// What is bound to its process cannot be put into bytes.
void write_sent(const Closure& lambda, BytesWriter& out) {
  out.u64(lambda.ops->id);
  out.varint(lambda.channel.value);
  out.varint(lambda.sequence);
  if (lambda.ops->save != nullptr)
    lambda.ops->save(lambda, out);
}

} // namespace

void EventLog::add(const EventSeen& seen) {
  const Event event{seen.key, seen.cell.id, seen.cell.ops, seen.absorbed.ops, outcome_of(seen)};
  if (wanted_ && wanted_->is_same_as(event))
    kept_ = view(seen);
  events_.push_back(event);
}

std::uint64_t EventLog::outcome_of(const EventSeen& seen) {
  bytes_.clear();
  BytesWriter out(bytes_);
  if (seen.cell.agent != nullptr && seen.cell.ops->save != nullptr)
    (void)saver_.save(seen.cell, out);
  out.u64(seen.cell.random.state());
  for_each_lambda(seen.effects, [&out](const Closure& lambda) { write_sent(lambda, out); });
  const Effects::Changes& changes = seen.effects.changes();
  if (seen.effects.has_changes()) {
    for (const Cell* child : changes.born)
      out.u64(child->id.value);
    out.varint(changes.opened.size());
    out.varint(changes.closed.size());
    out.u8(changes.dies ? 1 : 0);
    if (changes.turn)
      for (std::size_t i = 0; i < 3; ++i)
        out.f64((*changes.turn)[i]);
  }
  for (const Report& report : seen.reports)
    out.u64(hash_of(report));
  out.finish();
  return hash_bytes(bytes_, 0);
}

ValueTree EventLog::view(const EventSeen& seen) const {
  AgentViewer viewer(world_, seen.key.instant.absorption);
  return viewer.view(seen);
}

// No two events have one key.
std::vector<EventLog::Event> EventLog::take_events() {
  std::ranges::sort(events_, [](const Event& a, const Event& b) { return a.is_before(b); });
  return std::exchange(events_, {});
}

std::optional<FirstDifference> first_difference(const std::vector<EventLog::Event>& a,
                                                const std::vector<EventLog::Event>& b) {
  const auto [in_a, in_b] =
      std::ranges::mismatch(a, b, [](const EventLog::Event& x, const EventLog::Event& y) {
        return x.is_same_as(y) && x.outcome == y.outcome && x.lambda == y.lambda;
      });
  if (in_a == a.end() && in_b == b.end())
    return std::nullopt;
  FirstDifference first;
  if (in_a != a.end() && (in_b == b.end() || !in_b->is_before(*in_a)))
    first.a = *in_a;
  if (in_b != b.end() && (in_a == a.end() || !in_a->is_before(*in_b)))
    first.b = *in_b;
  return first;
}

std::string describe(const EventLog::Event& event) {
  return "agent " + std::to_string(event.agent.value) + " (" + event.ops->type_name + ") absorbs " +
         short_name(event.lambda->name) + " of agent " + std::to_string(event.key.source.value) +
         ", channel " + std::to_string(event.key.channel.value) + ", sequence " +
         std::to_string(event.key.sequence) + ", at " + exact_text(event.key.instant.absorption) +
         " s";
}

} // namespace stos::detail
