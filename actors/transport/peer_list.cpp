#include "actors/transport/peer_list.hpp"

#include <utility>

namespace stos::detail {

// @pre locked
std::string PeerList::objection(const std::string& system, const Peer& peer) const {
  if (system == own_system_)
    return "it is this process itself";
  if (peer.kind != PeerKind::node && strangers_ >= strangers_max)
    return "there are " + std::to_string(strangers_) +
           " connections of tools and foreign processes already, which is the most";
  const auto found = entries_.find(system);
  if (found != entries_.end() && found->second.peer != peer)
    return "its actor system is that of " + to_string(found->second.peer);
  std::size_t connections = found == entries_.end() ? 0 : found->second.connections;
  if (peer.kind == PeerKind::node) {
    connections = 0;
    for (const auto& [_, entry] : entries_)
      connections += entry.peer == peer ? entry.connections : 0;
  }
  if (connections >= connections_of_one_max)
    return "it has " + std::to_string(connections) + " connections already";
  return {};
}

std::string PeerList::objection_to(const std::string& system, const Peer& peer) const {
  const std::lock_guard lock(mutex_);
  return objection(system, peer);
}

std::string PeerList::enter(const std::string& system, const Peer& peer) {
  const std::lock_guard lock(mutex_);
  std::string why = objection(system, peer);
  if (!why.empty())
    return why;
  ++entries_.try_emplace(system, Entry{peer}).first->second.connections;
  strangers_ += peer.kind != PeerKind::node ? 1 : 0;
  return {};
}

void PeerList::leave(const std::string& system) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(system);
  if (found == entries_.end())
    return;
  strangers_ -= found->second.peer.kind != PeerKind::node ? 1 : 0;
  if (--found->second.connections == 0)
    entries_.erase(found);
}

void PeerList::admit(const std::string& system) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(system);
  if (found != entries_.end() && found->second.peer.kind == PeerKind::node)
    found->second.admitted = true;
}

bool PeerList::is_admitted(const std::string& system) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(system);
  return found != entries_.end() && found->second.admitted;
}

bool PeerList::take_room(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes > room_bytes - room_taken_)
    return false;
  room_taken_ += bytes;
  return true;
}

void PeerList::give_room_back(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  room_taken_ -= bytes;
}

bool PeerList::take_sender() {
  const std::lock_guard lock(mutex_);
  if (senders_ >= senders_max)
    return false;
  ++senders_;
  return true;
}

void PeerList::give_senders_back(std::size_t count) {
  const std::lock_guard lock(mutex_);
  senders_ -= count;
}

bool PeerList::begin_to_carry(const std::string& system) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(system);
  return found != entries_.end() && !std::exchange(found->second.carries, true);
}

void PeerList::end_to_carry(const std::string& system) {
  const std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(system); found != entries_.end())
    found->second.carries = false;
}

std::optional<Peer> PeerList::find(const std::string& system) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(system);
  if (found == entries_.end() || !found->second.carries)
    return std::nullopt;
  return found->second.peer;
}

} // namespace stos::detail
