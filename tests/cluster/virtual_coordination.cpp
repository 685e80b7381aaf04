#include "tests/cluster/virtual_coordination.hpp"

#include <algorithm>

namespace stos::test {

using namespace stos::coordination;

namespace {

using What = Request::What;
using Outcome = Answer::Outcome;

constexpr std::uint32_t lease_ms = 1500;
constexpr double lease_s = 1.5;
constexpr double timeout_s = 0.7;

Request request_of(What what) {
  Request request;
  request.what = what;
  return request;
}

} // namespace

std::optional<KeyModel::State> KeyModel::step(const State& state, const KeyInput& input,
                                              const KeyOutput* output) {
  State next = state;
  KeyOutput answer;
  switch (input.kind) {
    case KeyInput::Kind::get: answer.value = state; break;
    case KeyInput::Kind::put: next = input.value; break;
    case KeyInput::Kind::remove:
      answer.is_done = !state.empty();
      next.clear();
      break;
    case KeyInput::Kind::compare_and_set:
      answer.is_done = state == input.expected;
      if (answer.is_done)
        next = input.value;
      else
        answer.value = state;
      break;
    case KeyInput::Kind::propose:
      if (state.empty())
        next = input.value;
      answer.value = next;
      break;
  }
  if (output != nullptr && *output != answer)
    return std::nullopt;
  return next;
}

VirtualCoordination::VirtualCoordination(std::size_t nodes, std::uint64_t seed)
    : random_(seed + 7), nodes_(nodes),
      cluster_(std::make_unique<VirtualCores>(nodes, seed, VirtualCores::brisk(), this)) {}

detail::ControlMachine* VirtualCoordination::begins(std::size_t node) {
  nodes_[node].coordination = std::make_unique<CoordinationNode>(++last_process_);
  nodes_[node].tickets.clear();
  return &nodes_[node].coordination->table();
}

void VirtualCoordination::ends(std::size_t node) { nodes_[node].tickets.clear(); }

void VirtualCoordination::hears(std::size_t node, raft::NodeId /*from*/,
                                const std::vector<std::byte>& words) {
  nodes_[node].coordination->hear(words);
}

void VirtualCoordination::acts(std::size_t node) {
  if (cluster_ == nullptr)
    return;
  if (std::exchange(ticked_s_, cluster_->now_s()) != cluster_->now_s())
    tick();
  CoordinationNode::Standing standing;
  const detail::ControlGroup* const control = cluster_->core(node).control();
  if (control != nullptr) {
    standing.leader = control->leader_id();
    standing.leads = control->leads();
    standing.belongs = cluster_->belongs(node) && control->is_seated();
  }
  CoordinationNode& own = *nodes_[node].coordination;
  own.step(standing, cluster_->now_s());
  CoordinationNode::Output output = own.take_output();
  for (auto& [to, words] : output.to_send)
    cluster_->say(node, to, std::move(words));
  for (const std::vector<std::byte>& entry : output.to_propose)
    static_cast<void>(cluster_->propose(node, entry));
  for (const auto& [ticket, answer] : output.answers) {
    const auto known = nodes_[node].tickets.find(ticket);
    if (known == nodes_[node].tickets.end())
      continue;
    const auto [client, call] = known->second;
    nodes_[node].tickets.erase(known);
    if (clients_[client].call == call && !random_.bernoulli(lost_answers))
      hear(client, answer);
  }
}

// ---- clients

VirtualCoordination::Client& VirtualCoordination::add(Kind kind, const std::string& name) {
  Client& client = clients_.emplace_back();
  client.kind = kind;
  client.name = name;
  client.node = cluster_->below(nodes_.size());
  return client;
}

void VirtualCoordination::add_lock_client(const std::string& lock, std::uint32_t permits) {
  add(Kind::lock, lock).permits = permits;
}
void VirtualCoordination::add_counter_client(const std::string& key) { add(Kind::counter, key); }
void VirtualCoordination::add_key_client(const std::string& key) { add(Kind::key, key); }
void VirtualCoordination::add_watcher() { add(Kind::watcher, ""); }

bool VirtualCoordination::all_idle() const {
  return std::ranges::all_of(clients_, [](const Client& client) {
    return client.kind == Kind::watcher || (client.stage == Stage::idle && !client.request);
  });
}

void VirtualCoordination::tick() {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    Client& client = clients_[i];
    const double now_s = cluster_->now_s();
    if (client.request && (!client.is_told || now_s >= client.retry_s)) {
      if (client.is_told || !cluster_->is_up(client.node))
        client.node = cluster_->below(nodes_.size());
      tell(i);
    } else if (!client.request && now_s >= client.next_s) {
      go_on(i);
    }
  }
  look_at_holders();
}

