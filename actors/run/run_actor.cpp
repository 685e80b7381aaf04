#include "actors/run/run_actor.hpp"

#include "actors/messages/caf_types.hpp"
#include "actors/messages/luggage.hpp"
#include "actors/messages/pieces.hpp"
#include "actors/messages/system_messages.hpp"
#include "actors/transport/message_rules.hpp"
#include "config/program.hpp"
#include "config/spelling.hpp"
#include "config/values.hpp"
#include "libstos/cluster/status/live_status.hpp"

#include <caf/actor_cast.hpp>

#include <algorithm>
#include <limits>
#include <span>
#include <string>
#include <utility>

namespace stos::detail {

RunActor::RunActor(caf::actor_config& config, std::shared_ptr<RunState> state)
    : caf::event_based_actor(config), state_(std::move(state)) {}

namespace {

/// Keeps what nodes and this process say. What ordinary actors say is for agents: here it is
/// a mistake, and could be much.
caf::skippable_result keep_what_is_ours(caf::scheduled_actor* self, caf::message& message) {
  const auto is_ours = [](caf::type_id_t type) {
    const MessageRule rule = rule_for(type);
    return rule.wants_sender || !rule.sender;
  };
  if (std::ranges::any_of(message.types(), is_ours))
    return caf::skip;
  return caf::drop(self, message);
}

} // namespace

// Other nodes may have begun before this one: what they send is kept until then.
caf::behavior RunActor::make_behavior() {
  set_default_handler(keep_what_is_ours);
  ignore_what_is_not_for_it(*this);
  return {
      [this](BeginMessage) {
        set_default_handler(caf::drop);
        become(running());
        begin();
      },
      [this](TellMessage, const AbortMessage& message) { hear_abort(message); },
      [this](CopyMessage& message) { hear_copy(message); },
      [this](EndMessage) { end(); },
  };
}

bool RunActor::has_said(std::size_t node) {
  return node < state_->runs.size() &&
         caf::actor_cast<caf::actor>(current_sender()) == state_->runs[node];
}

bool RunActor::has_run_said() {
  return std::ranges::find(state_->runs, caf::actor_cast<caf::actor>(current_sender())) !=
         state_->runs.end();
}

caf::behavior RunActor::running() {
  return {
      [this](FrameMessage& message) { hear_frame(message); },
      [this](DueMessage message) { hear_due(message.from); },
      [this](TickMessage) { run_gateway(); },
      [this](OrdersMessage) { take_orders(); },
      [this](WanderMessage) { wander(); },
      [this](WeighMessage) {
        if (state_->gateway != nullptr && !over_)
          state_->gateway->want_weighing();
      },
      [this](AdvisedMessage) { follow_advice(); },
      [this](WeightsMessage& message) {
        if (balance_ && is_other_node(message.from) && has_said(message.from))
          hear_weights(message);
      },
      [this](TickMessage, std::uint64_t timer) {
        if (timer == timer_ && state_->gateway != nullptr)
          state_->gateway->wake();
      },
      [this](LookMessage) { look(); },
      [this](const RunCommand& command) { return obey(command); },
      [this](TellMessage, std::uint64_t cut_asked, RunAnswer& answer) {
        if (auto asked = cuts_asked_.extract(cut_asked); !asked.empty())
          asked.mapped().deliver(std::move(answer));
      },
      [this](CopyMessage& message) {
        if (!has_said(message.from))
          return;
        tell_that_it_has_come(message.from);
        hear_copy(message);
      },
      [this](const PieceReceipt& receipt) {
        if (has_said(receipt.from))
          state_->pieces.has_come(receipt.from);
      },
      [this](const KeptMessage& message) {
        if (state_->own_index == 0 && has_said(message.from))
          state_->keeper->hear_kept(message.from, message.time);
      },
      [this](FarewellMessage& message) { hear_farewell(message); },
      [this](CutMessage& message) {
        const bool is_for_it = state_->own_index == 0 || message.from == 0;
        if (state_->snapshots == nullptr || !is_for_it || !has_said(message.from))
          return;
        if (state_->own_index == 0)
          tell_that_it_has_come(message.from);
        state_->snapshots->hear(std::move(message));
      },
      [this](const FarewellReceipt& receipt) {
        if (!has_said(receipt.from))
          return;
        const std::lock_guard lock(state_->mutex);
        state_->farewells->hear_receipt(receipt.from);
        state_->changed.notify_all();
      },
      [this](AbortMessage& message) {
        message.goes_on = false; // which this node says itself
        if (has_said(message.from))
          hear_abort(message);
      },
      [this](TellMessage, const AbortMessage& message) { hear_abort(message); },
      [this](AgentMail& mail) {
        if (mail.asker < state_->runs.size() && has_run_said())
          state_->citizens->take(std::move(mail), is_stopping());
      },
      [this](SearchMessage& message) {
        if (has_said(message.asker))
          state_->citizens->take(std::move(message), is_stopping());
      },
      [this](const AgentEndedMessage& message) {
        if (!has_run_said())
          return;
        state_->citizens->agent_ended_elsewhere(AgentId{message.agent});
      },
      [this](const SearchAnswer& answer) { hear_answer(answer); },
      [this](const FindAgent& wanted) { return search(wanted); },
      [this](EndMessage) { end(); },
  };
}

void RunActor::begin() {
  begun_ = true;
  state_->citizens->begin();
  chance_ = RandomStream(mix64(state_->world->options.seed + state_->own_index));
  begin_to_wander();
  begin_to_balance();
  if (aborted_)
    abandon();
}

void RunActor::abandon() {
  if (state_->gateway != nullptr)
    state_->gateway->abandon();
  else
    state_->snapshots->abandon();
}

// Before this run has begun, no copy is one of its own cuts.
void RunActor::hear_copy(CopyMessage& message) {
  const std::optional<double> time = state_->keeper->hear(std::move(message));
  if (time && !state_->runs.empty() && state_->own_index != 0)
    caf_version::send_from(this, state_->runs.front(),
                           KeptMessage{static_cast<std::uint32_t>(state_->own_index), *time});
}

void RunActor::tell_that_it_has_come(std::size_t node) {
  send(state_->runs[node], PieceReceipt{static_cast<std::uint32_t>(state_->own_index)});
}

void RunActor::hear_abort(const AbortMessage& message) {
  const Errc code = errc_from(message.code).value_or(Errc::internal);
  std::optional<std::size_t> lost;
  if (code == Errc::node_lost && message.from != AbortMessage::of_this_node)
    lost = message.from;
  if (message.goes_on && begun_ && !over_)
    state_->citizens->interrupt(*state_->kept);
  if (message.goes_on && over_)
    pass_on_farewells();
  abort({code, message.why}, false, lost);
}

void RunActor::end() {
  if (state_->citizens != nullptr)
    state_->citizens->end();
  for (auto& [request, answer] : std::exchange(moves_, {}))
    answer(Error{Errc::bad_argument, "the simulation has ended before the agents could move"});
  searches_.end([](const Asker& asker) {
    asker.found(Error{Errc::bad_argument, "the simulation has ended"});
  });
  for (auto& [number, promise] : std::exchange(cuts_asked_, {}))
    promise.deliver(refusal({Errc::bad_argument, "the simulation has ended"}));
  begun_ = false;
  balance_.reset();
  state_->gateway.reset();
  state_->pieces.open();
  state_->snapshots.reset();
  const std::lock_guard lock(state_->mutex);
  for (MoveOrder& order : std::exchange(state_->orders, {}))
    refuse(order);
  state_->runs.clear();
  state_->ended = true;
  state_->changed.notify_all();
  quit();
}

void RunActor::hear_farewell(FarewellMessage& message) {
  if (!is_other_node(message.from) || !has_run_said()) // nodes pass on those of lost ones
    return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->outcomes[message.from] = std::move(message.outcome);
    const bool sends_receipts = state_->farewells->hear_farewell(message.from);
    state_->changed.notify_all();
    if (!sends_receipts)
      return;
  }
  for (std::size_t i = 0; i < state_->runs.size(); ++i)
    if (i != state_->own_index)
      send(state_->runs[i], FarewellReceipt{static_cast<std::uint32_t>(state_->own_index)});
}

