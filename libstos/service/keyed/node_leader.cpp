#include "libstos/service/keyed/node.hpp"

#include <algorithm>

// What a node does for the groups that it leads, once a tick. Everything is done until it is seen
// to have been done: an order that is lost with a leader is given again by the next one.

namespace stos::keyed {
namespace {

constexpr std::uint64_t lag_max = 1'000; // entries; who is less behind may become a voter
constexpr std::uint64_t hand_over_every_ms = 5'000;
constexpr std::uint64_t effects_patience_ms = 2'000; // then agents go where they are to

bool contains(const std::vector<raft::NodeId>& nodes, raft::NodeId node) {
  return std::ranges::find(nodes, node) != nodes.end();
}

/// An order that is on its way is not given again for so long. (If it is, nothing is done twice.)
constexpr std::uint64_t order_every_ms = 200;

} // namespace

void Node::lead(raft::GroupId id, Hosted& hosted) {
  if (hosted.led_in != fsm(id).term()) {
    ++leader_changes_;
    hosted.led_in = fsm(id).term();
    hosted.has_ticked = false;
    hosted.asks_table = false;
    hosted.giving = {};
    hosted.transactions.clear();
    hosted.next_tick_ms = now_.ms + options_.tick_ms;
    hosted.next_report_ms = now_.ms;
    hosted.next_hand_over_ms = now_.ms + hand_over_every_ms;
    hosted.next_order_ms = now_.ms;
  }
  if (id == GroupTable::table_group)
    return lead_table(hosted);
  const TableGroup* const known = table_->find(id);
  if (known == nullptr)
    return;
  keep_members(id, known->replicas, {});
  keep_placed(id, hosted, *known);
  hand_over(id, hosted, *known);
  if (hosted.agents == nullptr)
    return;
  keep_transfers(id, hosted);
  keep_transactions(id, hosted);
  tick_agents(hosted);
  if (now_.ms < hosted.next_report_ms)
    return;
  hosted.next_report_ms = now_.ms + options_.report_ms;
  report(id, hosted);
  divide(id, hosted, *known);
}

void Node::lead_table(Hosted& hosted) {
  if (now_.ms < hosted.next_order_ms)
    return;
  hosted.next_order_ms = now_.ms + order_every_ms;
  const std::map<raft::NodeId, std::string>& nodes = table_->nodes();
  if (table_->groups().empty()) {
    const auto here = static_cast<std::size_t>(std::ranges::count_if(
        options_.founders, [&nodes](raft::NodeId node) { return nodes.contains(node); }));
    // Of a founder that has died too early, nothing more may be heard.
    const bool is_late = now_.ms >= hosted.next_hand_over_ms;
    if (here > 0 &&
        (here == options_.founders.size() || (is_late && 2 * here > options_.founders.size())))
      hosted.replica->propose(GroupTable::begin_item(options_.replicas), {});
    return;
  }
  const std::vector<raft::NodeId> voters =
      place(GroupTable::table_group, nodes, options_.table_voters);
  std::vector<raft::NodeId> learners;
  for (const auto& [node, zone] : nodes)
    if (!contains(voters, node))
      learners.push_back(node);
  keep_members(GroupTable::table_group, voters, std::move(learners));
  for (const auto& [id, group] : table_->groups()) {
    const bool moves = raft::in_order(group.placed) != raft::in_order(group.replicas);
    if (!group.is_founded || (moves && std::ranges::all_of(group.replicas, [&](raft::NodeId node) {
                                return nodes.contains(node);
                              })))
      continue;
    const std::vector<raft::NodeId> wanted = place(id, nodes, options_.replicas);
    if (!wanted.empty() && wanted != group.replicas)
      hosted.replica->propose(GroupTable::replicas_item(id, wanted), {});
  }
}

// ---- members
// ------------------------------------------------------------------------------------

void Node::keep_members(raft::GroupId id, std::vector<raft::NodeId> voters,
                        std::vector<raft::NodeId> learners) {
  raft::Fsm& group = fsm(id);
  const raft::Configuration& now = group.log().configuration();
  voters = raft::in_order(std::move(voters));
  learners = raft::in_order(std::move(learners));
  if (now.is_joint() || voters.empty() || (now.voters == voters && now.learners == learners))
    return;
  std::vector<raft::NodeId> fresh = now.learners;
  bool has_fresh = false;
  bool all_have_log = true;
  for (const raft::NodeId node : voters) {
    if (!now.contains(node)) {
      has_fresh = true;
      fresh.push_back(node);
    } else if (node != options_.self) {
      const std::optional<std::uint64_t> lag = group.lag_of(node);
      all_have_log = all_have_log && (now.is_voter(node) || (lag && *lag <= lag_max));
    }
  }
  if (has_fresh) // they get the log first
    static_cast<void>(group.change_members(now.voters, fresh));
  else if (all_have_log)
    static_cast<void>(group.change_members(voters, learners));
  groups_.touched(id);
}

void Node::keep_placed(raft::GroupId id, Hosted& hosted, const TableGroup& wanted) {
  const raft::Fsm& group = fsm(id);
  if (!wanted.is_founded)
    return tell_table(id, GroupTable::founded_item(id));
  const raft::Configuration& now = group.log().configuration();
  if (!now.is_joint() && now.learners.empty() &&
      hosted.replica->applied() >= group.log().configuration_index() &&
      now.voters == raft::in_order(wanted.replicas) && now.voters != raft::in_order(wanted.placed))
    tell_table(id, GroupTable::placed_item(id, wanted.replicas));
}

void Node::hand_over(raft::GroupId id, Hosted& hosted, const TableGroup& wanted) {
  if (now_.ms < hosted.next_hand_over_ms || wanted.replicas.empty())
    return;
  hosted.next_hand_over_ms = now_.ms + hand_over_every_ms;
  const raft::NodeId first = wanted.replicas.front();
  const std::optional<std::uint64_t> lag = fsm(id).lag_of(first);
  if (first == options_.self || groups_.is_lost(first) || !lag || *lag > lag_max ||
      !fsm(id).log().configuration().is_voter(first))
    return;
  static_cast<void>(fsm(id).hand_over(first));
  groups_.touched(id);
}

/// One item of a group at a time is on its way to the table.
void Node::tell_table(raft::GroupId from, std::vector<std::byte> item, std::uint64_t* times_done) {
  Hosted& hosted = hosted_.at(from);
  if (std::exchange(hosted.asks_table, true))
    return;
  ask_then(GroupTable::table_group, Ask::Kind::item, std::move(item),
           [this, from, times_done](const Answer& answer) {
             if (times_done != nullptr && answer.outcome == Outcome::done)
               ++*times_done;
             if (const auto at = hosted_.find(from); at != hosted_.end())
               at->second.asks_table = false;
           });
}

// ---- transfers
// ----------------------------------------------------------------------------------

void Node::keep_transfers(raft::GroupId id, Hosted& hosted) {
  AgentGroup& agents = *hosted.agents;
  if (agents.outgoing())
    return give(id, hosted);
  const Transfer* const transfer = table_->transfer_of(id);
  if (transfer == nullptr || now_.ms < hosted.next_order_ms)
    return;
  hosted.next_order_ms = now_.ms + order_every_ms;
  if (transfer->from == id) {
    if (agents.last_sealed() < transfer->id)
      hosted.replica->propose(AgentGroup::seal_item(*transfer), {});
    else
      tell_table(id, GroupTable::transfer_done_item(transfer->id));
  } else if (transfer->from.value == 0) { // the first group: there is nothing to be adopted
    if (agents.last_adopted() < transfer->id)
      hosted.replica->propose(AgentGroup::adopt_item(*transfer, 0, true, AgentGroup::empty_piece()),
                              {});
    else
      tell_table(id, GroupTable::transfer_done_item(transfer->id));
  }
}

void Node::give(raft::GroupId id, Hosted& hosted) {
  const Transfer& transfer = *hosted.agents->outgoing();
  Giving& giving = hosted.giving;
  if (giving.transfer != transfer.id)
    giving = {transfer.id, hosted.agents->pieces(options_.piece_bytes), 0, false, now_.ms};
  if (hosted.effects > 0 && now_.ms < giving.since_ms + effects_patience_ms)
    return;
  if (std::exchange(giving.asked, true))
    return;
  const bool is_last = giving.next + 1 == giving.pieces.size();
  ask_then(transfer.to, Ask::Kind::item,
           AgentGroup::adopt_item(transfer, giving.next, is_last, giving.pieces[giving.next]),
           [this, id, number = transfer.id](const Answer& answer) {
             piece_answered(id, number, answer);
           });
}

void Node::piece_answered(raft::GroupId id, std::uint64_t transfer, const Answer& answer) {
  const auto at = hosted_.find(id);
  if (at == hosted_.end() || at->second.giving.transfer != transfer ||
      !at->second.agents->outgoing())
    return;
  Hosted& hosted = at->second;
  Giving& giving = hosted.giving;
  giving.asked = false; // if all is not well, it is tried again on the next tick
  if (answer.outcome == Outcome::done) {
    hosted.replica->propose(AgentGroup::release_item(transfer), {});
    hosted.next_report_ms = now_.ms;
  } else if (answer.outcome == Outcome::try_later && answer.number < giving.pieces.size()) {
    const bool goes_on = std::exchange(giving.next, answer.number) != answer.number;
    if (goes_on)
      give(id, hosted);
  }
}

// ---- agents
// -------------------------------------------------------------------------------------

void Node::tick_agents(Hosted& hosted) {
  if (now_.ms < hosted.next_tick_ms)
    return;
  hosted.next_tick_ms = now_.ms + options_.tick_ms;
  std::optional<std::vector<Id>> asked = hosted.agents->take_asked();
  if (!std::exchange(hosted.has_ticked, true))
    asked.reset(); // whoever has led before knows
  hosted.replica->propose(AgentGroup::tick_item(asked), {});
}

void Node::report(raft::GroupId id, Hosted& hosted) {
  const Quotas::GroupCounts counts{id, fsm(id).term(), hosted.agents->agents_by_quota()};
  ask_then(GroupTable::quota_group, Ask::Kind::item, Quotas::report_item({counts}),
           [this, id](const Answer& answer) {
             const auto at = hosted_.find(id);
             if (answer.outcome != Outcome::done || at == hosted_.end())
               return;
             for (const std::string& quota : Quotas::names_of(answer))
               at->second.replica->propose(AgentGroup::remove_quota_item(quota), {});
           });
}

/// A group with too many agents is split, one with few is merged with its neighbour.
void Node::divide(raft::GroupId id, Hosted& hosted, const TableGroup& known) {
  if (!known.range || table_->transfer_of(id) != nullptr || hosted.agents->outgoing())
    return;
  const std::size_t agents = hosted.agents->agents();
  if (agents > options_.per_group_max) {
    const std::optional<std::uint64_t> middle = hosted.agents->middle();
    if (table_->groups().size() - 1 < options_.groups_max && middle)
      tell_table(id, GroupTable::split_item(id, *middle, options_.replicas), &splits_);
    return;
  }
  const std::optional<raft::GroupId> neighbour = table_->next_to(id);
  if (!neighbour || 2 * agents > options_.per_group_max)
    return;
  ask_then(*neighbour, Ask::Kind::question, {}, [this, id, neighbour](const Answer& answer) {
    const auto at = hosted_.find(id);
    BytesReader in(answer.reply);
    const std::uint64_t theirs = in.varint();
    if (answer.outcome == Outcome::done && at != hosted_.end() && in.at_end() &&
        2 * (theirs + at->second.agents->agents()) <= options_.per_group_max)
      tell_table(id, GroupTable::merge_item(id, *neighbour), &merges_);
  });
}

} // namespace stos::keyed
