#include "libstos/service/keyed/agent_group.hpp"

#include "libstos/service/keyed/agent_group_items.hpp"

#include <algorithm>
#include <tuple>

namespace stos::keyed {
namespace {

using detail::answer_of;
using detail::bad;
using detail::begin;
using detail::Item;

// What people want begins with a byte with which no Call does: the size of a quota's name.
constexpr std::byte people_mark{0};
enum class PeopleWant : std::uint8_t { list, show, lives };
constexpr std::uint64_t list_max = 10'000;

constexpr std::uint8_t snapshot_version = 3;
constexpr std::size_t gone_max = 10'000;
constexpr std::uint64_t forget_every_ms = Sessions::life_ms / 10;

std::vector<std::byte> saved(const detail::State& state) {
  BytesWriter out;
  if (state)
    static_cast<void>(state->save(out));
  return out.take();
}

} // namespace

void write(const Transfer& transfer, BytesWriter& out) {
  out.varint(transfer.id);
  write(transfer.range, out);
  out.varint(transfer.from.value);
  out.varint(transfer.to.value);
}

Transfer read_transfer(BytesReader& in) {
  Transfer transfer;
  transfer.id = in.varint();
  transfer.range = read_range(in);
  transfer.from = {in.varint()};
  transfer.to = {in.varint()};
  return transfer;
}

// ---- items
// -----------------------------------------------------------------------------------------

std::vector<std::byte> AgentGroup::command_item(const Stamp& stamp, Activation activation,
                                                const Call& call) {
  BytesWriter out;
  begin(out, Item::command);
  write(stamp, out);
  out.u8(static_cast<std::uint8_t>(activation));
  write(call, out);
  return out.take();
}

std::vector<std::byte> AgentGroup::tick_item(const std::optional<std::vector<Id>>& asked) {
  BytesWriter out;
  begin(out, Item::tick).u8(asked ? 0 : 1);
  if (asked) {
    out.varint(asked->size());
    for (const Id& id : *asked)
      write(id, out);
  }
  return out.take();
}

std::vector<std::byte> AgentGroup::seal_item(const Transfer& transfer) {
  BytesWriter out;
  write(transfer, begin(out, Item::seal));
  return out.take();
}

std::vector<std::byte> AgentGroup::adopt_item(const Transfer& transfer, std::uint64_t piece,
                                              bool is_last, std::span<const std::byte> data) {
  BytesWriter out;
  write(transfer, begin(out, Item::adopt));
  out.varint(piece);
  out.u8(is_last ? 1 : 0);
  out.raw(data);
  return out.take();
}

std::vector<std::byte> AgentGroup::empty_piece() {
  BytesWriter out;
  out.varint(0); // the time
  Sessions{}.write(out);
  return out.take();
}

std::vector<std::byte> AgentGroup::release_item(std::uint64_t transfer) {
  BytesWriter out;
  begin(out, Item::release).varint(transfer);
  return out.take();
}

std::vector<std::byte> AgentGroup::remove_quota_item(std::string_view quota) {
  BytesWriter out;
  begin(out, Item::remove_quota).text(quota);
  return out.take();
}

// ---- what is applied
// -------------------------------------------------------------------------------

Answer AgentGroup::apply(std::span<const std::byte> item, Place place, Time now,
                         std::vector<Effect>* effects) {
  now_ = std::max(now_, now);
  if (now_.ms >= forgot_at_.ms + forget_every_ms) {
    forgot_at_ = now_;
    sessions_.forget_expired(now_);
  }
  BytesReader in(item);
  switch (static_cast<Item>(in.u8())) {
    case Item::command: return apply_command(in, place, effects);
    case Item::tick: return apply_tick(in, place, effects);
    case Item::seal: return apply_seal(in);
    case Item::adopt: return apply_adopt(in);
    case Item::release: return apply_release(in);
    case Item::remove_quota: return apply_remove_quota(in);
    case Item::transact: return apply_transact(in, place, effects);
    case Item::decide: return apply_decide(in);
    case Item::finish: return apply_finish(in, effects);
    case Item::confirm: return apply_confirm(in);
  }
  return bad("no item of a group of agents");
}

Answer AgentGroup::apply_command(BytesReader& in, Place place, std::vector<Effect>* effects) {
  const Stamp stamp = read_stamp(in);
  const auto activation = static_cast<Activation>(in.u8());
  Call call = read_call(in, true);
  if (!in.at_end())
    return bad("no command");
  const Key key(hash_of(call.id), call.id);
  if (!owns(key.first))
    return moved(key.first);
  if (std::optional<Answer> known = sessions_.look_up(stamp, now_))
    return *std::move(known);
  const detail::AgentType* const type = types_.find(call.id.type);
  if (type == nullptr)
    return bad("there is no agent type \"" + call.id.type + "\"");
  if (here_.prepared.contains(key))
    return Answer::refused(Outcome::locked);
  const auto at = here_.agents.find(key);
  const bool is_new = at == here_.agents.end();
  if (is_new && activation != Activation::allowed) {
    // A refusal is final, also for copies that come later; but for one that only asks for the
    // quota.
    Answer refusal = answer_of(activation);
    if (refusal.outcome != Outcome::check_quota)
      sessions_.done(stamp, refusal);
    return refusal;
  }

  CommandContext context(call.id, now_, mix64(key.first ^ mix64(place.index.value) ^ place.item),
                         is_new);
  detail::State made;
  detail::State& state = is_new ? made : at->second.state;
  detail::Called called = call_command(*type, state, call, context, effects);
  if (called.how == detail::Called::How::returned) {
    if (!state && !is_new) {
      note_gone(key, Gone::by_itself);
      here_.agents.erase(at);
    } else if (state) {
      Agent& agent = is_new ? here_.agents[key] : at->second;
      if (is_new) {
        agent.state = std::move(made);
        agent.life = new_life(context);
      }
      after_command(agent, context);
    }
  }
  Answer answer = answer_of(std::move(called));
  sessions_.done(stamp, answer);
  return answer;
}

detail::Called AgentGroup::call_command(const detail::AgentType& type, detail::State& state,
                                        const Call& call, CommandContext& context,
                                        std::vector<Effect>* effects) const {
  if (!options_.check_twice)
    return type.command(state, call.number, call.argument, context, effects);
  detail::State first = state;
  detail::State second = state;
  CommandContext again = context;
  const std::size_t effects_before = effects == nullptr ? 0 : effects->size();
  detail::Called called = type.command(first, call.number, call.argument, context, effects);
  const detail::Called twice = type.command(second, call.number, call.argument, again, nullptr);
  if (called.how != twice.how || called.reply != twice.reply ||
      context.wanted_on_tick() != again.wanted_on_tick() ||
      context.deactivates() != again.deactivates() || saved(first) != saved(second)) {
    if (effects != nullptr)
      effects->resize(effects_before);
    return {detail::Called::How::has_thrown,
            {},
            "command " + std::to_string(call.number) + " of agent type \"" + call.id.type +
                "\" is not pure: done twice on the same state, it gave two results"};
  }
  state = std::move(first);
  return called;
}

/// Of an agent that this command has activated: never 0.
std::uint64_t AgentGroup::new_life(const CommandContext& context) const {
  return std::max<std::uint64_t>(mix64(context.seed() ^ mix64(now_.ms)), 1);
}

void AgentGroup::after_command(Agent& agent, const CommandContext& context) {
  if (context.wanted_on_tick())
    set(agent, *context.wanted_on_tick());
  else if (agent.on_tick.kind == OnTick::Kind::deactivate)
    agent.ticks_left = agent.on_tick.ticks;
}

void AgentGroup::set(Agent& agent, OnTick what) {
  // A callback may have made it of anything.
  if (what.kind == OnTick::Kind::timeout)
    agent.on_tick = OnTick::timeout_after(what.ticks);
  else if (what.kind == OnTick::Kind::deactivate)
    agent.on_tick = OnTick::deactivate_after_idle(what.ticks);
  else
    agent.on_tick = OnTick::nothing();
  agent.ticks_left = agent.on_tick.ticks;
}

Answer AgentGroup::moved(std::uint64_t hash) const {
  return Answer::refused(Outcome::moved,
                         outgoing_ && outgoing_->range.contains(hash) ? outgoing_->to.value : 0);
}

Answer AgentGroup::apply_tick(BytesReader& in, Place place, std::vector<Effect>* effects) {
  const bool all_asked = in.u8() != 0;
  constexpr std::size_t least_bytes_of_id = 3;
  for (std::size_t left = all_asked ? 0 : in.count(least_bytes_of_id); left > 0 && in.ok();
       --left) {
    const Id id = read_id(in);
    if (const auto at = here_.agents.find({hash_of(id), id}); at != here_.agents.end())
      if (at->second.on_tick.kind == OnTick::Kind::deactivate)
        at->second.ticks_left = at->second.on_tick.ticks;
  }
  Answer answer;
  for (auto at = here_.agents.begin(); at != here_.agents.end();) {
    auto& [key, agent] = *at;
    bool goes = false;
    const bool is_idle = agent.on_tick.kind == OnTick::Kind::deactivate;
    if (owns(key.first) && agent.on_tick.kind != OnTick::Kind::nothing &&
        !here_.prepared.contains(key)) {
      if (all_asked && agent.on_tick.kind == OnTick::Kind::deactivate)
        agent.ticks_left = agent.on_tick.ticks;
      if (--agent.ticks_left == 0)
        goes = agent.on_tick.kind == OnTick::Kind::deactivate ||
               time_out(key, agent, mix64(key.first ^ mix64(place.index.value) ^ place.item),
                        effects, answer.text);
    }
    if (goes)
      note_gone(key, is_idle ? Gone::idle : Gone::by_itself);
    at = goes ? here_.agents.erase(at) : std::next(at);
  }
  return answer;
}

/// True if the agent goes. What has thrown is tried again on the next tick.
bool AgentGroup::time_out(const Key& key, Agent& agent, std::uint64_t seed,
                          std::vector<Effect>* effects, std::string& trouble) {
  const detail::AgentType* const type = types_.find(key.second.type);
  TimeoutContext context(key.second, now_, seed);
  const detail::Called called = type->timeout(agent.state, context, effects);
  if (called.how != detail::Called::How::returned) {
    trouble = to_string(key.second) + ": " + called.text;
    agent.ticks_left = 1;
    return false;
  }
  set(agent, context.wanted_on_tick().value_or(OnTick::nothing()));
  return context.deactivates();
}

Answer AgentGroup::apply_seal(BytesReader& in) {
  const Transfer transfer = read_transfer(in);
  if (!in.at_end())
    return bad("no seal");
  if (transfer.id <= last_sealed_)
    return {};
  const bool owned = std::ranges::any_of(
      ranges_, [&transfer](Range range) { return range.contains(transfer.range); });
  if (!owned || outgoing_)
    return bad("range " + to_string(transfer.range) + " cannot be sealed here");
  outgoing_ = transfer;
  last_sealed_ = transfer.id;
  return {};
}

Answer AgentGroup::apply_release(BytesReader& in) {
  const std::uint64_t transfer = in.varint();
  if (!in.at_end())
    return bad("no release");
  if (!outgoing_ || outgoing_->id != transfer)
    return {};
  const Range range = outgoing_->range;
  outgoing_.reset();
  const auto is_in = [range](const auto& entry) { return range.contains(entry.first.first); };
  std::erase_if(here_.agents, is_in);
  std::erase_if(here_.prepared, is_in);
  here_.decisions.remove(range);
  drop_range(range);
  return {};
}

Answer AgentGroup::apply_remove_quota(BytesReader& in) {
  const std::string quota = in.text();
  if (!in.at_end())
    return bad("no name of a quota");
  std::erase_if(here_.agents, [&](const auto& agent) {
    const bool goes = agent.first.second.quota == quota && owns(agent.first.first) &&
                      !here_.prepared.contains(agent.first); // until its transaction is over
    if (goes)
      note_gone(agent.first, Gone::quota_is_not);
    return goes;
  });
  return {};
}

void AgentGroup::note_gone(const Key& key, Gone why) {
  gone_[key] = why;
  gone_order_.push_back(key);
  if (gone_order_.size() > gone_max) {
    gone_.erase(gone_order_.front());
    gone_order_.pop_front();
  }
}

Answer AgentGroup::apply_adopt(BytesReader& in) {
  const Transfer transfer = read_transfer(in);
  const std::uint64_t piece = in.varint();
  const bool is_last = in.u8() != 0;
  if (!in.ok())
    return bad("no piece of a range");
  if (transfer.id <= last_adopted_)
    return {};
  if (std::ranges::any_of(ranges_,
                          [&transfer](Range range) { return range.overlaps(transfer.range); }))
    return bad("range " + to_string(transfer.range) + " is owned here already");
  if (!incoming_ || incoming_->transfer != transfer)
    incoming_ = Incoming{transfer, 0, {}};
  if (piece != incoming_->next_piece)
    return Answer::refused(Outcome::try_later, incoming_->next_piece);
  Time then;
  Sessions sessions;
  if (is_last) {
    then.ms = in.varint();
    sessions = Sessions::read(in);
  }
  if (!read_pages(in, types_, incoming_->contents))
    return bad("piece " + std::to_string(piece) + " of a range makes no sense");
  ++incoming_->next_piece;
  if (!is_last)
    return Answer::refused(Outcome::try_later, incoming_->next_piece);
  now_ = std::max(now_, then);
  sessions_.merge(sessions);
  here_.agents.merge(incoming_->contents.agents);
  here_.prepared.merge(incoming_->contents.prepared);
  here_.decisions.merge(incoming_->contents.decisions);
  incoming_.reset();
  last_adopted_ = transfer.id;
  take_range(transfer.range);
  return {};
}

// ---- what is asked
// ---------------------------------------------------------------------------------

Answer AgentGroup::query(std::span<const std::byte> query, std::vector<Effect>* effects) {
  if (query.empty()) {
    BytesWriter out;
    out.varint(here_.agents.size());
    return {Outcome::done, 0, {}, out.take()};
  }
  BytesReader in(query);
  if (query.front() == people_mark)
    return answer_people(in);
  const Call call = read_call(in, false);
  if (!in.at_end())
    return bad("no query");
  const Key key(hash_of(call.id), call.id);
  if (!owns(key.first))
    return moved(key.first);
  const auto kept = here_.prepared.find(key);
  if (effects != nullptr && kept != here_.prepared.end() && kept->second.changes_agent())
    return Answer::refused(Outcome::locked);
  const auto at = here_.agents.find(key);
  if (at == here_.agents.end())
    return Answer::refused(Outcome::agent_not_found);
  const QueryContext context(call.id, now_);
  const detail::AgentType* const type = types_.find(call.id.type);
  Answer answer =
      answer_of(type->query(at->second.state, call.number, call.argument, context, effects));
  if (effects != nullptr && at->second.on_tick.kind == OnTick::Kind::deactivate)
    asked_.insert(key);
  return answer;
}

// ---- for people
// ------------------------------------------------------------------------------------

std::vector<std::byte> AgentGroup::list_query(std::string_view quota, std::string_view type,
                                              const Id& after, std::size_t count) {
  BytesWriter out;
  out.raw(&people_mark, 1);
  out.u8(static_cast<std::uint8_t>(PeopleWant::list));
  out.text(quota);
  out.text(type);
  write(after, out);
  out.varint(count);
  return out.take();
}

std::vector<std::byte> AgentGroup::lives_query(const std::vector<Id>& ids) {
  BytesWriter out;
  out.raw(&people_mark, 1);
  out.u8(static_cast<std::uint8_t>(PeopleWant::lives));
  out.varint(ids.size());
  for (const Id& id : ids)
    write(id, out);
  return out.take();
}

Answer AgentGroup::lives(BytesReader& in) const {
  constexpr std::size_t least_bytes_of_id = 3;
  const std::size_t count = in.count(least_bytes_of_id);
  BytesWriter out;
  out.varint(count);
  for (std::size_t left = count; left > 0 && in.ok(); --left) {
    const Id id = read_id(in);
    const Key key(hash_of(id), id);
    const auto agent = here_.agents.find(key);
    const auto gone = gone_.find(key);
    out.u8(owns(key.first) ? 0 : 1);
    out.varint(agent == here_.agents.end() ? 0 : agent->second.life);
    out.u8(static_cast<std::uint8_t>(gone == gone_.end() ? Gone::unknown : gone->second));
  }
  if (!in.at_end())
    return bad("no question after agents");
  return {Outcome::done, 0, {}, out.take()};
}

std::string_view AgentGroup::text_of(Gone why) {
  switch (why) {
    case Gone::by_itself: return "the agent was deactivated by its own callback";
    case Gone::idle: return "the agent was deactivated since it was idle";
    case Gone::quota_is_not: return "the agent is gone with its quota";
    case Gone::unknown: break;
  }
  return "the agent was deactivated";
}

std::vector<AgentGroup::Life> AgentGroup::lives_of(const Answer& answer) {
  constexpr std::size_t least_bytes_of_life = 3;
  BytesReader in(answer.reply);
  std::vector<Life> lives(answer.outcome == Outcome::done ? in.count(least_bytes_of_life) : 0);
  for (Life& life : lives) {
    life.is_elsewhere = in.u8() != 0;
    life.life = in.varint();
    life.why = static_cast<Gone>(std::min<std::uint8_t>(in.u8(), 3));
  }
  return in.ok() ? lives : std::vector<Life>{};
}

std::vector<std::byte> AgentGroup::show_query(const Id& id) {
  BytesWriter out;
  out.raw(&people_mark, 1);
  out.u8(static_cast<std::uint8_t>(PeopleWant::show));
  write(id, out);
  return out.take();
}

std::vector<Id> AgentGroup::ids_of(const Answer& answer) {
  BytesReader in(answer.reply);
  std::vector<Id> ids;
  for (std::size_t left = in.count(3); left > 0 && in.ok(); --left)
    ids.push_back(read_id(in));
  return in.at_end() ? ids : std::vector<Id>{};
}

Answer AgentGroup::answer_people(BytesReader& in) const {
  in.u8();
  const auto want = static_cast<PeopleWant>(in.u8());
  if (want == PeopleWant::list)
    return list(in);
  if (want == PeopleWant::lives)
    return lives(in);
  const Id id = read_id(in);
  if (!in.at_end())
    return bad("no question");
  const Key key(hash_of(id), id);
  if (!owns(key.first))
    return moved(key.first);
  const auto at = here_.agents.find(key);
  if (at == here_.agents.end())
    return Answer::refused(Outcome::agent_not_found);
  return {Outcome::done, 0, at->second.state->json(), {}};
}

Answer AgentGroup::list(BytesReader& in) const {
  const std::string quota = in.text();
  const std::string type = in.text();
  const Id after = read_id(in);
  const std::uint64_t count = std::min<std::uint64_t>(in.varint(), list_max);
  if (!in.at_end())
    return bad("no question");
  std::vector<Id> ids;
  for (const auto& [key, agent] : here_.agents) {
    const Id& id = key.second;
    if (id.quota == quota && (type.empty() || id.type == type) &&
        std::tie(id.type, id.key) > std::tie(after.type, after.key))
      ids.push_back(id);
  }
  std::ranges::sort(ids);
  ids.resize(std::min<std::size_t>(ids.size(), count));
  BytesWriter out;
  out.varint(ids.size());
  for (const Id& id : ids)
    write(id, out);
  return {Outcome::done, 0, {}, out.take()};
}

std::vector<Id> AgentGroup::take_asked() {
  std::vector<Id> ids;
  for (const Key& key : std::exchange(asked_, {}))
    ids.push_back(key.second);
  return ids;
}

bool AgentGroup::owns(std::uint64_t hash) const {
  return std::ranges::any_of(ranges_, [hash](Range range) { return range.contains(hash); }) &&
         !(outgoing_ && outgoing_->range.contains(hash));
}

std::vector<Id> AgentGroup::ids() const {
  std::vector<Id> ids;
  for (const auto& [key, agent] : here_.agents)
    ids.push_back(key.second);
  return ids;
}

std::map<std::string, std::uint64_t> AgentGroup::agents_by_quota() const {
  std::map<std::string, std::uint64_t> counts;
  for (const auto& [key, agent] : here_.agents)
    if (owns(key.first))
      ++counts[key.second.quota];
  return counts;
}

std::optional<std::uint64_t> AgentGroup::middle() const {
  if (here_.agents.empty() || outgoing_)
    return std::nullopt;
  const auto at =
      std::next(here_.agents.begin(), static_cast<std::ptrdiff_t>(here_.agents.size() / 2));
  const std::uint64_t hash = at->first.first;
  if (hash == here_.agents.begin()->first.first)
    return std::nullopt;
  return hash;
}

void AgentGroup::take_range(Range range) {
  ranges_.push_back(range);
  std::ranges::sort(ranges_);
  std::vector<Range> joined;
  for (const Range next : ranges_)
    if (!joined.empty() && joined.back().last + 1 == next.first)
      joined.back().last = next.last;
    else
      joined.push_back(next);
  ranges_ = std::move(joined);
}

void AgentGroup::drop_range(Range range) {
  std::vector<Range> left;
  for (const Range owned : ranges_) {
    if (!owned.overlaps(range)) {
      left.push_back(owned);
      continue;
    }
    if (owned.first < range.first)
      left.push_back({owned.first, range.first - 1});
    if (range.last < owned.last)
      left.push_back({range.last + 1, owned.last});
  }
  ranges_ = std::move(left);
}

// ---- as bytes
// --------------------------------------------------------------------------------------

void AgentGroup::write_agent(const Key& key, const Agent& agent, BytesWriter& out) {
  write(key.second, out);
  out.u8(static_cast<std::uint8_t>(agent.on_tick.kind));
  out.varint(agent.on_tick.ticks);
  out.varint(agent.ticks_left);
  out.varint(agent.life);
  const std::vector<std::byte> state = saved(agent.state);
  out.varint(state.size());
  out.raw(state);
}

void AgentGroup::write_sessions(BytesWriter& out) const {
  out.varint(now_.ms);
  sessions_.write(out);
}

/// What stands where contents have their next piece.
enum class Page : std::uint8_t { agent = 1, prepared, record };

bool AgentGroup::read_agent(BytesReader& in, const AgentTypes& types, Agents& agents) {
  const Id id = read_id(in);
  Agent agent;
  const std::uint8_t kind = in.u8();
  agent.on_tick.ticks = static_cast<std::uint32_t>(in.varint());
  agent.ticks_left = static_cast<std::uint32_t>(in.varint());
  agent.life = in.varint();
  const detail::AgentType* const type = types.find(id.type);
  BytesReader state(in.raw(in.count(1)));
  if (!in.ok() || kind > static_cast<std::uint8_t>(OnTick::Kind::deactivate) || type == nullptr)
    return false;
  agent.on_tick.kind = static_cast<OnTick::Kind>(kind);
  if ((agent.on_tick.kind == OnTick::Kind::nothing) != (agent.ticks_left == 0))
    return false;
  agent.state = type->load(state);
  if (!agent.state || !state.at_end())
    return false;
  agents.insert_or_assign({hash_of(id), id}, std::move(agent));
  return true;
}

/// Agents, what is tried, and records until the end.
bool AgentGroup::read_pages(BytesReader& in, const AgentTypes& types, Contents& contents) {
  while (in.ok() && in.remaining() > 0) {
    switch (static_cast<Page>(in.u8())) {
      case Page::agent:
        if (!read_agent(in, types, contents.agents))
          return false;
        break;
      case Page::prepared:
        if (!read_prepared(in, types, contents))
          return false;
        break;
      case Page::record: {
        const TransactionId id = read_transaction_id(in);
        contents.decisions.insert(id, read_record(in));
        break;
      }
      default: return false;
    }
  }
  return in.ok();
}

template <class F>
void AgentGroup::write_pages(const Contents& contents, Range range, BytesWriter& out,
                             F after_each) {
  const auto begin_page = [&out](Page page) { out.u8(static_cast<std::uint8_t>(page)); };
  for (const auto& [key, agent] : contents.agents) {
    if (!range.contains(key.first))
      continue;
    begin_page(Page::agent);
    write_agent(key, agent, out);
    after_each();
  }
  for (const auto& [key, prepared] : contents.prepared) {
    if (!range.contains(key.first))
      continue;
    begin_page(Page::prepared);
    write_prepared(prepared, out);
    after_each();
  }
  for (const auto& [id, record] : contents.decisions.records()) {
    if (!range.contains(id.home))
      continue;
    begin_page(Page::record);
    write(id, out);
    write(record, out);
    after_each();
  }
}

std::vector<std::vector<std::byte>> AgentGroup::pieces(std::size_t bytes_max) const {
  std::vector<std::vector<std::byte>> all;
  BytesWriter out;
  write_pages(here_, outgoing_->range, out, [&] {
    if (out.size() >= bytes_max)
      all.push_back(out.take());
  });
  if (out.size() > 0)
    all.push_back(out.take());
  write_sessions(out);
  all.push_back(out.take()); // without agents
  return all;
}

std::vector<std::byte> AgentGroup::snapshot() const {
  BytesWriter out;
  out.u8(snapshot_version);
  write_sessions(out);
  out.varint(forgot_at_.ms);
  out.varint(last_sealed_);
  out.varint(last_adopted_);
  out.varint(ranges_.size());
  for (const Range range : ranges_)
    write(range, out);
  out.u8(outgoing_ ? 1 : 0);
  if (outgoing_)
    write(*outgoing_, out);
  out.u8(incoming_ ? 1 : 0);
  if (incoming_) {
    write(incoming_->transfer, out);
    out.varint(incoming_->next_piece);
    BytesWriter contents;
    write_pages(incoming_->contents, Range::all(), contents, [] {});
    out.varint(contents.size());
    out.raw(contents.bytes());
  }
  write_pages(here_, Range::all(), out, [] {});
  return out.take();
}

Result<void> AgentGroup::restore(std::span<const std::byte> bytes) {
  AgentGroup read(types_, options_);
  if (!bytes.empty()) {
    BytesReader in(bytes);
    bool right = in.u8() == snapshot_version;
    read.now_.ms = in.varint();
    read.sessions_ = Sessions::read(in);
    read.forgot_at_.ms = in.varint();
    read.last_sealed_ = in.varint();
    read.last_adopted_ = in.varint();
    constexpr std::size_t bytes_of_range = 16;
    for (std::size_t left = in.count(bytes_of_range); left > 0 && in.ok(); --left)
      read.ranges_.push_back(read_range(in));
    if (in.u8() != 0)
      read.outgoing_ = read_transfer(in);
    if (in.u8() != 0) {
      read.incoming_ = Incoming{read_transfer(in), in.varint(), {}};
      BytesReader contents(in.raw(in.count(1)));
      right = right && read_pages(contents, types_, read.incoming_->contents);
    }
    if (!right || !read_pages(in, types_, read.here_))
      return Error{Errc::bad_message, "a snapshot of a group of agents makes no sense, or has a "
                                      "type of agents that this program has not"};
  }
  now_ = read.now_;
  ranges_ = std::move(read.ranges_);
  here_ = std::move(read.here_);
  sessions_ = std::move(read.sessions_);
  outgoing_ = read.outgoing_;
  incoming_ = std::move(read.incoming_);
  last_sealed_ = read.last_sealed_;
  last_adopted_ = read.last_adopted_;
  forgot_at_ = read.forgot_at_;
  asked_.clear();
  return {};
}

} // namespace stos::keyed
