#include "actors/service/agent_desk.hpp"

#include "actors/messages/agent_views.hpp"
#include "actors/messages/cluster_messages.hpp"
#include "actors/messages/json_tree.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace stos::detail {
namespace {

using keyed::Answer;
using keyed::Ask;
using keyed::GroupTable;
using keyed::Outcome;
using keyed::Quotas;
using keyed::TableGroup;

RunAnswer done(Bytes bytes) { return {NodeHello::current_protocol, 0, {}, std::move(bytes)}; }

Bytes bytes_of(const std::string& text) {
  BytesWriter out;
  out.raw(text.data(), text.size());
  return {out.take()};
}

RunAnswer refused(const Answer& answer) {
  const bool may_work_later =
      answer.outcome == Outcome::timeout || answer.outcome == Outcome::no_leader;
  std::string text(to_string(answer.outcome));
  if (answer.outcome == Outcome::rate_limit_reached)
    text += ": try again in " + std::to_string(answer.number) + " ms";
  else if (!answer.text.empty())
    text += ": " + answer.text;
  return refusal({may_work_later ? Errc::try_later : Errc::bad_argument, std::move(text)});
}

HostDoor::Question question(raft::GroupId group, std::vector<std::byte> body) {
  return {group, Ask::Kind::question, std::move(body)};
}

/// What several answers make together; the last of them delivers it.
template <class T>
struct Gathering {
  T all;
  std::size_t awaited = 0;
  std::optional<RunAnswer> refusal;
  std::function<void(RunAnswer)> deliver;

  void one_has_come() {
    if (--awaited == 0)
      deliver(refusal ? *std::move(refusal) : done(encode(all)));
  }
};

} // namespace

void AgentDesk::answer(const RunCommand& command, Deliver deliver) const {
  if (command.command == "agents.groups")
    groups(deliver);
  else if (command.command == "agents.list")
    list(command.arguments, deliver);
  else if (command.command == "agents.show")
    show(command.arguments, deliver);
  else if (command.command == "agents.call")
    call(command.arguments, deliver);
  else if (command.command == "agents.quota")
    quota(command.arguments, deliver);
  else
    deliver(refusal({Errc::bad_argument, "there is no command " + command.command}));
}