// A node that is lost may have said its farewell to some only: a node that has all of them passes
// them on.
void RunActor::pass_on_farewells() {
  const std::lock_guard lock(state_->mutex);
  if (!state_->farewells->has_all())
    return;
  // The lines of files are in what was said to the first node only.
  const RunOptions& options = state_->world->options;
  const bool has_lines = !options.trace_path.empty() || !options.records_path.empty();
  for (std::uint32_t of = 0; of < state_->runs.size(); ++of)
    for (std::uint32_t to = 0; to < state_->runs.size(); ++to)
      if (to != state_->own_index && to != of && (to != 0 || !has_lines))
        send(state_->runs[to], FarewellMessage{of, of == state_->own_index ? state_->own_farewell
                                                                           : state_->outcomes[of]});
}

void RunActor::run_gateway() {
  if (state_->gateway == nullptr)
    return;
  const double now_s = std::chrono::duration<double>(Clock::now() - started_).count();
  const LuggageHall hall([this](AgentId agent, std::uint64_t number) {
    return state_->citizens->claim_luggage(agent, number);
  });
  Gateway::Output output;
  const Result<Gateway::Slice> slice = state_->gateway->run(now_s, output);
  send_frames(output);
  answer_moves(output.moves);
  if (output.weights)
    tell_weights(*std::move(output.weights));
  if (std::exchange(was_stopping_, is_stopping()) && !was_stopping_)
    state_->citizens->stop_is_over();
  if (!slice) {
    abort(slice.error(), true);
    send(this, TickMessage{}); // the gateway is still awake
    return;
  }
  if (*slice == Gateway::Slice::finished && !std::exchange(over_, true)) {
    const std::lock_guard lock(state_->mutex);
    state_->gateway->count(state_->network);
    random_moves_left_ = 0;
    state_->over = true;
    state_->changed.notify_all();
  }
  if (*slice == Gateway::Slice::more)
    send(this, TickMessage{});
  ++timer_;
  if (*slice == Gateway::Slice::parked && output.wake_at_s) {
    const double delay_s = std::max(*output.wake_at_s - now_s, 0.0);
    delayed_send(this, std::chrono::nanoseconds(static_cast<std::int64_t>(delay_s * 1e9)),
                 TickMessage{}, timer_);
  }
}

