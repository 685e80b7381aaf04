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

NodeCore::NodeCore(NodeHello self, const ClusterOptions& options, double now_s)
    : options_(options), life_(self.life), membership_(std::move(self), options, now_s),
      tick_s_(tick_of_control(options)) {
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

void NodeCore::begin(View first, bool joins, double now_s) {
  ControlOptions options;
  for (const View::Member& member : first.members) {
    names_[member.id] = member.name;
    if (member.name == membership_.own_name())
      options.self = member.id;
  }
  options.seed = mix64(life_);
  options.life = std::max<std::uint64_t>(life_, 1);
  options.election = *raft::election_kind_from(to_string(options_.election));
  options.tick_s = tick_s_;
  views_.push_back(first);
  control_ = std::make_unique<ControlGroup>(std::move(first), options, joins, now_s);
  next_control_tick_s_ = now_s + tick_s_;
}

Reachability NodeCore::reachability(double now_s) const {
  Reachability seen{control_->view().epoch, membership_.reachability(now_s), wants_to_leave_, {}};
  for (const Membership::Newcomer& newcomer : membership_.newcomers())
    seen.newcomers.push_back(newcomer.seat.life);
  return seen;
}

// A view may have come that the membership does not know yet: names tell who is meant.
std::optional<raft::NodeId> NodeCore::id_of(PeerKey peer) const {
  const auto index = membership_.index_of(peer);
  if (control_ == nullptr || !index)
    return std::nullopt;
  const std::string& name = membership_.members()[*index].name;
  for (const auto& [id, of_node] : names_)
    if (of_node == name)
      return id;
  return std::nullopt;
}

NodeCore::PeerKey NodeCore::key_of(raft::NodeId node) const {
  const auto name = names_.find(node);
  if (name != names_.end())
    for (const Membership::Member& member : membership_.members())
      if (member.name == name->second)
        return member.key;
  return 0;
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

void NodeCore::heard_welcome(PeerKey peer, const NodeHello& hello, double now_s) {
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
  enter(*view);
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
  control_->tick(reachability(now_s), std::move(newcomers), now_s);
  next_control_tick_s_ = now_s + tick_s_;
}

void NodeCore::enter(const View& view) {
  std::vector<Membership::Seat> seats;
  for (const View::Member& member : view.members) {
    names_[member.id] = member.name;
    seats.push_back({member.name, member.address, member.life});
  }
  membership_.enter(seats, view.to_string() + " is without it (" + view.why + ")");
}

NodeCore::Output NodeCore::take_output(double now_s) {
  Output output;
  if (control_ != nullptr && failure()) {
    output.leaves = !std::exchange(has_left_, true);
    output.membership.log = membership_.take_output().log;
    output.log = std::exchange(log_, {});
    return output;
  }
  if (control_ != nullptr) {
    ControlGroup::Output of_control = control_->take_output();
    // Frames go to members of the view that was, too: they are to hear of the next one.
    for (auto& [to, frame] : of_control.frames)
      if (const PeerKey key = key_of(to); key != 0)
        output.frames.emplace_back(key, std::move(frame));
    for (View& view : of_control.views) {
      for (const Membership::Newcomer& newcomer : membership_.newcomers())
        for (const View::Member& member : view.members)
          if (member.life == newcomer.seat.life)
            output.taken_in.emplace_back(newcomer.key, encode(view));
      enter(view);
      views_.push_back(std::move(view));
    }
    for (std::string& line : of_control.log)
      log_.push_back(std::move(line));
    for (const auto& [life, why] : of_control.refused)
      membership_.refuse_newcomer(life, why);
    output.wants_cut = of_control.wants_cut;
    output.reachability = encode(reachability(now_s));
  }
  output.membership = membership_.take_output();
  output.views = std::exchange(views_, {});
  output.log = std::exchange(log_, {});
  return output;
}

const std::optional<Error>& NodeCore::failure() const {
  if (drained_)
    return drained_;
  if (control_ != nullptr && control_->failure())
    return control_->failure();
  return membership_.failure();
}

double NodeCore::next_tick_s() const {
  const double next = membership_.next_tick_s();
  return control_ == nullptr ? next : std::min(next, next_control_tick_s_);
}

} // namespace stos::detail
