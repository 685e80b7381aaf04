#include "libstos/base/assert.hpp"
#include "libstos/cluster/gateway/gateway.hpp"
#include "libstos/world/agent_base.hpp"

#include <algorithm>
#include <utility>

namespace stos::detail {
namespace {

// Deletes an agent that is to be elsewhere. What it does meanwhile concerns nobody.
void delete_copy(World& world, Cell& cell) {
  EventContext& context = world.setup;
  context.begin_inert();
  const EventContext::Scope scope(&context);
  delete_agent(cell);
  context.drop_effects();
  context.close_all(cell);
  context.effects.clear();
}

class Division {
public:
  Division(World& world, const NodePlace& place, InitialShare& share)
      : world_(world), place_(place), share_(share) {
    share_.links.resize(place.nodes);
  }

  void divide(Effects&& all, const std::vector<std::uint16_t>& node_of) {
    for (std::size_t i = 0; i < all.changes().born.size(); ++i)
      divide(*all.changes().born[i], node_of[i]);
    for (Channel* channel : all.changes().opened)
      divide(*channel);
    for (std::size_t i = 0; i < all.changes().held.size(); ++i)
      divide_hold(*all.changes().held[i], HoldsBetweenNodes::initial_name(i));
    for (auto* lambda = all.first_lambda; lambda != nullptr;) {
      auto* next = static_cast<Closure*>(lambda->next);
      if (place_.is_here(*lambda->to))
        share_.own.add(*lambda);
      else
        discard(*lambda, nullptr);
      lambda = next;
    }
    for (Channel* channel : all.changes().closed)
      if (place_.is_here(*channel->to))
        share_.own.change().closed.push_back(channel);
    for (Channel* channel : unread_)
      channel->let_go();
    for (Cell* cell : share_.elsewhere)
      delete_copy(world_, *cell);
  }

private:
  void divide(Cell& cell, std::size_t node) {
    if (node == place_.own_node) {
      cell.domain = 0;
      share_.own.change().born.push_back(&cell);
    } else {
      cell.domain = place_.group_of(node);
      share_.elsewhere.push_back(&cell);
    }
  }

  void divide(Channel& channel) {
    const std::size_t from = place_.node_of(channel.from().domain);
    const std::size_t to = place_.node_of(channel.to->domain);
    const bool is_used = from != to && channel.closed == 0; // by both ends of a link
    if (to == place_.own_node) {
      share_.own.change().opened.push_back(&channel);
      if (is_used)
        share_.links[from].incoming.emplace_back(&channel, channel.from().id);
    } else if (from == place_.own_node && is_used) {
      Domain::leave_copy_of_source(channel);
      share_.links[to].outgoing.push_back(&channel);
    } else {
      unread_.push_back(&channel);
    }
  }

  void divide_hold(Channel& hold, std::uint64_t name) {
    ChannelCourse& course = hold.far_course();
    const bool holder_is_here = place_.is_here(*course.holder);
    course.wire = name;
    if (place_.is_here(*hold.to)) {
      share_.own.change().held.push_back(&hold);
      if (!holder_is_here)
        share_.holds_here.push_back(&hold);
    } else if (holder_is_here) {
      share_.closed_from_here.push_back(&hold);
    } else {
      hold.let_go();
    }
  }

  World& world_;
  const NodePlace& place_;
  InitialShare& share_;
  std::vector<Channel*> unread_; // here
};

} // namespace

InitialShare take_share(World& world, const std::vector<std::uint16_t>& node_of,
                        const NodePlace& place) {
  InitialShare share;
  Division(world, place, share).divide(std::exchange(world.setup.effects, {}), node_of);
  world.directory = std::make_unique<AgentDirectory>();
  world.groups_here = place.domains;
  return share;
}

} // namespace stos::detail
