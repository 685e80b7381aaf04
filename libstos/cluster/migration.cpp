#include "libstos/cluster/migration.hpp"

#include "libstos/agent/agent_base.hpp"
#include "libstos/base/assert.hpp"
#include "libstos/base/demangle.hpp"
#include "libstos/cluster/trajectory_bytes.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace stos::detail {
namespace {

void write_extras(const CellExtras& extras, BytesWriter& out) {
  out.f64(extras.exit_time);
  out.f64(extras.last_emission);
  out.varint(extras.injected);
  out.varint(extras.births);
  out.varint(extras.pending_turns.size());
  for (const PendingTurn& turn : extras.pending_turns) {
    out.f64(turn.local_time);
    for (std::size_t i = 0; i < 3; ++i)
      out.f64(turn.velocity[i]);
  }
}

bool read_extras(CellExtras& extras, BytesReader& in) {
  extras.exit_time = in.f64();
  extras.last_emission = in.f64();
  extras.injected = in.varint();
  extras.births = in.varint();
  constexpr std::size_t turn_bytes = 32;
  for (std::size_t left = in.count(turn_bytes); left > 0; --left) {
    const double local_time = in.f64();
    const double u[3] = {in.f64(), in.f64(), in.f64()};
    if (!(u[0] * u[0] + u[1] * u[1] + u[2] * u[2] < 1))
      return false;
    extras.pending_turns.push_back({local_time, Velocity<4>(u[0], u[1], u[2])});
  }
  return in.ok();
}

// What the agent does while it is deleted concerns nobody: it goes on living elsewhere.
void delete_copy(EventContext& context, Cell& cell) {
  context.begin_last(cell, cell.now);
  context.takes_reports = false;
  const EventContext::Scope scope(&context);
  delete_agent(cell);
  for (auto* lambda = context.effects.first_lambda; lambda != nullptr;) {
    auto* next = static_cast<Closure*>(lambda->next);
    discard(*lambda, &context.pool());
    lambda = next;
  }
  for (Channel* hold : context.effects.held)
    hold->let_go();
  context.effects.clear();
}

} // namespace

Migration::Migration(World& world, DomainSet& set, Abroad& abroad, const Links& links, double least)
    : world_(world), set_(set), abroad_(abroad), links_(links), least_(least), rewiring_(set) {
  abroad_.moves.verdicts.resize(abroad_.moves.wishes.size());
  abroad_.moves.images.resize(abroad_.place.nodes);
}

// Only if the run breaks off in the middle is anything left.
Migration::~Migration() {
  for (Channel* channel : to_number_)
    channel->let_go();
}

// ---- departure
// ------------------------------------------------------------------------------------

void Migration::depart() {
  decide();
  tell_verdicts();
  send_images();
  for (const Leaving& leaving : leaving_)
    leaving.cell->state = CellState::elsewhere;
  for (const Leaving& leaving : leaving_)
    loosen(*leaving.cell);
  for (const auto& link : links_)
    if (link != nullptr)
      link->reader().take_out_if(
          [](const Channel& channel, AgentId) { return leaves(*channel.to); },
          [](Channel&, AgentId) {});
  // In this order, since the later ones free what the earlier ones look at.
  for (const Leaving& leaving : leaving_)
    delete_agent_of(leaving);
  for (const Leaving& leaving : leaving_)
    leave_lambdas(leaving);
  for (const Leaving& leaving : leaving_)
    leave_incoming(leaving);
  free_leaving();
}

void Migration::decide() {
  std::unordered_map<std::uint64_t, std::size_t> known;
  for (std::size_t i = 0; i < abroad_.moves.wishes.size(); ++i) {
    Cell* cell = world_.directory->find(abroad_.moves.wishes[i].move.agent);
    if (cell != nullptr && cell->alive())
      decide_on(i, *cell, known);
  }
  std::erase_if(leaving_,
                [own = abroad_.place.own_node](const Leaving& each) { return each.node == own; });
}

