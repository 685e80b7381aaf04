#include "libstos/cluster/stop/migration.hpp"

#include "libstos/base/assert.hpp"
#include "libstos/image/record_bytes.hpp"
#include "libstos/spacetime/trajectory_bytes.hpp"
#include "libstos/world/agent_base.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <utility>

namespace stos::detail {
namespace {

bool has_lambda_of_channel(const Cell& cell) {
  bool has = false;
  cell.mailbox.for_each(
      [&has](const Lambda& lambda, double) { has |= lambda.kind == Lambda::Kind::channel; });
  return has;
}

// Deletes the object of an agent that has left. What it does meanwhile has no effect: the agent
// goes on living elsewhere.
void delete_left_object(EventContext& context, Cell& cell) {
  context.begin_inert();
  const EventContext::Scope scope(&context);
  delete_agent(cell);
  context.drop_effects();
  context.effects.clear();
  cell.let_go_of_outgoing(); // what it has opened in its destructor
}

} // namespace

Migration::Migration(World& world, DomainSet& set, Abroad& abroad, const Links& links, double least)
    : world_(world), set_(set), abroad_(abroad), links_(links), least_(least), rewiring_(set),
      saver_(world, abroad.pool), deleting_(world, abroad.pool), loading_(world, abroad.pool) {
  abroad_.moves.verdicts.resize(abroad_.moves.wishes.size());
}

// Only if the run breaks off in the middle is anything left.
Migration::~Migration() {
  for (Channel* channel : to_number_)
    channel->let_go();
}

// ---- departure
// ------------------------------------------------------------------------------------

// One agent after the other, all that is to be done with it: its memory is read once. What others
// may still look at is freed when all are through.
void Migration::depart() {
  decide();
  tell_verdicts();
  for (const Leaving& leaving : leaving_)
    leaving.cell->state = CellState::elsewhere;
  for (std::size_t i = 0; i < leaving_.size(); ++i) {
    if (i + 1 < leaving_.size())
      leaving_[i + 1].cell->prefetch_visit();
    depart(leaving_[i]);
  }
  for (const LeavingHold& each : own_holds_)
    leave_own_hold(*each.leaving, *each.hold);
  free_leaving();
  members_ = {};
}

void Migration::depart(const Leaving& leaving) {
  send_image(leaving);
  loosen(*leaving.cell);
  delete_agent_of(leaving);
  leave_lambdas(leaving);
  leave_incoming(leaving);
}

void Migration::decide() {
  const std::size_t wishes = abroad_.moves.wishes.size();
  NameTable<AgentId, std::size_t> known;
  for (std::size_t i = 0; i < wishes; ++i) {
    Cell* cell = world_.directory->find(abroad_.moves.wishes[i].move.agent);
    if (cell != nullptr && cell->alive())
      decide_on(i, *cell, known);
  }
  std::erase_if(leaving_,
                [own = abroad_.place.own_node](const Leaving& each) { return each.node == own; });
  std::sort(leaving_.begin(), leaving_.end(),
            [](const Leaving& a, const Leaving& b) { return a.cell->id < b.cell->id; });
}

// Of several wishes for one agent each follows the one before.
void Migration::decide_on(std::size_t wish, Cell& cell, NameTable<AgentId, std::size_t>& known) {
  const NodeIndex target = abroad_.moves.wishes[wish].move.node;
  const std::size_t before = members_.size();
  MovesUnderWay::Verdict& verdict = abroad_.moves.verdicts[wish];
  verdict.node = abroad_.place.own_node;
  verdict.result = MoveResult::moved;
  const std::size_t places = known.find(cell.id); // one more than where it is in leaving_
  const NodeIndex node = places != 0 ? leaving_[places - 1].node : verdict.node;
  if (node == target) {
    verdict.result = MoveResult::already_there;
  } else if (places != 0) {
    leaving_[places - 1].node = target;
  } else if (auto why = save_members(cell)) {
    verdict.result = MoveResult::not_serialisable;
    verdict.text = describe(cell) + " cannot move to another node: " + *why;
  } else {
    leaving_.push_back({&cell, target, before, members_.size() - before});
    known.put(cell.id, leaving_.size());
  }
}

// If nothing keeps the agent here, its members are saved.
std::optional<std::string> Migration::save_members(Cell& cell) {
  if (auto why = obstacle_to_image(cell))
    return why;
  const std::size_t before = members_.size();
  auto why = saver_.save(cell, members_);
  if (why)
    members_.resize(before);
  return why;
}

void Migration::tell_verdicts() {
  const auto& verdicts = abroad_.moves.verdicts;
  std::size_t own = 0;
  for (const auto& verdict : verdicts)
    own += verdict.result != MoveResult::no_such_agent ? 1 : 0;
  if (own == 0)
    return;
  for (const auto& link : links_) {
    if (link == nullptr)
      continue;
    BytesWriter& out = link->begin_record(least_);
    out.u8(static_cast<std::uint8_t>(RecordKind::verdicts));
    out.varint(own);
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      if (verdicts[i].result == MoveResult::no_such_agent)
        continue;
      out.varint(i);
      out.u8(static_cast<std::uint8_t>(verdicts[i].result));
      if (verdicts[i].result == MoveResult::not_serialisable)
        out.text(verdicts[i].text);
    }
    link->end_record();
  }
}

