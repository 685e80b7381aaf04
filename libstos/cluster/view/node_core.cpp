#include "libstos/cluster/view/node_core.hpp"

#include "libstos/base/hash.hpp"

#include <algorithm>
#include <utility>

namespace stos::detail {
namespace {

/// Elections, which take some 20 ticks, are over long before a silent node counts as lost.
double tick_of_control(const ClusterOptions& options) {
  constexpr double of_silence = 1.0 / 60;
  return std::clamp(options.silence_timeout_s * of_silence, 0.01, 0.2);
}

} // namespace

Result<std::optional<NodeMemory>>
NodeMemory::read(const std::map<raft::GroupId, raft::Recovered>& found) {
  const auto own = found.find(group);
  const auto control = found.find(ControlGroup::group);
  if (own == found.end() || own->second.snapshot == nullptr)
    return std::optional<NodeMemory>();
  BytesReader in(own->second.snapshot->data);
  NodeMemory memory;
  memory.cluster = in.text();
  memory.node = in.text();
  memory.id = {in.varint()};
  if (!in.at_end())
    return Error{Errc::bad_message, "it does not say of which node it is"};
  if (memory.has_left())
    return std::optional(std::move(memory));
  if (control == found.end() || control->second.snapshot == nullptr)
    return std::optional<NodeMemory>();
  memory.control = control->second;
  std::optional<ControlGroup::State> state = ControlGroup::last_state(memory.control);
  if (!state)
    return Error{Errc::bad_message, "its log begins with nothing that this version knows"};
  if (!state->view.index_of(memory.id))
    return std::optional<NodeMemory>();
  memory.last = std::move(state->view);
  memory.runs = std::move(state->runs);
  memory.machine = std::move(state->machine);
  return std::optional(std::move(memory));
}

Result<void> NodeMemory::check(const std::string& of_cluster, const std::string& of_node) const {
  if (of_cluster == cluster && of_node == node)
    return {};
  return Error{Errc::bad_config, "it is that of node " + node + " of cluster " + cluster +
                                     ", and this is node " + of_node + " of cluster " + of_cluster +
                                     "; wanted: a folder of its own for each node"};
}

std::vector<ToPersist> NodeMemory::alone() const {
  constexpr std::uint64_t far_later = 1000; // views that others may have had meanwhile
  ControlGroup::State state{last, runs, machine};
  View::Member self = last.members[*last.index_of(id)];
  self.id = {++state.view.last_id};
  self.life = 0; // no process
  state.view.members = {self};
  state.view.epoch += far_later;
  state.view.why = "an operator has said that " + node + " goes on alone";
  raft::Persist log = ControlGroup::first_state(state);
  log.hard_state = raft::HardState{control.hard_state.term.next(), {}};
  return {{ControlGroup::group, std::nullopt},
          {ControlGroup::group, std::move(log)},
          write(cluster, node, self.id)};
}

std::vector<ToPersist> NodeMemory::left(const std::string& cluster, const std::string& node) {
  return {{ControlGroup::group, std::nullopt}, write(cluster, node, {})};
}

ToPersist NodeMemory::write(const std::string& cluster, const std::string& node, raft::NodeId id) {
  BytesWriter out;
  out.text(cluster);
  out.text(node);
  out.varint(id.value);
  raft::Configuration itself; // there has to be one; who it is stands in the data
  itself.voters = {raft::NodeId{1}};
  raft::Persist persist;
  persist.snapshot = std::make_shared<const raft::Snapshot>(
      raft::Snapshot{raft::EntryId{}, std::move(itself), out.take()});
  return {group, std::move(persist)};
}

NodeCore::NodeCore(NodeHello self, const ClusterOptions& options, double now_s,
                   std::optional<NodeMemory> memory, ControlMachine* machine)
    : options_(options), life_(self.life), machine_(machine),
      membership_(std::move(self), options, now_s), tick_s_(tick_of_control(options)) {
  if (memory && memory->has_left())
    come_as_new(now_s);
  else if (memory)
    resume(*std::move(memory), now_s);
  begin_if_complete(now_s);
}

// Nodes have numbers in the order of their names, from 1 on.
void NodeCore::begin_if_complete(double now_s) {
  if (control_ != nullptr || !membership_.is_complete())
    return;
  View first;
  for (const Membership::Member& member : membership_.members())
    first.members.push_back({{++first.last_id}, member.name, member.address, member.life});
  first.why = "all have come";
  begin(std::move(first), false, now_s);
}

ControlOptions NodeCore::control_options(raft::NodeId self) const {
  ControlOptions options;
  options.self = self;
  options.seed = mix64(life_);
  options.life = std::max<std::uint64_t>(life_, 1);
  options.election = *raft::election_kind_from(to_string(options_.election));
  options.tick_s = tick_s_;
  options.machine = machine_;
  return options;
}

void NodeCore::begin(View first, bool joins, double now_s) {
  raft::NodeId self;
  for (const View::Member& member : first.members)
    if (member.name == membership_.own_name())
      self = member.id;
  if (joins)
    to_persist_.push_back({ControlGroup::group, std::nullopt});
  to_persist_.push_back(NodeMemory::write(options_.name, membership_.own_name(), self));
  enter(first);
  views_.push_back(first);
  control_ = std::make_unique<ControlGroup>(std::move(first), control_options(self), joins, now_s);
  begun_s_ = now_s;
  stand();
  next_control_tick_s_ = now_s + tick_s_;
}

void NodeCore::resume(NodeMemory memory, double now_s) {
  std::vector<Membership::Seat> seats;
  for (const View::Member& member : memory.last.members) {
    seats.push_back({member.name, member.address, member.life, member.id.value});
  }
  membership_.resume(seats, now_s);
  log_.push_back("node comes back node=" + membership_.own_name() +
                 " epoch=" + std::to_string(memory.last.epoch) +
                 " nodes=" + std::to_string(memory.last.members.size()));
  control_ = std::make_unique<ControlGroup>(std::move(memory.last), std::move(memory.control),
                                            control_options(memory.id), now_s);
  stand();
  begun_s_ = now_s;
  next_control_tick_s_ = now_s + tick_s_;
}

void NodeCore::come_as_new(double now_s) {
  membership_.come_as_new(now_s);
  membership_.stands(0, 0, true);
}

// What others hear of it.
void NodeCore::stand() {
  const View& view = control_->view();
  for (const View::Member& member : view.members)
    if (member.name == membership_.own_name())
      membership_.stands(member.id.value, view.epoch, !control_->is_seated());
}

void NodeCore::note(RunNote note) {
  notes_[note.simulation] = std::move(note);
  membership_.beat_soon();
}

void NodeCore::cannot_persist(const Error& why) {
  if (!own_failure_)
    own_failure_ = Error{why.code, "this node cannot keep its log (cluster.log): " + why.context};
}

Reachability NodeCore::reachability(double now_s) const {
  Reachability seen{
      control_->view().epoch, membership_.reachability(now_s), wants_to_leave_, {}, {}};
  for (const Membership::Newcomer& newcomer : membership_.newcomers())
    seen.newcomers.push_back(newcomer.seat.life);
  for (const auto& [simulation, note] : notes_)
    if (!control_->runs().has(note) && seen.notes.size() < RunLedger::runs_max)
      seen.notes.push_back(note);
  return seen;
}

std::optional<raft::NodeId> NodeCore::id_of(PeerKey peer) const {
  const raft::NodeId id{membership_.id_of(peer)};
  return control_ != nullptr && id ? std::optional(id) : std::nullopt;
}

void NodeCore::connected(const NodeAddress& address, PeerKey peer, double now_s) {
  membership_.connected(address, peer, now_s);
}

void NodeCore::cannot_connect(const NodeAddress& address, const std::string& reason, double now_s) {
  membership_.cannot_connect(address, reason, now_s);
}

void NodeCore::heard_hello(PeerKey peer, const NodeHello& hello, double now_s) {
  membership_.heard_hello(peer, hello, now_s);
  begin_if_complete(now_s);
}

// Of a member of a later view than that which it knows: it is not in it.
void NodeCore::heard_welcome(PeerKey peer, const NodeHello& hello, double now_s) {
  if (control_ != nullptr && !control_->is_seated() && hello.epoch > control_->view().epoch) {
    control_.reset();
    come_as_new(now_s);
  }
  membership_.heard_welcome(peer, hello, now_s);
}

void NodeCore::heard_view(PeerKey peer, std::span<const std::byte> bytes, double now_s) {
  membership_.heard(peer, now_s);
  Result<View> view = decode_view(bytes);
  const bool has_seat =
      view && std::ranges::any_of(view->members, [this](const View::Member& member) {
        return member.name == membership_.own_name() && member.life == life_;
      });
  if (control_ != nullptr || !has_seat)
    return;
  begin(*std::move(view), true, now_s);
}

void NodeCore::runs_are_cut(const std::optional<Error>& why_not) {
  if (control_ != nullptr)
    control_->runs_are_cut(why_not);
  wants_to_leave_ = wants_to_leave_ && !why_not;
}

void NodeCore::refused_by(PeerKey peer, const std::string& why) {
  if (wants_to_leave_ && !drained_) // another node was the first to say that it has left
    drained_ = Error{Errc::drained, "this node has left, as it was asked to"};
  membership_.refused_by(peer, why);
}

void NodeCore::heard_beat(PeerKey peer, std::span<const std::byte> reachability, double now_s) {
  membership_.heard(peer, now_s);
  const std::optional<raft::NodeId> from = id_of(peer);
  if (!from || reachability.empty()) // it is not complete there yet
    return;
  if (Result<Reachability> seen = decode_reachability(reachability))
    control_->hear(*from, *std::move(seen));
  else
    log_.push_back("heartbeat refused node=" + raft::to_string(*from) + " reason=\"" +
                   seen.error().context + "\"");
}

void NodeCore::heard_frame(PeerKey peer, std::span<const std::byte> frame, double now_s) {
  membership_.heard(peer, now_s);
  const std::optional<raft::NodeId> from = id_of(peer);
  if (!from)
    return;
  if (const Result<void> heard = control_->hear(*from, frame); !heard)
    log_.push_back("frame refused node=" + raft::to_string(*from) + " reason=\"" +
                   heard.error().context + "\"");
}

void NodeCore::tick(double now_s) {
  membership_.tick(now_s);
  if (control_ == nullptr)
    return;
  std::vector<View::Member> newcomers;
  for (const Membership::Newcomer& newcomer : membership_.newcomers())
    newcomers.push_back({{}, newcomer.seat.name, newcomer.seat.address, newcomer.seat.life});
  std::vector<View::Member> now;
  for (const Membership::Member& member : membership_.members())
    now.push_back({{}, member.name, member.address, member.life});
  control_->tick(reachability(now_s), std::move(now), std::move(newcomers), now_s);
  look_for_seat(now_s);
  next_control_tick_s_ = now_s + tick_s_;
}

void NodeCore::look_for_seat(double now_s) {
  if (now_s <= begun_s_ + options_.start_timeout_s + 2 * options_.silence_timeout_s || own_failure_)
    return;
  if (!control_->is_seated())
    own_failure_ = Error{Errc::node_lost, "this node is back, and no view of the cluster has come "
                                          "that has it (cluster.start_timeout)"};
  else if (!control_->has_log())
    own_failure_ = Error{Errc::node_lost, "this node has joined, and the log of the cluster has "
                                          "not come: those that had it are lost"};
}

void NodeCore::enter(const View& view) {
  std::vector<Membership::Seat> seats;
  for (const View::Member& member : view.members) {
    seats.push_back({member.name, member.address, member.life, member.id.value});
  }
  membership_.enter(seats, view.to_string() + " is without it (" + view.why + ")");
}

NodeCore::Output NodeCore::take_output(double now_s) {
  Output output;
  if (control_ != nullptr && failure()) {
    output.leaves = !std::exchange(has_left_, true);
    if (output.leaves && failure()->code == Errc::drained)
      output.to_persist = NodeMemory::left(options_.name, membership_.own_name());
    output.membership.log = membership_.take_output().log;
    output.log = std::exchange(log_, {});
    return output;
  }
  output.to_persist = std::exchange(to_persist_, {});
  if (control_ != nullptr) {
    take_output(control_->take_output(), output);
    output.reachability = encode(reachability(now_s));
  }
  output.membership = membership_.take_output();
  output.views = std::exchange(views_, {});
  output.log = std::exchange(log_, {});
  return output;
}

void NodeCore::take_output(ControlGroup::Output of_control, Output& output) {
  for (ToPersist& each : of_control.to_persist)
    output.to_persist.push_back(std::move(each));
  // Frames go to members of the view that was, too: they are to hear of the next one.
  for (auto& [to, frame] : of_control.frames)
    if (const PeerKey key = membership_.key_of(to.value); key != 0)
      output.frames.emplace_back(key, std::move(frame));
  for (View& view : of_control.views) {
    for (const Membership::Newcomer& newcomer : membership_.newcomers())
      for (const View::Member& member : view.members)
        if (member.life == newcomer.seat.life)
          output.taken_in.emplace_back(newcomer.key, encode(view));
    notes_.clear();
    enter(view);
    stand();
    const bool has_this = std::ranges::any_of(
        view.members, [this](const View::Member& member) { return member.life == life_; });
    if (has_this)
      views_.push_back(std::move(view));
  }
  for (std::string& line : of_control.log)
    log_.push_back(std::move(line));
  for (const auto& [life, why] : of_control.refused)
    membership_.refuse_newcomer(life, why);
  output.wants_cut = of_control.wants_cut;
}

const std::optional<Error>& NodeCore::failure() const {
  if (drained_)
    return drained_;
  if (own_failure_)
    return own_failure_;
  if (control_ != nullptr && control_->failure())
    return control_->failure();
  return membership_.failure();
}

double NodeCore::next_tick_s() const {
  const double next = membership_.next_tick_s();
  return control_ == nullptr ? next : std::min(next, next_control_tick_s_);
}

} // namespace stos::detail
