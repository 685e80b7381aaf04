#pragma once

#include "actors/transport/greeting.hpp"
#include "actors/transport/wire.hpp"
#include "libstos/options/cluster_options.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stos::detail {

/// One place where a process may listen.
struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

/// Looks the host up, which may take seconds if it is no numeric address.
[[nodiscard]] Result<std::vector<SocketAddress>> look_up(const NodeAddress& address);
[[nodiscard]] bool is_numeric(const NodeAddress& address);

/// A connection until each side has proved who it is and has welcomed the other one: connects if it
/// is the one that calls, then TLS, greetings, verdicts. Never waits: the caller polls.
///
/// Takes memory for what one TLS handshake needs, and at most 1 KiB of what is said.
///
/// Threads: one at a time.
class Newcomer {
public:
  /// May say why the peer, which is fine by itself, is not welcome all the same; empty: it is.
  using Judge = std::function<std::string(const Greeting&)>;

  /// A process has called, at `socket`.
  Newcomer(int socket, std::shared_ptr<Credentials> credentials, Greeting own, Judge judge);
  /// Calls the process that listens at one of the addresses: the first that takes the connection.
  Newcomer(std::vector<SocketAddress> addresses, std::shared_ptr<Credentials> credentials,
           Greeting own, Judge judge);
  ~Newcomer();
  Newcomer(const Newcomer&) = delete;
  Newcomer& operator=(const Newcomer&) = delete;

  enum class State { under_way, welcome, failed };

  /// Goes on as far as possible.
  State advance();

  /// Of a connection that is under way: what poll(2) is to wait for.
  [[nodiscard]] int socket() const { return wire_ != nullptr ? wire_->socket() : socket_; }
  [[nodiscard]] short events() const { return events_; }

  /// Why nothing has come of it so far, for people.
  [[nodiscard]] std::string what_is_missing() const;

  /// Why it has failed, for people.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// Whether the other side has shown a certificate of the cluster.
  [[nodiscard]] bool has_proved_itself() const {
    return phase_ > Phase::handshake && phase_ <= Phase::over;
  }
  /// Whether the other side has said who it is, and is this process itself.
  [[nodiscard]] bool is_self() const { return theirs_.system == own_.system; }
  [[nodiscard]] const Greeting& theirs() const { return theirs_; }

  /// @pre it is welcome
  [[nodiscard]] std::unique_ptr<Wire> take_wire() { return std::move(wire_); }

private:
  enum class Phase {
    connecting,
    handshake,
    sends_greeting,
    hears_greeting,
    sends_verdict,
    hears_verdict,
    over,
    leaves, ///< it has failed; the other side is to read why before the connection is gone
    failed
  };

  void fail(std::string why);
  void connect_next();
  void begin_wire();
  /// Whether something was done, so that the next step may be possible.
  [[nodiscard]] bool step();
  [[nodiscard]] bool is_connected();
  [[nodiscard]] bool is_done(Wire::Progress progress, std::string_view closed);
  [[nodiscard]] bool send_all();
  /// One greeting or verdict into `incoming_`.
  [[nodiscard]] bool hear_all();
  void judge_greeting();
  void judge_verdict();
  void leave();

  const std::shared_ptr<Credentials> credentials_;
  const Greeting own_;
  const Judge judge_;
  const bool has_called_;
  std::vector<SocketAddress> addresses_; ///< still to be tried
  int socket_ = -1;                      ///< until there is a wire
  std::unique_ptr<Wire> wire_;
  Phase phase_ = Phase::connecting;
  short events_ = 0;
  std::vector<std::byte> outgoing_;
  std::size_t sent_ = 0;
  std::vector<std::byte> incoming_;
  std::size_t heard_ = 0;
  std::size_t thrown_away_ = 0;
  Greeting theirs_;
  std::string verdict_; ///< of this side
  std::string problem_;
};

} // namespace stos::detail
