#include "tests/raft/virtual_nodes.hpp"

#include "tests/raft/by_hand.hpp"

#include <algorithm>

namespace stos::test {

using namespace raft;

Faults Faults::of(std::uint64_t seed) {
  // A run in which everything happens at once says little; each one has some faults, often none of
  // a kind ("swarm testing", Groce et al., ISSTA 2012).
  RandomStream random(mix64(seed));
  const auto sometimes = [&](double probability, double most) {
    const bool happens = random.bernoulli(probability);
    const double value = random.uniform(0, most);
    return happens ? value : 0.0;
  };
  Faults faults;
  faults.nodes = 3 + random.below(3);
  faults.voters = random.bernoulli(0.1)
                      ? 1 + random.below(2)
                      : 3 + random.below(static_cast<std::uint32_t>(faults.nodes - 2));
  faults.groups = random.bernoulli(0.7) ? 1 : 2;
  faults.election = random.bernoulli(0.7) ? ElectionKind::raft : ElectionKind::bully;
  faults.loss = sometimes(0.5, 0.3);
  faults.duplication = sometimes(0.4, 0.2);
  faults.delay_max = random.bernoulli(0.7) ? 5 + random.below(100) : 50 + random.below(600);
  faults.drift = sometimes(0.5, 0.1);
  faults.activity = random.bernoulli(0.7) ? 0.25 : 0.02; // then groups fall asleep
  faults.idle = sometimes(0.3, 0.5);
  faults.crash = sometimes(0.6, 0.02);
  faults.crash_in_output = sometimes(0.4, 0.01);
  faults.partition = sometimes(0.5, 0.01);
  faults.one_way = sometimes(0.4, 0.01);
  faults.full_disk = sometimes(0.2, 0.005);
  faults.pause = sometimes(0.3, 0.01);
  faults.change = sometimes(0.5, 0.05);
  faults.hand_over = sometimes(0.3, 0.02);
  faults.compact = sometimes(0.6, 0.1);
  if (random.bernoulli(0.3)) { // one leader after the other, none for long
    faults.delay_max = 5 + random.below(200);
    faults.crash = random.uniform(0, 0.08);
    faults.crash_in_output = random.uniform(0, 0.05);
    faults.restart = random.uniform(0.05, 0.5);
    faults.partition = sometimes(0.5, 0.1);
    faults.partition_ticks = 1 + random.below(20);
    faults.hand_over = sometimes(0.7, 0.2);
    faults.activity = random.uniform(0.1, 0.8);
    faults.crash_leading = sometimes(0.5, 0.3);
    faults.append_entries_max = 1 + random.below(4);
    faults.impatient = random.bernoulli(0.4);
    if (faults.impatient)
      faults.delay_max = 50 + random.below(550);
  }
  return faults;
}

namespace {

constexpr std::uint64_t group_of_index(std::size_t index) { return index + 1; }

Options options_of(const Faults& faults, std::uint64_t seed) {
  Options options;
  options.seed = seed;
  options.election = faults.election;
  if (faults.impatient) {
    options.election_ticks = 4;
    options.heartbeat_ticks = 1;
    options.lease_ticks = 1;
  }
  options.limits.append_entries_max = faults.append_entries_max;
  options.limits.appends_in_flight_max = faults.append_entries_max == 1 ? 1 : 3;
  options.limits.snapshot_piece_bytes = 16;
  options.limits.snapshot_pieces_in_flight = 2;
  options.limits.trailing_entries = 3;
  return options;
}

constexpr std::size_t snapshot_padding = 40;

std::vector<std::byte> snapshot_bytes(std::uint64_t applied, std::uint64_t digest) {
  BytesWriter out;
  out.u64(applied);
  out.u64(digest);
  for (std::size_t i = 0; i < snapshot_padding; ++i)
    out.u8(static_cast<std::uint8_t>(i));
  return out.take();
}

std::vector<std::byte> command_bytes(std::uint64_t number) {
  BytesWriter out;
  out.u64(number);
  return out.take();
}

} // namespace

VirtualNodes::VirtualNodes(std::uint64_t seed, const Faults& faults)
    : faults_(faults), random_(seed), nodes_(faults.nodes), checkers_(faults.groups) {
  std::vector<NodeId> voters;
  for (std::uint64_t id = 1; id <= faults_.voters; ++id)
    voters.push_back({id});
  const Recovered first = Fsm::first_state({voters, {}, {}});
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    node.id = {i + 1};
    node.disk.lies = faults_.lying_disks;
    node.tick_length = static_cast<Time>(static_cast<double>(per_tick) *
                                         random_.uniform(1 - faults_.drift, 1 + faults_.drift));
    if (i < faults_.voters) {
      Result<WriteAheadLog> log = WriteAheadLog::open(node.disk.open());
      std::vector<detail::LogChange> changes;
      for (std::size_t group = 0; group < checkers_.size(); ++group)
        changes.push_back({{group_of_index(group)}, Persist{std::nullopt, first.snapshot, {}}});
      static_cast<void>(log->append(changes));
    }
    start(node);
  }
}

