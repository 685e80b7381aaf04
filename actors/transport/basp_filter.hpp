#pragma once

#include "actors/transport/peer.hpp"
#include "actors/transport/peer_list.hpp"
#include "actors/transport/rate_limit.hpp"
#include "libstos/base/result.hpp"

#include <caf/node_id.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>

namespace stos::detail {

/// Judges what comes over one connection in CAF's protocol (BASP), frame by frame, before CAF sees
/// any of it: CAF believes all that it is told.
///
/// A frame is a header of 32 bytes, and a payload as long as the header says. The first one must be
/// the handshake, with the name that the peer has given for its actor system; there is no second
/// one. From then on the peer speaks in the name of its own system only; but a node also speaks for
/// tools and foreign processes that are connected with it, and to those for other nodes that
/// answer. No payload is longer than the peer may send; no message is of a type that it may not
/// send (rule_for), or for CAF's own servers. What CAF keeps for a peer (its actors, the systems
/// behind it) has limits, and so have messages of all but nodes of the cluster: how many a second
/// (message_rate), and how long all together (PeerList::take_room).
///
/// Threads: one at a time.
/// Errors:  Errc::bad_message says what was wrong: the connection is to be closed. So no frame ever
///          follows a bad one.
/// Source:  CAF's manual and sources, libcaf_io/caf/io/basp (versions 0.18 and 1.x).
class BaspFilter {
public:
  static constexpr std::size_t header_bytes = 32;

  /// `system` is the peer's name of its actor system; the peer is in `peers`, and leaves it with
  /// this object.
  BaspFilter(std::shared_ptr<PeerList> peers, std::string system, Peer peer, bool has_called);
  ~BaspFilter();
  BaspFilter(const BaspFilter&) = delete;
  BaspFilter& operator=(const BaspFilter&) = delete;

  [[nodiscard]] const Peer& peer() const { return peer_; }

  /// Takes the next frame's header, and says how long its payload is.
  [[nodiscard]] Result<std::size_t>
  take_header(std::span<const std::byte, header_bytes> header,
              RateLimit::Clock::time_point now = RateLimit::Clock::now());

  enum class Verdict { pass, drop };

  /// Judges the frame of the header of before.
  [[nodiscard]] Result<Verdict> judge(std::span<const std::byte> payload);

  /// So many bytes wait for the peer to read them. Fails, in the end, if it does not.
  [[nodiscard]] Result<void> check_unread(std::size_t bytes);

private:
  struct Header {
    std::uint8_t operation = 0;
    std::uint8_t flags = 0;
    std::uint32_t payload_bytes = 0;
    std::uint64_t data = 0;
    std::uint64_t from = 0;
    std::uint64_t to = 0;
  };
  struct Route {
    caf::node_id source, destination;
    std::size_t bytes = 0; ///< of both
  };

  using Actor = std::pair<caf::node_id, std::uint64_t>;

  [[nodiscard]] bool is_admitted();
  [[nodiscard]] std::size_t payload_bytes_max();
  [[nodiscard]] Result<void> check_size();
  [[nodiscard]] Result<void> count_sender(const caf::node_id& source);
  void give_room_back(std::size_t& room);
  [[nodiscard]] Result<void> take_handshake(std::span<const std::byte> payload);
  [[nodiscard]] Result<Route> take_route(std::span<const std::byte> payload);
  [[nodiscard]] Result<void> check_content(std::span<const std::byte> payload, PeerKind kind,
                                           const caf::node_id& source);
  [[nodiscard]] Result<void> check_speaker(std::span<const std::byte> payload,
                                           const caf::node_id& source) const;
  [[nodiscard]] Error bad(const std::string& what) const;

  const std::shared_ptr<PeerList> peers_;
  const std::string system_;
  const Peer peer_;
  const bool has_called_; ///< this side has
  Header header_;
  bool has_shaken_hands_ = false;
  bool carries_ = false;
  caf::node_id source_; ///< the peer's system
  bool is_admitted_ = false;
  RateLimit messages_;
  std::size_t room_ = 0;          ///< taken for the message that comes
  std::size_t unread_room_ = 0;   ///< taken for what the peer does not read
  std::set<Actor> senders_;       ///< CAF has something for each of them
  std::set<caf::node_id> behind_; ///< systems for which the peer speaks
};

} // namespace stos::detail
