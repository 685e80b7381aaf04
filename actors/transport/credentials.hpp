#pragma once

#include "actors/transport/peer.hpp"
#include "libstos/base/result.hpp"
#include "libstos/options/cluster_options.hpp"

#include <memory>
#include <string>

struct ssl_st;

namespace stos::detail {

/// Who this process is, and how it finds out who others are: its certificate and key, the
/// authority, the list of what is revoked, as OpenSSL wants them. Or that there is no TLS at all.
///
/// TLS 1.2 and 1.3, with forward secrecy and authenticated encryption only; both sides must show a
/// certificate of the authority that counts now and is not revoked. There are no tickets, no
/// resumption, no renegotiation.
///
/// Threads: all functions may be called from any; reload() from one at a time.
class Credentials {
public:
  /// Those of `options`, or else of the user's own authority. `self.name` may be empty: then it is
  /// that of the certificate. Errc::bad_config if the files do not fit together or name another
  /// peer than `self`, or one that may less; Errc::io_error if they cannot be read.
  [[nodiscard]] static Result<std::shared_ptr<Credentials>> load(const TlsOptions& options,
                                                                 bool insecure, Peer self);
  ~Credentials();
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  [[nodiscard]] const Peer& self() const { return self_; }
  [[nodiscard]] bool has_tls() const { return material_ != nullptr; }

  /// A new TLS session for a connection, or null if there is no memory. @pre has_tls()
  [[nodiscard]] ssl_st* new_session() const;

  /// Reads the files again if one of them has changed, and counts them from the next connection on.
  /// If they are no good any more, goes on with those of before and says why.
  [[nodiscard]] Result<void> reload();

  /// Of a session whose handshake is over: who the certificate of the other side names.
  [[nodiscard]] static Result<Peer> peer_of(const ssl_st& session);

private:
  struct Material;
  Credentials(TlsOptions options, Peer self)
      : options_(std::move(options)), self_(std::move(self)) {}

  const TlsOptions options_;
  Peer self_;
  std::shared_ptr<Material> material_; ///< atomically replaced
};

} // namespace stos::detail
