#include "libstos/service/keyed/node.hpp"

// What the leader of a group does so that no transaction is left behind by a coordinator that is
// gone. All of it may be done by several at once, and again by the next leader.

namespace stos::keyed {
namespace {

constexpr std::uint64_t looks = 4; // while a transaction may take its time

} // namespace

void Node::keep_transactions(raft::GroupId id, Hosted& hosted) {
  if (now_.ms < hosted.next_transactions_ms &&
      hosted.next_transactions_ms <= now_.ms + options_.transaction_ms)
    return;
  hosted.next_transactions_ms = now_.ms + options_.transaction_ms / looks;
  TransactionsSeen seen;
  const auto is_late = [&](const TransactionId& transaction, const Id& agent) {
    const auto before = hosted.transactions.find({transaction, agent});
    std::uint64_t since = before == hosted.transactions.end() ? now_.ms : before->second;
    since = std::min(since, now_.ms); // the clock may have gone back
    const bool late = now_.ms >= since + options_.transaction_ms;
    seen[{transaction, agent}] = late ? now_.ms : since; // if it does not help, it is done again
    return late;
  };
  const AgentGroup& agents = *hosted.agents;
  for (const auto& [agent, transaction] : agents.prepared())
    if (is_late(transaction, agent))
      end_prepared(id, transaction, agent);
  for (const auto& [transaction, record] : agents.decisions().records()) {
    if (!agents.owns(transaction.home) || !is_late(transaction, {}))
      continue;
    if (!record.is_committed)
      hosted.replica->propose(AgentGroup::decide_item(transaction), {});
    else if (!record.agents.empty())
      spread_commitment(id, transaction, record.agents);
  }
  hosted.transactions = std::move(seen);
}

void Node::end_prepared(raft::GroupId id, const TransactionId& transaction, const Id& agent) {
  bring(transaction.home, Ask::Kind::item, AgentGroup::decide_item(transaction), std::nullopt,
        [this, id, transaction, agent](const Answer& answer) {
          const auto decided = AgentGroup::how_decided(answer);
          const auto at = hosted_.find(id);
          if (!decided || at == hosted_.end())
            return;
          const bool is_committed = *decided != AgentGroup::Decided::aborted;
          at->second.replica->propose(AgentGroup::finish_item(transaction, agent, is_committed),
                                      {});
        });
}

void Node::spread_commitment(raft::GroupId id, const TransactionId& transaction,
                             const std::vector<Id>& agents) {
  const auto awaited = std::make_shared<std::size_t>(agents.size());
  for (const Id& agent : agents)
    bring(hash_of(agent), Ask::Kind::item, AgentGroup::finish_item(transaction, agent, true),
          std::nullopt, [this, id, transaction, awaited](const Answer& answer) {
            const auto at = hosted_.find(id);
            if (answer.outcome == Outcome::done && --*awaited == 0 && at != hosted_.end())
              at->second.replica->propose(AgentGroup::confirm_item(transaction, {}), {});
          });
}

} // namespace stos::keyed
