#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stos::detail {

/// What a process is allowed to be on a cluster. Each may do what those before it may:
///
/// | certificate | who               | may                                               |
/// |-------------|-------------------|---------------------------------------------------|
/// | `look`      | a tool            | ask what the cluster, and its jobs, are like      |
/// | `command`   | a tool            | order runs about, submit and cancel jobs          |
/// | `process`   | a foreign process | find agents, send them messages, hear from them   |
/// | `node`      | a node            | be the node of that name, and all that nodes say  |
///
/// What each message needs stands in `message_rules.cpp`.
enum class PeerKind : std::uint8_t { look, command, process, node };

inline constexpr std::array<std::string_view, 4> peer_kinds = {"look", "command", "process",
                                                               "node"};
[[nodiscard]] constexpr std::string_view to_string(PeerKind kind) {
  return peer_kinds[static_cast<std::size_t>(kind)];
}
[[nodiscard]] std::optional<PeerKind> peer_kind_from(std::string_view word);

/// Who is at the other end of a connection, as its certificate says. (Without TLS, as it says
/// itself.)
struct Peer {
  PeerKind kind = PeerKind::look;
  std::string name; ///< of a node: its cluster.node

  [[nodiscard]] bool may(PeerKind what) const { return kind >= what; }

  friend bool operator==(const Peer&, const Peer&) = default;
};

/// "node mars", "look alice".
[[nodiscard]] std::string to_string(const Peer& peer);

/// Whether a peer can have that name: 1 to 64 of `A-Z a-z 0-9 _ . -`.
[[nodiscard]] bool is_peer_name(std::string_view name);

/// The peer as a certificate names it, `stos:KIND:NAME`, and back.
[[nodiscard]] std::string to_uri(const Peer& peer);
[[nodiscard]] std::optional<Peer> peer_from_uri(std::string_view uri);

/// What a stranger has sent, to be shown in a line: at most `most` bytes of it, all but printable
/// ASCII as `?`.
[[nodiscard]] std::string printable(std::string_view text, std::size_t most = 200);

} // namespace stos::detail