std::string run_seed(std::uint64_t seed) { return VirtualNodes(seed, Faults::of(seed)).run(150); }

// ---- time
// ------------------------------------------------------------------------------------------

void VirtualNodes::advance() {
  if (queue_.empty()) // all are down
    start(nodes_[random_.below(static_cast<std::uint32_t>(nodes_.size()))]);
  Event event = queue_.take();
  now_ = event.at;
  ++steps_;
  Node& node = nodes_[event.node];
  if (event.life != 0) {
    if (event.life == node.lives && node.groups)
      tick(node);
  } else if (node.groups) {
    if (now_ < node.paused_until) { // what it hears waits
      event.at = node.paused_until;
      queue_.push(std::move(event));
    } else {
      receive(node, event.frame);
    }
  }
}

std::string VirtualNodes::run(std::uint64_t ticks) {
  while (now_ < ticks * per_tick && failed().empty())
    advance();
  if (!failed().empty())
    return failed();
  repair_all();
  const Time until = now_ + 1'500 * per_tick;
  for (Time next_look = now_; failed().empty(); advance()) {
    if (now_ < next_look)
      continue;
    next_look = now_ + 10 * per_tick;
    if (all_agree())
      return {};
    if (now_ > until)
      return "no agreement within 1500 ticks after all faults were over" + picture();
  }
  return failed();
}

std::string VirtualNodes::failed() const {
  if (!trouble_.empty())
    return trouble_;
  for (const Checker& checker : checkers_)
    if (!checker.violation().empty())
      return checker.violation();
  return {};
}

// ---- nodes
// -----------------------------------------------------------------------------------------

void VirtualNodes::start(Node& node) {
  WriteAheadLogLimits limits;
  limits.segment_bytes = 600;
  Result<WriteAheadLog> log = WriteAheadLog::open(node.disk.open(), limits);
  if (!log) {
    trouble_ = "node " + to_string(node.id) + ": " + log.error().context;
    return;
  }
  node.log = *std::move(log);
  ++node.lives;
  node.groups = std::make_unique<Groups>(GroupsOptions{node.id, node.lives, 2, 10, 10});
  node.replicas.clear();
  node.paused_until = 0;
  node.ticks_missed = 0;
  for (std::size_t i = 0; i < checkers_.size(); ++i) {
    const GroupId group{group_of_index(i)};
    const auto found = node.log->state().find(group);
    const Recovered recovered = found == node.log->state().end() ? Recovered{} : found->second;
    Replica& replica = node.replicas[group];
    if (recovered.snapshot)
      apply(node, group, {recovered.snapshot, {}, {}});
    static_cast<void>(replica);
    const Result<void> added = node.groups->add(group, options_of(faults_, random_()), recovered);
    if (!added)
      trouble_ = added.error().context;
  }
  queue_.push({now_ + random_.below(static_cast<std::uint32_t>(node.tick_length)) + 1,
               0,
               node.id.value - 1,
               node.lives,
               {}});
}