void VirtualCoordination::begin(Client& client, Request request, Stage stage) {
  request.session = client.session;
  request.done_below = client.answered + 1;
  client.stage = stage;
  client.request = std::move(request);
  client.is_told = false;
  client.asked_s = cluster_->now_s();
}

void VirtualCoordination::tell(std::size_t index) {
  Client& client = clients_[index];
  if (!cluster_->is_up(client.node) || cluster_->is_paused(client.node) ||
      !cluster_->belongs(client.node)) {
    client.node = cluster_->below(nodes_.size());
    return;
  }
  client.is_told = true;
  client.retry_s = cluster_->now_s() + timeout_s;
  ++client.call;
  Node& node = nodes_[client.node];
  const std::uint64_t ticket = node.coordination->ask(*client.request, cluster_->now_s());
  node.tickets[ticket] = {index, client.call};
}

void VirtualCoordination::go_on(std::size_t index) {
  Client& client = clients_[index];
  if (client.kind == Kind::watcher) {
    Request request = request_of(What::watch);
    request.is_prefix = true;
    request.after = client.after;
    request.patience_ms = 300;
    return begin(client, std::move(request), Stage::watching);
  }
  if (client.stage == Stage::holding)
    return act_as_holder(client);
  if (stopped_)
    return;
  if (!client.has_session) {
    client.session = {++last_session_};
    client.sequence = client.answered = 0;
    Request request = request_of(What::open);
    request.lease_ms = client.kind == Kind::lock ? lease_ms : 60'000;
    return begin(client, std::move(request), Stage::opening);
  }
  if (client.kind == Kind::lock) {
    client.claim = ++client.sequence;
    Request request = acquire_of(client);
    if (random_.bernoulli(0.3))
      request.wait_ms = random_.below(500);
    return begin(client, std::move(request), Stage::acquiring);
  }
  if (client.kind == Kind::counter) {
    Request request = request_of(What::get);
    request.name = client.name;
    return begin(client, std::move(request), Stage::reading);
  }
  begin_operation(client);
}

Request VirtualCoordination::acquire_of(const Client& client) {
  Request request = request_of(What::acquire);
  request.name = client.name;
  request.permits = client.permits;
  request.sequence = client.claim;
  request.patience_ms = 200;
  return request;
}

void VirtualCoordination::lose_session(Client& client) {
  client.has_session = false;
  client.stage = Stage::idle;
  client.fence = 0;
  client.operation.reset();
}

void VirtualCoordination::hear(std::size_t index, const Answer& answer) {
  Client& client = clients_[index];
  ++client.call;
  if (answer.outcome == Outcome::node_lost || answer.outcome == Outcome::try_later) {
    client.is_told = false;
    client.node = cluster_->below(nodes_.size());
    return;
  }
  if (answer.outcome == Outcome::bad_request || answer.outcome == Outcome::full ||
      answer.outcome == Outcome::compacted)
    trouble_ = "a client was told: " + answer.why;
  const Request request = *std::exchange(client.request, std::nullopt);
  const double now_s = cluster_->now_s();
  client.next_s = now_s + random_.uniform(0, 0.1);
  if (answer.outcome != Outcome::waiting && request.sequence > 0)
    client.answered = request.sequence;
  if (request.what == What::open) {
    client.has_session = true;
    client.lease_until_s = client.asked_s + lease_s;
    client.stage = Stage::idle;
    return;
  }
  if (client.kind == Kind::watcher) {
    for (const Change& change : answer.changes) {
      if (change.entry.revision != client.changes.size() + 1)
        trouble_ = "a watch had change " + std::to_string(change.entry.revision) + " after " +
                   std::to_string(client.changes.size()) + " changes";
      client.changes.push_back(change);
    }
    client.after = answer.revision;
    return;
  }
  if (answer.outcome == Outcome::session_over) {
    if (client.kind == Kind::counter && request.what == What::put)
      ++counts_[client.name].second;
    return lose_session(client);
  }
  if (request.what == What::renew)
    client.lease_until_s = client.asked_s + lease_s;
  if (client.kind == Kind::lock)
    hear_of_lock(client, answer);
  else if (client.kind == Kind::counter)
    hear_of_counter(client, answer);
  else
    hear_of_key(client, answer);
}

