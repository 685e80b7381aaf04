#include "tests/cluster/virtual_nodes.hpp"

#include <algorithm>

namespace stos::test {

using namespace stos::detail;

ClusterOptions VirtualCores::brisk() {
  ClusterOptions options;
  options.silence_timeout_s = 1.5;
  options.heartbeat_s = 0.2;
  options.start_timeout_s = 5;
  return options;
}

VirtualCores::VirtualCores(std::size_t nodes, std::uint64_t seed, const ClusterOptions& options,
                           VirtualRiders* riders)
    : options_(options), riders_(riders), random_(seed), nodes_(nodes) {
  for (std::size_t i = 0; i < nodes; ++i) {
    NodeAddress address{"h", static_cast<std::uint16_t>(1000 + i)};
    options_.peers.push_back(address);
  }
  options_.nodes = static_cast<std::uint32_t>(nodes);
  for (std::size_t i = 0; i < nodes; ++i)
    start(i);
}

std::size_t VirtualCores::join(std::size_t knows) {
  options_.peers.push_back({"h", static_cast<std::uint16_t>(1000 + nodes_.size())});
  nodes_.emplace_back();
  start(nodes_.size() - 1, true, knows);
  return nodes_.size() - 1;
}

void VirtualCores::start(std::size_t node, bool joins, std::size_t knows) {
  NodeHello hello;
  hello.protocol = NodeHello::current_protocol;
  hello.cluster = options_.name;
  hello.node = name(node);
  hello.address = options_.peers[node];
  hello.nodes = *options_.nodes;
  hello.life = ++last_life_ * 1000 + random_.below(1000);
  nodes_[node].life = hello.life;
  nodes_[node].paused = false;
  ClusterOptions options = options_;
  hello.joins = options.join = joins;
  if (joins) {
    options.peers = {options_.peers[knows], options_.peers[node]};
    hello.nodes = 1000; // it founds no cluster
  }
  std::optional<NodeMemory> memory = *NodeMemory::read(nodes_[node].disk);
  nodes_[node].core = nullptr;
  ControlMachine* const machine = riders_ == nullptr ? nullptr : riders_->begins(node);
  nodes_[node].core =
      std::make_unique<Core>(hello, options, clock(node), std::move(memory), machine);
}

void VirtualCores::resume_some() {
  for (Node& node : nodes_)
    if (below(2) == 0)
      node.paused = false;
}

void VirtualCores::mend() {
  heal();
  for (Node& node : nodes_)
    node.disk_is_full = node.crashes_at_write = node.paused = false;
}

void VirtualCores::let_clocks_drift() {
  for (Node& node : nodes_)
    node.clock_rate = random_.uniform(0.95, 1.05);
}

bool VirtualCores::persist(std::size_t node, const std::vector<ToPersist>& all) {
  if (!all.empty() && std::exchange(nodes_[node].crashes_at_write, false)) {
    if (below(2) == 0)
      write(node, all); // it is on the disk, and no one has heard of it
    kill(node);
    return false;
  }
  if (nodes_[node].disk_is_full && !all.empty()) {
    nodes_[node].core->cannot_persist({Errc::io_error, "the disk is full"});
    return false;
  }
  write(node, all);
  return true;
}

void VirtualCores::write(std::size_t node, const std::vector<ToPersist>& all) {
  for (const ToPersist& each : all)
    if (each.what)
      raft::apply(*each.what, nodes_[node].disk[each.group]);
    else
      nodes_[node].disk.erase(each.group);
}

void VirtualCores::recover_alone(std::size_t node) {
  write(node, (*NodeMemory::read(nodes_[node].disk))->alone());
}

void VirtualCores::run(double seconds) {
  for (const double end = now_s_ + seconds; now_s_ < end;)
    step();
}

void VirtualCores::step() {
  now_s_ += step_s;
  for (auto& [way, messages] : under_way_) {
    const auto [from, to] = way;
    if (!flows(from, to) || !is_up(to) || nodes_[to].paused)
      continue;
    while (!messages.empty() && messages.front().at_s <= now_s_) {
      const Message message = std::move(messages.front());
      messages.erase(messages.begin());
      deliver(to, message);
    }
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!is_up(i) || nodes_[i].paused)
      continue;
    for (auto& [at_s, address] : std::exchange(nodes_[i].connecting, {}))
      connect(i, address);
    if (clock(i) >= nodes_[i].core->next_tick_s())
      nodes_[i].core->tick(clock(i));
    act(i);
  }
  look();
}

