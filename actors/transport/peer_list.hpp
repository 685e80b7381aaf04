#pragma once

#include "actors/transport/peer.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace stos::detail {

/// Who is at the other ends of the connections of this process, by the names that CAF has for their
/// actor systems. So that a message's sender, whom CAF knows by that name, is known as a peer.
///
/// Threads: may be called from any.
class PeerList {
public:
  explicit PeerList(std::string own_system) : own_system_(std::move(own_system)) {}

  [[nodiscard]] const std::string& own_system() const { return own_system_; }

  /// Why there can be no connection with a peer: another one has that system, or there are too many
  /// connections. Empty: there can.
  [[nodiscard]] std::string objection_to(const std::string& system, const Peer& peer) const;
  /// A connection begins, unless there is an objection, which is returned.
  [[nodiscard]] std::string enter(const std::string& system, const Peer& peer);
  void leave(const std::string& system);

  /// Of the connections with one system, one carries messages: CAF makes it so by its handshake.
  /// The others are good for the handshake only. Whether this one is the first.
  [[nodiscard]] bool begin_to_carry(const std::string& system);
  void end_to_carry(const std::string& system);

  /// The node of that system belongs to the cluster, until its last connection is gone.
  void admit(const std::string& system);
  [[nodiscard]] bool is_admitted(const std::string& system) const;

  /// Room for a long message while it comes, from a peer that is no admitted node; false if others
  /// have it all. So are names of actors (see BaspFilter).
  [[nodiscard]] bool take_room(std::size_t bytes);
  void give_room_back(std::size_t bytes);
  [[nodiscard]] bool take_sender();
  void give_senders_back(std::size_t count);

  /// The peer with whom this process has a connection that carries messages.
  [[nodiscard]] std::optional<Peer> find(const std::string& system) const;

  /// Of tools and foreign processes together.
  static constexpr std::size_t strangers_max = 256;
  /// Of one system, or of all nodes of one name: nodes that call each other at once have two for a
  /// moment, and a node that has lost its power and comes again some of before.
  static constexpr std::size_t connections_of_one_max = 8;
  /// Of peers that are no admitted nodes, together.
  static constexpr std::size_t room_bytes = std::size_t{32} << 20;
  static constexpr std::size_t senders_max = 16'384;

private:
  struct Entry {
    Peer peer;
    std::size_t connections = 0;
    bool carries = false;
    bool admitted = false;
  };

  [[nodiscard]] std::string objection(const std::string& system, const Peer& peer) const;

  const std::string own_system_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::size_t strangers_ = 0; ///< connections
  std::size_t room_taken_ = 0;
  std::size_t senders_ = 0;
};

} // namespace stos::detail