// ---- locks

void VirtualCoordination::hear_of_lock(Client& client, const Answer& answer) {
  const double now_s = cluster_->now_s();
  if (client.stage == Stage::acquiring && answer.outcome == Outcome::waiting) {
    // A client that waits has to renew, too.
    const bool renews = client.lease_until_s - now_s < lease_s / 2;
    return begin(client, renews ? request_of(What::renew) : acquire_of(client), Stage::acquiring);
  }
  if (client.stage == Stage::acquiring && answer.outcome == Outcome::done && answer.fence == 0)
    return begin(client, acquire_of(client), Stage::acquiring); // renewed
  if (client.stage == Stage::acquiring && answer.outcome == Outcome::done) {
    const auto [known, is_new] = fences_.emplace(answer.fence, client.name);
    if (!is_new)
      trouble_ = "fencing number " + std::to_string(answer.fence) + " was granted twice";
    ++grants;
    client.fence = answer.fence;
    client.stage = Stage::holding;
    client.is_asleep = random_.bernoulli(sleepers);
    client.release_s =
        now_s + (client.is_asleep ? random_.uniform(0.5, 3) * lease_s : random_.uniform(0, 0.3));
    client.next_s = now_s;
    return;
  }
  if (client.stage == Stage::holding) // renewed
    return;
  client.stage = Stage::idle;
  if (client.lease_until_s - now_s < lease_s / 2)
    begin(client, request_of(What::renew), Stage::releasing);
}

void VirtualCoordination::act_as_holder(Client& client) {
  const double now_s = cluster_->now_s();
  if (client.is_asleep && now_s < client.release_s)
    return;
  const bool believes = now_s < client.lease_until_s;
  if (client.is_asleep || believes)
    write(client, believes);
  if (now_s >= client.release_s || stopped_ || !believes) {
    Request request = request_of(What::release);
    request.claim = client.claim;
    request.sequence = ++client.sequence;
    client.fence = 0;
    return begin(client, std::move(request), Stage::releasing);
  }
  if (client.lease_until_s - now_s < lease_s / 2)
    begin(client, request_of(What::renew), Stage::holding);
}

// The file accepts no number that is lower than one that it has seen, and a client that may believe
// to hold the lock is never refused.
void VirtualCoordination::write(Client& client, bool believes) {
  File& file = files_[client.name];
  if (client.fence < file.fence) {
    ++refused_writes;
    if (believes && client.permits == 1)
      trouble_ = "a holder of " + client.name + " is refused";
    return;
  }
  file.fence = client.fence;
  ++writes;
}

// Who holds a lock by its own clock, has it.
void VirtualCoordination::look_at_holders() {
  std::map<std::string, std::uint32_t> holders;
  for (const Client& client : clients_)
    if (client.kind == Kind::lock && client.fence != 0 && client.stage == Stage::holding &&
        cluster_->now_s() < client.lease_until_s && ++holders[client.name] > client.permits)
      trouble_ = "lock " + client.name + " has " + std::to_string(holders[client.name]) +
                 " holders, at " + std::to_string(cluster_->now_s()) + " s";
}

// ---- counters and keys

void VirtualCoordination::hear_of_counter(Client& client, const Answer& answer) {
  if (client.stage == Stage::reading) {
    Request request = request_of(What::put);
    request.name = client.name;
    request.expected = 0;
    std::uint64_t number = 0;
    if (!answer.entries.empty()) {
      request.expected = answer.entries[0].revision;
      number = std::stoull(answer.entries[0].value);
    }
    request.value = std::to_string(number + 1);
    request.sequence = ++client.sequence;
    return begin(client, std::move(request), Stage::writing);
  }
  if (answer.outcome == Outcome::done)
    ++counts_[client.name].first;
  client.stage = Stage::idle;
  ++operations;
}