void Migration::send_image(const Leaving& leaving) {
  image_.clear();
  {
    BytesWriter out(image_);
    write_image(leaving, out);
  }
  Link& link = *links_[leaving.node];
  BytesWriter& out = link.begin_record(least_);
  out.u8(static_cast<std::uint8_t>(RecordKind::image));
  out.varint(image_.size());
  out.raw(image_);
  link.end_record();
}

void Migration::write_image(const Leaving& leaving, BytesWriter& out) {
  const Cell& cell = *leaving.cell;
  write_record(cell, out);
  out.varint(cell.extras != nullptr ? cell.extras->trace_records : 0);
  write_incoming(cell, out);
  write_outgoing(cell, out);
  write_lambdas(cell, out);
  out.varint(leaving.members_bytes);
  out.raw(std::span(members_).subspan(leaving.members, leaving.members_bytes));
}

// A closed channel is of use only while a lambda that came on it is queued.
void Migration::sort_incoming(const Cell& cell) {
  open_ends_.clear();
  closed_ends_.clear();
  holds_.clear();
  for (IncomingChannel* c = cell.mailbox.first_channel(); c != nullptr; c = c->next_incoming)
    if (!c->detached) {
      if (static_cast<Channel*>(c)->is_hold())
        holds_.push_back(static_cast<Channel*>(c));
      else
        open_ends_.push_back(c);
    }
  cell.mailbox.for_each([&](const Lambda& lambda, double) {
    if (lambda.via != nullptr && lambda.via->detached)
      closed_ends_.push_back(lambda.via);
  });
  std::sort(closed_ends_.begin(), closed_ends_.end(), std::less<>());
  closed_ends_.erase(std::unique(closed_ends_.begin(), closed_ends_.end()), closed_ends_.end());
}

void Migration::write_incoming(const Cell& cell, BytesWriter& out) {
  sort_incoming(cell);
  out.varint(open_ends_.size());
  out.varint(closed_ends_.size());
  const auto write_end = [&out](const Channel& channel) {
    out.varint(channel.number.value);
    out.f64(channel.last_absorption);
    out.f64(channel.silent_until());
    out.f64(channel.reaction_time());
  };
  for (const IncomingChannel* end : open_ends_) {
    const auto& channel = static_cast<const Channel&>(*end);
    write_end(channel);
    const bool from_here = abroad_.place.is_here(channel.group);
    const AgentId source =
        from_here ? channel.from().id : static_cast<const ChannelCourse&>(channel.course()).agent;
    out.u64(source.value);
    out.varint(abroad_.place.node_of(channel.group).number());
    write_trajectory(*channel.source_path, out);
  }
  for (const IncomingChannel* end : closed_ends_)
    write_end(static_cast<const Channel&>(*end));
  out.varint(holds_.size());
  for (Channel* hold : holds_) {
    out.u64(abroad_.name_of(*hold));
    out.u64(hold->far_course().agent.value);
    out.varint(abroad_.place.node_of(hold->group).number());
    out.f64(hold->last_absorption);
    out.f64(hold->silent_until());
    out.f64(hold->reaction_time());
  }
}