void AgentDesk::ask(HostDoor::Question question, HostDoor::Then then) const {
  constexpr std::chrono::milliseconds patience(2'000);
  ask_for(std::move(question), patience, std::move(then));
}

void AgentDesk::groups(const Deliver& deliver) const {
  const auto gathering = std::make_shared<Gathering<std::vector<GroupView>>>();
  gathering->deliver = deliver;
  const auto view_of = [this](raft::GroupId id, std::string kind) {
    GroupView view;
    view.id = id.value;
    view.kind = std::move(kind);
    const raft::Fsm* const fsm = core.groups().find(id);
    if (fsm != nullptr && fsm->leader())
      view.leader = name_of(fsm->leader());
    return view;
  };
  GroupView table = view_of(GroupTable::table_group, "table");
  for (const auto& [node, zone] : core.table().nodes())
    table.replicas.push_back(name_of(node));
  gathering->all.push_back(std::move(table));
  std::vector<raft::GroupId> of_agents;
  for (const auto& [id, group] : core.table().groups()) {
    const bool has_agents = group.kind == TableGroup::Kind::agents;
    GroupView view = view_of(id, has_agents ? "agents" : "quotas");
    view.range = group.range;
    for (const raft::NodeId node : group.replicas)
      view.replicas.push_back(name_of(node));
    view.moves = core.table().transfer_of(id) != nullptr ||
                 raft::in_order(group.placed) != raft::in_order(group.replicas);
    gathering->all.push_back(std::move(view));
    if (has_agents)
      of_agents.push_back(id);
  }
  gathering->awaited = of_agents.size() + 1;
  for (const raft::GroupId id : of_agents)
    ask(question(id, {}), [gathering, id](const Answer& answer) {
      BytesReader in(answer.reply);
      const std::uint64_t agents = in.varint();
      if (answer.outcome == Outcome::done && in.at_end())
        std::ranges::find(gathering->all, id.value, &GroupView::id)->agents = agents;
      gathering->one_has_come();
    });
  gathering->one_has_come();
}

void AgentDesk::list(const Bytes& arguments, const Deliver& deliver) const {
  const Result<AgentListOrder> order = decode_list_order(arguments);
  if (!order)
    return deliver(refusal(order.error()));
  const auto gathering = std::make_shared<Gathering<std::vector<keyed::Id>>>();
  gathering->awaited = 1;
  gathering->deliver = [gathering = gathering.get(), deliver,
                        count = order->count](const RunAnswer& answer) {
    if (answer.code != 0)
      return deliver(answer);
    std::vector<keyed::Id>& ids = gathering->all;
    std::ranges::sort(ids);
    // Of a group that has just been divided, some come twice.
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    ids.resize(std::min<std::size_t>(ids.size(), count));
    deliver(done(encode(ids)));
  };
  for (const auto& [id, group] : core.table().groups()) {
    if (group.kind != TableGroup::Kind::agents)
      continue;
    ++gathering->awaited;
    ask(question(id, keyed::AgentGroup::list_query(order->quota, order->type,
                                                   {{}, order->from_type, order->from_key},
                                                   order->count)),
        [gathering](const Answer& answer) {
          if (answer.outcome != Outcome::done)
            gathering->refusal = refused(answer);
          const std::vector<keyed::Id> ids = keyed::AgentGroup::ids_of(answer);
          gathering->all.insert(gathering->all.end(), ids.begin(), ids.end());
          gathering->one_has_come();
        });
  }
  gathering->one_has_come();
}

void AgentDesk::show(const Bytes& arguments, const Deliver& deliver) const {
  const Result<keyed::Id> id = decode_id(arguments);
  if (!id)
    return deliver(refusal(id.error()));
  const std::optional<raft::GroupId> group = core.table().group_of(keyed::hash_of(*id));
  if (!group)
    return deliver(refusal({Errc::try_later, "there are no groups of agents yet"}));
  ask(question(*group, keyed::AgentGroup::show_query(*id)), [deliver](const Answer& answer) {
    if (answer.outcome != Outcome::done)
      return deliver(refused(answer));
    deliver(done(bytes_of(answer.text)));
  });
}

void AgentDesk::call(const Bytes& arguments, const Deliver& deliver) const {
  const Result<AgentCallOrder> order = decode_call_order(arguments);
  if (!order)
    return deliver(refusal(order.error()));
  const keyed::detail::AgentType* const type = types.find(order->id.type);
  if (type == nullptr)
    return deliver(
        refusal({Errc::bad_argument, "there is no agent type \"" + order->id.type + "\""}));
  const Result<ValueTree> fields = tree_of_json(order->json);
  if (!fields)
    return deliver(refusal(fields.error()));
  auto read = type->read_call(order->is_command, order->name, *fields);
  if (!read)
    return deliver(refusal(read.error()));
  auto& [number, bytes] = *read;
  keyed::Call wanted{order->id, order->is_command, number, std::move(bytes),
                     order->is_stale ? keyed::Read::stale : keyed::Read::latest};
  ask_for(std::move(wanted), std::chrono::milliseconds(order->patience_ms),
          [deliver, type, is_command = order->is_command, number = number](const Answer& answer) {
            if (answer.outcome != Outcome::done)
              return deliver(refused(answer));
            const Result<ValueTree> reply = type->show_reply(is_command, number, answer.reply);
            deliver(reply ? done(bytes_of(to_json(*reply))) : refusal(reply.error()));
          });
}

void AgentDesk::quota(const Bytes& arguments, const Deliver& deliver) const {
  const Result<QuotaOrder> order = decode_quota_order(arguments);
  if (!order)
    return deliver(refusal(order.error()));
  if (order->what == QuotaOrder::What::usage) {
    if (order->quota.empty())
      return all_quotas(deliver);
    return ask(question(GroupTable::quota_group, Quotas::usage_query(order->quota, now)),
               [deliver, name = order->quota](const Answer& answer) {
                 const std::optional<keyed::QuotaUsage> usage = Quotas::usage_of(answer);
                 deliver(usage ? done(encode(QuotaViews{{name, *usage}})) : refused(answer));
               });
  }
  const bool puts = order->what == QuotaOrder::What::put;
  ask({GroupTable::quota_group, Ask::Kind::item,
       puts ? Quotas::put_item(order->quota, order->limit) : Quotas::delete_item(order->quota)},
      [deliver](const Answer& answer) {
        deliver(answer.outcome == Outcome::done ? done({}) : refused(answer));
      });
}

void AgentDesk::all_quotas(const Deliver& deliver) const {
  const auto gathering = std::make_shared<Gathering<QuotaViews>>();
  gathering->deliver = deliver;
  ask(question(GroupTable::quota_group, Quotas::list_query()),
      [gathering, desk = *this](const Answer& answer) {
        if (answer.outcome != Outcome::done)
          return gathering->deliver(refused(answer));
        const std::vector<std::string> names = Quotas::names_of(answer);
        gathering->awaited = names.size() + 1;
        for (const std::string& name : names)
          desk.ask(question(GroupTable::quota_group, Quotas::usage_query(name, desk.now)),
                   [gathering, name](const Answer& one) {
                     if (const auto usage = Quotas::usage_of(one)) // else it has just been deleted
                       gathering->all.emplace_back(name, *usage);
                     gathering->one_has_come();
                   });
        gathering->one_has_come();
      });
}

} // namespace stos::detail
