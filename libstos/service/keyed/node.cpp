#include "libstos/service/keyed/node.hpp"

#include "libstos/base/hash.hpp"

#include <algorithm>

namespace stos::keyed {
namespace {

enum class Mark : std::uint8_t { frame, ask };

constexpr std::uint64_t patience_ms = 10'000; // of what nodes ask each other

raft::GroupsOptions groups_options(const NodeOptions& options) {
  raft::GroupsOptions groups;
  groups.self = options.self;
  groups.life = options.life;
  groups.heartbeat_ticks = options.raft.heartbeat_ticks;
  groups.lost_ticks = options.raft.election_ticks;
  groups.idle_ticks = options.raft.election_ticks;
  return groups;
}

CallerOptions caller_options(const NodeOptions& options) {
  CallerOptions caller = options.caller;
  caller.id = mix64(options.self.value ^ mix64(options.life));
  caller.contacts = options.founders;
  caller.self = options.self;
  return caller;
}

std::uint64_t tokens_for(const Call& call) {
  return call.is_command ? RateLimiter::command_tokens : RateLimiter::query_tokens;
}

bool contains(const std::vector<raft::NodeId>& nodes, raft::NodeId node) {
  return std::ranges::find(nodes, node) != nodes.end();
}

std::vector<std::byte> marked(Mark mark, std::span<const std::byte> bytes) {
  BytesWriter out;
  out.u8(static_cast<std::uint8_t>(mark));
  out.raw(bytes);
  return out.take();
}

} // namespace

Node::Node(NodeOptions options, const AgentTypes& types,
           const std::map<raft::GroupId, raft::Recovered>& found, Time now)
    : options_(std::move(options)), types_(types), now_(now), groups_(groups_options(options_)),
      caller_(caller_options(options_)),
      committer_([this](std::uint64_t hash, Ask::Kind kind, std::vector<std::byte> body,
                        std::optional<std::uint64_t> until_ms, Committer::Then then) {
        bring(hash, kind, std::move(body), until_ms, std::move(then));
      }),
      limiter_(options_.rate_limit) {
  raft::Recovered table;
  if (const auto at = found.find(GroupTable::table_group); at != found.end()) {
    table = at->second;
  } else if (contains(options_.founders, options_.self)) {
    table = raft::Fsm::first_state({raft::in_order(options_.founders), {}, {}});
    to_persist_.push_back(
        {GroupTable::table_group, raft::Persist{std::nullopt, table.snapshot, {}}});
  }
  host(GroupTable::table_group, TableGroup::Kind::agents, std::move(table));
  // What the table of that time has said about these groups may not be known yet.
  for (const auto& [group, recovered] : found)
    if (group != GroupTable::table_group)
      host(group,
           group == GroupTable::quota_group ? TableGroup::Kind::quotas : TableGroup::Kind::agents,
           recovered);
}

void Node::host(raft::GroupId group, TableGroup::Kind kind, raft::Recovered recovered) {
  Hosted hosted;
  std::unique_ptr<StateMachine> machine;
  if (group == GroupTable::table_group) {
    auto table = std::make_unique<GroupTable>();
    table_ = table.get();
    machine = std::move(table);
  } else if (kind == TableGroup::Kind::quotas) {
    machine = std::make_unique<Quotas>();
  } else {
    auto agents = std::make_unique<AgentGroup>(types_, options_.agents);
    hosted.agents = agents.get();
    machine = std::move(agents);
  }
  hosted.replica = std::make_unique<Replica>(std::move(machine));
  raft::Options of_group = options_.raft;
  of_group.seed = mix64(options_.seed ^ mix64(options_.life) ^ group.value);
  const raft::SnapshotPtr snapshot = recovered.snapshot;
  Result<void> added = groups_.add(group, of_group, std::move(recovered));
  if (added && snapshot) {
    Replica::Output nothing;
    added = hosted.replica->apply({snapshot, {}, {}}, fsm(group), nothing);
  }
  if (!added)
    failure_ = added.error();
  else if (fsm(group).log().configuration().voters == std::vector{options_.self})
    pass_time(group, 2 * options_.raft.election_ticks); // nobody else can lead it
  hosted_.emplace(group, std::move(hosted));
}

// ---- inputs
// -------------------------------------------------------------------------------------

void Node::tick(Time now) {
  now_ = now;
  groups_.tick();
  if (table_->nodes().contains(options_.self))
    is_in_table_ = true;
  else if (!is_in_table_ && !std::exchange(asks_table_, true))
    ask_then(GroupTable::table_group, Ask::Kind::item,
             GroupTable::node_item(options_.self, options_.zone),
             [this](const Answer& /*answer*/) { asks_table_ = false; });
  keep_replicas();
  for (auto& [id, hosted] : hosted_)
    if (groups_.find(id)->leads())
      lead(id, hosted);
  caller_.tick(now);
}

Result<void> Node::hear(raft::NodeId from, std::span<const std::byte> message, Time now) {
  now_ = now;
  if (message.empty())
    return Error{Errc::bad_message, "an empty message of node " + raft::to_string(from)};
  const std::span<const std::byte> body = message.subspan(1);
  if (static_cast<Mark>(message[0]) == Mark::frame) {
    const Result<raft::Frame> frame = raft::read_frame_of(from, body);
    if (!frame)
      return frame.error();
    groups_.step(*frame);
    return {};
  }
  const Result<AskMessage> read = decode_ask(body);
  if (!read)
    return read.error();
  if (const Ask* const ask = std::get_if<Ask>(&*read))
    handle(from, *ask);
  else
    caller_.hear(std::get<Reply>(*read), now_);
  return {};
}

std::uint64_t Node::call(const Call& call, std::uint64_t patience, Time now) {
  now_ = now;
  if (const Result<void> right = check(call.id); !right)
    return answer_at_once(Answer::refused(Outcome::bad_request, 0, right.error().context));
  if (const auto after_ms = limiter_.take(call.id, tokens_for(call), now.ms))
    return answer_at_once(Answer::refused(Outcome::rate_limit_reached, *after_ms));
  return caller_.call(call, patience, now);
}

std::uint64_t Node::transact(Transaction transaction, std::uint64_t patience, Time now) {
  now_ = now;
  if (const Result<void> right = check(transaction); !right)
    return answer_at_once(Answer::refused(Outcome::bad_request, 0, right.error().context));
  for (const Call& step : transaction.steps)
    if (const auto after_ms = limiter_.take(step.id, tokens_for(step), now.ms))
      return answer_at_once(
          Answer::refused(Outcome::rate_limit_reached, *after_ms, to_string(step.id)));
  const std::uint64_t number = own_bit | ++last_own_;
  committer_.begin(std::move(transaction), now.ms + patience, [this, number](const Answer& answer) {
    answers_.push_back({number, answer});
  });
  return number;
}

/// What the caller does not have to do with.
std::uint64_t Node::answer_at_once(Answer answer) {
  const std::uint64_t number = own_bit | ++last_own_;
  answers_.push_back({number, std::move(answer)});
  return number;
}

std::uint64_t Node::ask_owner(std::uint64_t hash, Ask::Kind kind, std::vector<std::byte> body,
                              std::uint64_t patience, Time now) {
  now_ = now;
  return caller_.ask_owner(hash, kind, std::move(body), patience, now);
}

void Node::bring(std::uint64_t hash, Ask::Kind kind, std::vector<std::byte> body,
                 std::optional<std::uint64_t> until_ms, std::function<void(const Answer&)> then) {
  const std::uint64_t patience = until_ms ? *until_ms - std::min(*until_ms, now_.ms) : patience_ms;
  own_asks_[caller_.ask_owner(hash, kind, std::move(body), patience, now_)] = std::move(then);
}

std::uint64_t Node::ask(raft::GroupId group, Ask::Kind kind, std::vector<std::byte> body,
                        std::uint64_t patience, Time now) {
  now_ = now;
  return caller_.ask(group, kind, std::move(body), patience, now);
}

void Node::ask_then(raft::GroupId group, Ask::Kind kind, std::vector<std::byte> body,
                    std::function<void(const Answer&)> then) {
  own_asks_[caller_.ask(group, kind, std::move(body), patience_ms, now_)] = std::move(then);
}

void Node::effects_wait(raft::GroupId group, std::size_t count) {
  if (const auto at = hosted_.find(group); at != hosted_.end())
    at->second.effects = count;
}

// ---- what others want
// ------------------------------------------------------------------------------

void Node::handle(raft::NodeId from, const Ask& ask) {
  const Replica::Waiter waiter{from, ask.caller, ask.number};
  const auto at = hosted_.find(ask.group);
  if (at == hosted_.end())
    return refuse(waiter, Answer::refused(Outcome::not_leader));
  Hosted& hosted = at->second;
  const bool is_call = ask.kind == Ask::Kind::command || ask.kind == Ask::Kind::query ||
                       ask.kind == Ask::Kind::transact;
  if (is_call && hosted.effects >= options_.effects_max)
    return refuse(waiter, Answer::refused(Outcome::try_later));
  if (ask.kind == Ask::Kind::stale)
    return refuse(waiter, hosted.replica->machine().query(ask.body, nullptr));
  const raft::Fsm& group = fsm(ask.group);
  if (!group.leads())
    return refuse(waiter, Answer::refused(Outcome::not_leader, group.leader().value));
  switch (ask.kind) {
    case Ask::Kind::command: return handle_command(from, ask, hosted);
    case Ask::Kind::transact: return handle_transact(from, ask, hosted);
    case Ask::Kind::item: return hosted.replica->propose(ask.body, waiter);
    default: return hosted.replica->ask(ask.body, waiter);
  }
}

void Node::handle_command(raft::NodeId from, const Ask& ask, Hosted& hosted) {
  const Replica::Waiter waiter{from, ask.caller, ask.number};
  BytesReader in(ask.body);
  const Stamp stamp = read_stamp(in);
  const Call call = read_call(in, true);
  if (!in.at_end() || hosted.agents == nullptr)
    return refuse(waiter, Answer::refused(Outcome::bad_request, 0, "no command"));
  if (hosted.agents->kept_for(call.id) != nullptr) // as the group would say in the end
    return refuse(waiter, Answer::refused(Outcome::locked));
  if (hosted.agents->has(call.id) || !hosted.agents->owns(hash_of(call.id)))
    return hosted.replica->propose(AgentGroup::command_item(stamp, Activation::unchecked, call),
                                   waiter);
  propose_new(call.id.quota, ask.group, waiter, [stamp, call](Activation activation) {
    return AgentGroup::command_item(stamp, activation, call);
  });
}

void Node::handle_transact(raft::NodeId from, const Ask& ask, Hosted& hosted) {
  const Replica::Waiter waiter{from, ask.caller, ask.number};
  BytesReader in(ask.body);
  const Stamp stamp = read_stamp(in);
  const TransactionOrder order = read_transaction_order(in);
  if (!in.at_end() || hosted.agents == nullptr)
    return refuse(waiter, Answer::refused(Outcome::bad_request, 0, "no order of a transaction"));
  const auto* const prepare = std::get_if<Prepare>(&order);
  const Call* const first =
      prepare == nullptr || prepare->steps.empty() ? nullptr : &prepare->steps.front();
  const TransactionId* const kept_for =
      first == nullptr ? nullptr : hosted.agents->kept_for(first->id);
  if (kept_for != nullptr && *kept_for != prepare->transaction)
    return refuse(waiter, Answer::refused(Outcome::locked));
  if (first == nullptr || !first->is_command || hosted.agents->has(first->id) ||
      !hosted.agents->owns(hash_of(first->id)))
    return hosted.replica->propose(AgentGroup::transact_item(stamp, Activation::unchecked, order),
                                   waiter);
  propose_new(first->id.quota, ask.group, waiter, [stamp, order](Activation activation) {
    return AgentGroup::transact_item(stamp, activation, order);
  });
}

void Node::propose_new(const std::string& quota, raft::GroupId group, const Replica::Waiter& waiter,
                       std::function<std::vector<std::byte>(Activation)> item) {
  const auto then = [this, waiter, group, item = std::move(item)](const Answer& answer) {
    const auto at = hosted_.find(group);
    if (at == hosted_.end())
      return refuse(waiter, Answer::refused(Outcome::not_leader));
    Activation activation = Activation::allowed;
    if (answer.outcome == Outcome::quota_not_found)
      activation = Activation::quota_not_found;
    else if (answer.outcome == Outcome::quota_limit_reached)
      activation = Activation::quota_limit_reached;
    else if (answer.outcome != Outcome::done)
      return refuse(waiter, Answer::refused(Outcome::try_later));
    at->second.replica->propose(item(activation), waiter);
  };
  ask_then(GroupTable::quota_group, Ask::Kind::item, Quotas::activate_item(quota, group), then);
}

void Node::refuse(const Replica::Waiter& waiter, Answer answer) {
  reply(waiter.from, {waiter.number, std::move(answer), waiter.caller});
}

void Node::reply(raft::NodeId to, Reply reply) {
  if (to == options_.self)
    caller_.hear(reply, now_);
  else
    to_send_.emplace_back(to, marked(Mark::ask, encode(reply)));
}

void Node::deliver(Reply reply) {
  const auto own = own_asks_.find(reply.number);
  if (own == own_asks_.end()) {
    answers_.push_back(std::move(reply));
    return;
  }
  const std::function<void(const Answer&)> then = std::move(own->second);
  own_asks_.erase(own);
  then(reply.answer);
}

/// What the caller has to send; to this node itself at once, until nothing is left to be said.
void Node::send_asks() {
  constexpr int turns_max = 100; // then the rest has time until the next output
  for (int turn = 0; turn < turns_max; ++turn) {
    Caller::Output output = caller_.take_output(*table_, now_);
    if (output.to_send.empty() && output.answers.empty())
      return;
    for (auto& [to, ask] : output.to_send)
      if (to == options_.self)
        handle(options_.self, ask);
      else
        to_send_.emplace_back(to, marked(Mark::ask, encode(ask)));
    for (Reply& answer : output.answers)
      deliver(std::move(answer));
  }
}

// ---- the output
// ---------------------------------------------------------------------------------

Node::Output Node::take_output() {
  send_asks();
  Replica::Output refused;
  for (auto& [id, hosted] : hosted_)
    if (!hosted.replica->is_empty()) {
      hosted.replica->flush(fsm(id), now_, refused);
      groups_.touched(id);
    }
  for (auto& [to, answer] : refused.replies)
    reply(to, std::move(answer));
  raft::GroupsOutput of_groups = groups_.take_output();
  Output output;
  output.to_persist = std::exchange(to_persist_, {});
  for (auto& [group, persist] : of_groups.to_persist)
    output.to_persist.emplace_back(group, std::move(persist));
  output.to_send = std::exchange(to_send_, {});
  for (const raft::Frame& frame : of_groups.to_send) {
    BytesWriter out;
    out.u8(static_cast<std::uint8_t>(Mark::frame));
    write(frame, out);
    output.to_send.emplace_back(frame.to, out.take());
  }
  output.to_apply = std::move(of_groups.to_apply);
  output.answers = std::exchange(answers_, {});
  return output;
}

Node::Done Node::apply(Output output) {
  Done done;
  Replica::Output applied;
  for (const auto& [group, what] : output.to_apply) {
    const auto at = hosted_.find(group);
    if (at == hosted_.end())
      continue;
    Replica& replica = *at->second.replica;
    if (const Result<void> right = replica.apply(what, fsm(group), applied); !right)
      failure_ = right.error();
    for (Effect& effect : std::exchange(applied.effects, {}))
      done.effects.emplace_back(group, std::move(effect));
    replica.compact(fsm(group), options_.compact_entries);
    groups_.touched(group);
    table_changed_ = table_changed_ || group == GroupTable::table_group;
    if (fsm(group).failure())
      failure_ = fsm(group).failure();
  }
  for (auto& [to, answer] : applied.replies)
    reply(to, std::move(answer));
  send_asks();
  done.answers = std::move(output.answers);
  for (Reply& answer : std::exchange(answers_, {}))
    done.answers.push_back(std::move(answer));
  done.to_send = std::exchange(to_send_, {});
  return done;
}

// ---- replicas
// -----------------------------------------------------------------------------------

void Node::keep_replicas() {
  if (!std::exchange(table_changed_, false))
    return;
  std::vector<raft::NodeId> contacts;
  for (const auto& [node, zone] : table_->nodes())
    contacts.push_back(node);
  caller_.set_contacts(contacts.empty() ? options_.founders : std::move(contacts));
  add_replicas();
  forget_replicas();
}

void Node::add_replicas() {
  for (const auto& [id, group] : table_->groups()) {
    if (hosted_.contains(id) || !contains(group.replicas, options_.self))
      continue;
    raft::Recovered state;
    if (!group.is_founded && contains(group.founders, options_.self)) {
      state = raft::Fsm::first_state({raft::in_order(group.founders), {}, {}});
      to_persist_.push_back({id, raft::Persist{std::nullopt, state.snapshot, {}}});
    }
    const bool is_founder = state.snapshot != nullptr;
    host(id, group.kind, std::move(state));
    if (is_founder && group.replicas.front() == options_.self)
      pass_time(id, options_.raft.election_ticks / 2); // who is to lead is to campaign first
  }
}

/// For a group that this node has not heard anything of yet: so no leader relies on its patience.
void Node::pass_time(raft::GroupId group, std::uint32_t ticks) {
  for (; ticks > 0; --ticks)
    fsm(group).tick();
}

void Node::forget_replicas() {
  std::vector<raft::GroupId> gone;
  bool has_unwanted = false;
  for (const auto& [id, hosted] : hosted_) {
    if (id == GroupTable::table_group || is_wanted(id))
      continue;
    if (table_->is_gone(id))
      gone.push_back(id);
    else if (table_->find(id) != nullptr)
      has_unwanted = true;
  }
  if (has_unwanted) {
    Replica& table = *hosted_.at(GroupTable::table_group).replica;
    if (table.take_recent()) {
      for (const auto& [id, hosted] : hosted_)
        if (id != GroupTable::table_group && table_->find(id) != nullptr && !is_wanted(id) &&
            is_left_alone(id))
          gone.push_back(id);
    } else {
      table.refresh(fsm(GroupTable::table_group));
      groups_.touched(GroupTable::table_group);
    }
    table_changed_ = true; // so that it is looked at again
  }
  for (const raft::GroupId id : gone)
    forget(id);
}

bool Node::is_wanted(raft::GroupId group) const {
  const TableGroup* const known = table_->find(group);
  return known != nullptr &&
         (contains(known->replicas, options_.self) || contains(known->placed, options_.self));
}

/// The group does not count this node as a member, or at least does not speak to it.
bool Node::is_left_alone(raft::GroupId group) const {
  const raft::Fsm& fsm = *groups_.find(group);
  return !fsm.log().configuration().contains(options_.self) || !fsm.leader();
}

/// With the same write, the table goes to the disk as it is now.
void Node::forget(raft::GroupId group) {
  Replica& table = *hosted_.at(GroupTable::table_group).replica;
  table.compact(fsm(GroupTable::table_group), 1);
  groups_.touched(GroupTable::table_group);
  if (fsm(GroupTable::table_group).log().snapshot_index() != table.applied()) {
    table_changed_ = true; // later
    return;
  }
  groups_.remove(group);
  hosted_.erase(group);
  to_persist_.push_back({group, std::nullopt});
}

} // namespace stos::keyed
