#include "libstos/causal/causal_mailbox.hpp"

#include "libstos/base/assert.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <span>
#include <tuple>
#include <utility>

namespace stos {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

} // namespace

CausalMailbox::~CausalMailbox() { STOS_ASSERT(rest_ == nullptr, "a mailbox keeps its memory"); }

void CausalMailbox::free_memory(Memory& memory) {
  if (rest_capacity_ > 0)
    memory.deallocate(std::exchange(rest_, nullptr),
                      std::exchange(rest_capacity_, 0) * sizeof(Entry), alignof(Entry));
}

void CausalMailbox::attach(IncomingChannel& channel, const Trajectory& path, const Space& space) {
  channel.next_incoming = channels_;
  channels_ = &channel;
  if (more_ != nullptr) // nothing comes before its opening, whatever the horizon
    for (Clearance& clearance : more_->clearances)
      if (clearance.group == channel.group)
        clearance.until =
            std::min(clearance.until, std::max(channel.last_absorption, channel.silent_until()));
  if (is_moving(channel, path) && !channel.has_course())
    channel.require_course().silent_until = channel.last_absorption; // its opening
  if (home_.put_off != 0)
    (void)measure(channel, path, space);
  else
    count(channel, path, space);
}

// A detached channel stays in the list, and in what is summed up of its group (which errs on the
// safe side), until a quarter of the channels are of that kind: then the list is gone through.
IncomingChannel* CausalMailbox::detach(IncomingChannel& channel, const Trajectory& path,
                                       const Space& space, Sums sums) {
  channel.detached = true;
  if (home_.detachments_left > 0) {
    --home_.detachments_left;
    return nullptr;
  }
  IncomingChannel* unlinked = unlink_detached();
  sum_up_again(path, space, sums);
  return unlinked;
}

IncomingChannel* CausalMailbox::take_channels() {
  home_ = {infinity, 0, home_.group, home_.detachments_left, 0};
  more_.reset();
  return std::exchange(channels_, nullptr);
}

IncomingChannel* CausalMailbox::unlink_detached() {
  IncomingChannel* unlinked = nullptr;
  std::size_t left = 0;
  for (IncomingChannel** link = &channels_; *link != nullptr;) {
    IncomingChannel* channel = *link;
    if (channel->detached) {
      *link = channel->next_incoming;
      channel->next_incoming = std::exchange(unlinked, channel);
    } else {
      link = &channel->next_incoming;
      ++left;
    }
  }
  constexpr std::size_t most = 0x7fff; // what its bits hold
  home_.detachments_left = std::min(left / 4, most) & most;
  return unlinked;
}

void CausalMailbox::source_turned(IncomingChannel& channel, const Trajectory& path,
                                  const Space& space, Sums sums) {
  if (is_moving(channel, path) && !channel.has_course())
    channel.require_course().silent_until = channel.source_path->anchor()[0];
  (void)measure(channel, path, space);
  sum_up_again(path, space, sums);
}

void CausalMailbox::turned(const Trajectory& path, const Space& space, Memory& memory, Sums sums) {
  for (IncomingChannel* c = channels_; c != nullptr; c = c->next_incoming) {
    if (c->detached)
      continue;
    if (is_moving(*c, path))
      c->require_course();
    (void)measure(*c, path, space);
  }
  sum_up_again(path, space, sums);

  const auto in_order_of_emission = [](const Entry& a, const Entry& b) {
    const Lambda& x = *a.lambda;
    const Lambda& y = *b.lambda;
    return std::tie(x.source, x.channel, x.sequence) < std::tie(y.source, y.channel, y.sequence);
  };
  if (empty())
    return;
  append(front_, memory);
  const std::span<Entry> queue(rest_, rest_size_);
  std::sort(queue.begin(), queue.end(), in_order_of_emission);
  for (const Entry& entry : queue)
    if (entry.lambda->via != nullptr)
      entry.lambda->via->last_absorption = Instant::beginning().absorption;
  for (Entry& entry : queue)
    entry.absorption = place_on(path, *entry.lambda, space);
  std::make_heap(queue.begin(), queue.end(), IsLater());
  ordered_ = rest_size_;
  take_front_from_rest();
}