void VirtualNodes::crash(Node& node) {
  node.groups.reset();
  node.log.reset();
  node.disk.crash(random_);
  node.disk.fails_at = ~0ull;
  if (chance(faults_.forget_vote) && !node.disk.files.empty()) {
    auto& file = node.disk.files.rbegin()->second;
    file.bytes.resize(file.bytes.size() - std::min<std::size_t>(file.bytes.size(), 64));
    file.safe = file.bytes.size();
  }
  ++crashes_;
}

void VirtualNodes::tick(Node& node) {
  queue_.push({now_ + node.tick_length, 0, node.id.value - 1, node.lives, {}});
  if (now_ < node.paused_until) {
    ++node.ticks_missed; // its clock goes on, and it sees that when it wakes
    return;
  }
  for (std::uint64_t missed = std::exchange(node.ticks_missed, 0); missed > 0; --missed)
    node.groups->tick();
  node.groups->tick();
  clients(node);
  if (node.groups)
    work(node);
  if (faulty_)
    accidents(node);
}

void VirtualNodes::receive(Node& node, const std::vector<std::byte>& bytes) {
  const Result<Frame> frame = read_frame(bytes);
  if (!frame) {
    trouble_ = frame.error().context;
    return;
  }
  // Before it hears anything, a node looks at its clock.
  for (std::uint64_t missed = std::exchange(node.ticks_missed, 0); missed > 0; --missed)
    node.groups->tick();
  node.groups->step(*frame);
  look_at(node);
  if (!chance(faults_.idle))
    work(node);
}

void VirtualNodes::look_at(Node& node) {
  for (auto& [group, replica] : node.replicas) {
    const Fsm& fsm = *node.groups->find(group);
    if (fsm.failure())
      trouble_ = "node " + to_string(node.id) + ": " + fsm.failure()->context;
  }
}

void VirtualNodes::work(Node& node) {
  const GroupsOutput output = node.groups->take_output();
  look_at(node);
  if (output.empty())
    return;
  std::uint32_t when = faulty_ && chance(faults_.crash_in_output) ? random_.below(3) : 3;
  if (faulty_ && faults_.crash_leading > 0 && !output.to_persist.empty())
    for (const auto& [group, replica] : node.replicas)
      if (node.groups->find(group)->leads() && chance(faults_.crash_leading))
        when = 1;
  if (when == 0)
    node.disk.fails_at = random_.below(3);
  if (!persist(node, output) || when == 1) {
    crash(node);
    return;
  }
  transmit(node, output);
  if (when == 2)
    crash(node);
  else
    apply(node, output);
}

bool VirtualNodes::persist(Node& node, const GroupsOutput& output) {
  std::vector<detail::LogChange> changes;
  for (const auto& [group, persist] : output.to_persist)
    changes.push_back({group, persist});
  const Result<void> appended = node.log->append(changes);
  node.disk.fails_at = ~0ull;
  if (!appended)
    return false;
  // A leader acts only now: before its own vote is on the disk, all may yet not have been.
  for (const auto& [group, replica] : node.replicas)
    if (const Fsm& fsm = *node.groups->find(group); fsm.leads())
      checkers_[group.value - 1].leads(node.id, fsm);
  for (const auto& [group, persist] : output.to_persist) {
    if (persist.entries.empty())
      continue;
    const LogIndex first = persist.entries.front()->index;
    const Log& log = node.groups->find(group)->log();
    checkers_[group.value - 1].writes(node.id, persist.entries, log.term_at(first.previous()));
  }
  return true;
}

void VirtualNodes::transmit(Node& node, const GroupsOutput& output) {
  for (const Frame& frame : output.to_send) {
    const std::size_t from = node.id.value - 1;
    const std::size_t to = frame.to.value - 1;
    if (to >= nodes_.size() || cables_.are_cut(from, to))
      continue;
    BytesWriter out;
    write(frame, out);
    const std::vector<std::byte> bytes = out.take();
    int copies = faulty_ && chance(faults_.loss) ? 0 : 1;
    copies += faulty_ && chance(faults_.duplication) ? 1 : 0;
    for (; copies > 0; --copies) {
      const Time delay = 1 + random_.below(faulty_ ? faults_.delay_max : 30);
      queue_.push({now_ + delay, 0, to, 0, bytes});
    }
  }
}

