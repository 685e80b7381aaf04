#include "libstos/cluster/membership/membership.hpp"

#include "libstos/base/exact_text.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace stos::detail {
namespace {

constexpr double retry_s = 0.2;
constexpr double yield_s = 1; ///< so long the smaller address lets the greater one connect

template <class T>
std::string difference(const char* what, const T& theirs, const T& ours) {
  if constexpr (std::is_arithmetic_v<T>)
    return difference(what, std::to_string(theirs), std::to_string(ours));
  else
    return std::string(what) + " " + theirs + " there, " + ours + " here";
}

std::string seconds(double time_s) { return short_text(time_s) + " s"; }

} // namespace

Membership::Membership(NodeHello self, const ClusterOptions& options, double now_s)
    : self_(std::move(self)), options_(options), started_s_(now_s), last_beat_s_(now_s),
      last_tick_s_(now_s) {
  for (const NodeAddress& peer : options.peers)
    know(peer, now_s);
  complete_if_all_are_here();
  tick(now_s);
}

Membership::Output Membership::take_output() { return std::exchange(output_, {}); }

NodeHello Membership::hello() const {
  NodeHello hello = self_;
  for (const auto& [address, contact] : contacts_)
    hello.known.push_back(address);
  for (const auto& [key, peer] : peers_)
    if (peer.hello)
      hello.known.push_back(peer.hello->address);
  return hello;
}

void Membership::know(const NodeAddress& address, double now_s) {
  const bool has_said_hello = std::any_of(peers_.begin(), peers_.end(), [&](const auto& peer) {
    return peer.second.hello && peer.second.hello->address == address;
  });
  if (complete_ || address == self_.address || has_said_hello)
    return;
  const double first_try_s = self_.address > address ? now_s : now_s + yield_s;
  contacts_.try_emplace(address, Contact{false, first_try_s, "nothing has been heard of it"});
}

void Membership::connected(const NodeAddress& address, PeerKey peer, double now_s) {
  if (const auto contact = contacts_.find(address); contact != contacts_.end()) {
    contact->second.connecting = false;
    contact->second.next_try_s = now_s + yield_s;
    contact->second.problem = "it was reached, but has not said hello";
  }
  Peer& known = peers_[peer];
  known.last_heard_s = now_s;
  if (!std::exchange(known.greeted, true))
    output_.greet.push_back(peer);
}

void Membership::cannot_connect(const NodeAddress& address, const std::string& reason,
                                double now_s) {
  const auto contact = contacts_.find(address);
  if (contact == contacts_.end())
    return;
  contact->second.connecting = false;
  contact->second.next_try_s = now_s + retry_s;
  contact->second.problem = reason;
}

std::string Membership::objection_to(PeerKey peer, const NodeHello& hello) const {
  if (hello.protocol != self_.protocol)
    return difference("protocol version", hello.protocol, self_.protocol);
  if (hello.cluster != self_.cluster)
    return difference("cluster.name is", hello.cluster, self_.cluster);
  if (hello.build != self_.build)
    return "it runs another build of the program";
  if (hello.nodes != self_.nodes)
    return difference("cluster.nodes is", hello.nodes, self_.nodes);
  const auto taken = [&](const std::string& name) { return name == hello.node; };
  if (taken(self_.node))
    return "two nodes are called " + hello.node + ": at " + to_string(hello.address) + " and at " +
           to_string(self_.address);
  for (const auto& [key, other] : peers_)
    if (key != peer && other.hello && taken(other.hello->node))
      return "two nodes are called " + hello.node + ": at " + to_string(hello.address) +
             " and at " + to_string(other.hello->address);
  if (complete_)
    return "the cluster is complete with " + std::to_string(self_.nodes) + " nodes";
  return {};
}

bool Membership::is_expected(const NodeAddress& address) const {
  return std::find(options_.peers.begin(), options_.peers.end(), address) != options_.peers.end();
}

// A stranger is sent away. If that is a node that this one needs, it can stop waiting.
void Membership::refuse(PeerKey peer, const NodeHello& hello, const std::string& why) {
  output_.refuse.push_back(peer);
  output_.why.push_back(why);
  output_.log.push_back("node refused node=" + hello.node + " address=" + to_string(hello.address) +
                        " reason=\"" + why + "\"");
  peers_.erase(peer);
  if (!complete_ && is_expected(hello.address))
    fail(Errc::bad_config, "node " + hello.node + " at " + to_string(hello.address) +
                               " does not belong to this cluster: " + why);
}

void Membership::heard_hello(PeerKey peer, const NodeHello& hello, double now_s) {
  const auto known = peers_.find(peer);
  if (known != peers_.end() && known->second.hello) {
    known->second.last_heard_s = now_s;
    return;
  }
  if (const std::string why = objection_to(peer, hello); !why.empty()) {
    refuse(peer, hello, why);
    return;
  }
  Peer& from = peers_[peer];
  from.hello = hello;
  from.last_heard_s = now_s;
  if (!std::exchange(from.greeted, true))
    output_.greet.push_back(peer);
  contacts_.erase(hello.address);
  for (const NodeAddress& address : hello.known)
    know(address, now_s);
  complete_if_all_are_here();
  tick(now_s);
}

