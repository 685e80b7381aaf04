#include "tests/keyed/virtual_cluster.hpp"

#include <algorithm>

namespace stos::test {

using keyed::Outcome;

KeyedFaults KeyedFaults::of(std::uint64_t seed) {
  // Each run has some faults, often none of a kind ("swarm testing", Groce et al., ISSTA 2012).
  RandomStream random(mix64(seed));
  const auto sometimes = [&](double probability, double most) {
    const bool happens = random.bernoulli(probability);
    const double value = random.uniform(0, most);
    return happens ? value : 0.0;
  };
  KeyedFaults faults;
  faults.nodes = random.bernoulli(0.7) ? 3 : 1 + random.below(5);
  faults.later = random.bernoulli(0.4) ? 1 + random.below(2) : 0;
  faults.clients = 1 + random.below(4);
  faults.keys = 1 + random.below(12);
  faults.loss = sometimes(0.5, 0.15);
  faults.duplication = sometimes(0.4, 0.2);
  faults.delay_max = random.bernoulli(0.7) ? 5 + random.below(100) : 50 + random.below(400);
  faults.crash = sometimes(0.6, 0.01);
  faults.crash_in_output = sometimes(0.4, 0.005);
  faults.partition = sometimes(0.5, 0.01);
  faults.one_way = sometimes(0.3, 0.01);
  faults.full_disk = sometimes(0.1, 0.005);
  faults.pause = sometimes(0.3, 0.005);
  faults.hand_over = sometimes(0.3, 0.02);
  faults.split = sometimes(0.7, 0.05);
  faults.merge = sometimes(0.6, 0.05);
  faults.wrong_clocks_s = sometimes(0.3, 300);
  faults.small_groups = random.bernoulli(0.3);
  faults.bank_clients = random.bernoulli(0.6) ? 1 + random.below(2) : 0;
  return faults;
}

std::string run_keyed_seed(std::uint64_t seed) {
  return KeyedCluster(seed, KeyedFaults::of(seed)).run(250);
}

namespace {

constexpr std::uint64_t patience_ms = 1'500;
constexpr std::uint64_t first_ms = 1'700'000'000'000;

keyed::NodeOptions options_of(const KeyedFaults& faults) {
  keyed::NodeOptions options;
  options.replicas = 3;
  options.table_voters = 3;
  options.groups_max = 6;
  options.per_group_max = faults.small_groups ? 4 : 1'000;
  options.tick_ms = 300;
  options.report_ms = 250;
  options.transaction_ms = 300;
  options.compact_entries = 15;
  options.piece_bytes = 30;
  options.caller.attempt_ms = 200;
  options.caller.pause_ms = 20;
  options.raft.limits.append_entries_max = 8;
  options.raft.limits.appends_in_flight_max = 3;
  options.raft.limits.snapshot_piece_bytes = 200;
  options.raft.limits.snapshot_pieces_in_flight = 2;
  options.raft.limits.trailing_entries = 3;
  return options;
}

} // namespace

KeyedCluster::KeyedCluster(std::uint64_t seed, const KeyedFaults& faults)
    : faults_(faults), random_(seed), nodes_(faults.nodes + faults.later) {
  types_.add<Ledger>().after_command<Add>([this](const keyed::AfterCommand<Ledger, Add>& x) {
    if (!effects_.insert(x.command.amount).second)
      trouble_ = "an effect has happened twice: " + std::to_string(x.command.amount);
  });
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    node.id = {i + 1};
    node.is_founder = i < faults_.nodes;
    node.clock_ahead_ms =
        static_cast<std::int64_t>(1'000 * random_.uniform(0, faults_.wrong_clocks_s));
    for (std::uint32_t client = 0; client < faults_.clients; ++client)
      clients_.push_back({i, std::nullopt, {}});
    for (std::uint32_t client = 0; client < faults_.bank_clients; ++client)
      bank_.add(i);
  }
  for (Node& node : nodes_)
    if (node.is_founder)
      start(node);
}

keyed::Time KeyedCluster::clock_of(const Node& node) const {
  return {first_ms + now_ / 10 + static_cast<std::uint64_t>(node.clock_ahead_ms)};
}

// ---- time
// ------------------------------------------------------------------------------------------

void KeyedCluster::advance() {
  if (queue_.empty()) // all are down
    start(nodes_[0]);
  Event event = queue_.take();
  now_ = event.at;
  Node& node = nodes_[event.node];
  if (event.life != 0) {
    if (event.life == node.lives && node.core)
      tick(node);
  } else if (node.core && now_ < node.paused_until) { // what it hears waits
    event.at = node.paused_until;
    queue_.push(std::move(event));
  } else if (node.core) {
    for (std::uint64_t missed = std::exchange(node.ticks_missed, 0); missed > 0; --missed)
      node.core->tick(clock_of(node));
    const Result<void> heard = node.core->hear({event.from + 1}, event.bytes, clock_of(node));
    if (!heard)
      trouble_ = heard.error().context;
    work(node);
  }
}

std::string KeyedCluster::run(std::uint64_t ticks) {
  while (now_ < ticks * per_tick && trouble_.empty())
    advance();
  repair_all();
  const Time until = now_ + 3'000 * per_tick;
  for (Time next_look = now_; trouble_.empty(); advance()) {
    if (now_ < next_look)
      continue;
    next_look = now_ + 5 * per_tick;
    const std::string missing = is_settled();
    if (missing.empty() && read_all())
      break;
    if (now_ > until)
      return "3000 ticks after all faults were over, " +
             (missing.empty() ? "not all agents can be read" : missing);
  }
  return trouble_.empty() ? check_histories() : trouble_;
}

// ---- nodes
// -----------------------------------------------------------------------------------------

void KeyedCluster::start(Node& node) {
  WriteAheadLogLimits limits;
  limits.segment_bytes = 4'000;
  Result<WriteAheadLog> log = WriteAheadLog::open(node.disk.open(), limits);
  if (!log) {
    trouble_ = "node " + raft::to_string(node.id) + ": " + log.error().context;
    return;
  }
  node.log = *std::move(log);
  keyed::NodeOptions options = options_of(faults_);
  options.self = node.id;
  options.life = ++node.lives;
  options.seed = random_();
  for (const Node& other : nodes_)
    if (other.is_founder)
      options.founders.push_back(other.id);
  const std::map<raft::GroupId, raft::Recovered> found(node.log->state().begin(),
                                                       node.log->state().end());
  node.core = std::make_unique<keyed::Node>(options, types_, found, clock_of(node));
  node.paused_until = 0;
  node.ticks_missed = 0;
  queue_.push({now_ + random_.below(per_tick) + 1, 0, node.id.value - 1, 0, node.lives, {}});
  look_at(node);
}

void KeyedCluster::crash(Node& node) {
  node.core.reset();
  node.log.reset();
  node.disk.crash(random_);
  node.disk.fails_at = ~0ull;
  node.waits.clear();
  bank_.crashed(node.id.value - 1);
  for (Client& client : clients_)
    if (client.node == node.id.value - 1 && client.open) {
      client.open.reset(); // it never hears of it
      ++unanswered_;
    }
  ++crashes_;
}

void KeyedCluster::look_at(Node& node) {
  if (node.core && node.core->failure())
    trouble_ = "node " + raft::to_string(node.id) + ": " + node.core->failure()->context;
}

void KeyedCluster::tick(Node& node) {
  queue_.push({now_ + per_tick, 0, node.id.value - 1, 0, node.lives, {}});
  if (now_ < node.paused_until) {
    ++node.ticks_missed;
    return;
  }
  for (std::uint64_t missed = std::exchange(node.ticks_missed, 0) + 1; missed > 0; --missed)
    node.core->tick(clock_of(node));
  clients(node);
  if (faulty_)
    administer(node);
  work(node);
  if (faulty_)
    accidents(node);
}

void KeyedCluster::work(Node& node) {
  while (node.core) {
    keyed::Node::Output output = node.core->take_output();
    look_at(node);
    if (output.empty() || !trouble_.empty())
      return;
    const std::uint32_t when = faulty_ && chance(faults_.crash_in_output) ? random_.below(3) : 3;
    if (when == 0)
      node.disk.fails_at = random_.below(3);
    if (!persist(node, output) || when == 1)
      return crash(node);
    transmit(node, output.to_send);
    if (when == 2)
      return crash(node);
    const keyed::Node::Done done = node.core->apply(std::move(output));
    look_at(node);
    transmit(node, done.to_send);
    for (const auto& [group, effect] : done.effects)
      effect();
    take_answers(node, done.answers);
  }
}

bool KeyedCluster::persist(Node& node, const keyed::Node::Output& output) {
  if (output.to_persist.empty()) {
    node.disk.fails_at = ~0ull;
    return true;
  }
  std::vector<stos::detail::LogChange> changes;
  for (const auto& [group, persist] : output.to_persist)
    changes.push_back({group, persist});
  const Result<void> appended = node.log->append(changes);
  node.disk.fails_at = ~0ull;
  return static_cast<bool>(appended);
}

void KeyedCluster::transmit(Node& node, const std::vector<keyed::Node::Message>& messages) {
  const std::size_t from = node.id.value - 1;
  for (const auto& [to_id, bytes] : messages) {
    const std::size_t to = to_id.value - 1;
    if (cables_.are_cut(from, to))
      continue;
    int copies = faulty_ && chance(faults_.loss) ? 0 : 1;
    copies += faulty_ && chance(faults_.duplication) ? 1 : 0;
    for (; copies > 0; --copies) {
      const Time delay = 1 + random_.below(faulty_ ? faults_.delay_max : 30);
      queue_.push({now_ + delay, 0, to, from, 0, bytes});
    }
  }
}

// ---- clients
// ---------------------------------------------------------------------------------------

void KeyedCluster::ask(Node& node, Client& client, CounterInput input) {
  keyed::Call call;
  if (input.kind == CounterInput::Kind::add)
    call = keyed::command_call<Ledger>("q", client.key, Add{input.amount});
  else if (input.kind == CounterInput::Kind::leave)
    call = keyed::command_call<Ledger>("q", client.key, Leave{});
  else
    call = keyed::query_call<Ledger>("q", client.key, Get{});
  std::vector<CounterOperation>& history = histories_[client.key];
  client.open = history.size();
  history.push_back({input, std::nullopt, ++moments_, CounterOperation::never});
  node.waits[node.core->call(call, patience_ms, clock_of(node))] =
      static_cast<std::size_t>(&client - clients_.data());
}

/// Many operations without an answer make a history hard to check: then another agent takes its
/// place.
std::string KeyedCluster::key_of(std::uint32_t number) {
  constexpr std::size_t unanswered_max = 5;
  std::uint32_t& generation = generations_[number];
  const auto key = [&] { return std::to_string(number) + "." + std::to_string(generation); };
  if (const auto at = histories_.find(key()); at != histories_.end()) {
    const auto unanswered =
        std::ranges::count_if(at->second, [](const CounterOperation& operation) {
          return !operation.output && operation.input.kind != CounterInput::Kind::get;
        });
    if (unanswered >= static_cast<std::ptrdiff_t>(unanswered_max))
      ++generation;
  }
  return key();
}

void KeyedCluster::clients(Node& node) {
  for (Client& client : clients_) {
    if (client.node != node.id.value - 1 || client.open || !faulty_ || !chance(0.7))
      continue;
    client.key = key_of(random_.below(faults_.keys));
    const double kind = random_.uniform();
    ask(node, client,
        {kind < 0.5    ? CounterInput::Kind::add
         : kind < 0.95 ? CounterInput::Kind::get
                       : CounterInput::Kind::leave,
         kind < 0.5 ? ++amounts_ : 0});
  }
  if (faulty_)
    bank_.act(node.id.value - 1, *node.core, clock_of(node), moments_, random_);
  // Agents that come and go by ticks; nothing is noted down of them.
  if (faulty_ && chance(0.1)) {
    const std::string key = "tick " + std::to_string(random_.below(5));
    const auto ticks = 1 + random_.below(3);
    static_cast<void>(
        node.core->call(keyed::command_call<Ledger>(
                            "q", key,
                            SetOnTick{chance(0.5) ? keyed::OnTick::timeout_after(ticks)
                                                  : keyed::OnTick::deactivate_after_idle(ticks)}),
                        patience_ms, clock_of(node)));
  }
}

void KeyedCluster::take_answers(Node& node, const std::vector<keyed::Reply>& answers) {
  for (const keyed::Reply& answer : answers)
    if (node.waits.contains(answer.number))
      note(node, answer);
    else
      bank_.hear(node.id.value - 1, answer, moments_);
}

void KeyedCluster::note(Node& node, const keyed::Reply& reply) {
  Client& client = clients_[node.waits.at(reply.number)];
  node.waits.erase(reply.number);
  std::vector<CounterOperation>& history = histories_[client.key];
  CounterOperation& operation = history[*client.open];
  client.open.reset();
  const keyed::Answer& answer = reply.answer;
  operation.returned = ++moments_;
  ++answered_;
  switch (answer.outcome) {
    case Outcome::done: operation.output = *keyed::Replied<std::int64_t>(answer); break;
    case Outcome::agent_not_found:
      operation.output = CounterOutput();
      if (operation.input.kind != CounterInput::Kind::get)
        trouble_ = "a command was answered with agent_not_found";
      break;
    case Outcome::timeout:
      ++unanswered_;
      --answered_;
      break;
    case Outcome::no_leader: // it was not done, and will not be; unless a copy is on its way
      if (faults_.duplication > 0)
        break;
      [[fallthrough]];
    case Outcome::quota_not_found:
      operation.input = {CounterInput::Kind::get, 0};
      ++unanswered_;
      --answered_;
      break;
    default:
      trouble_ = "an answer that none should be: " + std::string(to_string(answer.outcome)) + " " +
                 answer.text;
  }
}

// ---- what happens
// ----------------------------------------------------------------------------------

void KeyedCluster::administer(Node& node) {
  using keyed::Ask;
  using keyed::GroupTable;
  const GroupTable& table = node.core->table();
  const auto tell = [&](raft::GroupId group, std::vector<std::byte> item) {
    static_cast<void>(
        node.core->ask(group, Ask::Kind::item, std::move(item), patience_ms, clock_of(node)));
  };
  most_groups_ = std::max(most_groups_, table.groups().size());
  if (!table.transfers().empty())
    transfers_ = std::max(transfers_, table.transfers().back().id);
  if (node.core->leads(GroupTable::quota_group) && chance(0.2))
    tell(GroupTable::quota_group, keyed::Quotas::put_item("q", 1'000'000));
  std::vector<raft::GroupId> groups;
  for (const auto& [id, group] : table.groups())
    if (group.range)
      groups.push_back(id);
  if (groups.empty())
    return;
  const auto any_group = [&] {
    return groups[random_.below(static_cast<std::uint32_t>(groups.size()))];
  };
  if (groups.size() < 6 && chance(faults_.split))
    tell(GroupTable::table_group, GroupTable::split_item(any_group(), random_(), 3));
  if (chance(faults_.merge)) {
    const raft::GroupId lower = any_group();
    if (const auto upper = table.next_to(lower))
      tell(GroupTable::table_group, chance(0.5) ? GroupTable::merge_item(lower, *upper)
                                                : GroupTable::merge_item(*upper, lower));
  }
}

void KeyedCluster::accidents(Node& node) {
  const auto count = static_cast<std::uint32_t>(nodes_.size());
  if (node.core && chance(faults_.crash))
    crash(node);
  for (Node& other : nodes_)
    if (!other.core && (other.is_founder || now_ > 60 * per_tick) && chance(faults_.restart))
      start(other);
  if (node.core && chance(faults_.pause))
    node.paused_until = now_ + random_.below(40 * per_tick);
  const auto longest = static_cast<std::uint32_t>(faults_.partition_ticks * per_tick);
  cables_.pass(faults_.partition, faults_.one_way, count, now_, longest, random_);
  if (chance(faults_.full_disk)) {
    node.disk.capacity = node.disk.size() + random_.below(500);
    disks_free_at_ = now_ + random_.below(longest);
  }
  if (now_ >= disks_free_at_)
    for (Node& other : nodes_)
      other.disk.capacity = ~0ull;
}

// ---- the end
// ---------------------------------------------------------------------------------------

void KeyedCluster::repair_all() {
  faulty_ = false;
  cables_.mend_all();
  for (Node& node : nodes_) {
    node.disk.capacity = ~0ull;
    node.paused_until = 0;
    if (!node.core)
      start(node);
  }
}

/// What is not yet as it has to be in the end.
std::string KeyedCluster::is_settled() {
  using keyed::GroupTable;
  const keyed::Node* leader = nullptr;
  for (const Node& node : nodes_)
    if (!node.core)
      return "node " + raft::to_string(node.id) + " is down";
    else if (node.core->leads(GroupTable::table_group))
      leader = node.core.get();
  if (leader == nullptr)
    return "nobody leads the table";
  const GroupTable& table = leader->table();
  if (table.groups().empty() || !table.transfers().empty())
    return "a transfer is not over";
  std::uint64_t covered_to = 0;
  std::size_t parts = 0;
  for (const auto& [id, group] : table.groups()) {
    if (!group.is_founded || raft::in_order(group.placed) != raft::in_order(group.replicas))
      return "group " + raft::to_string(id) + " is not where it is wanted";
    if (group.kind == keyed::TableGroup::Kind::quotas)
      continue;
    if (!group.range)
      return "group " + raft::to_string(id) + " has no range";
    ++parts;
    covered_to += group.range->last - group.range->first + 1; // modulo 2^64
    std::size_t leaders = 0;
    for (const Node& node : nodes_)
      if (node.core && node.core->leads(id)) {
        ++leaders;
        const keyed::AgentGroup& agents = *node.core->agents(id);
        if (agents.ranges() != std::vector<keyed::Range>{*group.range} || agents.outgoing())
          return "group " + raft::to_string(id) + " has not the range that the table says";
        if (agents.prepared_agents() > 0 || !agents.decisions().records().empty())
          return "group " + raft::to_string(id) + " has transactions that are not over";
      }
    if (leaders != 1)
      return "group " + raft::to_string(id) + " has " + std::to_string(leaders) + " leaders";
  }
  if (parts == 0 || covered_to != 0)
    return "the ranges of the groups are not all there is";
  for (const Node& node : nodes_)
    for (const auto& [id, group] : table.groups()) {
      const bool wanted = std::ranges::find(group.replicas, node.id) != group.replicas.end();
      if (node.core && wanted != (node.core->groups().find(id) != nullptr))
        return "node " + raft::to_string(node.id) + (wanted ? " lacks" : " still has") + " group " +
               raft::to_string(id);
    }
  return {};
}

/// Reads one agent after the other; true when all were read.
bool KeyedCluster::read_all() {
  Client& client = clients_[0];
  Node& node = nodes_[client.node];
  if (client.open || !node.core)
    return false;
  if (!client.key.empty() && next_read_ > 0) {
    const CounterOperation& last = histories_[client.key].back();
    if (!last.output)
      --next_read_; // once more
  }
  if (next_read_ == faults_.keys)
    return true;
  client.key = key_of(static_cast<std::uint32_t>(next_read_++));
  ask(node, client, {CounterInput::Kind::get, 0});
  work(node);
  return false;
}

std::string KeyedCluster::check_histories() const {
  for (const auto& [key, all] : histories_) {
    std::vector<CounterOperation> history;
    for (const CounterOperation& operation : all) // a query that was not answered says nothing
      if (operation.output || operation.input.kind != CounterInput::Kind::get)
        history.push_back(operation);
    if (!is_linearizable<CounterModel>(history)) {
      std::string text = "the history of agent \"" + key + "\" is not linearizable:";
      for (const CounterOperation& operation : history) {
        static constexpr const char* kinds[] = {"add", "get", "leave"};
        text += "\n  " + std::to_string(operation.called) + "-" +
                (operation.output ? std::to_string(operation.returned) : "?") + " " +
                kinds[static_cast<std::size_t>(operation.input.kind)] + " " +
                std::to_string(operation.input.amount) + " -> " +
                (!operation.output   ? "?"
                 : *operation.output ? std::to_string(**operation.output)
                                     : "none");
      }
      return text;
    }
  }
  return bank_.check();
}

} // namespace stos::test
