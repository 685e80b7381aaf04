#pragma once

#include "actors/transport/authority.hpp"

#include <string>

namespace stos::detail {

/// A folder with the keys of a cluster: `ca.crt` and `revoked.crl` for all of them, `ca.key` for
/// the user who adds nodes and tools, and for each of those `NAME.crt` and `NAME.key`. Only the
/// user can look into it and read the keys. No file is ever overwritten but the list of what is
/// revoked, which is replaced as a whole.
///
/// Threads: may be called from any; processes at once do not disturb each other.
/// Errors:  Errc::io_error with the path and the system's reason, Errc::bad_argument for what is no
///          name, is there already, or is not there.
class KeyFolder {
public:
  explicit KeyFolder(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] const std::string& path() const { return path_; }

  /// Makes the folder, unless it is there and empty, and an authority in it. At once, or not at
  /// all.
  [[nodiscard]] Result<void> create(const std::string& cluster, int days) const;

  /// Makes a peer's keys. Returns the path of its files without `.crt` and `.key`.
  [[nodiscard]] Result<std::string> add(const Peer& peer, int days) const;

  /// Puts `NAME.crt` on the list. Its files stay.
  [[nodiscard]] Result<void> revoke(const std::string& name) const;

  [[nodiscard]] Result<KeyPair> authority() const;

private:
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

  std::string path_;
};

/// The user's own authority: in `stos/keys` of $XDG_STATE_HOME, or else of ~/.local/state, or else
/// in /tmp/stos-UID. Made the first time, and again once it does not count any more. What it signs
/// counts among processes that can read its key, which is those of this user.
[[nodiscard]] Result<KeyPair> own_authority();

/// A file of at most 1 MiB as a whole. A private key (`secret`) must not be readable by all users.
[[nodiscard]] Result<std::string> read_key_file(const std::string& path, bool secret);

} // namespace stos::detail