void Membership::complete_if_all_are_here() {
  const auto here = std::count_if(peers_.begin(), peers_.end(),
                                  [](const auto& peer) { return peer.second.hello.has_value(); });
  if (complete_ || static_cast<std::size_t>(here) + 1 != self_.nodes)
    return;
  complete_ = true;
  contacts_.clear();
  members_.push_back({0, self_.node, self_.address});
  for (const auto& [key, peer] : peers_)
    if (peer.hello)
      members_.push_back({key, peer.hello->node, peer.hello->address});
  std::sort(members_.begin(), members_.end(),
            [](const Member& a, const Member& b) { return a.name < b.name; });
}

void Membership::heard(PeerKey peer, double now_s) {
  if (const auto known = peers_.find(peer); known != peers_.end())
    known->second.last_heard_s = now_s;
}

void Membership::refused_by(PeerKey peer, const std::string& why) {
  const auto known = peers_.find(peer);
  const std::string who = known != peers_.end() && known->second.hello
                              ? "node " + known->second.hello->node
                              : "another node";
  fail(Errc::bad_config, who + " has refused this node (" + self_.node + " at " +
                             to_string(self_.address) + "): " + why);
}

void Membership::left(PeerKey peer) { leave(peer, "it has left"); }

void Membership::lost(PeerKey peer, const std::string& why) { leave(peer, "it was lost: " + why); }

// Before all have come, it may come again.
void Membership::leave(PeerKey peer, const std::string& why) {
  const auto known = peers_.find(peer);
  if (known == peers_.end())
    return;
  const std::optional<NodeHello> hello = std::move(known->second.hello);
  const double last_heard_s = known->second.last_heard_s;
  peers_.erase(known);
  if (!complete_ && hello)
    contacts_[hello->address] = {false, started_s_, why};
  for (Member& member : members_)
    if (member.key == peer) {
      member.lost = true;
      member.last_heard_s = last_heard_s;
      fail(Errc::node_lost,
           "node " + member.name + " at " + to_string(member.address) + " is gone: " + why);
    }
}

// A process that was stopped for a while has heard of no peer meanwhile, and blames none.
void Membership::tick(double now_s) {
  if (now_s - std::exchange(last_tick_s_, now_s) > options_.silence_timeout_s / 2)
    for (auto& [key, peer] : peers_)
      peer.last_heard_s = now_s;
  for (auto& [address, contact] : contacts_)
    if (!contact.connecting && now_s >= contact.next_try_s) {
      contact.connecting = true;
      if (contact.tries++ == 0)
        contact.first_try_s = now_s;
      output_.connect.push_back(address);
    }
  if (!complete_) {
    if (now_s >= started_s_ + options_.start_timeout_s)
      fail(Errc::node_lost, who_is_missing());
    return;
  }
  if (now_s >= last_beat_s_ + options_.heartbeat_s) {
    last_beat_s_ = now_s;
    for (const auto& [key, peer] : peers_)
      output_.beat.push_back(key);
  }
  for (const Member& member : std::vector<Member>(members_)) {
    const auto peer = peers_.find(member.key);
    if (peer != peers_.end() && now_s >= peer->second.last_heard_s + options_.silence_timeout_s)
      lost(member.key, "nothing was heard of it for " + seconds(now_s - peer->second.last_heard_s) +
                           " (cluster.silence_timeout)");
  }
}

double Membership::next_tick_s() const {
  if (complete_)
    return last_beat_s_ + options_.heartbeat_s;
  double next = started_s_ + options_.start_timeout_s;
  for (const auto& [address, contact] : contacts_)
    if (!contact.connecting)
      next = std::min(next, contact.next_try_s);
  return next;
}

std::string Membership::who_is_missing() const {
  std::size_t here = 1;
  std::string names = self_.node;
  for (const auto& [key, peer] : peers_)
    if (peer.hello) {
      ++here;
      names += ", " + peer.hello->node;
    }
  std::string text = "only " + std::to_string(here) + " of " + std::to_string(self_.nodes) +
                     " nodes have come within " + seconds(options_.start_timeout_s) +
                     " (cluster.start_timeout): " + names;
  for (const auto& [address, contact] : contacts_) {
    text += "; missing: " + to_string(address) + " (" + contact.problem;
    if (contact.tries > 0)
      text += "; tried " + std::to_string(contact.tries) + " times in " +
              seconds(last_tick_s_ - contact.first_try_s);
    text += "; wanted: a node of cluster " + self_.cluster + " that listens there)";
  }
  return text;
}

void Membership::fail(Errc code, std::string text) {
  if (!failure_)
    failure_ = Error{code, std::move(text)};
}

std::vector<Membership::Presence> Membership::presences(double now_s) const {
  std::vector<Presence> all = {{self_.node, self_.address}};
  for (const auto& [key, peer] : peers_)
    if (peer.hello)
      all.push_back({peer.hello->node, peer.hello->address, false, now_s - peer.last_heard_s});
  for (const Member& member : members_)
    if (member.lost)
      all.push_back({member.name, member.address, true, now_s - member.last_heard_s});
  std::ranges::sort(all, {}, &Presence::name);
  return all;
}

std::size_t Membership::own_index() const { return *index_of(0); }

std::optional<std::size_t> Membership::index_of(PeerKey peer) const {
  for (std::size_t i = 0; i < members_.size(); ++i)
    if (members_[i].key == peer)
      return i;
  return std::nullopt;
}

} // namespace stos::detail
