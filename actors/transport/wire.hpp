#pragma once

#include "actors/transport/credentials.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace stos::detail {

/// One connected socket that never waits, with TLS or without.
///
/// Owns:    the socket, until release().
/// Threads: one at a time.
class Wire {
public:
  enum class Progress {
    done,
    wants_read,  ///< nothing more can be done before something comes
    wants_write, ///< nothing more can be done before something can be sent
    closed,      ///< by the other side
    failed       ///< problem() says why
  };

  /// @pre `socket` is connected and does not block
  Wire(int socket, const Credentials& credentials, bool accepted);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  [[nodiscard]] Progress shake_hands();
  /// Once that is done: what the other side has proved to be; nothing without TLS.
  [[nodiscard]] Result<Peer> peer() const;

  /// At most `size` bytes; `moved` says how many.
  [[nodiscard]] Progress read(void* data, std::size_t size, std::size_t& moved);
  /// All of the bytes that `moved` says are on their way to the system, or none: if it wants to
  /// write, it must be given the same bytes again, at least.
  [[nodiscard]] Progress write(const void* data, std::size_t size, std::size_t& moved);

  /// What the other side does not take for so long ends the connection: without that, what waits to
  /// be sent to a host that is gone would keep this process from ending.
  void give_up_after(std::chrono::duration<double> patience);

  /// From now on takes from the system what there is, beyond what it was asked for.
  void read_ahead();
  /// Something may be read of what was taken already.
  [[nodiscard]] bool has_pending() const;
  /// Whether the system is asked for more when that is not enough.
  void take_more(bool more);

  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] bool has_tls() const { return session_ != nullptr; }

  /// The caller closes the socket from now on.
  void release() { owns_socket_ = false; }

private:
  class Transport;

  [[nodiscard]] Progress progress_of(int result);
  [[nodiscard]] Progress send_plain(const void* data, std::size_t size, std::size_t& moved);
  [[nodiscard]] Progress read_plain(void* data, std::size_t size, std::size_t& moved);

  int socket_;
  bool owns_socket_ = true;
  std::unique_ptr<Transport> transport_; ///< null without TLS
  ssl_st* session_ = nullptr;
  std::size_t not_told_ = 0; ///< bytes of the caller's that are encrypted, but not sent yet
  std::string problem_;
};

} // namespace stos::detail