// The one that was opened first comes first: the list begins with the last one.
void Migration::write_outgoing(const Cell& cell, BytesWriter& out) {
  outgoing_.clear();
  for (Channel* c = cell.outgoing; c != nullptr; c = c->next_outgoing)
    if (!c->closed)
      outgoing_.push_back(c);
  std::reverse(outgoing_.begin(), outgoing_.end());
  out.varint(outgoing_.size());
  for (const Channel* channel : outgoing_) {
    out.varint(channel->number.value);
    out.varint(channel->next_sequence);
    out.u64(channel->to->id.value);
    out.u64(channel->to->ops->type_id);
    out.varint(abroad_.place.node_of(channel->to->group).number());
  }
}

// They name the channels that they came on by their places among the ends in the image.
void Migration::write_lambdas(const Cell& cell, BytesWriter& out) {
  out.varint(cell.mailbox.size());
  if (cell.mailbox.empty())
    return;
  std::vector<std::pair<const IncomingChannel*, std::size_t>>& index = index_of_ends_;
  index.clear();
  if (has_lambda_of_channel(cell))
    for (const auto* ends : {&open_ends_, &closed_ends_})
      for (const IncomingChannel* end : *ends)
        index.emplace_back(end, index.size());
  std::sort(index.begin(), index.end(),
            [](const auto& a, const auto& b) { return std::less<>()(a.first, b.first); });
  cell.mailbox.for_each([&](const Lambda& l, double absorption) {
    const auto& lambda = static_cast<const Closure&>(l);
    out.u64(lambda.ops->type_id);
    out.u8(static_cast<std::uint8_t>(lambda.kind));
    out.f64(absorption);
    write_point(lambda.emission, out);
    out.varint(lambda.emission_depth);
    out.varint(lambda.sequence);
    if (lambda.kind == Lambda::Kind::channel) {
      const auto end = std::lower_bound(
          index.begin(), index.end(), lambda.via, [](const auto& each, const IncomingChannel* via) {
            return std::less<const IncomingChannel*>()(each.first, via);
          });
      out.varint(end->second);
      out.u64(lambda.source.value);
    } else {
      out.f64(lambda.due);
    }
    write_references(lambda, out);
    lambda.ops->save(lambda, out);
  });
}

void Migration::write_references(const Closure& lambda, BytesWriter& out) {
  out.varint(lambda.references == nullptr ? 0 : lambda.references->size());
  if (lambda.references == nullptr)
    return;
  for (const CarriedReference& carried : *lambda.references) {
    const Cell& target = *carried.hold->to;
    out.u64(carried.ticket);
    out.u64(abroad_.name_of(*carried.hold));
    out.u64(target.id.value);
    out.u64(target.ops->type_id);
    out.varint(abroad_.place.node_of(target.group).number());
  }
}

// Before anything changes, all that is bounded gives up its bounds.
void Migration::loosen(Cell& cell) {
  for (IncomingChannel* c = cell.mailbox.first_channel(); c != nullptr; c = c->next_incoming)
    rewiring_.forget(static_cast<Channel&>(*c));
  const auto stays = [this](const Cell& to) { return abroad_.place.is_here(to) && !leaves(to); };
  for (Channel* c = cell.outgoing; c != nullptr; c = c->next_outgoing)
    if (!c->closed && stays(*c->to))
      rewiring_.loosen(*c);
  cell.mailbox.for_each([&](const Lambda& lambda, double) {
    const auto& references = static_cast<const Closure&>(lambda).references;
    if (references != nullptr)
      for (const CarriedReference& carried : *references)
        if (stays(*carried.hold->to))
          rewiring_.loosen(*carried.hold);
  });
}

void Migration::delete_agent_of(const Leaving& leaving) {
  Cell& cell = *leaving.cell;
  outgoing_.clear();
  for (Channel* c = std::exchange(cell.outgoing, nullptr); c != nullptr;) {
    Channel* channel = std::exchange(c, c->next_outgoing);
    if (channel->closed)
      channel->let_go();
    else
      outgoing_.push_back(channel);
  }
  delete_left_object(deleting_, cell);
  for (Channel* channel : outgoing_)
    leave_outgoing(leaving, *channel);
}

