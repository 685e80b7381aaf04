#include "libstos/base/assert.hpp"
#include "libstos/cluster/gateway/gateway.hpp"
#include "libstos/world/agent_base.hpp"
#include "libstos/world/each_lambda.hpp"

#include <algorithm>
#include <utility>

namespace stos::detail {
namespace {

// Deletes an agent of the set-up that is to be elsewhere. What it does meanwhile has no effect.
void delete_elsewhere(World& world, Cell& cell) {
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

  void divide(Effects&& all, const Placement& node_of) {
    Effects::Changes& own = share_.own.change();
    for (std::size_t i = 0; i < all.changes().born.size(); ++i)
      divide(*all.changes().born[i], node_of[i], own.born);
    for (Channel* channel : all.changes().opened)
      divide(*channel, own.opened);
    for (std::size_t i = 0; i < all.changes().held.size(); ++i)
      divide_hold(*all.changes().held[i], HoldsBetweenNodes::initial_name(i), own.held);
    for_each_lambda(all, [this](Closure& lambda) {
      if (place_.is_here(*lambda.to))
        share_.own.add(lambda);
      else
        discard(lambda, nullptr);
    });
    for (Channel* channel : all.changes().closed)
      if (place_.is_here(*channel->to))
        own.closed.push_back(channel);
    drop_the_rest();
  }

  void divide(Resumption& all, const Placement& node_of) {
    auto own = std::make_unique<Resumption>();
    for (std::size_t i = 0; i < all.agents.size(); ++i)
      divide(*all.agents[i], node_of[i], own->agents);
    for (Cell* cell :
         all.departed) // nothing happens there: anywhere, but in the same place for all
      divide(*cell, NodeIndex(cell->id.value % place_.nodes), own->departed);
    for (Channel* channel : all.opened)
      divide(*channel, own->opened);
    for (std::size_t i = 0; i < all.held.size(); ++i)
      divide_hold(*all.held[i], HoldsBetweenNodes::initial_name(i), own->held);
    for (Channel* channel : all.retired)
      if (place_.is_here(*channel->to))
        own->retired.push_back(channel);
      else
        channel->let_go();
    for (const Resumption::Waiting& waiting : all.lambdas)
      if (place_.is_here(*waiting.lambda->to))
        own->lambdas.push_back(waiting);
      else
        discard(*waiting.lambda, nullptr);
    drop_the_rest();
    world_.resumption = std::move(own);
  }

private:
  void drop_the_rest() {
    for (Channel* channel : unread_)
      channel->let_go();
    for (Cell* cell : share_.elsewhere)
      delete_elsewhere(world_, *cell);
  }

  void divide(Cell& cell, NodeIndex node, std::vector<Cell*>& here) {
    if (node == place_.own_node) {
      cell.group = DomainIndex(0);
      here.push_back(&cell);
    } else {
      cell.group = place_.group_of(node);
      share_.elsewhere.push_back(&cell);
    }
  }

  void divide(Channel& channel, std::vector<Channel*>& here) {
    const NodeIndex from = place_.node_of(channel.from().group);
    const NodeIndex to = place_.node_of(channel.to->group);
    const bool is_used = from != to && channel.closed == 0; // by both ends of a link
    if (to == place_.own_node) {
      here.push_back(&channel);
      if (is_used)
        share_.links[from].incoming.emplace_back(&channel, channel.from().id);
    } else if (from == place_.own_node && is_used) {
      Domain::leave_copy_of_source(channel);
      share_.links[to].outgoing.push_back(&channel);
    } else {
      unread_.push_back(&channel);
    }
  }

  void divide_hold(Channel& hold, std::uint64_t name, std::vector<Channel*>& here) {
    ChannelCourse& course = hold.far_course();
    const bool holder_is_here = place_.is_here(*course.holder);
    course.wire = name;
    if (place_.is_here(*hold.to)) {
      here.push_back(&hold);
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

InitialShare take_share(World& world, const Placement& node_of, const NodePlace& place) {
  InitialShare share;
  Division division(world, place, share);
  if (const auto resumption = std::exchange(world.resumption, nullptr))
    division.divide(*resumption, node_of);
  else
    division.divide(std::exchange(world.setup.effects, {}), node_of);
  world.directory = std::make_unique<AgentDirectory>();
  world.domains_here = place.domains;
  return share;
}

} // namespace stos::detail