// For those who watch the run.
void RunActor::look() {
  if (state_->gateway == nullptr)
    return;
  const std::lock_guard lock(state_->mutex);
  describe(*state_->gateway, state_->names, state_->own_index, state_->credit_bytes,
           state_->network_seen);
}

void RunActor::send_frames(Gateway::Output& output) {
  for (Gateway::Frame& frame : output.frames)
    send(
        state_->runs[frame.node.number()],
        FrameMessage{static_cast<std::uint32_t>(state_->own_index), Bytes{std::move(frame.bytes)}});
}

void RunActor::hear_frame(FrameMessage& message) {
  if (state_->gateway == nullptr || !is_other_node(message.from) || !has_said(message.from))
    return;
  if (const double at_most_s = state_->world->options.cluster.random_delay_s; at_most_s > 0)
    keep_back(message, at_most_s);
  else
    state_->gateway->receive(NodeIndex(message.from), std::move(message.frame.data));
}

void RunActor::keep_back(FrameMessage& message, double at_most_s) {
  KeptBack& kept = kept_back_[message.from];
  const Clock::time_point now = Clock::now();
  const auto delay = std::chrono::duration<double>(chance_.uniform(0, at_most_s));
  kept.due = std::max(kept.due, now + std::chrono::duration_cast<Clock::duration>(delay));
  kept.frames.push_back(std::move(message.frame.data));
  delayed_send(this, kept.due - now, DueMessage{message.from});
}

void RunActor::hear_due(std::size_t from) {
  std::deque<std::vector<std::byte>>& frames = kept_back_[from].frames;
  if (state_->gateway == nullptr || frames.empty())
    return;
  state_->gateway->receive(NodeIndex(from), std::move(frames.front()));
  frames.pop_front();
}

