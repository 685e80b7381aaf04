#include "libstos/causal/causal_mailbox.hpp"

#include "libstos/base/assert.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace stos {

// The order of the heap: the standard library keeps the greatest in front.
bool CausalMailbox::is_later(const Entry& a, const Entry& b) {
  if (a.absorption != b.absorption)
    return a.absorption > b.absorption;
  return a.key() > b.key();
}

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
  first_group_ = {};
  more_groups_.clear();
  for (const IncomingChannel* channel : channels_)
    count(*channel, path, space);

  const auto in_order_of_emission = [](const Entry& a, const Entry& b) {
    const Lambda& x = *a.lambda;
    const Lambda& y = *b.lambda;
    return std::tie(x.source, x.channel, x.sequence) < std::tie(y.source, y.channel, y.sequence);
  };
  if (empty())
    return;
  queue_.push_back(front_);
  std::sort(queue_.begin(), queue_.end(), in_order_of_emission);
  for (const Entry& entry : queue_)
    if (entry.lambda->via != nullptr)
      entry.lambda->via->last_absorption = Instant::beginning().absorption;
  for (Entry& entry : queue_)
    entry.absorption = place_on(path, *entry.lambda, space);
  std::make_heap(queue_.begin(), queue_.end(), is_later);
  take_front_from_queue();
}

void CausalMailbox::take_front_from_queue() {
  if (queue_.empty()) {
    front_ = {};
    return;
  }
  std::pop_heap(queue_.begin(), queue_.end(), is_later);
  front_ = queue_.back();
  queue_.pop_back();
}

void CausalMailbox::push(Lambda& lambda, const Trajectory& path, const Space& space) {
  if (lambda.via != nullptr)
    lambda.via->silent_until = std::max(lambda.via->silent_until, lambda.emission[0]);
  Entry entry{place_on(path, lambda, space), &lambda};
  if (empty()) {
    front_ = entry;
    return;
  }
  if (is_later(front_, entry))
    std::swap(front_, entry);
  queue_.push_back(entry);
  std::push_heap(queue_.begin(), queue_.end(), is_later);
}

bool CausalMailbox::carries(const IncomingChannel& channel) const {
  const auto is_of_it = [&channel](const Entry& entry) { return entry.lambda->via == &channel; };
  return !empty() && (is_of_it(front_) || std::any_of(queue_.begin(), queue_.end(), is_of_it));
}

NextStep CausalMailbox::next(const Trajectory& path, const Space& space,
                             const Horizons& horizons) const {
  if (empty())
    return {NextStep::Kind::idle};
  const Instant next = front_instant();
  const double due = next.absorption;
  if (next <= horizons.floor)
    return {NextStep::Kind::deliver};
  const auto holds_back = [&](const Lookahead& group) {
    return !cleared(group, horizons.groups[group.group], due, path, space);
  };
  if (holds_back(first_group_))
    return {NextStep::Kind::blocked, first_group_.group};
  for (const Lookahead& group : more_groups_)
    if (holds_back(group))
      return {NextStep::Kind::blocked, group.group};
  return {NextStep::Kind::deliver};
}

bool CausalMailbox::silent_before(double due, const Trajectory& path, const Space& space,
                                  const Horizons& horizons) const {
  if (Instant::before(due) <= horizons.floor)
    return true;
  const auto clears = [&](const Lookahead& group) {
    return cleared(group, horizons.groups[group.group], due, path, space);
  };
  return clears(first_group_) && std::all_of(more_groups_.begin(), more_groups_.end(), clears);
}

Lambda& CausalMailbox::pop() {
  Lambda& lambda = *front_.lambda;
  take_front_from_queue();
  return lambda;
}

Lambda* CausalMailbox::take_any() { return empty() ? nullptr : &pop(); }

double CausalMailbox::lookahead(std::uint16_t group) const {
  if (first_group_.group == group)
    return first_group_.distance;
  for (const Lookahead& l : more_groups_)
    if (l.group == group)
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

CausalMailbox::Lookahead& CausalMailbox::group_of(std::uint16_t group) {
  if (first_group_.resting + first_group_.moving == 0 && more_groups_.empty())
    first_group_.group = group;
  if (first_group_.group == group)
    return first_group_;
  for (Lookahead& l : more_groups_)
    if (l.group == group)
      return l;
  more_groups_.push_back({});
  more_groups_.back().group = group;
  return more_groups_.back();
}

void CausalMailbox::count(const IncomingChannel& channel, const Trajectory& path,
                          const Space& space) {
  Lookahead& l = group_of(channel.group);
  ++(is_moving(channel, path) ? l.moving : l.resting);
  l.distance = std::min(l.distance, lookahead_of(channel, path, space));
}

void CausalMailbox::recount(std::uint16_t group, const Trajectory& path, const Space& space) {
  Lookahead& l = group_of(group);
  l = {};
  l.group = group;
  for (const IncomingChannel* channel : channels_)
    if (channel->group == group)
      count(*channel, path, space);
}

// Cheap tests first: the horizon itself, then the nearest source for all of them at once; where
// somebody moves, channel by channel.
bool CausalMailbox::cleared(const Lookahead& group, double horizon, double due,
                            const Trajectory& path, const Space& space) const {
  if (due < horizon || group.resting + group.moving == 0)
    return true;
  if (due < light_cone::arrival_bound(horizon, group.distance))
    return true;
  if (group.moving == 0) // the nearest one holds the agent back, whatever the others do
    return false;
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
    if (!(due <
          light_cone::absorption_bound(source, std::max(known, source.anchor()[0]), path, space)))
      return false;
  }
  return true;
}

} // namespace stos