// By whole cache lines, and by a quarter at least: small steps, since there are many mailboxes, and
// what one of them has outgrown is of use to the next one.
void CausalMailbox::grow(Memory& memory) {
  constexpr std::uint32_t step = 64 / sizeof(Entry);
  const std::uint32_t capacity = rest_capacity_ + std::max(step, rest_capacity_ / 4 / step * step);
  auto* entries = static_cast<Entry*>(memory.allocate(capacity * sizeof(Entry), alignof(Entry)));
  std::uninitialized_copy_n(rest_, rest_size_, entries);
  free_memory(memory);
  rest_ = entries;
  rest_capacity_ = capacity;
}

void CausalMailbox::take_front_from_rest() {
  if (rest_size_ == 0) {
    front_ = {};
    return;
  }
  front_ = rest_[0];
  std::pop_heap(rest_, rest_ + rest_size_, IsLater());
  ordered_ = --rest_size_;
  if (rest_size_ > 0)
    rest_[0].prefetch();
}

// The next one of the heap, or in front of all. @pre its place in the heap is behind `ordered_`
void CausalMailbox::insert(Entry entry) {
  if (IsLater()(front_, entry))
    std::swap(front_, entry);
  rest_[ordered_++] = entry;
  std::push_heap(rest_, rest_ + ordered_, IsLater());
}

void CausalMailbox::order_rest() {
  while (ordered_ < rest_size_)
    insert(rest_[ordered_]);
  front_.prefetch();
  rest_[0].prefetch();
}

void CausalMailbox::push_placed(Lambda& lambda, double absorption, Memory& memory) {
  const Entry entry{absorption, &lambda};
  if (empty()) {
    front_ = entry;
    return;
  }
  append(entry, memory);
  insert(entry);
}

void CausalMailbox::mark_carried() const {
  const auto mark = [](const Entry& entry) {
    if (entry.lambda->via != nullptr)
      entry.lambda->via->carried = true;
  };
  if (!empty())
    mark(front_);
  std::for_each(rest_, rest_ + rest_size_, mark);
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
    return !group.empty() && !cleared(group, horizons.of(group.group), due, path, space);
  };
  if (holds_back(home_))
    return {NextStep::Kind::blocked, home_.group};
  if (more_ != nullptr)
    for (const Lookahead& group : more_->groups)
      if (holds_back(group))
        return {NextStep::Kind::blocked, group.group};
  return {NextStep::Kind::deliver};
}

bool CausalMailbox::silent_before(double due, const Trajectory& path, const Space& space,
                                  const Horizons& horizons) const {
  if (Instant::before(due) <= horizons.floor)
    return true;
  const auto clears = [&](const Lookahead& group) {
    return group.empty() || cleared(group, horizons.of(group.group), due, path, space);
  };
  return clears(home_) &&
         (more_ == nullptr || std::all_of(more_->groups.begin(), more_->groups.end(), clears));
}

Lambda& CausalMailbox::pop() {
  Lambda& lambda = *front_.lambda;
  take_front_from_rest();
  return lambda;
}

double CausalMailbox::lookahead(Group group) const {
  if (home_.group == group)
    return home_.distance;
  if (more_ != nullptr)
    for (const Lookahead& l : more_->groups)
      if (l.group == group)
        return l.distance;
  return infinity;
}

double CausalMailbox::lookahead_of(const IncomingChannel& channel, const Trajectory& path,
                                   const Space& space) {
  if (is_moving(channel, path))
    return channel.reaction_time();
  return std::max(channel.reaction_time(),
                  light_cone::resting_distance(*channel.source_path, path, space));
}

bool CausalMailbox::is_moving(const IncomingChannel& channel, const Trajectory& path) {
  return channel.source_path == nullptr || !channel.source_path->at_rest() || !path.at_rest();
}

CausalMailbox::Lookahead& CausalMailbox::group_of(Group group) {
  if (home_.group == group)
    return home_;
  std::vector<Lookahead>& groups = require_more().groups;
  for (Lookahead& l : groups)
    if (l.group == group)
      return l;
  groups.push_back({infinity, 0, group, 0, 0});
  return groups.back();
}

