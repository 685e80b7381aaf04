#include "libstos/cluster/membership/membership.hpp"

#include "libstos/base/exact_text.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace stos::detail {
namespace {

constexpr double retry_s = 0.2;
constexpr std::size_t members_max = 1024;
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
  complete_if_all_are_here(now_s);
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
  for (const Member& member : members_)
    hello.lives.push_back(member.seat_life);
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
  if (hello.nodes != self_.nodes && !complete_ && !hello.joins && !self_.joins)
    return difference("cluster.nodes is", hello.nodes, self_.nodes);
  const auto taken = [&](const std::string& name) { return name == hello.node; };
  if (taken(self_.node))
    return "two nodes are called " + hello.node + ": at " + to_string(hello.address) + " and at " +
           to_string(self_.address);
  for (const auto& [key, other] : peers_)
    if (key != peer && other.hello && taken(other.hello->node) && other.hello->life != hello.life)
      return "two nodes are called " + hello.node + ": at " + to_string(hello.address) +
             " and at " + to_string(other.hello->address);
  if (!complete_ || member_that_is(hello) != nullptr)
    return {};
  // One that has joined once, and was left out since, is no newcomer.
  if ((hello.joins && hello.member == 0) || hello.returns)
    return members_.size() < members_max ? std::string()
                                         : "the cluster has as many nodes as can be";
  if (const auto former = former_.find(hello.node); former != former_.end())
    return former->second;
  if (std::ranges::count(members_, hello.node, &Member::name) > 0)
    return "it belongs to the cluster as a process that has ended, and has nothing of what that "
           "has "
           "written (cluster.log); a node that is to join as a new one says so (cluster.join: "
           "true)";
  return "the cluster is complete with " + std::to_string(members_.size()) +
         " nodes; a node that is to join it says so (cluster.join: true)";
}

// Such a node is none to found another one with.
bool Membership::is_of_a_cluster_without_this(const NodeHello& hello) const {
  return !hello.lives.empty() && std::ranges::count(hello.lives, self_.life) == 0;
}

const Membership::Member* Membership::member_that_is(const NodeHello& hello) const {
  for (const Member& member : members_)
    if (member.name == hello.node &&
        (member.life == hello.life || (hello.member != 0 && hello.member == member.id)))
      return &member;
  return nullptr;
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
  replace_by(peer, hello);
  if (const std::string why = objection_to(peer, hello); !why.empty()) {
    refuse(peer, hello, why);
    return;
  }
  Peer& from = peers_[peer];
  from.hello = hello;
  from.last_heard_s = now_s;
  const Member* seat = member_that_is(hello);
  const bool is_newcomer = complete_ && seat == nullptr;
  if (!std::exchange(from.greeted, true) || is_newcomer)
    (is_newcomer ? output_.welcome : output_.greet).push_back(peer);
  contacts_.erase(hello.address);
  for (Member& member : members_)
    if (&member == seat)
      connect_again(member, peer, now_s);
  for (const NodeAddress& address : hello.known)
    know(address, now_s);
  complete_if_all_are_here(now_s);
  tick(now_s);
}

// A node that was lost and has come back is heard before its old connection is known to be gone.
// (Who says so is that node: see its certificate.) If it is another process, the one before has
// ended; as a member, for good, unless it is the same member again.
void Membership::replace_by(PeerKey peer, const NodeHello& hello) {
  const auto before = std::find_if(peers_.begin(), peers_.end(), [&](const auto& other) {
    return other.first != peer && other.second.hello && other.second.hello->node == hello.node &&
           other.second.hello->address == hello.address &&
           (!complete_ || other.second.hello->life != hello.life);
  });
  if (before != peers_.end())
    leave(before->first, "it has come again", false);
  if (hello.cluster != self_.cluster || hello.build != self_.build || member_that_is(hello))
    return;
  for (Member& member : members_)
    if (member.name == hello.node && member.address == hello.address && !member.is_self) {
      member.has_left = true;
      contacts_.erase(member.address);
    }
}

