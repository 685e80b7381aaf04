#pragma once

#include "actors/transport/peer.hpp"
#include "libstos/base/result.hpp"

#include <string>

namespace stos::detail {

/// A certificate and the private key that goes with it, as texts in the PEM format.
struct KeyPair {
  std::string certificate;
  std::string key;
};

/// Makes the keys of a cluster: an authority, certificates that it signs, and the list of those
/// that do not count any more. Keys are of the curve P-256, signatures ECDSA with SHA-256.
///
/// A certificate names its peer in a URI among its alternative names (`stos:node:mars`), and in its
/// common name for people. Only nodes' certificates are good for a server.
///
/// Threads: may be called from any.
/// Errors:  Errc::io_error if OpenSSL fails, Errc::bad_argument for texts that are no such keys.
[[nodiscard]] Result<KeyPair> make_authority(const std::string& name, int days);
[[nodiscard]] Result<KeyPair> issue(const KeyPair& authority, const Peer& peer, int days);

/// `list`, or an empty list if it is empty, with this certificate of the authority in it, too, if
/// one is given. A list counts for ten years.
[[nodiscard]] Result<std::string> revoke(const KeyPair& authority, const std::string& list,
                                         const std::string& certificate);

/// Whether the authority's certificate counts now, and for `days` more.
[[nodiscard]] bool counts_for(const KeyPair& authority, int days);

/// What OpenSSL says has gone wrong on this thread, in words; empties its list of errors.
[[nodiscard]] std::string openssl_problem();

} // namespace stos::detail