void VirtualCoordination::begin_operation(Client& client) {
  KeyOperation operation;
  operation.called = stamp();
  KeyInput& input = operation.input;
  input.kind = static_cast<KeyInput::Kind>(random_.below(5));
  if (input.kind != KeyInput::Kind::get && input.kind != KeyInput::Kind::remove)
    input.value = "v" + std::to_string(++last_value_);
  Request request;
  request.name = client.name;
  request.value = input.value;
  switch (input.kind) {
    case KeyInput::Kind::get: request.what = What::get; break;
    case KeyInput::Kind::put: request.what = What::put; break;
    case KeyInput::Kind::remove: request.what = What::remove; break;
    case KeyInput::Kind::propose: request.what = What::propose; break;
    case KeyInput::Kind::compare_and_set:
      request.what = What::put;
      request.expected = client.seen_revision;
      input.expected = client.seen;
      break;
  }
  if (request.what != What::get)
    request.sequence = ++client.sequence;
  std::vector<KeyOperation>& history = histories_[client.name];
  client.operation = history.size();
  history.push_back(std::move(operation));
  begin(client, std::move(request), Stage::writing);
}

void VirtualCoordination::hear_of_key(Client& client, const Answer& answer) {
  KeyOperation& operation = histories_[client.name][*client.operation];
  operation.returned = stamp();
  KeyOutput output;
  output.is_done = answer.outcome == Outcome::done || operation.input.kind == KeyInput::Kind::get;
  if (!answer.entries.empty())
    output.value = answer.entries[0].value;
  operation.output = output;
  switch (operation.input.kind) {
    case KeyInput::Kind::put:
      client.seen = operation.input.value;
      client.seen_revision = answer.revision;
      break;
    case KeyInput::Kind::remove:
      client.seen.clear();
      client.seen_revision = 0;
      break;
    case KeyInput::Kind::compare_and_set:
      client.seen = output.is_done ? operation.input.value : output.value;
      client.seen_revision = answer.revision;
      break;
    default:
      client.seen = output.value;
      client.seen_revision = answer.entries.empty() ? 0 : answer.entries[0].revision;
  }
  client.stage = Stage::idle;
  ++operations;
}

// ---- what has come of it

bool VirtualCoordination::agrees() const {
  std::vector<std::byte> first;
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (!cluster_->belongs(node))
      continue;
    const std::vector<std::byte> state = nodes_[node].coordination->table().snapshot();
    if (first.empty())
      first = state;
    if (state != first)
      return false;
  }
  return !first.empty();
}

std::string VirtualCoordination::wrong() {
  if (!trouble_.empty())
    return trouble_;
  for (const auto& [key, history] : histories_)
    if (!is_linearizable<KeyModel>(history))
      return "the history of " + key + " is not linearizable (" + std::to_string(history.size()) +
             " operations)";
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (!cluster_->belongs(node))
      continue;
    const CoordinationTable& table = nodes_[node].coordination->table();
    for (const auto& [key, count] : counts_) {
      Request get = request_of(What::get);
      get.name = key;
      const Answer answer = table.look(get);
      const std::uint64_t number =
          answer.entries.empty() ? 0 : std::stoull(answer.entries[0].value);
      if (number < count.first || number > count.first + count.second)
        return "counter " + key + " is " + std::to_string(number) + " after " +
               std::to_string(count.first) + " additions (and perhaps " +
               std::to_string(count.second) + " more)";
    }
    for (const Client& client : clients_)
      if (client.kind == Kind::watcher) {
        if (client.after != table.map().revision())
          return "a watch has seen changes up to " + std::to_string(client.after) + " of " +
                 std::to_string(table.map().revision());
        std::map<std::string, Entry> replayed;
        for (const Change& change : client.changes)
          if (change.is_removal)
            replayed.erase(change.entry.key);
          else
            replayed[change.entry.key] = change.entry;
        std::vector<Entry> entries;
        for (const auto& [key, entry] : replayed)
          entries.push_back(entry);
        if (entries != table.map().list("").entries)
          return "a watch has seen changes to other values";
      }
  }
  return cluster_->trouble();
}

} // namespace stos::test
