#include "libstos/image/agent_view.hpp"

#include "libstos/base/demangle.hpp"
#include "libstos/base/hexadecimal.hpp"
#include "libstos/code/named_values.hpp"
#include "libstos/world/agent_base.hpp"
#include "libstos/world/each_lambda.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <map>
#include <span>

namespace stos::detail {
namespace {

ValueTree text(std::string_view value) { return ValueTree::of_text(value); }
ValueTree id(AgentId agent) { return text(std::to_string(agent.value)); }
ValueTree number(std::uint64_t value) { return ValueTree::of_number(value); }
ValueTree number(double value) { return ValueTree::of_number(value); }
ValueTree bits(std::uint64_t value) { return text("0x" + hexadecimal(value)); }

ValueTree components(const Velocity<4>& v) { return tree_of(v); }

const char* name_of(Lambda::Kind kind) {
  switch (kind) {
    case Lambda::Kind::channel: return "channel";
    case Lambda::Kind::timer: return "timer";
    case Lambda::Kind::outside: return "outside";
    case Lambda::Kind::date: return "date";
  }
  return "";
}

// What few agents have.
void view_extras(const CellExtras& extras, ValueTree& view) {
  if (extras.exit_time < Instant::never().absorption)
    view.add("exit_time", number(extras.exit_time));
  if (extras.last_emission > Instant::beginning().absorption)
    view.add("last_emission", number(extras.last_emission));
  for (const auto& [name, count] :
       {std::pair("births", extras.births), std::pair("reports", extras.reports),
        std::pair("injected", extras.injected)})
    if (count > 0)
      view.add(name, number(count));
  if (extras.pending_turns.empty())
    return;
  ValueTree& turns = view.add("pending_turns", ValueTree::empty_array());
  for (const PendingTurn& turn : extras.pending_turns) {
    ValueTree& each = turns.add(ValueTree::empty_object());
    each.add("local_time", number(turn.local_time));
    each.add("velocity", components(turn.velocity));
  }
}

ValueTree view_channels(const Cell& cell) {
  ValueTree view = ValueTree::empty_array();
  for (const Channel* channel = cell.outgoing; channel != nullptr;
       channel = channel->next_outgoing) {
    if (channel->closed)
      continue;
    ValueTree& each = view.add(ValueTree::empty_object());
    each.add("number", number(std::uint64_t{channel->number.value}));
    each.add("to", id(channel->to->id));
    each.add("class", text(channel->to->ops->type_name));
    each.add("next_sequence", number(std::uint64_t{channel->next_sequence}));
  }
  std::reverse(view.children.begin(), view.children.end()); // the list begins with the last one
  return view;
}

// What it captures has no names, nor types: they are bytes.
void view_load(const Closure& lambda, ValueTree& view) {
  if (lambda.ops->save != nullptr && lambda.ops->captured_bytes > 0) {
    BytesWriter bytes;
    lambda.ops->save(lambda, bytes);
    view.add("captured", text("0x" + hexadecimal(bytes.bytes().first(
                                         std::min(bytes.size(), lambda.ops->captured_bytes)))));
  }
  if (lambda.ops->show != nullptr) {
    NamingInspector f(view.add("arguments", {}));
    lambda.ops->show(lambda, f);
  }
}

ValueTree view_lambda(const Closure& lambda, double absorption) {
  ValueTree view = ValueTree::empty_object();
  view.add("absorption", number(absorption));
  view.add("kind", text(name_of(lambda.kind)));
  view.add("lambda", text(short_name(lambda.ops->name)));
  view.add("source", id(lambda.source));
  view.add("channel", number(std::uint64_t{lambda.channel.value}));
  view.add("sequence", number(lambda.sequence));
  view.add("emission", tree_of(lambda.emission));
  if (lambda.emission_depth > 0)
    view.add("emission_depth", number(std::uint64_t{lambda.emission_depth}));
  if (lambda.kind == Lambda::Kind::timer)
    view.add("due", number(lambda.due));
  view_load(lambda, view);
  if (lambda.references == nullptr || lambda.references->empty())
    return view;
  ValueTree& references = view.add("references", ValueTree::empty_array());
  for (const CarriedReference& carried : *lambda.references) {
    ValueTree& each = references.add(ValueTree::empty_object());
    each.add("reference", bits(carried.ticket));
    each.add("to", id(carried.hold->to->id));
  }
  return view;
}

} // namespace

ValueTree AgentViewer::view(Cell& cell) {
  ValueTree view = ValueTree::empty_object();
  view.add("agent", id(cell.id));
  if (const std::string name = name_of_ ? name_of_(cell.id) : std::string(); !name.empty())
    view.add("name", text(name));
  view.add("class", text(cell.ops->type_name));
  view_place(cell, view);
  view_members(cell, view);
  view.add("channels", view_channels(cell));
  view.add("waiting", view_waiting(cell));
  return view;
}

ValueTree AgentViewer::view_types(Cell& cell) {
  ValueTree view = ValueTree::empty_object();
  view_members(cell, view, NamingInspector::Shows::types);
  return view;
}

std::string fields_of(World& world, Cell& cell) {
  const ValueTree view = AgentViewer(world, 0).view_types(cell);
  const ValueTree* const members = view.find("members");
  std::string names;
  if (members != nullptr && view.find("problem") == nullptr)
    for (const ValueTree& field : members->children)
      names += (names.empty() ? "" : ", ") + field.name + ": " + field.text;
  return names;
}

std::string fields_of(const ClosureOps& ops) {
  return std::to_string(ops.captured_bytes) + " bytes captured, " + std::to_string(ops.bytes) +
         " in all";
}

ValueTree AgentViewer::view(const EventSeen& seen) {
  ValueTree view = ValueTree::empty_object();
  if (seen.cell.agent != nullptr)
    view_members(seen.cell, view);
  view.add("random", bits(seen.cell.random.state()));
  ValueTree& sent = view.add("sent", ValueTree::empty_array());
  for_each_lambda(seen.effects, [&sent](const Closure& lambda) {
    ValueTree& each = sent.add(ValueTree::empty_object());
    each.add("lambda", text(short_name(lambda.ops->name)));
    each.add("channel", number(std::uint64_t{lambda.channel.value}));
    each.add("sequence", number(lambda.sequence));
    view_load(lambda, each);
  });
  ValueTree& reported = view.add("reported", ValueTree::empty_array());
  for (const Report& report : seen.reports) {
    ValueTree& each = reported.add(ValueTree::empty_object());
    each.add("topic", text(report.topic));
    each.add("value", text("0x" + hexadecimal(report.value)));
  }
  if (!seen.effects.has_changes())
    return view;
  const Effects::Changes& changes = seen.effects.changes();
  ValueTree& born = view.add("born", ValueTree::empty_array());
  for (const Cell* child : changes.born)
    born.add(id(child->id));
  view.add("channels_opened", number(std::uint64_t{changes.opened.size()}));
  view.add("channels_closed", number(std::uint64_t{changes.closed.size()}));
  view.add("dies", number(std::uint64_t{changes.dies ? 1U : 0U}));
  if (changes.turn)
    view.add("turn", components(*changes.turn));
  return view;
}

void AgentViewer::view_place(const Cell& cell, ValueTree& view) const {
  const Point here = cell.path.position(time_);
  view.add("time", number(time_));
  view.add("position", ValueTree::of_numbers({here[1], here[2], here[3]}));
  view.add("velocity", components(cell.path.velocity()));
  view.add("local_time", number(cell.path.local_time(time_)));
  view.add("worldline_since", tree_of(cell.path.anchor()));
  view.add("last_event", number(cell.now));
  view.add("events", number(std::uint64_t{cell.events}));
  view.add("digest", bits(cell.digest.value()));
  view.add("random", bits(cell.random.state()));
  view.add("timers_set", number(cell.timers_set));
  view.add("channels_opened", number(std::uint64_t{cell.channels_opened}));
  if (cell.extras != nullptr)
    view_extras(*cell.extras, view);
}

// As while it is saved: its inspect may look where it is, and nothing can happen.
void AgentViewer::view_members(Cell& cell, ValueTree& view, NamingInspector::Shows shows) {
  std::string problem;
  NamingInspector f(view.add("members", {}), shows);
  if (cell.agent == nullptr) {
    problem = "it was deleted by hand";
  } else if (cell.ops->show == nullptr) {
    problem = std::string("its class ") + cell.ops->type_name + " has no inspect";
  } else {
    transfer_.begin(cell);
    context_.begin_transfer(transfer_);
    const EventContext::Scope scope(&context_);
    try {
      cell.ops->show(*cell.agent, f);
    } catch (const std::exception& e) {
      problem = e.what();
    }
    if (problem.empty() && !f.ok())
      problem = "its inspect has failed";
  }
  if (!problem.empty())
    view.add("problem", text(problem));
}

ValueTree AgentViewer::view_waiting(const Cell& cell) const {
  std::vector<std::pair<EventKey, const Closure*>> lambdas;
  const auto add = [&lambdas](const Lambda& lambda, double absorption) {
    lambdas.emplace_back(lambda.key(absorption), &static_cast<const Closure&>(lambda));
  };
  cell.mailbox.for_each(add);
  if (world_.resumption != nullptr) { // they stand in the order of the agents
    const auto& all = world_.resumption->lambdas;
    const auto first = std::ranges::lower_bound(
        all, cell.id, {}, [](const Resumption::Waiting& each) { return each.lambda->to->id; });
    for (auto at = first; at != all.end() && at->lambda->to == &cell; ++at)
      add(*at->lambda, at->absorption);
  }
  std::ranges::sort(lambdas, {}, [](const auto& each) { return each.first; });
  ValueTree view = ValueTree::empty_array();
  for (const auto& [key, lambda] : lambdas)
    view.add(view_lambda(*lambda, key.instant.absorption));
  return view;
}

AgentViewer::NameOf names_in(const Cut& cut) {
  std::map<AgentId, std::string> names;
  for (const auto& [name, agent] : cut.names)
    names.emplace(agent, name);
  return [names = std::move(names)](AgentId agent) {
    const auto found = names.find(agent);
    return found == names.end() ? std::string() : found->second;
  };
}

Cell* find_restored(const World& world, AgentId agent) {
  if (world.resumption == nullptr)
    return nullptr;
  const auto& agents = world.resumption->agents;
  const auto found =
      std::ranges::lower_bound(agents, agent, {}, [](const Cell* cell) { return cell->id; });
  return found != agents.end() && (*found)->id == agent ? *found : nullptr;
}

} // namespace stos::detail