// Its ChannelWriter has let go already, and has closed it, which is of no meaning.
void Migration::leave_outgoing(const Leaving& leaving, Channel& channel) {
  Cell& cell = *leaving.cell;
  Cell& to = *channel.to;
  channel.closed = 0;
  channel.let_go();
  if (!abroad_.place.is_here(to)) {
    links_[abroad_.place.node_of(to.group)]->writer().take_out(channel);
    abroad_.let_go_of(channel);
  } else if (!leaves(to)) {
    channel.keep_source(cell.id, cell.path, nullptr).wire = 0;
    channel.group = abroad_.place.group_of(leaving.node);
    abroad_.unnumbered.put({cell.id, channel.number}, &channel);
  }
}

void Migration::leave_lambdas(const Leaving& leaving) {
  while (auto* lambda = static_cast<Closure*>(leaving.cell->mailbox.take_any())) {
    if (lambda->references != nullptr)
      for (const CarriedReference& carried : *lambda->references)
        leave_hold_of(leaving, *carried.hold);
    discard(*lambda, &abroad_.pool);
  }
}

// The holder leaves.
void Migration::leave_hold_of(const Leaving& leaving, Channel& hold) {
  const std::uint64_t name = hold.far_course().wire;
  if (!abroad_.place.is_here(*hold.to)) {
    abroad_.holds.closed_from_here.erase(name);
    abroad_.let_go_of(hold);
  } else if (!leaves(*hold.to)) {
    hold.group = abroad_.place.group_of(leaving.node);
    abroad_.holds.of_agents_here.emplace(name, &hold);
  }
}

// A lambda of another agent that leaves may bring the hold, and is still to be written.
void Migration::leave_incoming(const Leaving& leaving) {
  for (IncomingChannel* c = leaving.cell->mailbox.take_channels(); c != nullptr;) {
    auto& channel = static_cast<Channel&>(*std::exchange(c, c->next_incoming));
    const bool from_here = abroad_.place.is_here(channel.group);
    if (channel.detached) {
      channel.let_go();
    } else if (channel.is_hold()) {
      own_holds_.push_back({&leaving, &channel});
    } else if (!from_here) {
      leave_end(channel);
    } else if (leaves(channel.from())) {
      channel.let_go();
    } else {
      Cell& from = channel.from();
      channel.keep_source(from.id, from.path, &from).wire = 0;
      lead_abroad(leaving, channel);
      to_number_.push_back(&channel);
    }
  }
}

// The reading end of a channel from elsewhere.
void Migration::leave_end(Channel& channel) {
  const ChannelCourse& course = channel.far_course();
  if (course.wire != 0)
    links_[abroad_.place.node_of(channel.group)]->reader().take_out(channel);
  else
    abroad_.unnumbered.take({course.agent, channel.number});
  channel.let_go();
}

// The agent that is held leaves.
void Migration::leave_own_hold(const Leaving& leaving, Channel& hold) {
  const ChannelCourse& course = hold.far_course();
  const Cell* holder =
      abroad_.place.is_here(hold.group) ? world_.directory->find(course.agent) : nullptr;
  if (holder == nullptr) {
    abroad_.holds.of_agents_here.erase(course.wire);
    hold.let_go();
  } else if (leaves(*holder)) {
    hold.let_go();
  } else {
    lead_abroad(leaving, hold);
    abroad_.holds.closed_from_here.emplace(course.wire, &hold);
  }
}

void Migration::lead_abroad(const Leaving& leaving, Channel& channel) {
  const Cell& cell = *leaving.cell;
  channel.to = &abroad_.elsewhere.record_of(cell.id, *cell.ops,
                                            abroad_.place.group_of(leaving.node), world_);
  AgentsElsewhere::retain(*channel.to);
}

void Migration::free_leaving() {
  if (leaving_.empty())
    return;
  for (const DomainIndex i : set_.all())
    for (Channel* channel : set_.domain(i).execution().take_retired(
             [](const Channel* channel) { return leaves(*channel->to); }))
      channel->let_go();
  for (const Leaving& leaving : leaving_) {
    rewiring_.take_out(*leaving.cell);
    set_.domain_of(*leaving.cell).execution().leave(*leaving.cell, leaving.node);
  }
}

// ---- arrival
// --------------------------------------------------------------------------------------

