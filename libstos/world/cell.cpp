#include "libstos/world/cell.hpp"

#include "libstos/base/prefetch.hpp"

#include <limits>
#include <new>
#include <utility>

namespace stos::detail {

Channel& Channel::create(BlockPool& pool, Cell& to) {
  return *new (pool.depot().allocate_shared(pool, sizeof(Channel))) Channel(to);
}

void Channel::let_go() {
  if (owners_left_.fetch_sub(1, std::memory_order_acq_rel) != 1)
    return;
  this->~Channel();
  BlockDepot::give_back_shared(this, sizeof(Channel));
}

// Within a domain the channel looks at the source's own worldline, which leads to the source.
Cell& Channel::from() const {
  if (between_domains)
    return *static_cast<const ChannelCourse&>(course()).from;
  return Cell::of_path(*source_path);
}

ChannelCourse& Channel::require_far_course() {
  if (has_course())
    if (auto* far = dynamic_cast<ChannelCourse*>(&course()))
      return *far;
  auto* far = new ChannelCourse;
  far->reaction_time = reaction_time();
  far->silent_until = silent_until();
  set_course(far);
  return *far;
}

ChannelCourse& Channel::keep_source(AgentId agent, const Trajectory& path, Cell* from) {
  ChannelCourse& course = require_far_course();
  course.from = from;
  course.agent = agent;
  course.source = path;
  source_path = &course.source;
  between_domains = 1;
  return course;
}

ChannelCourse& Channel::keep_holder(AgentId agent) {
  ChannelCourse& course = require_far_course();
  course.agent = agent;
  return course;
}

Cell& Cell::create(World& world, BlockPool& pool, AgentBase& agent, const AgentOps& ops) {
  Cell& cell = create_without_agent(world, pool, ops);
  cell.agent = &agent;
  return cell;
}

Cell& Cell::create_without_agent(World& world, BlockPool& pool, const AgentOps& ops) {
  Cell* cell = new (pool.allocate(sizeof(Cell))) Cell;
  cell->world = &world;
  cell->ops = &ops;
  return *cell;
}

void Cell::destroy(BlockPool& pool) {
  mailbox.free_memory(pool.resource());
  this->~Cell();
  pool.give_back(this, sizeof(Cell));
}

// The channels that an agent has opened one after the other lie side by side; the last one is the
// first in the list.
void Cell::prefetch_visit() const {
  prefetch(agent, 2);
  mailbox.prefetch();
  constexpr std::uint32_t most = 6;
  const std::size_t channels = std::min(channels_opened, most);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the list may be empty
  prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(outgoing) -
                                         (channels - 1) * sizeof(Channel)),
           channels);
}

void Cell::link_outgoing(Channel& channel) {
  channel.next_outgoing = outgoing;
  outgoing = &channel;
}

// Goes through the list when a quarter of it may be closed, so that closing costs O(1) amortised.
void Cell::tidy_outgoing() {
  if (closings_left > 0) {
    --closings_left;
    return;
  }
  std::size_t left = 0;
  for (Channel** link = &outgoing; *link != nullptr;) {
    Channel* channel = *link;
    if (channel->closed) {
      *link = channel->next_outgoing;
      channel->let_go();
    } else {
      link = &channel->next_outgoing;
      ++left;
    }
  }
  constexpr std::size_t most = std::numeric_limits<std::uint16_t>::max();
  closings_left = static_cast<std::uint16_t>(std::min(left / 4, most));
}

void Cell::let_go_of_outgoing() {
  while (outgoing != nullptr)
    std::exchange(outgoing, outgoing->next_outgoing)->let_go();
}

} // namespace stos::detail
