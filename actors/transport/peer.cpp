#include "actors/transport/peer.hpp"

#include <algorithm>

namespace stos::detail {
namespace {

constexpr std::string_view scheme = "stos:";

} // namespace

std::optional<PeerKind> peer_kind_from(std::string_view word) {
  const auto found = std::ranges::find(peer_kinds, word);
  if (found == peer_kinds.end())
    return std::nullopt;
  return static_cast<PeerKind>(found - peer_kinds.begin());
}

std::string to_string(const Peer& peer) {
  return std::string(to_string(peer.kind)) + " " + peer.name;
}

bool is_peer_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  constexpr std::size_t most = 64;
  return !name.empty() && name.size() <= most && std::ranges::all_of(name, is_allowed);
}

std::string to_uri(const Peer& peer) {
  return std::string(scheme) + std::string(to_string(peer.kind)) + ":" + peer.name;
}

std::optional<Peer> peer_from_uri(std::string_view uri) {
  if (!uri.starts_with(scheme))
    return std::nullopt;
  uri.remove_prefix(scheme.size());
  const std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos)
    return std::nullopt;
  const std::optional<PeerKind> kind = peer_kind_from(uri.substr(0, colon));
  const std::string_view name = uri.substr(colon + 1);
  if (!kind || !is_peer_name(name))
    return std::nullopt;
  return Peer{*kind, std::string(name)};
}

std::string printable(std::string_view text, std::size_t most) {
  std::string shown(text.substr(0, most));
  std::ranges::replace_if(
      shown, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text.size() > most ? shown + "..." : shown;
}

} // namespace stos::detail