void RunActor::take_orders() {
  std::vector<MoveOrder> orders;
  {
    const std::lock_guard lock(state_->mutex);
    orders = std::exchange(state_->orders, {});
  }
  for (MoveOrder& order : orders) {
    auto outcomes =
        std::make_shared<std::promise<std::vector<MoveOutcome>>>(std::move(order.outcomes));
    move_agents(order.moves, [outcomes](Result<std::vector<MoveOutcome>> result) {
      if (result)
        outcomes->set_value(*std::move(result));
      else
        outcomes->set_exception(std::make_exception_ptr(UsageError(result.error())));
    });
  }
}

void RunActor::move_agents(const std::vector<AgentMove>& moves, Answer answer) {
  if (state_->gateway == nullptr)
    return answer(moves_without_others(moves));
  const Result<std::uint64_t> request = state_->gateway->request_moves(moves);
  if (request)
    moves_.emplace(*request, std::move(answer));
  else
    answer(request.error());
}

Result<std::vector<MoveOutcome>>
RunActor::moves_without_others(const std::vector<AgentMove>& moves) const {
  std::vector<MoveOutcome> outcomes;
  for (const AgentMove& move : moves) {
    if (move.node != NodeIndex(0))
      return Error{Errc::bad_argument, "agent " + std::to_string(move.agent.value) +
                                           " is to move to node " +
                                           std::to_string(move.node.number() + 1) + " of 1"};
    outcomes.push_back({move,
                        state_->citizens->is_here(move.agent) ? MoveResult::already_there
                                                              : MoveResult::no_such_agent,
                        {}});
  }
  return outcomes;
}

// Each node sends its part of them, a batch of its agents after the other.
void RunActor::begin_to_wander() {
  const std::uint64_t all = state_->world->options.cluster.random_moves;
  const std::uint64_t nodes = state_->runs.size();
  if (nodes < 2)
    return;
  constexpr std::uint64_t batches = 8;
  random_moves_left_ = all / nodes + (state_->own_index < all % nodes ? 1 : 0);
  random_moves_at_once_ = (random_moves_left_ + batches - 1) / batches;
  wander();
}

void RunActor::wander() {
  static constexpr std::chrono::milliseconds pause(1);
  if (random_moves_left_ == 0)
    return;
  std::vector<AgentId> agents;
  state_->world->directory->for_each([&agents](const Cell& cell) { agents.push_back(cell.id); });
  if (agents.empty()) { // all are elsewhere just now
    delayed_send(this, pause, WanderMessage{});
    return;
  }
  const std::uint64_t count = std::min(random_moves_at_once_, random_moves_left_);
  std::vector<AgentMove> moves;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::size_t node = chance_.below(static_cast<std::uint32_t>(state_->runs.size() - 1));
    if (node >= state_->own_index)
      ++node;
    moves.push_back(
        {agents[chance_.below(static_cast<std::uint32_t>(agents.size()))], NodeIndex(node)});
  }
  random_moves_left_ -= count;
  move_agents(moves, [this](const Result<std::vector<MoveOutcome>>& outcomes) {
    if (outcomes)
      delayed_send(this, pause, WanderMessage{});
  });
}

void RunActor::begin_to_balance() {
  const ClusterOptions& options = state_->world->options.cluster;
  if (state_->own_index != 0 || state_->gateway == nullptr || options.balance == BalanceName::none)
    return;
  balance_.emplace(
      options.balance, options.balance_every_s, state_->runs.size(),
      [self = caf::actor_cast<caf::actor>(this)] { caf::anon_send(self, AdvisedMessage{}); });
  weigh_later();
}

void RunActor::weigh_later() {
  delayed_send(this,
               std::chrono::duration_cast<std::chrono::nanoseconds>(
                   std::chrono::duration<double>(balance_->pause_s())),
               WeighMessage{});
}

void RunActor::tell_weights(NodeWeights weights) {
  if (balance_)
    return balance_->hear(NodeIndex(0), std::move(weights));
  WeightsMessage message;
  message.from = static_cast<std::uint32_t>(state_->own_index);
  send_in_pieces(std::move(message), encode(weights),
                 [this](const WeightsMessage& piece) { send(state_->runs.front(), piece); });
}

