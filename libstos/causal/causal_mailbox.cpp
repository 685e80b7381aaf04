#include "libstos/causal/causal_mailbox.hpp"

#include "libstos/base/assert.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace stos {

void CausalMailbox::attach(IncomingChannel& channel, const Trajectory& path, const Space& space) {
  channels_.push_back(&channel);
  count(channel, path, space);
}

void CausalMailbox::detach(IncomingChannel& channel, const Trajectory& path, const Space& space) {
  const auto found = std::find(channels_.begin(), channels_.end(), &channel);
  STOS_ASSERT(found != channels_.end(), "a channel that is not attached was detached");
  *found = channels_.back();
  channels_.pop_back();
  recount(channel.group, path, space);
}

void CausalMailbox::source_turned(const IncomingChannel& channel, const Trajectory& path,
                                  const Space& space) {
  recount(channel.group, path, space);
}

void CausalMailbox::turned(const Trajectory& path, const Space& space) {
  lookaheads_.clear();
  for (const IncomingChannel* channel : channels_)
    count(*channel, path, space);

  const auto in_order_of_emission = [](const Entry& a, const Entry& b) {
    const Lambda& x = *a.lambda;
    const Lambda& y = *b.lambda;
    return std::tie(x.source, x.channel, x.sequence) < std::tie(y.source, y.channel, y.sequence);
  };
  std::sort(queue_.begin(), queue_.end(), in_order_of_emission);
  for (const Entry& entry : queue_)
    if (entry.lambda->via != nullptr)
      entry.lambda->via->last_absorption = Instant::beginning().absorption;
  for (Entry& entry : queue_)
    entry.absorption = place_on(path, *entry.lambda, space);
  std::make_heap(queue_.begin(), queue_.end(), [](auto& a, auto& b) { return later(a, b); });
}

void CausalMailbox::push(Lambda& lambda, const Trajectory& path, const Space& space) {
  if (lambda.via != nullptr)
    lambda.via->silent_until = std::max(lambda.via->silent_until, lambda.emission[0]);
  queue_.push_back({place_on(path, lambda, space), &lambda});
  std::push_heap(queue_.begin(), queue_.end(), [](auto& a, auto& b) { return later(a, b); });
}

NextStep CausalMailbox::next(const Trajectory& path, const Space& space,
                             const Horizons& horizons) const {
  if (queue_.empty())
    return {NextStep::Kind::idle};
  const Instant next = front_instant();
  const double due = next.absorption;
  if (next <= horizons.floor)
    return {NextStep::Kind::deliver};
  for (const Lookahead& group : lookaheads_)
    if (!cleared(group, horizons.groups[group.group], due, path, space))
      return {NextStep::Kind::blocked, group.group};
  return {NextStep::Kind::deliver};
}

bool CausalMailbox::silent_before(double due, const Trajectory& path, const Space& space,
                                  const Horizons& horizons) const {
  if (Instant::before(due) <= horizons.floor)
    return true;
  return std::all_of(lookaheads_.begin(), lookaheads_.end(), [&](const Lookahead& group) {
    return cleared(group, horizons.groups[group.group], due, path, space);
  });
}

Lambda& CausalMailbox::pop() {
  std::pop_heap(queue_.begin(), queue_.end(), [](auto& a, auto& b) { return later(a, b); });
  Lambda& lambda = *queue_.back().lambda;
  queue_.pop_back();
  return lambda;
}

Lambda* CausalMailbox::take_any() {
  if (queue_.empty())
    return nullptr;
  Lambda* lambda = queue_.back().lambda;
  queue_.pop_back();
  return lambda;
}

double CausalMailbox::lookahead(std::uint16_t group) const {
  for (const Lookahead& l : lookaheads_)
    if (l.group == group && l.resting + l.moving > 0)
      return l.distance;
  return std::numeric_limits<double>::infinity();
}

double CausalMailbox::lookahead_of(const IncomingChannel& channel, const Trajectory& path,
                                   const Space& space) {
  if (is_moving(channel, path))
    return channel.reaction_time;
  return std::max(channel.reaction_time,
                  light_cone::resting_distance(*channel.source_path, path, space));
}

bool CausalMailbox::is_moving(const IncomingChannel& channel, const Trajectory& path) {
  return channel.source_path == nullptr || !channel.source_path->at_rest() || !path.at_rest();
}

CausalMailbox::Lookahead& CausalMailbox::lookahead_of(std::uint16_t group) {
  for (Lookahead& l : lookaheads_)
    if (l.group == group)
      return l;
  return lookaheads_.emplace_back(
      Lookahead{group, 0, 0, std::numeric_limits<double>::infinity()});
}

void CausalMailbox::count(const IncomingChannel& channel, const Trajectory& path,
                          const Space& space) {
  Lookahead& l = lookahead_of(channel.group);
  ++(is_moving(channel, path) ? l.moving : l.resting);
  l.distance = std::min(l.distance, lookahead_of(channel, path, space));
}

void CausalMailbox::recount(std::uint16_t group, const Trajectory& path, const Space& space) {
  lookahead_of(group) = {group, 0, 0, std::numeric_limits<double>::infinity()};
  for (const IncomingChannel* channel : channels_)
    if (channel->group == group)
      count(*channel, path, space);
}

// Cheap tests first: the horizon itself, then the nearest resting source for all of them at once,
// and channel by channel only for the few events that neither of those lets pass.
bool CausalMailbox::cleared(const Lookahead& group, double horizon, double due,
                            const Trajectory& path, const Space& space) const {
  if (due < horizon)
    return true;
  if (due < light_cone::arrival_bound(horizon, group.distance))
    return true;
  for (const IncomingChannel* channel : channels_) {
    if (channel->group != group.group)
      continue;
    const double emission =
        std::max(light_cone::arrival_bound(horizon, channel->reaction_time), channel->silent_until);
    if (due < emission)
      continue;
    if (channel->source_path == nullptr)
      return false;
    // A source that takes time to react may turn before it emits what it has decided upon.
    const Trajectory& source = *channel->source_path;
    const double known = channel->reaction_time > 0 ? horizon : emission;
    if (!(due < light_cone::absorption_bound(source, std::max(known, source.anchor()[0]), path,
                                             space)))
      return false;
  }
  return true;
}

} // namespace stos