void VirtualCores::act(std::size_t node) {
  Core::Output output = nodes_[node].core->take_output(clock(node));
  if (!persist(node, output.to_persist))
    return;
  const Membership::Output& wanted = output.membership;
  for (std::size_t i = 0; i < wanted.refuse.size(); ++i)
    send(node, wanted.refuse[i], Refusal{wanted.why[i]});
  for (const Key peer : wanted.greet)
    send(node, peer, nodes_[node].core->membership().hello());
  for (const Key peer : wanted.welcome)
    send(node, peer, Welcome{nodes_[node].core->membership().hello()});
  for (auto& [peer, view] : output.taken_in)
    send(node, peer, TakenIn{std::move(view)});
  if (output.wants_cut)
    nodes_[node].core->runs_are_cut(
        runs_can_be_cut_ ? std::nullopt : std::optional(Error{Errc::not_supported, "an agent"}));
  for (const Key peer : wanted.beat)
    send(node, peer, Beat{output.reachability});
  for (auto& [peer, bytes] : output.frames)
    send(node, peer, Frame{std::move(bytes)});
  for (const NodeAddress& address : wanted.connect)
    nodes_[node].connecting.emplace_back(now_s_, address);
  if (output.leaves)
    for (const auto& [other, line] : nodes_[node].lines)
      send(node, line, Goodbye{});
  for (const View& view : output.views) {
    if (view.epoch <= std::exchange(nodes_[node].epoch, view.epoch))
      trouble_ = name(node) + " goes back to epoch " + std::to_string(view.epoch);
    if (!nodes_[node].core->control()->is_seated())
      trouble_ = name(node) + " enters a view that does not have it";
    for (const View::Member& member : view.members)
      if (ids_.try_emplace(member.id, member.name).first->second != member.name)
        trouble_ = "two nodes have the number " + raft::to_string(member.id);
    const auto [known, is_new] = views_.try_emplace(view.epoch, view);
    if (!is_new && known->second != view)
      trouble_ = "two views of epoch " + std::to_string(view.epoch) + ": " + view.to_string() +
                 "; " + known->second.to_string();
  }
  if (riders_ != nullptr)
    riders_->acts(node);
}

void VirtualCores::say(std::size_t from, raft::NodeId to, std::vector<std::byte> words) {
  if (const Key key = core(from).membership().key_of(to.value); key != 0)
    send(from, key, Words{std::move(words)});
}

void VirtualCores::connect(std::size_t from, const NodeAddress& address) {
  const auto to = static_cast<std::size_t>(
      std::find(options_.peers.begin(), options_.peers.end(), address) - options_.peers.begin());
  Core& core = *nodes_[from].core;
  if (to == from)
    return core.is_own(address);
  if (!is_up(to))
    return core.cannot_connect(address, "nobody listens there", clock(from));
  if (!flows(from, to) || !flows(to, from) || nodes_[to].paused)
    return core.cannot_connect(address, "no answer", clock(from));
  if (!nodes_[from].lines.contains(to)) {
    lines_[++last_line_] = {from, to};
    nodes_[from].lines[to] = last_line_;
    nodes_[to].lines[from] = last_line_;
  }
  core.connected(address, nodes_[from].lines[to], clock(from));
}

void VirtualCores::send(std::size_t from, Key line, Content content) {
  const auto found = lines_.find(line);
  if (found == lines_.end())
    return;
  const std::size_t to = found->second.a == from ? found->second.b : found->second.a;
  std::vector<Message>& messages = under_way_[{from, to}];
  const double at_s = now_s_ + random_.uniform(0.0005, 0.02);
  messages.push_back({std::max(at_s, messages.empty() ? 0 : messages.back().at_s), from, line,
                      std::move(content)});
}

void VirtualCores::deliver(std::size_t to, const Message& message) {
  const auto line = nodes_[to].lines.find(message.from);
  if (line == nodes_[to].lines.end() || line->second != message.line)
    return;
  Core& core = *nodes_[to].core;
  const Key peer = message.line;
  if (const auto* hello = std::get_if<NodeHello>(&message.content))
    core.heard_hello(peer, *hello, clock(to));
  else if (const auto* welcome = std::get_if<Welcome>(&message.content))
    core.heard_welcome(peer, welcome->hello, clock(to));
  else if (const auto* taken_in = std::get_if<TakenIn>(&message.content))
    core.heard_view(peer, taken_in->view, clock(to));
  else if (const auto* refusal = std::get_if<Refusal>(&message.content))
    core.refused_by(peer, refusal->why);
  else if (const auto* beat = std::get_if<Beat>(&message.content))
    core.heard_beat(peer, beat->reachability, clock(to));
  else if (const auto* frame = std::get_if<Frame>(&message.content))
    core.heard_frame(peer, frame->bytes, clock(to));
  else if (const auto* words = std::get_if<Words>(&message.content)) {
    if (const std::uint64_t id = core.membership().id_of(peer); id != 0 && riders_ != nullptr)
      riders_->hears(to, {id}, words->bytes);
  } else
    core.left(peer);
}