Result<void> Migration::arrive() {
  find_relocations();
  reroute_channels();
  reroute_holds();
  for (const MovesUnderWay::Image& image : abroad_.moves.images)
    arriving_.push_back({image.from, BytesReader(image.bytes)});
  for (Arriving& each : arriving_)
    if (!read_agent(each) || !read_incoming(each) || !read_holds(each))
      return unreadable(each, "record and what leads to it");
  for (Arriving& each : arriving_) {
    if (!read_outgoing(each))
      return unreadable(each, "channels");
    if (!read_lambdas(each))
      return unreadable(each, "lambdas");
    if (!read_members(each) || !each.in.at_end())
      return unreadable(each, "members");
    set_.domain_of(*each.cell).execution().arrive(*each.cell);
    rewiring_.put_in(*each.cell);
  }
  const bool is_led_abroad =
      std::any_of(arriving_.begin(), arriving_.end(), [this](const Arriving& each) {
        return abroad_.elsewhere.find(each.cell->id) != nullptr;
      });
  if (!writers_.empty() || !readers_.empty() || is_led_abroad)
    return Error{Errc::bad_message, std::to_string(writers_.size() + readers_.size()) +
                                        " channels of agents that have moved lack one end"
                                        " here, or what leads to them leads to other nodes"};
  rewiring_.finish(least_);
  tell_numbers();
  return {};
}

// The records that stand in for agents that move lead to where these are now; those that come here
// are in some domain of this node.
void Migration::find_relocations() {
  const MovesUnderWay& moves = abroad_.moves;
  relocations_.reserve(moves.wishes.size());
  for (std::size_t i = 0; i < moves.wishes.size(); ++i)
    if (moves.verdicts[i].result == MoveResult::moved) {
      const AgentMove& move = moves.wishes[i].move;
      const Relocation relocation{moves.verdicts[i].node, move.node};
      if (relocation.from == relocation.to)
        relocations_.take(move.agent);
      else
        relocations_.put(move.agent, relocation);
    }
  relocations_.for_each([this](AgentId id, Relocation relocation) {
    if (Cell* record = abroad_.elsewhere.find(id))
      record->group = relocation.to == abroad_.place.own_node
                          ? DomainIndex(0)
                          : abroad_.place.group_of(relocation.to);
  });
}

NodeIndex Migration::now_at(AgentId agent, NodeIndex before) const {
  const Relocation relocation = relocation_of(agent);
  return relocation == Relocation{} ? before : relocation.to;
}

void Migration::reroute_channels() {
  PerNode<bool> is_left(links_.size());
  relocations_.for_each(
      [&is_left](AgentId, Relocation relocation) { is_left[relocation.from] = true; });
  for (const NodeIndex node : links_.indices())
    if (links_[node] != nullptr && is_left[node]) {
      reroute_writers(*links_[node]);
      reroute_readers(*links_[node]);
    }
}

void Migration::reroute_writers(Link& link) {
  link.writer().take_out_if(
      [group = link.group()](const Channel& channel) { return channel.to->group != group; },
      [this](Channel& channel) {
        if (abroad_.place.is_here(*channel.to))
          writers_.put({channel.far_course().agent, channel.number}, &channel);
        else
          to_number_.push_back(&channel);
      });
}

void Migration::reroute_readers(Link& link) {
  Relocation relocation;
  link.reader().take_out_if(
      [&](const Channel&, AgentId source) {
        return (relocation = relocation_of(source)) != Relocation{};
      },
      [&](Channel& channel, AgentId source) {
        rewiring_.loosen(channel);
        const ChannelName name{source, channel.number};
        if (relocation.to == abroad_.place.own_node) {
          readers_.put(name, &channel);
        } else {
          channel.group = abroad_.place.group_of(relocation.to);
          abroad_.unnumbered.put(name, &channel);
        }
      });
}

// Of holders that come here the hold waits in its table for their lambdas.
void Migration::reroute_holds() {
  for (const auto& [name, hold] : abroad_.holds.of_agents_here) {
    const Relocation relocation = relocation_of(hold->far_course().agent);
    if (relocation == Relocation{})
      continue;
    rewiring_.loosen(*hold);
    if (relocation.to != abroad_.place.own_node)
      hold->group = abroad_.place.group_of(relocation.to);
  }
}