void Membership::heard_welcome(PeerKey peer, const NodeHello& hello, double now_s) {
  joins_ = joins_ || !complete_;
  heard_hello(peer, hello, now_s);
}

void Membership::complete_if_all_are_here(double now_s) {
  const auto here = std::count_if(peers_.begin(), peers_.end(), [this](const auto& peer) {
    return peer.second.hello && !is_of_a_cluster_without_this(*peer.second.hello);
  });
  if (complete_ || joins_ || static_cast<std::size_t>(here) + 1 != self_.nodes)
    return;
  complete_ = true;
  contacts_.clear();
  Member self;
  self.name = self_.node;
  self.address = self_.address;
  self.life = self.seat_life = self_.life;
  self.is_self = true;
  members_.push_back(std::move(self));
  for (const auto& [key, peer] : peers_) {
    if (!peer.hello)
      continue;
    Member member;
    member.key = key;
    member.name = peer.hello->node;
    member.address = peer.hello->address;
    member.life = peer.hello->life;
    member.last_heard_s = now_s;
    member.seat_life = member.life;
    members_.push_back(std::move(member));
  }
  std::ranges::sort(members_, {}, &Member::name);
  seated_ = true;
}

void Membership::resume(const std::vector<Seat>& seats, double now_s) {
  complete_ = true;
  seated_ = false;
  members_.clear();
  for (const Seat& seat : seats)
    add_member(seat);
  std::ranges::sort(members_, {}, &Member::name);
  for (Member& member : members_) {
    member.was_away = !member.is_self;
    if (member.is_self)
      member.life = self_.life;
    else if (self_.address <= member.address) // see know()
      contacts_[member.address].next_try_s = now_s + yield_s;
  }
}

void Membership::come_as_new(double now_s) {
  for (const Member& member : std::exchange(members_, {}))
    if (!member.is_self && member.key == 0)
      contacts_[member.address] = {false, now_s, member.problem};
  complete_ = false;
  seated_ = false;
  joins_ = true;
  started_s_ = now_s;
}

void Membership::stands(std::uint64_t member, std::uint64_t epoch, bool returns) {
  self_.member = member;
  self_.epoch = epoch;
  self_.returns = returns;
}

void Membership::connect_again(Member& member, PeerKey peer, double now_s) {
  const NodeHello& hello = *peers_.at(peer).hello;
  member.key = peer;
  member.last_heard_s = now_s;
  member.was_heard = true;
  member.life = hello.life;
  member.address = hello.address;
  member.has_left = false;
  if (std::exchange(member.is_told_away, false))
    output_.log.push_back("node is there again node=" + member.name + " after=\"" + member.problem +
                          "\"");
}

void Membership::heard(PeerKey peer, double now_s) {
  if (const auto known = peers_.find(peer); known != peers_.end())
    known->second.last_heard_s = now_s;
  else if (complete_)
    return send_away(peer);
  for (Member& member : members_)
    if (member.key == peer && !member.is_self) {
      member.last_heard_s = now_s;
      member.was_heard = true;
    }
}

// It has not heard yet that it does not belong to the cluster any more.
void Membership::send_away(PeerKey peer) {
  const auto former = former_keys_.find(peer);
  if (former == former_keys_.end())
    return;
  output_.refuse.push_back(peer);
  output_.why.push_back(former_.at(former->second));
}

void Membership::enter(const std::vector<Seat>& seats, const std::string& why) {
  const auto has_seat = [&seats](const Member& member) {
    return std::ranges::count(seats, member.name, &Seat::name) > 0;
  };
  for (const Member& member : members_) {
    if (has_seat(member))
      continue;
    if (is_returning(member)) {
      output_.welcome.push_back(member.key);
      continue;
    }
    former_[member.name] = "it does not belong to the cluster any more: " + why;
    contacts_.erase(member.address);
    if (member.key != 0) {
      peers_.erase(member.key);
      former_keys_[member.key] = member.name;
      send_away(member.key);
    }
  }
  std::erase_if(members_, [&](const Member& member) { return !has_seat(member); });
  for (const Seat& seat : seats)
    if (std::ranges::count(members_, seat.name, &Member::name) == 0)
      add_member(seat);
  std::ranges::sort(members_, {}, &Member::name);
  for (Member& member : members_) {
    const Seat& seat = *std::ranges::find(seats, member.name, &Seat::name);
    member.was_away = member.key == 0 && !member.is_self;
    member.id = seat.id;
    member.seat_life = seat.life;
    if (member.is_self)
      seated_ = seat.life == self_.life;
    else if (member.key == 0)
      member.life = seat.life;
  }
  if (!std::exchange(complete_, true))
    contacts_.clear();
  if (seated_) // others have been of use as long as one of them might know the cluster
    std::erase_if(contacts_, [this](const auto& contact) {
      return std::ranges::count(members_, contact.first, &Member::address) == 0;
    });
}

