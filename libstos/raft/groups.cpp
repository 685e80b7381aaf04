#include "libstos/raft/groups.hpp"

#include <algorithm>

namespace stos::raft {
namespace {

constexpr std::uint8_t frame_version = 1;

} // namespace

// ---- frames
// ----------------------------------------------------------------------------------------

void write(const Frame& frame, BytesWriter& out) {
  out.u8(frame_version);
  out.varint(frame.from.value);
  out.varint(frame.to.value);
  out.varint(frame.life);
  out.varint(frame.items.size());
  for (const Frame::Item& item : frame.items) {
    out.varint(item.group.value);
    write(item.message, out);
  }
}

Result<Frame> read_frame(std::span<const std::byte> bytes) {
  constexpr std::size_t least_bytes = 5; // of an item
  BytesReader in(bytes);
  Frame frame;
  if (const std::uint8_t version = in.u8(); version != frame_version)
    return Error{Errc::bad_message, "a frame of version " + std::to_string(version) + ", wanted " +
                                        std::to_string(frame_version)};
  frame.from = {in.varint()};
  frame.to = {in.varint()};
  frame.life = in.varint();
  const std::size_t size = in.count(least_bytes);
  while (frame.items.size() < size && in.ok()) {
    const GroupId group{in.varint()};
    frame.items.push_back({group, read_message(in)});
    const Message& message = frame.items.back().message;
    if (message.from != frame.from || message.to != frame.to)
      in.fail();
  }
  if (!in.at_end() || !frame.from || !frame.to)
    return Error{Errc::bad_message, "no frame: message " + std::to_string(frame.items.size()) +
                                        " of " + std::to_string(size) + " makes no sense"};
  return frame;
}

Result<Frame> read_frame_of(NodeId sender, std::span<const std::byte> bytes) {
  Result<Frame> frame = read_frame(bytes);
  if (frame && frame->from != sender)
    return Error{Errc::bad_message,
                 "a frame of node " + to_string(frame->from) + " from node " + to_string(sender)};
  return frame;
}

// ---- groups
// ----------------------------------------------------------------------------------------

Result<void> Groups::add(GroupId group, Options options, Recovered recovered) {
  options.self = options_.self;
  if (const Result<void> right = check(options); !right)
    return right.error();
  const auto [at, is_new] =
      groups_.try_emplace(group, Group{Fsm(options, std::move(recovered)), 0, {}});
  if (!is_new)
    return Error{Errc::bad_argument, "group " + to_string(group) + " is here already"};
  update_peers(at->second);
  awake_.insert(group);
  active_.insert(group);
  return {};
}

void Groups::remove(GroupId group) {
  const auto at = groups_.find(group);
  if (at == groups_.end())
    return;
  for (const NodeId node : at->second.configuration.members())
    if (node != options_.self)
      --peers_[node].groups;
  groups_.erase(at);
  awake_.erase(group);
  active_.erase(group);
}

Fsm* Groups::find(GroupId group) {
  const auto at = groups_.find(group);
  return at == groups_.end() ? nullptr : &at->second.fsm;
}

const Fsm* Groups::find(GroupId group) const {
  const auto at = groups_.find(group);
  return at == groups_.end() ? nullptr : &at->second.fsm;
}

bool Groups::is_lost(NodeId node) const {
  const auto at = peers_.find(node);
  return at != peers_.end() && at->second.lost;
}

// ---- time and news
// ---------------------------------------------------------------------------------

void Groups::tick() {
  ++now_;
  look_at_peers();
  tick_groups();
}

void Groups::tick_groups() {
  const auto lost = [this](NodeId node) { return is_lost(node); };
  for (auto at = awake_.begin(); at != awake_.end();) {
    Group& group = groups_.at(*at);
    active_.insert(*at);
    group.fsm.tick();
    group.idle = group.fsm.is_idle(lost) ? group.idle + 1 : 0;
    if (group.idle >= options_.idle_ticks)
      group.fsm.sleep();
    at = group.fsm.is_asleep() ? awake_.erase(at) : std::next(at);
  }
}

void Groups::look_at_peers() {
  for (auto& [node, peer] : peers_) {
    if (peer.lost || now_ - peer.heard_at < options_.lost_ticks)
      continue;
    peer.lost = true;
    wake_groups_of(node);
  }
}

void Groups::wake_groups_of(NodeId node) {
  for (auto& [id, group] : groups_)
    if (group.fsm.is_asleep() &&
        (group.fsm.leader() == node || (group.fsm.leads() && group.configuration.contains(node)))) {
      group.fsm.wake();
      group.idle = 0;
      awake_.insert(id);
    }
}

void Groups::heard(NodeId node, std::uint64_t life) {
  const auto at = peers_.find(node);
  if (at == peers_.end())
    return;
  Peer& peer = at->second;
  peer.heard_at = now_;
  if (!peer.lost && peer.life == life)
    return;
  // It may not lead any more, and may have missed something.
  peer.lost = false;
  peer.life = life;
  wake_groups_of(node);
}

void Groups::step(const Frame& frame) {
  if (frame.to != options_.self)
    return;
  heard(frame.from, frame.life);
  for (const Frame::Item& item : frame.items) {
    const auto at = groups_.find(item.group);
    if (at == groups_.end())
      continue;
    Group& group = at->second;
    group.fsm.step(item.message);
    active_.insert(item.group);
    if (group.fsm.is_asleep())
      awake_.erase(item.group);
    else
      awake_.insert(item.group);
  }
}

// ---- the output
// ------------------------------------------------------------------------------------

GroupsOutput Groups::take_output() {
  GroupsOutput output;
  for (const GroupId id : active_)
    if (const auto at = groups_.find(id); at != groups_.end())
      collect(id, at->second, output);
  active_.clear();
  add_heartbeats(output);
  return output;
}

void Groups::collect(GroupId id, Group& group, GroupsOutput& output) {
  Output own = group.fsm.take_output();
  if (!group.fsm.is_asleep())
    awake_.insert(id); // a proposal has woken it
  if (!own.to_persist.empty() || !own.to_apply.empty())
    group.idle = 0;
  update_peers(group);
  if (!own.to_persist.empty())
    output.to_persist.emplace_back(id, std::move(own.to_persist));
  for (Message& message : own.to_send)
    frame_to(message.to, output)->items.push_back({id, std::move(message)});
  if (!own.to_apply.empty())
    output.to_apply.emplace_back(id, std::move(own.to_apply));
}

std::vector<Frame>::iterator Groups::frame_to(NodeId node, GroupsOutput& output) {
  const auto at = std::find_if(output.to_send.begin(), output.to_send.end(),
                               [node](const Frame& frame) { return frame.to == node; });
  if (at != output.to_send.end())
    return at;
  if (const auto peer = peers_.find(node); peer != peers_.end())
    peer->second.told_at = now_;
  return output.to_send.insert(output.to_send.end(), Frame{options_.self, node, options_.life, {}});
}

void Groups::add_heartbeats(GroupsOutput& output) {
  for (const auto& [node, peer] : peers_)
    if (now_ - peer.told_at >= options_.heartbeat_ticks)
      static_cast<void>(frame_to(node, output));
}

void Groups::update_peers(Group& group) {
  const Configuration& now = group.fsm.log().configuration();
  if (now == group.configuration)
    return;
  for (const NodeId node : now.members())
    if (node != options_.self)
      ++peers_.try_emplace(node, Peer{0, now_, now_, 0, false}).first->second.groups;
  for (const NodeId node : group.configuration.members())
    if (node != options_.self && --peers_[node].groups == 0)
      peers_.erase(node);
  group.configuration = now;
}

} // namespace stos::raft