void VirtualNodes::apply(Node& node, const GroupsOutput& output) {
  for (const auto& [group, to_apply] : output.to_apply)
    apply(node, group, to_apply);
}

void VirtualNodes::apply(Node& node, GroupId group, const Apply& apply) {
  Replica& replica = node.replicas[group];
  Checker& checker = checkers_[group.value - 1];
  if (apply.snapshot && !apply.snapshot->data.empty()) {
    BytesReader in(apply.snapshot->data);
    replica.applied = in.u64();
    replica.digest = in.u64();
    if (replica.applied != apply.snapshot->last.index.value)
      checker.fail("a snapshot says that it ends elsewhere");
    checker.has_state(node.id, replica.applied, replica.digest);
    std::erase_if(replica.proposals, [&replica](const auto& proposal) {
      return proposal.first.index.value <= replica.applied; // its client never hears of it
    });
  }
  for (const EntryPtr& entry : apply.entries) {
    if (entry->index.value != replica.applied + 1)
      checker.fail("node " + to_string(node.id) + " applies entry " + to_string(entry->index) +
                   " behind entry " + std::to_string(replica.applied));
    checker.applies(node.id, *entry, node.groups->find(group)->term());
    replica.applied = entry->index.value;
    replica.digest = checker.digest_up_to(replica.applied);
    if (replica.proposals.erase(entry->id()) > 0)
      checker.acknowledges(entry->id());
    // What was to stand there and does not was lost with its leader.
    std::erase_if(replica.proposals,
                  [&entry](const auto& proposal) { return proposal.first.index == entry->index; });
  }
  for (const ReadResult& read : apply.reads)
    if (const auto at = replica.reads.find(read.id); at != replica.reads.end()) {
      if (read.index)
        at->second.needs = read.index;
      else
        replica.reads.erase(at);
    }
  answer_reads(node, group, replica);
}

void VirtualNodes::answer_reads(Node& node, GroupId group, Replica& replica) {
  for (auto at = replica.reads.begin(); at != replica.reads.end();) {
    if (!at->second.needs || at->second.needs->value > replica.applied) {
      ++at;
      continue;
    }
    checkers_[group.value - 1].reads(node.id, at->second.told_when_asked, replica.applied);
    at = replica.reads.erase(at);
  }
}

// ---- what happens
// ----------------------------------------------------------------------------------

void VirtualNodes::clients(Node& node) {
  for (auto& [group, replica] : node.replicas) {
    Fsm& fsm = *node.groups->find(group);
    const Checker& checker = checkers_[group.value - 1];
    if (faulty_ && chance(faults_.activity))
      for (std::uint32_t more = random_.below(4); more > 0; --more)
        if (const Result<EntryId> id = fsm.propose(command_bytes(++commands_)))
          replica.proposals[*id] = commands_;
    if (chance(faults_.activity)) {
      const std::uint64_t id = ++questions_;
      if (fsm.read(id, random_.bernoulli(0.5) ? ReadMode::lease : ReadMode::confirmed))
        replica.reads[id] = {checker.told(), std::nullopt};
    }
    if (faulty_)
      administer(node, group, fsm);
    node.groups->touched(group);
  }
}

void VirtualNodes::administer(Node& node, GroupId group, Fsm& fsm) {
  if (chance(faults_.compact)) {
    const Replica& replica = node.replicas[group];
    static_cast<void>(
        fsm.compact({replica.applied}, snapshot_bytes(replica.applied, replica.digest)));
  }
  if (!fsm.leads())
    return;
  if (chance(faults_.hand_over))
    static_cast<void>(
        fsm.hand_over(nodes_[random_.below(static_cast<std::uint32_t>(nodes_.size()))].id));
  if (!chance(faults_.change))
    return;
  std::vector<NodeId> voters;
  std::vector<NodeId> learners;
  for (const Node& other : nodes_) {
    const double x = random_.uniform();
    if (x < 0.6)
      voters.push_back(other.id);
    else if (x < 0.8)
      learners.push_back(other.id);
  }
  static_cast<void>(fsm.change_members(voters, learners));
}