// Its process has started anew, and the view that comes was made before that was known.
bool Membership::is_returning(const Member& member) const {
  const auto peer = peers_.find(member.key);
  return peer != peers_.end() && peer->second.hello && peer->second.hello->returns &&
         member.life != member.seat_life;
}

// Whom this node has no connection to, it will have one soon.
void Membership::add_member(const Seat& seat) {
  Member member;
  member.name = seat.name;
  member.address = seat.address;
  member.life = seat.life;
  member.seat_life = seat.life;
  member.id = seat.id;
  member.is_self = seat.name == self_.node;
  member.last_heard_s = last_tick_s_;
  member.away_since_s = last_tick_s_;
  former_.erase(seat.name);
  for (const auto& [key, peer] : peers_)
    if (peer.hello && peer.hello->node == seat.name && peer.hello->life == seat.life)
      member.key = key;
  if (member.key == 0 && !member.is_self)
    contacts_[seat.address] = {false, last_tick_s_, "there was no connection yet"};
  members_.push_back(std::move(member));
}

std::vector<Membership::Newcomer> Membership::newcomers() const {
  std::vector<Newcomer> all;
  if (complete_)
    for (const auto& [key, peer] : peers_)
      if (peer.hello && std::ranges::count(members_, peer.hello->node, &Member::name) == 0)
        all.push_back({key, {peer.hello->node, peer.hello->address, peer.hello->life}});
  return all;
}

void Membership::refuse_newcomer(std::uint64_t life, const std::string& why) {
  for (const Newcomer& newcomer : newcomers()) {
    if (newcomer.seat.life != life)
      continue;
    const NodeHello hello = *peers_.at(newcomer.key).hello;
    refuse(newcomer.key, hello, why);
  }
}

// All nodes leave when a program ends, one a little later than the other: that is no loss. Nor is
// it that nodes start one after the other.
bool Membership::is_lost(const Member& member, double now_s) const {
  if (member.is_self)
    return false;
  const double patience_s =
      seated_ || member.was_heard ? options_.silence_timeout_s : options_.start_timeout_s;
  return now_s >= member.last_heard_s + patience_s ||
         (member.has_left && has_runs_ && now_s >= member.away_since_s + options_.heartbeat_s);
}

std::vector<Reachability::State> Membership::reachability(double now_s) const {
  using State = Reachability::State;
  std::vector<State> states;
  for (const Member& member : members_) {
    State state = State::fine;
    if (is_lost(member, now_s))
      state = State::lost;
    else if (member.key == 0 && !member.is_self)
      state = State::away;
    else if (member.was_away || member.life != member.seat_life || (!seated_ && !member.is_self))
      state = State::renewed;
    states.push_back(state);
  }
  return states;
}

void Membership::refused_by(PeerKey peer, const std::string& why) {
  const auto known = peers_.find(peer);
  const std::string who = known != peers_.end() && known->second.hello
                              ? "node " + known->second.hello->node
                              : "another node";
  fail(complete_ ? Errc::node_lost : Errc::bad_config, who + " has refused this node (" +
                                                           self_.node + " at " +
                                                           to_string(self_.address) + "): " + why);
}

void Membership::left(PeerKey peer) { leave(peer, "it has left", true); }

void Membership::lost(PeerKey peer, const std::string& why) {
  leave(peer, "it was lost: " + why, false);
}