bool Migration::read_agent(Arriving& arriving) {
  const RecordName name = read_record_name(arriving.in);
  const AgentOps* ops = find_agent_type(name.type_id);
  const Relocation relocation = relocation_of(name.agent);
  if (ops == nullptr || ops->load == nullptr || relocation == Relocation{} ||
      relocation.from != arriving.from || relocation.to != abroad_.place.own_node ||
      world_.directory->find(name.agent) != nullptr)
    return false;
  Cell& cell = *(arriving.cell = &Cell::create_without_agent(world_, abroad_.pool, *ops));
  world_.directory->insert(name.agent, cell);
  cell.id = name.agent;
  if (!read_record(arriving.in, cell))
    return false;
  if (const std::uint64_t trace_records = arriving.in.varint(); trace_records > 0)
    cell.require_extras().trace_records = trace_records;
  return arriving.in.ok();
}

bool Migration::read_incoming(Arriving& arriving) {
  BytesReader& in = arriving.in;
  constexpr std::size_t bytes_each = 25;
  const std::size_t open = in.count(bytes_each);
  const std::size_t closed = in.count(bytes_each);
  arriving.ends = incoming_ends_.size();
  arriving.ends_count = open + closed;
  for (std::size_t i = 0; i < open + closed; ++i)
    if (!read_end(arriving, i >= open))
      return false;
  // Near the first neighbour that is here, if that is known by now.
  const std::span<Channel* const> ends = ends_of(arriving);
  const auto near = std::find_if(ends.begin(), ends.end(), [](Channel* channel) {
    return !channel->detached && channel->has_course() && channel->far_course().from != nullptr;
  });
  const DomainIndex domain =
      rewiring_.domain_near(near == ends.end() ? nullptr : (*near)->far_course().from);
  arriving.cell->group = domain;
  for (Channel* channel : ends)
    if (channel->detached)
      set_.domain(domain).execution().retire(*channel);
  return true;
}

bool Migration::read_end(Arriving& arriving, bool detached) {
  BytesReader& in = arriving.in;
  Cell& cell = *arriving.cell;
  const ChannelNumber number{static_cast<std::uint32_t>(in.varint())};
  const double last_absorption = in.f64();
  const double silent_until = in.f64();
  const double reaction_time = in.f64();
  Channel* channel = nullptr;
  Trajectory path;
  AgentId source;
  bool needs_course = true;
  if (detached) {
    channel = &Channel::create(abroad_.pool, cell);
    channel->detached = true;
    ++cell.incoming;
  } else {
    source = AgentId{in.u64()};
    const auto node = abroad_.place.find_node(in.varint());
    if (!read_trajectory(in, path) || !node)
      return false;
    const Relocation relocation = relocation_of(source);
    const NodeIndex now = now_at(source, *node);
    channel = end_of(cell, {source, number}, now, relocation != Relocation{});
    if (channel == nullptr)
      return false;
    // From another one who arrives here it would be dropped again, see Rewiring.
    needs_course = channel->has_course() || now != abroad_.place.own_node || reaction_time != 0 ||
                   !path.at_rest() || !cell.path.at_rest();
  }
  incoming_ends_.push_back(channel);
  channel->number = number;
  channel->last_absorption = last_absorption;
  if (needs_course) {
    Cell* from = channel->require_far_course().from;
    ChannelCourse& course = channel->keep_source(source, path, from);
    course.reaction_time = reaction_time;
    course.silent_until = silent_until;
    course.wire = 0;
  }
  if (!detached)
    open_end(cell, *channel);
  return in.ok();
}

// Where its source is here, the writing end is the same channel.
Channel* Migration::end_of(Cell& cell, ChannelName name, NodeIndex node, bool source_moves) {
  if (node == abroad_.place.own_node && !source_moves) {
    Channel* channel = writers_.take(name);
    if (channel == nullptr)
      return nullptr;
    channel->group = channel->from().group;
    abroad_.elsewhere.release(*std::exchange(channel->to, &cell));
    return channel;
  }
  Channel* channel = &Channel::create(abroad_.pool, cell);
  if (node == abroad_.place.own_node) {
    readers_.put(name, channel);
  } else {
    channel->group = abroad_.place.group_of(node);
    abroad_.unnumbered.put(name, channel);
  }
  return channel;
}