void RunActor::hear_weights(WeightsMessage& message) {
  std::vector<std::byte>& bytes = weights_[message.from];
  bytes.insert(bytes.end(), message.data.data.begin(), message.data.data.end());
  if (message.more)
    return;
  Result<NodeWeights> weights = decode_weights(std::exchange(bytes, {}));
  if (!weights)
    return abort({weights.error().code,
                  "node " + state_->names[message.from] + " has sent " + weights.error().context},
                 true);
  balance_->hear(NodeIndex(message.from), *std::move(weights));
}

void RunActor::follow_advice() {
  if (!balance_ || over_ || state_->gateway == nullptr)
    return;
  const BalanceAdvice advice = balance_->take_advice();
  if (advice.moves.empty())
    return weigh_later();
  if (!state_->world->options.digest_only)
    tell("balance: " + to_string(advice));
  move_agents(advice.moves, [this](const Result<std::vector<MoveOutcome>>& outcomes) {
    if (!outcomes || !balance_)
      return;
    if (const auto why = balance_->hear(*outcomes))
      tell("warning: balance: some agents cannot move between nodes: " + *why);
    weigh_later();
  });
}

void RunActor::answer_moves(std::vector<MoveAnswer>& answers) {
  for (MoveAnswer& answer : answers)
    if (auto waiting = moves_.extract(answer.request); !waiting.empty())
      waiting.mapped()(std::move(answer.outcomes));
}

caf::result<caf::message> RunActor::obey(const RunCommand& command) {
  if (command.command == "migrate")
    return migrate(command);
  if (command.command == "snapshot" || command.command == "keep")
    return cut(command);
  if (command.command == "show")
    return show(command);
  return caf::make_message(
      refusal({Errc::bad_argument, "a run knows no command " + command.command}));
}

// The first node has the store.
caf::result<caf::message> RunActor::cut(const RunCommand& command) {
  if (state_->own_index != 0)
    return delegate(state_->runs[0], command);
  if (over_)
    return caf::make_message(refusal({Errc::bad_argument, "the simulation has ended"}));
  auto promise = make_response_promise();
  cuts_asked_.emplace(++last_cut_asked_, promise);
  if (command.command == "keep")
    state_->snapshots->ask_to_keep(last_cut_asked_);
  else
    state_->snapshots->ask(last_cut_asked_);
  if (state_->gateway != nullptr)
    state_->gateway->wake();
  return promise;
}

caf::result<caf::message> RunActor::show(const RunCommand& command) {
  const std::string agent(reinterpret_cast<const char*>(command.arguments.data.data()),
                          command.arguments.data.size());
  auto promise = make_response_promise();
  SearchMessage wanted;
  wanted.is_look = true;
  const auto id = parse_number<std::uint64_t>(agent, 0, std::numeric_limits<std::uint64_t>::max());
  if (id)
    wanted.agent = *id;
  else
    wanted.name = agent;
  search(wanted, quote(agent) + ", neither by its id nor by its name",
         [promise](Result<SearchAnswer> found) mutable {
           if (!found)
             return promise.deliver(refusal(found.error()));
           RunAnswer answer{NodeHello::current_protocol, 0, {}, {}};
           const auto bytes = std::as_bytes(std::span(found->view));
           answer.answer.data.assign(bytes.begin(), bytes.end());
           promise.deliver(std::move(answer));
         });
  return promise;
}

caf::result<caf::message> RunActor::migrate(const RunCommand& command) {
  const Result<MigrateOrder> order = decode_migrate_order(command.arguments);
  if (!order)
    return caf::make_message(refusal(order.error()));
  const Result<std::size_t> to = node_called(order->to);
  if (!to)
    return caf::make_message(refusal(to.error()));
  std::vector<AgentMove> moves;
  if (order->from.empty()) {
    for (const AgentId agent : order->agents)
      moves.push_back({agent, NodeIndex(*to)});
  } else {
    const Result<std::size_t> from = node_called(order->from);
    if (!from)
      return caf::make_message(refusal(from.error()));
    if (*from != state_->own_index)
      return delegate(state_->runs[*from], command);
    moves = moves_from_here(*order, NodeIndex(*to));
  }
  auto promise = make_response_promise();
  move_agents(moves, [promise](const Result<std::vector<MoveOutcome>>& outcomes) mutable {
    promise.deliver(outcomes ? RunAnswer{NodeHello::current_protocol, 0, {}, encode(*outcomes)}
                             : refusal(outcomes.error()));
  });
  return promise;
}