void VirtualCores::close(std::size_t a, std::size_t b, bool tells_a, bool tells_b) {
  const auto found = nodes_[a].lines.find(b);
  if (found == nodes_[a].lines.end())
    return;
  const std::uint64_t line = found->second;
  lines_.erase(line);
  nodes_[a].lines.erase(b);
  nodes_[b].lines.erase(a);
  under_way_.erase({a, b});
  under_way_.erase({b, a});
  for (const auto& [node, tells] : {std::pair{a, tells_a}, std::pair{b, tells_b}})
    if (tells && is_up(node))
      nodes_[node].core->lost(line, "its connection was closed");
}

void VirtualCores::reset(std::size_t a, std::size_t b) { close(a, b, true, true); }

void VirtualCores::kill(std::size_t node) {
  nodes_[node].disk_is_full = false;
  if (is_up(node) && riders_ != nullptr)
    riders_->ends(node);
  nodes_[node].core = nullptr;
  for (std::size_t other = 0; other < nodes_.size(); ++other) // behind a cut cable, no one hears it
    close(node, other, false, flows(node, other));
}

void VirtualCores::leave(std::size_t node) {
  for (std::size_t other = 0; other < nodes_.size(); ++other)
    if (const auto line = nodes_[node].lines.find(other); line != nodes_[node].lines.end())
      nodes_[other].core->left(line->second);
  kill(node);
}

void VirtualCores::restart(std::size_t node) {
  kill(node);
  nodes_[node].disk.clear();
  start(node);
}

void VirtualCores::come_back(std::size_t node) {
  if (is_up(node))
    kill(node);
  start(node);
}

void VirtualCores::cut_off(std::size_t node) {
  for (std::size_t other = 0; other < nodes_.size(); ++other) {
    cut(node, other);
    cut(other, node);
  }
}

bool VirtualCores::belongs(std::size_t node) const {
  return is_up(node) && core(node).control() != nullptr && !core(node).failure();
}

std::string VirtualCores::view(std::size_t node) const {
  return is_up(node) && core(node).control() != nullptr ? view_of(*core(node).control())
                                                        : std::string();
}

std::string VirtualCores::view_of(const ControlGroup& control) {
  std::string names;
  for (const View::Member& member : control.view().members)
    names += member.name;
  return names;
}

std::uint64_t VirtualCores::epoch(std::size_t node) const {
  return is_up(node) && core(node).control() != nullptr ? core(node).control()->view().epoch : 0;
}

bool VirtualCores::agree(const std::string& names) const {
  std::set<std::uint64_t> epochs;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (names.find(name(i)) == std::string::npos)
      continue;
    if (!belongs(i) || view(i) != names)
      return false;
    epochs.insert(epoch(i));
  }
  return epochs.size() == 1;
}

std::string VirtualCores::failure(std::size_t node) const {
  return is_up(node) && core(node).failure() ? core(node).failure()->context : std::string();
}

std::string VirtualCores::picture() const {
  std::string text;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    text += name(i) + ": ";
    if (!is_up(i)) {
      text += "down\n";
      continue;
    }
    if (core(i).control() == nullptr) {
      text += "no view; " + failure(i) + "\n";
      continue;
    }
    const raft::Status status = core(i).control()->status();
    text += core(i).control()->view().to_string() + ", leader " + core(i).control()->leader() +
            ", term " + raft::to_string(status.term) + ", " + status.configuration.to_string() +
            "; sees";
    for (const Reachability::State state : core(i).membership().reachability(clock(i)))
      text += " " + std::to_string(static_cast<int>(state));
    text += "; " + failure(i) + "\n";
  }
  return text;
}

void VirtualCores::look() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!belongs(i))
      continue;
    const raft::Status status = core(i).control()->status();
    if (status.role != raft::Role::leader)
      continue;
    const auto [known, is_new] = leaders_.try_emplace(status.term.value, status.leader);
    if (!is_new && known->second != status.leader)
      trouble_ = "two leaders of term " + raft::to_string(status.term);
  }
}

} // namespace stos::test