// What can be known of one channel by itself. Returns its lookahead, as lookahead_of() does.
double CausalMailbox::measure(IncomingChannel& channel, const Trajectory& path,
                              const Space& space) {
  const double reaction = channel.reaction_time();
  channel.last_absorption = std::max(channel.last_absorption, path.anchor()[0]);
  if (is_moving(channel, path)) {
    channel.set_distance(-1);
    return reaction;
  }
  const double distance = space.distance(path.anchor(), channel.source_path->anchor());
  // A source that takes time to react emits from where it is then: it may have begun to move.
  channel.set_distance(reaction > 0 ? -1 : distance);
  return std::max(reaction, light_cone::resting_bound(distance, *channel.source_path, path));
}

void CausalMailbox::count(IncomingChannel& channel, const Trajectory& path, const Space& space) {
  Lookahead& l = group_of(channel.group);
  l.moving += is_moving(channel, path) ? 1 : 0;
  l.distance = std::min(l.distance, measure(channel, path, space));
}

// With a worldline that has changed, other things may come than were to be expected.
void CausalMailbox::sum_up_again(const Trajectory& path, const Space& space, Sums sums) {
  if (sums == Sums::now) {
    recount(path, space);
  } else {
    home_.put_off = 1;
    if (more_ != nullptr)
      more_->clearances.clear();
  }
}

void CausalMailbox::recount(const Trajectory& path, const Space& space) {
  home_ = {infinity, 0, home_.group, home_.detachments_left, 0};
  more_.reset();
  for (IncomingChannel* c = channels_; c != nullptr; c = c->next_incoming)
    if (!c->detached)
      count(*c, path, space);
}

// Cheap tests first: the horizon itself, then the nearest source for all of them at once; where
// an end moves, channel by channel. Many channels are worth to be gone through to the end, since
// what is due next is so soon after this, as a rule, that it need not be done again.
bool CausalMailbox::cleared(const Lookahead& group, double horizon, double due,
                            const Trajectory& path, const Space& space) const {
  if (due < horizon)
    return true;
  if (due < light_cone::arrival_bound(horizon, group.distance))
    return true;
  if (group.moving == 0) // the nearest one holds the agent back, whatever the others do
    return false;
  constexpr std::uint32_t many = 64;
  if (group.moving < many) {
    for (const IncomingChannel* channel = channels_; channel != nullptr;
         channel = channel->next_incoming)
      if (channel->group == group.group && !channel->detached &&
          !(due < bound_of(*channel, horizon, path, space)))
        return false;
    return true;
  }
  Clearance& known = clearance_of(group.group);
  if (horizon >= known.horizon && (due < known.until || horizon == known.horizon))
    return due < known.until;
  known.horizon = horizon;
  known.until = infinity;
  for (const IncomingChannel* channel = channels_; channel != nullptr;
       channel = channel->next_incoming)
    if (channel->group == group.group && !channel->detached)
      known.until = std::min(known.until, bound_of(*channel, horizon, path, space));
  return due < known.until;
}

// Nothing on the channel is due before this.
double CausalMailbox::bound_of(const IncomingChannel& channel, double horizon,
                               const Trajectory& path, const Space& space) const {
  const double reaction = channel.reaction_time();
  const double emission =
      std::max(light_cone::arrival_bound(horizon, reaction), channel.silent_until());
  if (channel.source_path == nullptr)
    return emission;
  // A source that takes time to react may turn before it emits what it has decided upon.
  const Trajectory& source = *channel.source_path;
  const double known = reaction > 0 ? horizon : emission;
  return std::max(emission, light_cone::absorption_bound(
                                source, std::max(known, source.anchor()[0]), path, space));
}

CausalMailbox::Clearance& CausalMailbox::clearance_of(Group group) const {
  std::vector<Clearance>& clearances = require_more().clearances;
  for (Clearance& clearance : clearances)
    if (clearance.group == group)
      return clearance;
  return clearances.emplace_back(Clearance{group});
}

} // namespace stos