Result<std::size_t> RunActor::node_called(const std::string& name) const {
  const auto found = std::ranges::find(state_->names, name);
  if (found == state_->names.end())
    return no_such_node(name, state_->names);
  return static_cast<std::size_t>(found - state_->names.begin());
}

// Drawn from those that are here now; in the order of their ids, which is that of their memory.
std::vector<AgentMove> RunActor::moves_from_here(const MigrateOrder& order, NodeIndex to) const {
  std::vector<AgentId> agents;
  state_->world->directory->for_each([&](const Cell& cell) {
    if (order.type.empty() || order.type == cell.ops->type_name)
      agents.push_back(cell.id);
  });
  std::sort(agents.begin(), agents.end());
  const std::size_t count = std::min<std::size_t>(agents.size(), order.count);
  RandomStream chance(mix64(agents.size()));
  std::vector<AgentMove> moves;
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(agents[i], agents[i + chance.below(static_cast<std::uint32_t>(agents.size() - i))]);
    moves.push_back({agents[i], to});
  }
  std::sort(moves.begin(), moves.end(),
            [](const AgentMove& a, const AgentMove& b) { return a.agent < b.agent; });
  return moves;
}

// Asks all nodes, this one among them: of an agent that was started during the run only the node
// knows where it is.
caf::result<caf::actor> RunActor::search(const FindAgent& wanted) {
  auto promise = make_response_promise();
  SearchMessage search_for;
  search_for.name = wanted.name;
  search_for.agent = wanted.agent;
  search(std::move(search_for),
         wanted.name.empty() ? "with the id " + std::to_string(wanted.agent)
                             : "of the name " + wanted.name,
         [promise](Result<SearchAnswer> found) mutable {
           if (found)
             promise.deliver(caf::actor_cast<caf::actor>(found->handle));
           else
             promise.deliver(caf::make_error(caf::sec::no_such_key, found.error().context));
         });
  return promise;
}

void RunActor::search(SearchMessage wanted, std::string what,
                      std::function<void(Result<SearchAnswer>)> found) {
  wanted.asker = static_cast<std::uint32_t>(state_->own_index);
  wanted.number = searches_.begin(Asker{std::move(found), std::move(what)}, state_->runs.size());
  for (const caf::actor& run : state_->runs)
    send(run, wanted);
}

void RunActor::hear_answer(const SearchAnswer& answer) {
  if (!has_run_said())
    return;
  const bool has_found = answer.handle != nullptr || !answer.view.empty();
  const std::optional<Asker> asker = searches_.hear(answer.number, has_found);
  if (!asker)
    return;
  if (has_found)
    asker->found(answer);
  else
    asker->found(Error{Errc::bad_argument, "there is no agent " + asker->what});
}

void RunActor::abort(const Error& why, bool tell_others, std::optional<std::size_t> lost) {
  if (std::exchange(aborted_, true))
    return;
  state_->pieces.open();
  {
    const std::lock_guard lock(state_->mutex);
    state_->aborted = why;
    if (state_->farewells && lost)
      state_->farewells->hear_of_loss(*lost);
    else if (state_->farewells)
      state_->farewells->hear_of_end();
    state_->changed.notify_all();
  }
  if (!begun_ || over_)
    return;
  if (tell_others)
    for (std::size_t i = 0; i < state_->runs.size(); ++i)
      if (i != state_->own_index)
        send(state_->runs[i],
             AbortMessage{static_cast<std::uint32_t>(state_->own_index),
                          static_cast<std::uint8_t>(why.code), why.context, false});
  abandon();
}

} // namespace stos::detail