// Of several wishes for one agent each follows the one before.
void Migration::decide_on(std::size_t wish, Cell& cell,
                          std::unordered_map<std::uint64_t, std::size_t>& known) {
  const std::size_t target = abroad_.moves.wishes[wish].move.node;
  MovesUnderWay::Verdict& verdict = abroad_.moves.verdicts[wish];
  verdict.node = abroad_.place.own_node;
  verdict.result = MoveResult::moved;
  const auto found = known.find(cell.id.value);
  const std::size_t node = found != known.end() ? leaving_[found->second].node : verdict.node;
  if (node == target) {
    verdict.result = MoveResult::already_there;
  } else if (found != known.end()) {
    leaving_[found->second].node = target;
  } else {
    std::vector<std::byte> members;
    if (auto why = obstacle(cell, members)) {
      verdict.result = MoveResult::not_serialisable;
      verdict.text = *std::move(why);
    } else {
      known.emplace(cell.id.value, leaving_.size());
      leaving_.push_back({&cell, target, std::move(members)});
    }
  }
}

std::optional<std::string> Migration::obstacle(Cell& cell, std::vector<std::byte>& members) {
  const std::string who = describe(cell) + " cannot move to another node: ";
  if (cell.ops->save == nullptr)
    return who + "its class needs `template <class Inspector> bool inspect(Inspector& f, " +
           cell.ops->type_name +
           "& x)`, which saves and loads its members, and a default "
           "constructor";
  if (find_agent_type(cell.ops->type_id) == nullptr)
    return who + no_agent_type(cell.ops->type_id).context;
  std::optional<std::string> bound;
  cell.mailbox.for_each([&](const Lambda& lambda, double) {
    const ClosureOps& ops = *static_cast<const Closure&>(lambda).ops;
    if (!bound && !can_travel(ops))
      bound =
          who + "a lambda waits in its mailbox that cannot travel: " + cannot_travel(ops).context;
  });
  if (bound)
    return bound;

  EventContext context(world_, abroad_.pool);
  Transfer transfer(Transfer::Kind::save, cell);
  BytesWriter out(members);
  try {
    context.begin_transfer(transfer);
    const EventContext::Scope scope(&context);
    cell.ops->save(*cell.agent, out);
  } catch (const std::exception& e) {
    return who + e.what();
  }
  if (!out.ok())
    return who + "its inspect has failed";
  if (const Channel* channel = transfer.first_unclaimed())
    return who + "its inspect does not save the ChannelWriter of its channel number " +
           std::to_string(channel->number.value) + ", to " + describe(*channel->to);
  return std::nullopt;
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

void Migration::send_images() {
  std::vector<std::byte> image;
  for (Leaving& leaving : leaving_) {
    image.clear();
    {
      BytesWriter out(image);
      write_image(leaving, out);
    }
    leaving.members = {};
    Link& link = *links_[leaving.node];
    BytesWriter& out = link.begin_record(least_);
    out.u8(static_cast<std::uint8_t>(RecordKind::image));
    out.varint(image.size());
    out.raw(image);
    link.end_record();
  }
}

void Migration::write_image(const Leaving& leaving, BytesWriter& out) {
  const Cell& cell = *leaving.cell;
  out.u64(cell.id.value);
  out.u64(cell.ops->type_id);
  write_trajectory(cell.path, out);
  out.f64(cell.now);
  out.u64(cell.digest.value());
  out.u64(cell.random.state());
  out.varint(cell.timers_set);
  out.varint(cell.events);
  out.varint(cell.channels_opened);
  out.u8(cell.extras != nullptr ? 1 : 0);
  if (cell.extras != nullptr)
    write_extras(*cell.extras, out);
  std::vector<const IncomingChannel*> ends;
  write_incoming(cell, ends, out);
  write_outgoing(cell, out);
  write_lambdas(cell, ends, out);
  out.varint(leaving.members.size());
  out.raw(leaving.members);
}

// A closed channel is of use only while a lambda that came on it is queued.
void Migration::write_incoming(const Cell& cell, std::vector<const IncomingChannel*>& ends,
                               BytesWriter& out) {
  std::vector<Channel*> holds;
  for (IncomingChannel* c = cell.mailbox.first_channel(); c != nullptr; c = c->next_incoming)
    if (!c->detached) {
      if (static_cast<Channel*>(c)->is_hold())
        holds.push_back(static_cast<Channel*>(c));
      else
        ends.push_back(c);
    }
  const std::size_t open = ends.size();
  cell.mailbox.for_each([&](const Lambda& lambda, double) {
    if (lambda.via != nullptr && lambda.via->detached)
      ends.push_back(lambda.via);
  });
  const auto closed = ends.begin() + static_cast<std::ptrdiff_t>(open);
  std::sort(closed, ends.end(), std::less<>());
  ends.erase(std::unique(closed, ends.end()), ends.end());

  out.varint(open);
  out.varint(ends.size() - open);
  for (const IncomingChannel* end : ends) {
    const auto& channel = static_cast<const Channel&>(*end);
    out.varint(channel.number.value);
    out.f64(channel.last_absorption);
    out.f64(channel.silent_until());
    out.f64(channel.reaction_time());
    if (end->detached)
      continue;
    const bool from_here = channel.group < abroad_.place.domains;
    const AgentId source =
        from_here ? channel.from().id : static_cast<const ChannelCourse&>(channel.course()).agent;
    out.u64(source.value);
    out.varint(abroad_.place.node_of(channel.group));
    write_trajectory(*channel.source_path, out);
  }
  out.varint(holds.size());
  for (Channel* hold : holds) {
    out.u64(abroad_.name_of(*hold));
    out.u64(hold->far_course().agent.value);
    out.varint(abroad_.place.node_of(hold->group));
    out.f64(hold->last_absorption);
    out.f64(hold->silent_until());
    out.f64(hold->reaction_time());
  }
}

// The one that was opened first comes first: the list begins with the last one.
void Migration::write_outgoing(const Cell& cell, BytesWriter& out) {
  std::vector<const Channel*> channels;
  for (const Channel* c = cell.outgoing; c != nullptr; c = c->next_outgoing)
    if (!c->closed)
      channels.push_back(c);
  std::reverse(channels.begin(), channels.end());
  out.varint(channels.size());
  for (const Channel* channel : channels) {
    out.varint(channel->number.value);
    out.varint(channel->next_sequence);
    out.u64(channel->to->id.value);
    out.u64(channel->to->ops->type_id);
    out.varint(abroad_.place.node_of(channel->to->domain));
  }
}

void Migration::write_lambdas(const Cell& cell, const std::vector<const IncomingChannel*>& ends,
                              BytesWriter& out) {
  out.varint(cell.mailbox.size());
  if (cell.mailbox.empty())
    return;
  std::vector<std::pair<const IncomingChannel*, std::size_t>> index;
  for (std::size_t i = 0; i < ends.size(); ++i)
    index.emplace_back(ends[i], i);
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
    out.varint(abroad_.place.node_of(target.domain));
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
  std::vector<Channel*> open;
  for (Channel* c = std::exchange(cell.outgoing, nullptr); c != nullptr;) {
    Channel* channel = std::exchange(c, c->next_outgoing);
    if (channel->closed)
      channel->let_go();
    else
      open.push_back(channel);
  }
  EventContext context(world_, abroad_.pool);
  delete_copy(context, cell);
  for (Channel* channel : open)
    leave_outgoing(leaving, *channel);
}

// Its ChannelWriter has let go already, and has closed it, which is of no meaning.
void Migration::leave_outgoing(const Leaving& leaving, Channel& channel) {
  Cell& cell = *leaving.cell;
  Cell& to = *channel.to;
  channel.closed = 0;
  channel.let_go();
  if (!abroad_.place.is_here(to)) {
    links_[abroad_.place.node_of(to.domain)]->writer().take_out(channel);
    abroad_.let_go_of(channel);
  } else if (!leaves(to)) {
    ChannelCourse& course = channel.require_far_course();
    course.from = nullptr;
    course.agent = cell.id;
    course.source = cell.path;
    course.wire = 0;
    channel.source_path = &course.source;
    channel.between_domains = 1;
    channel.group = abroad_.place.group_of(leaving.node);
    abroad_.unnumbered[{cell.id, channel.number}] = &channel;
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

void Migration::leave_incoming(const Leaving& leaving) {
  for (IncomingChannel* c = leaving.cell->mailbox.take_channels(); c != nullptr;) {
    auto& channel = static_cast<Channel&>(*std::exchange(c, c->next_incoming));
    const bool from_here = channel.group < abroad_.place.domains;
    if (channel.detached) {
      channel.let_go();
    } else if (channel.is_hold()) {
      leave_own_hold(leaving, channel);
    } else if (!from_here || leaves(channel.from())) {
      channel.let_go();
    } else {
      Cell& from = channel.from();
      ChannelCourse& course = channel.require_far_course();
      course.from = &from;
      course.agent = from.id;
      course.source = from.path;
      course.wire = 0;
      channel.source_path = &course.source;
      channel.between_domains = 1;
      lead_abroad(leaving, channel);
      to_number_.push_back(&channel);
    }
  }
}

// The agent that is held leaves.
void Migration::leave_own_hold(const Leaving& leaving, Channel& hold) {
  const ChannelCourse& course = hold.far_course();
  const Cell* holder =
      hold.group < abroad_.place.domains ? world_.directory->find(course.agent) : nullptr;
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
  AgentsElsewhere::lead_to(*channel.to);
}

void Migration::free_leaving() {
  if (leaving_.empty())
    return;
  for (std::size_t i = 0; i < set_.size(); ++i)
    for (Channel* channel : set_.domain(i).execution().take_retired(
             [](const Channel* channel) { return leaves(*channel->to); }))
      channel->let_go();
  for (const Leaving& leaving : leaving_) {
    rewiring_.take_out(*leaving.cell);
    set_.domain(leaving.cell->domain).execution().leave(*leaving.cell, leaving.node);
  }
}

// ---- arrival
// --------------------------------------------------------------------------------------

Result<void> Migration::arrive() {
  find_ways();
  reroute_channels();
  reroute_holds();
  for (std::size_t node = 0; node < links_.size(); ++node)
    for (const auto& image : abroad_.moves.images[node])
      arriving_.push_back({node, BytesReader(image), nullptr, {}});
  for (Arriving& each : arriving_)
    if (!read_record(each) || !read_incoming(each) || !read_holds(each))
      return unreadable(each, "record and what leads to it");
  for (Arriving& each : arriving_)
    if (!read_outgoing(each))
      return unreadable(each, "channels");
  for (Arriving& each : arriving_) {
    if (!read_lambdas(each))
      return unreadable(each, "lambdas");
    if (!read_members(each) || !each.in.at_end())
      return unreadable(each, "members");
    set_.domain(each.cell->domain).execution().arrive(*each.cell);
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

void Migration::find_ways() {
  const MovesUnderWay& moves = abroad_.moves;
  for (std::size_t i = 0; i < moves.wishes.size(); ++i)
    if (moves.verdicts[i].result == MoveResult::moved) {
      const AgentMove& move = moves.wishes[i].move;
      ways_.insert_or_assign(move.agent.value, Way{moves.verdicts[i].node, move.node});
    }
  std::erase_if(ways_, [](const auto& each) { return each.second.from == each.second.to; });
  for (const auto& [id, way] : ways_)
    if (Cell* record =
            way.to == abroad_.place.own_node ? nullptr : abroad_.elsewhere.find(AgentId{id}))
      record->domain = abroad_.place.group_of(way.to);
}

std::size_t Migration::now_at(AgentId agent, std::size_t node) const {
  const auto found = ways_.find(agent.value);
  return found == ways_.end() ? node : found->second.to;
}

void Migration::reroute_channels() {
  std::vector<bool> is_left(links_.size());
  for (const auto& [id, way] : ways_)
    is_left[way.from] = true;
  const std::size_t own = abroad_.place.own_node;
  const auto moves = [this](AgentId agent) { return ways_.count(agent.value) != 0; };
  for (std::size_t node = 0; node < links_.size(); ++node) {
    if (links_[node] == nullptr || !is_left[node])
      continue;
    links_[node]->writer().take_out_if(
        [&](const Channel& channel) { return moves(channel.to->id); },
        [&](Channel& channel) {
          if (now_at(channel.to->id, node) == own)
            writers_[{channel.far_course().agent, channel.number}] = &channel;
          else
            to_number_.push_back(&channel);
        });
    links_[node]->reader().take_out_if(
        [&](const Channel&, AgentId source) { return moves(source); },
        [&](Channel& channel, AgentId source) {
          rewiring_.loosen(channel);
          const std::size_t now = now_at(source, node);
          if (now == own) {
            readers_[{source, channel.number}] = &channel;
          } else {
            channel.group = abroad_.place.group_of(now);
            abroad_.unnumbered[{source, channel.number}] = &channel;
          }
        });
  }
}

// Of holders that come here the hold waits in its table for their lambdas.
void Migration::reroute_holds() {
  for (const auto& [name, hold] : abroad_.holds.of_agents_here) {
    const auto found = ways_.find(hold->far_course().agent.value);
    if (found == ways_.end())
      continue;
    rewiring_.loosen(*hold);
    if (found->second.to != abroad_.place.own_node)
      hold->group = abroad_.place.group_of(found->second.to);
  }
}

bool Migration::read_record(Arriving& arriving) {
  BytesReader& in = arriving.in;
  const AgentId id{in.u64()};
  const AgentOps* ops = find_agent_type(in.u64());
  const auto way = ways_.find(id.value);
  Trajectory path;
  if (ops == nullptr || ops->load == nullptr || !read_trajectory(in, path) || way == ways_.end() ||
      way->second.from != arriving.from || way->second.to != abroad_.place.own_node ||
      world_.directory->find(id) != nullptr)
    return false;
  Cell& cell = *(arriving.cell = &Cell::create_without_agent(world_, abroad_.pool, *ops));
  world_.directory->insert(id, cell);
  cell.id = id;
  cell.path = path;
  cell.now = in.f64();
  cell.digest = EventDigest::from_value(in.u64());
  cell.random = RandomStream(in.u64());
  cell.timers_set = in.varint();
  cell.events = static_cast<std::uint32_t>(in.varint());
  cell.channels_opened = static_cast<std::uint32_t>(in.varint());
  return in.u8() == 0 || read_extras(cell.require_extras(), in);
}

bool Migration::read_incoming(Arriving& arriving) {
  BytesReader& in = arriving.in;
  constexpr std::size_t bytes_each = 25;
  const std::size_t open = in.count(bytes_each);
  const std::size_t closed = in.count(bytes_each);
  // Near the first neighbour that is here, if that is known by now.
  for (std::size_t i = 0; i < open + closed; ++i)
    if (!read_end(arriving, i >= open))
      return false;
  const Cell* neighbour = nullptr;
  for (Channel* channel : arriving.incoming)
    if (!channel->detached && channel->far_course().from != nullptr) {
      neighbour = channel->far_course().from;
      break;
    }
  const std::size_t domain = rewiring_.domain_near(neighbour);
  arriving.cell->domain = static_cast<std::uint16_t>(domain);
  for (Channel* channel : arriving.incoming)
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
  if (detached) {
    channel = &Channel::create(abroad_.pool, cell);
    channel->detached = true;
    ++cell.incoming;
  } else {
    source = AgentId{in.u64()};
    const std::uint64_t node = in.varint();
    if (!read_trajectory(in, path) || node >= links_.size())
      return false;
    channel = end_of(cell, {source, number}, now_at(source, node));
    if (channel == nullptr)
      return false;
  }
  arriving.incoming.push_back(channel);
  ChannelCourse& course = channel->require_far_course();
  course.agent = source;
  course.source = path;
  course.reaction_time = reaction_time;
  course.silent_until = silent_until;
  course.wire = 0;
  channel->source_path = &course.source;
  channel->between_domains = 1;
  channel->number = number;
  channel->last_absorption = last_absorption;
  if (!detached)
    open_end(cell, *channel);
  return in.ok();
}

// Where its source is here, the writing end is the same channel.
Channel* Migration::end_of(Cell& cell, ChannelName name, std::size_t node) {
  if (node == abroad_.place.own_node) {
    const auto found = writers_.find(name);
    if (found == writers_.end())
      return ways_.count(name.source.value) == 0
                 ? nullptr
                 : readers_[name] = &Channel::create(abroad_.pool, cell);
    Channel* channel = found->second;
    writers_.erase(found);
    channel->group = channel->from().domain;
    abroad_.elsewhere.lead_no_more_to(*std::exchange(channel->to, &cell));
    return channel;
  }
  Channel* channel = &Channel::create(abroad_.pool, cell);
  channel->group = abroad_.place.group_of(node);
  abroad_.unnumbered[name] = channel;
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
    const std::uint64_t node = in.varint();
    Channel* hold =
        node < links_.size() ? own_hold_of(cell, name, holder, now_at(holder, node)) : nullptr;
    if (hold == nullptr)
      return false;
    hold->last_absorption = in.f64();
    ChannelCourse& course = hold->require_far_course();
    course.agent = holder;
    course.wire = name;
    course.silent_until = in.f64();
    course.reaction_time = in.f64();
    open_end(cell, *hold);
  }
  return in.ok();
}

Channel* Migration::own_hold_of(Cell& cell, std::uint64_t name, AgentId holder, std::size_t node) {
  HoldsBetweenNodes& holds = abroad_.holds;
  const bool holder_is_here = node == abroad_.place.own_node;
  if (holder_is_here && ways_.count(holder.value) == 0) {
    const auto found = holds.closed_from_here.find(name);
    const Cell* by = world_.directory->find(holder);
    if (found == holds.closed_from_here.end() || by == nullptr)
      return nullptr;
    Channel* hold = found->second;
    holds.closed_from_here.erase(found);
    hold->group = by->domain;
    abroad_.elsewhere.lead_no_more_to(*std::exchange(hold->to, &cell));
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
    const std::uint64_t node = in.varint();
    if (!in.ok() || ops == nullptr || node >= links_.size())
      return false;
    const std::size_t now = now_at(target, node);
    Channel* channel = nullptr;
    if (now == abroad_.place.own_node) {
      const auto found = readers_.find({cell.id, number});
      if (found == readers_.end() || found->second->to->id != target)
        return false;
      channel = found->second;
      readers_.erase(found);
    } else {
      Cell& to = abroad_.elsewhere.record_of(target, *ops, abroad_.place.group_of(now), world_);
      channel = &Channel::create(abroad_.pool, to);
      channel->number = number;
      AgentsElsewhere::lead_to(to);
      to_number_.push_back(channel);
    }
    channel->owned_by(3);
    channel->next_sequence = next_sequence;
    channel->closed = 0;
    channel->between_domains = 1;
    channel->group = cell.domain;
    ChannelCourse& course = channel->require_far_course();
    course.from = &cell;
    course.agent = cell.id;
    course.source = cell.path;
    course.reaction_time = cell.ops->reaction_time;
    channel->source_path = &course.source;
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
    if (!in.ok() || ops == nullptr || kind > static_cast<std::uint8_t>(Lambda::Kind::outside))
      return false;
    Closure frame; // what does not depend on the code
    frame.kind = static_cast<Lambda::Kind>(kind);
    if (frame.kind == Lambda::Kind::channel) {
      const std::uint64_t end = in.varint();
      frame.source = AgentId{in.u64()};
      if (end >= arriving.incoming.size())
        return false;
      frame.via = arriving.incoming[end];
      frame.channel = arriving.incoming[end]->number;
    } else {
      frame.due = in.f64();
      frame.source = frame.kind == Lambda::Kind::timer ? cell.id : AgentId::outside();
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
    cell.mailbox.push_placed(*lambda, absorption);
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
    const std::uint64_t node = in.varint();
    if (!in.ok() || ops == nullptr || node >= links_.size())
      return false;
    const std::size_t now = now_at(target, node);
    Channel* hold = nullptr;
    if (now == abroad_.place.own_node) {
      const auto found = holds.of_agents_here.find(name);
      if (found == holds.of_agents_here.end())
        return false;
      hold = found->second;
      holds.of_agents_here.erase(found);
      hold->group = holder.domain;
    } else {
      Cell& to = abroad_.elsewhere.record_of(target, *ops, abroad_.place.group_of(now), world_);
      hold = &Channel::create(abroad_.pool, to);
      hold->require_far_course().agent = holder.id;
      hold->far_course().wire = name;
      AgentsElsewhere::lead_to(to);
      holds.closed_from_here.emplace(name, hold);
    }
    lambda.references->push_back({ticket, hold});
  }
  return true;
}

bool Migration::read_members(Arriving& arriving) {
  Cell& cell = *arriving.cell;
  BytesReader in(arriving.in.raw(arriving.in.count(1)));
  EventContext context(world_, abroad_.pool);
  Transfer transfer(Transfer::Kind::load, cell);
  context.begin_transfer(transfer);
  const EventContext::Scope scope(&context);
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
  return fit && in.at_end() && transfer.first_unclaimed() == nullptr;
}

void Migration::tell_numbers() {
  for (Channel* channel : std::exchange(to_number_, {})) {
    Link& link = *links_[abroad_.place.node_of(channel->to->domain)];
    link.writer().write_open_again(*channel, link.begin_record(least_));
    link.end_record();
  }
}

Error Migration::unreadable(const Arriving& arriving, const char* part) const {
  const std::string who = arriving.cell != nullptr ? describe(*arriving.cell) : "an agent";
  return {Errc::bad_message, "node " + std::to_string(arriving.from + 1) + " sent " + who +
                                 ", but its " + part + " cannot be read" +
                                 (problem_.empty() ? "" : ": " + problem_)};
}

} // namespace stos::detail