void VirtualNodes::accidents(Node& node) {
  if (node.groups && chance(faults_.crash))
    crash(node);
  for (Node& other : nodes_)
    if (!other.groups && chance(faults_.restart))
      start(other);
  if (node.groups && chance(faults_.pause))
    node.paused_until = now_ + random_.below(40 * per_tick);
  const auto longest = static_cast<std::uint32_t>(faults_.partition_ticks * per_tick);
  const auto nodes = static_cast<std::uint32_t>(nodes_.size());
  cables_.pass(faults_.partition, faults_.one_way, nodes, now_, longest, random_);
  if (chance(faults_.full_disk)) {
    node.disk.capacity = node.disk.size() + random_.below(100);
    disks_free_at_ = now_ + random_.below(longest);
  }
  if (now_ >= disks_free_at_)
    for (Node& other : nodes_)
      other.disk.capacity = ~0ull;
}

// ---- the end
// ---------------------------------------------------------------------------------------

void VirtualNodes::repair_all() {
  faulty_ = false;
  cables_.mend_all();
  for (Node& node : nodes_) {
    node.disk.capacity = ~0ull;
    node.paused_until = 0;
    if (!node.groups)
      start(node);
  }
}

std::string VirtualNodes::picture() const {
  static constexpr const char* roles[] = {"follower", "pre-candidate", "candidate", "leader"};
  std::string text;
  for (const Node& node : nodes_)
    for (const auto& [group, replica] : node.replicas) {
      const Fsm& fsm = *node.groups->find(group);
      const Status status = fsm.status();
      text += "\n  group " + to_string(group) + ", node " + to_string(node.id) + ": " +
              roles[static_cast<std::size_t>(status.role)] + (fsm.is_asleep() ? " asleep" : "") +
              " in term " + to_string(status.term) + ", leader " + to_string(status.leader) +
              ", last " + to_string(status.last.index) + "/" + to_string(status.last.term) +
              ", commit " + to_string(status.commit) + ", " + status.configuration.to_string();
    }
  return text;
}

/// Proposes one more command in each group, until all members have it.
bool VirtualNodes::all_agree() {
  bool all = true;
  for (std::size_t i = 0; i < checkers_.size(); ++i) {
    const GroupId group{group_of_index(i)};
    const Fsm* leader = nullptr;
    Node* of_leader = nullptr;
    for (Node& node : nodes_)
      if (const Fsm* fsm = node.groups->find(group);
          fsm->leads() && (leader == nullptr || leader->term() < fsm->term())) {
        leader = fsm;
        of_leader = &node;
      }
    if (leader == nullptr) {
      all = false;
      continue;
    }
    const Status status = leader->status();
    std::erase_if(of_leader->replicas[group].proposals, [&status](const auto& proposal) {
      return proposal.first.term < status.term; // it knows by now what became of these
    });
    bool agreed = !status.configuration.is_joint() && status.commit == status.last.index &&
                  of_leader->replicas[group].proposals.empty() && last_wanted_ > i &&
                  of_leader->replicas[group].applied == status.commit.value;
    for (const NodeId member : status.configuration.members()) {
      const Node& node = nodes_[member.value - 1];
      const Replica& replica = node.replicas.at(group);
      agreed = agreed && replica.applied == status.commit.value &&
               replica.digest == checkers_[i].digest_up_to(replica.applied);
    }
    if (agreed)
      continue;
    all = false;
    if (of_leader->replicas[group].proposals.empty())
      if (const Result<EntryId> id =
              of_leader->groups->find(group)->propose(command_bytes(++commands_))) {
        of_leader->replicas[group].proposals[*id] = commands_;
        of_leader->groups->touched(group);
        last_wanted_ = std::max<std::uint64_t>(last_wanted_, i + 1);
      }
  }
  return all;
}

} // namespace stos::test