void Migration::open_end(Cell& cell, Channel& channel) {
  ++cell.incoming;
  cell.mailbox.link(channel);
  rewiring_.note(channel);
}

bool Migration::read_holds(Arriving& arriving) {
  BytesReader& in = arriving.in;
  Cell& cell = *arriving.cell;
  constexpr std::size_t bytes_each = 41;
  for (std::size_t left = in.count(bytes_each); left > 0; --left) {
    const std::uint64_t name = in.u64();
    const AgentId holder{in.u64()};
    const auto node = abroad_.place.find_node(in.varint());
    Channel* hold = node ? own_hold_of(cell, name, holder, now_at(holder, *node)) : nullptr;
    if (hold == nullptr)
      return false;
    hold->last_absorption = in.f64();
    ChannelCourse& course = hold->keep_holder(holder);
    course.wire = name;
    course.silent_until = in.f64();
    course.reaction_time = in.f64();
    open_end(cell, *hold);
  }
  return in.ok();
}

Channel* Migration::own_hold_of(Cell& cell, std::uint64_t name, AgentId holder, NodeIndex node) {
  HoldsBetweenNodes& holds = abroad_.holds;
  const bool holder_is_here = node == abroad_.place.own_node;
  if (holder_is_here && relocation_of(holder) == Relocation{}) {
    const auto found = holds.closed_from_here.find(name);
    const Cell* by = world_.directory->find(holder);
    if (found == holds.closed_from_here.end() || by == nullptr)
      return nullptr;
    Channel* hold = found->second;
    holds.closed_from_here.erase(found);
    hold->group = by->group;
    abroad_.elsewhere.release(*std::exchange(hold->to, &cell));
    return hold;
  }
  Channel* hold = &Channel::create(abroad_.pool, cell);
  if (!holder_is_here)
    hold->group = abroad_.place.group_of(node);
  holds.of_agents_here[name] = hold;
  return hold;
}

bool Migration::read_outgoing(Arriving& arriving) {
  BytesReader& in = arriving.in;
  Cell& cell = *arriving.cell;
  constexpr std::size_t bytes_each = 19;
  for (std::size_t left = in.count(bytes_each); left > 0; --left) {
    const ChannelNumber number{static_cast<std::uint32_t>(in.varint())};
    const std::uint64_t next_sequence = in.varint();
    const AgentId target{in.u64()};
    const AgentOps* ops = find_agent_type(in.u64());
    const auto node = abroad_.place.find_node(in.varint());
    if (!in.ok() || ops == nullptr || !node)
      return false;
    const NodeIndex now = now_at(target, *node);
    Channel* channel = nullptr;
    if (now == abroad_.place.own_node) {
      channel = readers_.take({cell.id, number});
      if (channel == nullptr || channel->to->id != target)
        return false;
    } else {
      Cell& to = abroad_.elsewhere.record_of(target, *ops, abroad_.place.group_of(now), world_);
      channel = &Channel::create(abroad_.pool, to);
      channel->number = number;
      AgentsElsewhere::retain(to);
      to_number_.push_back(channel);
    }
    channel->owned_by(3);
    channel->next_sequence = next_sequence;
    channel->closed = 0;
    channel->group = cell.group;
    if (now == abroad_.place.own_node && !channel->has_course()) {
      channel->source_path = &cell.path;
    } else {
      channel->keep_source(cell.id, cell.path, &cell).reaction_time = cell.ops->reaction_time;
    }
    cell.link_outgoing(*channel);
  }
  return in.ok();
}

