#include "libstos/service/keyed/agent_group.hpp"
#include "libstos/service/keyed/agent_group_items.hpp"

#include <algorithm>

// What a group does for transactions: it tries what its agents are to do and keeps them, does what
// was tried once that is committed, and decides about those transactions whose home it is.

namespace stos::keyed {
namespace {

using detail::answer_of;
using detail::bad;
using detail::begin;
using detail::Item;

constexpr std::size_t prepared_max = 10'000;

} // namespace

// ---- items
// -----------------------------------------------------------------------------------------

std::vector<std::byte> AgentGroup::transact_item(const Stamp& stamp, Activation activation,
                                                 const TransactionOrder& order) {
  BytesWriter out;
  begin(out, Item::transact);
  write(stamp, out);
  out.u8(static_cast<std::uint8_t>(activation));
  write(order, out);
  return out.take();
}

std::vector<std::byte> AgentGroup::decide_item(const TransactionId& transaction) {
  BytesWriter out;
  write(transaction, begin(out, Item::decide));
  return out.take();
}

std::vector<std::byte> AgentGroup::finish_item(const TransactionId& transaction, const Id& agent,
                                               bool is_committed) {
  BytesWriter out;
  write(transaction, begin(out, Item::finish));
  write(agent, out);
  out.u8(is_committed ? 1 : 0);
  return out.take();
}

std::vector<std::byte> AgentGroup::confirm_item(const TransactionId& transaction,
                                                std::string_view outsider) {
  BytesWriter out;
  write(transaction, begin(out, Item::confirm));
  out.text(outsider);
  return out.take();
}

std::optional<AgentGroup::Decided> AgentGroup::how_decided(const Answer& answer) {
  constexpr auto last = static_cast<std::uint64_t>(Decided::committed_and_done);
  if (answer.outcome != Outcome::done || answer.number > last)
    return std::nullopt;
  return static_cast<Decided>(answer.number);
}

// ---- what is applied
// -------------------------------------------------------------------------------

Answer AgentGroup::apply_transact(BytesReader& in, Place place, std::vector<Effect>* effects) {
  const Stamp stamp = read_stamp(in);
  const auto activation = static_cast<Activation>(in.u8());
  const TransactionOrder order = read_transaction_order(in);
  if (!in.at_end())
    return bad("no order of a transaction");
  const auto* const to_prepare = std::get_if<Prepare>(&order);
  const auto* const to_commit = std::get_if<Commit>(&order);
  const bool has_agent = to_prepare != nullptr && !to_prepare->steps.empty();
  const std::uint64_t hash = has_agent    ? hash_of(to_prepare->steps.front().id)
                             : to_prepare ? to_prepare->transaction.home
                                          : to_commit->transaction.home;
  if (!owns(hash))
    return moved(hash);
  if (std::optional<Answer> known = sessions_.look_up(stamp, now_))
    return *std::move(known);
  Answer answer =
      to_prepare != nullptr ? prepare(*to_prepare, activation, place) : commit(*to_commit, effects);
  const bool may_come_again = answer.outcome == Outcome::check_quota ||
                              answer.outcome == Outcome::locked ||
                              answer.outcome == Outcome::try_later;
  if (!may_come_again)
    sessions_.done(stamp, answer);
  return answer;
}

Answer AgentGroup::prepare(const Prepare& order, Activation activation, Place place) {
  if (here_.prepared.size() >= prepared_max || (order.begins && here_.decisions.is_full()))
    return Answer::refused(Outcome::try_later);
  Answer answer{Outcome::done, 0, {}, encode(std::vector<std::vector<std::byte>>{})};
  if (!order.steps.empty()) {
    const Id& id = order.steps.front().id;
    const Key key(hash_of(id), id);
    if (order.begins && key.first != order.transaction.home)
      return bad("the home of a transaction is that of its first agent");
    if (here_.prepared.contains(key))
      return Answer::refused(Outcome::locked);
    const std::uint64_t seed = mix64(key.first ^ mix64(place.index.value) ^ place.item);
    Prepared what{order.transaction, order.steps, now_, seed};
    answer = try_steps(key, what, activation, nullptr).answer;
    if (answer.outcome != Outcome::done)
      return answer;
    here_.prepared.emplace(key, std::move(what));
  }
  if (order.begins)
    here_.decisions.open(order.transaction);
  return answer;
}

Answer AgentGroup::commit(const Commit& order, std::vector<Effect>* effects) {
  if (!here_.decisions.commit(order))
    return {Outcome::done, static_cast<std::uint64_t>(Decided::aborted), {}, {}};
  bool all_done = true;
  for (const Id& id : order.agents)
    all_done = finish({hash_of(id), id}, order.transaction, true, effects) && all_done;
  if (all_done)
    here_.decisions.confirm_agents(order.transaction);
  const Decided decided = all_done ? Decided::committed_and_done : Decided::committed;
  return {Outcome::done, static_cast<std::uint64_t>(decided), {}, {}};
}

Answer AgentGroup::apply_decide(BytesReader& in) {
  const TransactionId transaction = read_transaction_id(in);
  if (!in.at_end())
    return bad("no transaction");
  if (!owns(transaction.home))
    return moved(transaction.home);
  const Decided decided =
      here_.decisions.abort(transaction) ? Decided::committed : Decided::aborted;
  return {Outcome::done, static_cast<std::uint64_t>(decided), {}, {}};
}

Answer AgentGroup::apply_finish(BytesReader& in, std::vector<Effect>* effects) {
  const TransactionId transaction = read_transaction_id(in);
  const Id id = read_id(in);
  const bool is_committed = in.u8() != 0;
  if (!in.at_end())
    return bad("no end of a transaction");
  const Key key(hash_of(id), id);
  if (!owns(key.first))
    return moved(key.first);
  static_cast<void>(finish(key, transaction, is_committed, effects));
  return {};
}

Answer AgentGroup::apply_confirm(BytesReader& in) {
  const TransactionId transaction = read_transaction_id(in);
  const std::string outsider = in.text();
  if (!in.at_end())
    return bad("no transaction");
  if (!owns(transaction.home))
    return moved(transaction.home);
  if (outsider.empty())
    here_.decisions.confirm_agents(transaction);
  else
    here_.decisions.confirm(transaction, outsider);
  return {};
}

/// False if another group has this agent. One that is not prepared for it has done it before.
bool AgentGroup::finish(const Key& key, const TransactionId& transaction, bool is_committed,
                        std::vector<Effect>* effects) {
  if (!owns(key.first))
    return false;
  const auto at = here_.prepared.find(key);
  if (at == here_.prepared.end() || at->second.transaction != transaction)
    return true;
  const Prepared what = std::move(at->second);
  here_.prepared.erase(at);
  if (!is_committed)
    return true;
  Tried tried = try_steps(key, what, Activation::allowed, effects);
  if (tried.answer.outcome != Outcome::done) // it was tried before: so it is not pure
    return true;
  if (tried.agent)
    here_.agents.insert_or_assign(key, *std::move(tried.agent));
  else if (here_.agents.erase(key) > 0)
    note_gone(key, Gone::by_itself);
  return true;
}

// ---- what is tried
// ---------------------------------------------------------------------------------

bool AgentGroup::Prepared::changes_agent() const {
  return std::ranges::any_of(steps, &Call::is_command);
}

AgentGroup::Tried AgentGroup::try_steps(const Key& key, const Prepared& what, Activation activation,
                                        std::vector<Effect>* effects) const {
  Tried tried;
  if (const auto at = here_.agents.find(key); at != here_.agents.end())
    tried.agent = at->second;
  std::vector<std::vector<std::byte>> replies;
  for (std::size_t i = 0; i < what.steps.size(); ++i) {
    if (i == 0 && !tried.agent && what.steps[i].is_command && activation != Activation::allowed)
      tried.answer = answer_of(activation);
    else
      tried.answer = try_step(key, what, i, tried.agent, effects);
    if (tried.answer.outcome != Outcome::done)
      return tried;
    replies.push_back(std::move(tried.answer.reply));
  }
  tried.answer.reply = encode(replies);
  return tried;
}

Answer AgentGroup::try_step(const Key& key, const Prepared& what, std::size_t number,
                            std::optional<Agent>& agent, std::vector<Effect>* effects) const {
  const Call& step = what.steps[number];
  const detail::AgentType* const type = types_.find(step.id.type);
  if (type == nullptr)
    return bad("there is no agent type \"" + step.id.type + "\"");
  if (!step.is_command) {
    if (!agent)
      return Answer::refused(Outcome::agent_not_found);
    if (agent->on_tick.kind == OnTick::Kind::deactivate)
      agent->ticks_left = agent->on_tick.ticks;
    const QueryContext context(key.second, what.now);
    return answer_of(type->query(agent->state, step.number, step.argument, context, effects));
  }
  CommandContext context(key.second, what.now, mix64(what.seed + number), !agent);
  detail::State state = agent ? agent->state : nullptr;
  detail::Called called = call_command(*type, state, step, context, effects);
  if (called.how != detail::Called::How::returned)
    return answer_of(std::move(called));
  if (!state) {
    agent.reset();
  } else {
    if (!agent)
      agent = Agent{nullptr, new_life(context), {}, 0};
    agent->state = std::move(state);
    after_command(*agent, context);
  }
  return answer_of(std::move(called));
}

// ---- looks, and as bytes
// ---------------------------------------------------------------------------

std::vector<std::pair<Id, TransactionId>> AgentGroup::prepared() const {
  std::vector<std::pair<Id, TransactionId>> all;
  for (const auto& [key, what] : here_.prepared)
    if (owns(key.first))
      all.emplace_back(key.second, what.transaction);
  return all;
}

const TransactionId* AgentGroup::kept_for(const Id& id) const {
  const auto at = here_.prepared.find({hash_of(id), id});
  return at == here_.prepared.end() ? nullptr : &at->second.transaction;
}

void AgentGroup::write_prepared(const Prepared& prepared, BytesWriter& out) {
  write(TransactionOrder(Prepare{prepared.transaction, false, prepared.steps}), out);
  out.varint(prepared.now.ms);
  out.u64(prepared.seed);
}

bool AgentGroup::read_prepared(BytesReader& in, const AgentTypes& types, Contents& contents) {
  const TransactionOrder order = read_transaction_order(in);
  const auto* const prepare = std::get_if<Prepare>(&order);
  const Time now{in.varint()};
  const std::uint64_t seed = in.u64();
  if (!in.ok() || prepare == nullptr || prepare->steps.empty())
    return false;
  const Id& id = prepare->steps.front().id;
  if (types.find(id.type) == nullptr)
    return false;
  contents.prepared.insert_or_assign({hash_of(id), id},
                                     Prepared{prepare->transaction, prepare->steps, now, seed});
  return true;
}

} // namespace stos::keyed