// It may come again.
void Membership::leave(PeerKey peer, const std::string& why, bool for_good) {
  former_keys_.erase(peer);
  const auto known = peers_.find(peer);
  if (known == peers_.end())
    return;
  const std::optional<NodeHello> hello = std::move(known->second.hello);
  peers_.erase(known);
  if (!complete_ && hello)
    contacts_[hello->address] = {false, started_s_, why};
  for (Member& member : members_) {
    if (member.key != peer || member.is_self)
      continue;
    member.key = 0;
    member.was_away = true;
    member.has_left = for_good;
    member.problem = why;
    member.away_since_s = last_tick_s_;
    if (for_good)
      return;
    const double first_try_s =
        self_.address > member.address ? last_tick_s_ : last_tick_s_ + yield_s;
    contacts_[member.address] = {false, first_try_s, why};
  }
}

// A process that was stopped for a while has heard of no peer meanwhile, and blames none.
void Membership::tick(double now_s) {
  if (now_s - std::exchange(last_tick_s_, now_s) > options_.silence_timeout_s / 2) {
    for (auto& [key, peer] : peers_)
      peer.last_heard_s = now_s;
    for (Member& member : members_)
      member.last_heard_s = now_s;
  }
  for (auto& [address, contact] : contacts_)
    if (!contact.connecting && now_s >= contact.next_try_s) {
      contact.connecting = true;
      if (contact.tries++ == 0)
        contact.first_try_s = now_s;
      output_.connect.push_back(address);
    }
  // Others may have seen all come already, and count on hearing of this node.
  if (now_s >= last_beat_s_ + options_.heartbeat_s) {
    last_beat_s_ = now_s;
    for (const auto& [key, peer] : peers_)
      if (complete_ || peer.hello)
        output_.beat.push_back(key);
  }
  if (!complete_) {
    if (now_s >= started_s_ + options_.start_timeout_s)
      fail(Errc::node_lost, who_is_missing());
    return;
  }
  for (Member& member : members_)
    if (!member.is_self && member.key == 0 && now_s >= member.away_since_s + options_.heartbeat_s &&
        !std::exchange(member.is_told_away, true))
      output_.log.push_back("node is away node=" + member.name + " reason=\"" + member.problem +
                            "\"");
}

void Membership::beat_soon() { last_beat_s_ = last_tick_s_ - options_.heartbeat_s; }

double Membership::next_tick_s() const {
  double next = last_beat_s_ + options_.heartbeat_s;
  if (!complete_)
    next = std::min(next, started_s_ + options_.start_timeout_s);
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
  std::vector<Presence> all;
  if (!complete_) {
    all.push_back({self_.node, self_.address});
    for (const auto& [key, peer] : peers_)
      if (peer.hello)
        all.push_back({peer.hello->node, peer.hello->address, false, now_s - peer.last_heard_s});
  }
  for (const Member& member : members_) {
    all.push_back({member.name, member.address, is_lost(member, now_s),
                   member.is_self ? 0 : now_s - member.last_heard_s});
  }
  std::ranges::sort(all, {}, &Presence::name);
  return all;
}

std::size_t Membership::own_index() const {
  return static_cast<std::size_t>(std::ranges::find(members_, true, &Member::is_self) -
                                  members_.begin());
}

std::optional<std::size_t> Membership::index_of(PeerKey peer) const {
  for (std::size_t i = 0; i < members_.size(); ++i)
    if (members_[i].key == peer && (peer != 0 || members_[i].is_self))
      return i;
  return std::nullopt;
}

std::uint64_t Membership::id_of(PeerKey peer) const {
  if (const auto index = index_of(peer))
    return members_[*index].id;
  const auto known = peers_.find(peer);
  return known != peers_.end() && known->second.hello ? known->second.hello->member : 0;
}

Membership::PeerKey Membership::key_of(std::uint64_t id) const {
  for (const Member& member : members_)
    if (member.id == id)
      return member.key;
  for (const auto& [key, peer] : peers_)
    if (peer.hello && peer.hello->member == id)
      return key;
  return 0;
}

} // namespace stos::detail