bool Migration::read_lambdas(Arriving& arriving) {
  BytesReader& in = arriving.in;
  Cell& cell = *arriving.cell;
  constexpr std::size_t bytes_each = 54;
  for (std::size_t left = in.count(bytes_each); left > 0; --left) {
    const ClosureOps* ops = find_closure(in.u64());
    const std::uint8_t kind = in.u8();
    const double absorption = in.f64();
    const Point emission = read_point(in);
    const std::uint64_t depth = in.varint();
    const std::uint64_t sequence = in.varint();
    if (!in.ok() || ops == nullptr || kind > static_cast<std::uint8_t>(Lambda::Kind::date))
      return false;
    Closure frame; // what does not depend on the code
    frame.kind = static_cast<Lambda::Kind>(kind);
    if (frame.kind == Lambda::Kind::channel) {
      const std::uint64_t end = in.varint();
      frame.source = AgentId{in.u64()};
      const std::span<Channel* const> ends = ends_of(arriving);
      if (end >= ends.size())
        return false;
      frame.via = ends[end];
      frame.channel = ends[end]->number;
    } else {
      frame.due = in.f64();
      frame.source = frame.kind == Lambda::Kind::outside ? AgentId::outside() : cell.id;
      frame.channel = ChannelNumber::timers();
    }
    if (!read_references(frame, cell, in))
      return false;
    Closure* lambda = ops->load(&abroad_.pool, in);
    if (lambda == nullptr)
      return false;
    lambda->kind = frame.kind;
    lambda->via = frame.via;
    lambda->source = frame.source;
    lambda->channel = frame.channel;
    lambda->due = frame.due;
    lambda->references = std::move(frame.references);
    lambda->emission = emission;
    lambda->emission_depth = static_cast<std::uint32_t>(depth);
    lambda->sequence = sequence;
    lambda->to = &cell;
    cell.mailbox.push_placed(*lambda, absorption, abroad_.pool.resource());
  }
  return in.ok();
}

bool Migration::read_references(Closure& lambda, Cell& holder, BytesReader& in) {
  constexpr std::size_t bytes_each = 33;
  const std::size_t count = in.count(bytes_each);
  if (count == 0)
    return in.ok();
  lambda.references = std::make_unique<std::vector<CarriedReference>>();
  HoldsBetweenNodes& holds = abroad_.holds;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t ticket = in.u64();
    const std::uint64_t name = in.u64();
    const AgentId target{in.u64()};
    const AgentOps* ops = find_agent_type(in.u64());
    const auto node = abroad_.place.find_node(in.varint());
    if (!in.ok() || ops == nullptr || !node)
      return false;
    const NodeIndex now = now_at(target, *node);
    Channel* hold = nullptr;
    if (now == abroad_.place.own_node) {
      const auto found = holds.of_agents_here.find(name);
      if (found == holds.of_agents_here.end())
        return false;
      hold = found->second;
      holds.of_agents_here.erase(found);
      hold->group = holder.group;
    } else {
      Cell& to = abroad_.elsewhere.record_of(target, *ops, abroad_.place.group_of(now), world_);
      hold = &Channel::create(abroad_.pool, to);
      hold->keep_holder(holder.id).wire = name;
      AgentsElsewhere::retain(to);
      holds.closed_from_here.emplace(name, hold);
    }
    lambda.references->push_back({ticket, hold});
  }
  return true;
}

bool Migration::read_members(Arriving& arriving) {
  Cell& cell = *arriving.cell;
  BytesReader in(arriving.in.raw(arriving.in.count(1)));
  load_.begin(cell);
  loading_.begin_transfer(load_);
  const EventContext::Scope scope(&loading_);
  try {
    if (cell.ops->load(in) == nullptr)
      return false;
  } catch (const std::exception& e) {
    problem_ = e.what();
    return false;
  }
  bool fit = true;
  cell.mailbox.for_each([&](const Lambda& lambda, double) {
    const ClosureOps& ops = *static_cast<const Closure&>(lambda).ops;
    fit = fit && (ops.receiver == cell.ops->type_id || ops.fits(*cell.agent));
  });
  if (!fit)
    problem_ = "a lambda in its mailbox is for agents of another class";
  return fit && in.at_end() && load_.first_unclaimed() == nullptr;
}

void Migration::tell_numbers() {
  for (Channel* channel : std::exchange(to_number_, {})) {
    Link& link = *links_[abroad_.place.node_of(channel->to->group)];
    link.writer().write_open_again(*channel, link.begin_record(least_));
    link.end_record();
  }
}

Error Migration::unreadable(const Arriving& arriving, const char* part) const {
  const std::string who = arriving.cell != nullptr ? describe(*arriving.cell) : "an agent";
  return {Errc::bad_message, "node " + std::to_string(arriving.from.number() + 1) + " sent " + who +
                                 ", but its " + part + " cannot be read" +
                                 (problem_.empty() ? "" : ": " + problem_)};
}

} // namespace stos::detail
