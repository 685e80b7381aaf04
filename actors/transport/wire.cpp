#include "actors/transport/wire.hpp"

#include "actors/transport/authority.hpp"
#include "actors/transport/openssl_handles.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace stos::detail {
namespace {

constexpr std::size_t gathered_bytes_max = std::size_t{128} << 10;
constexpr std::size_t ahead_bytes_max = std::size_t{64} << 10;

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

} // namespace

/// What lies between OpenSSL and the socket: records are gathered until they are worth a call of
/// the system, and more is read than OpenSSL asks for, which is a record in two pieces.
class Wire::Transport {
public:
  explicit Transport(int socket) : socket_(socket) {}

  /// As a BIO of OpenSSL's, which owns itself and leaves this object alone.
  [[nodiscard]] BIO* bio() {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stos");
      BIO_meth_set_write_ex(made, &Transport::on_write);
      BIO_meth_set_read_ex(made, &Transport::on_read);
      BIO_meth_set_ctrl(made, &Transport::on_control);
      return made;
    }();
    BIO* const bio = BIO_new(method);
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    return bio;
  }

  /// Sends what was gathered. Returns 1 if all is on its way, 0 if the system takes no more now,
  /// -1 with errno.
  int flush() {
    while (sent_ < gathered_.size()) {
      const ssize_t now =
          send(socket_, gathered_.data() + sent_, gathered_.size() - sent_, MSG_NOSIGNAL);
      if (now < 0)
        return would_block() ? 0 : -1;
      sent_ += static_cast<std::size_t>(now);
    }
    gathered_.clear();
    sent_ = 0;
    return 1;
  }

  [[nodiscard]] bool is_full() const { return gathered_.size() - sent_ >= gathered_bytes_max; }
  [[nodiscard]] bool has_read_ahead() const { return taken_ < ahead_.size(); }
  [[nodiscard]] bool is_closed() const { return is_closed_; }
  void read_ahead() { reads_ahead_ = true; }
  void take_more(bool more) { takes_more_ = more; }

private:
  static Transport& of(BIO* bio) { return *static_cast<Transport*>(BIO_get_data(bio)); }

  static int on_write(BIO* bio, const char* data, std::size_t size, std::size_t* moved) {
    BIO_clear_retry_flags(bio);
    std::vector<char>& gathered = of(bio).gathered_;
    gathered.insert(gathered.end(), data, data + size);
    *moved = size;
    return 1;
  }

  static int on_read(BIO* bio, char* data, std::size_t size, std::size_t* moved) {
    BIO_clear_retry_flags(bio);
    const ssize_t now = of(bio).take(data, size);
    *moved = now > 0 ? static_cast<std::size_t>(now) : 0;
    if (now < 0 && would_block())
      BIO_set_retry_read(bio);
    of(bio).is_closed_ = now == 0;
    return now > 0 ? 1 : 0;
  }

  static long on_control(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  ssize_t take(char* data, std::size_t size) {
    if (!has_read_ahead()) {
      if (!takes_more_) {
        errno = EAGAIN;
        return -1;
      }
      if (!reads_ahead_ || size >= ahead_bytes_max)
        return recv(socket_, data, size, 0);
      ahead_.resize(ahead_bytes_max);
      const ssize_t now = recv(socket_, ahead_.data(), ahead_.size(), 0);
      ahead_.resize(now > 0 ? static_cast<std::size_t>(now) : 0);
      taken_ = 0;
      if (now <= 0)
        return now;
    }
    const std::size_t now = std::min(size, ahead_.size() - taken_);
    std::memcpy(data, ahead_.data() + taken_, now);
    taken_ += now;
    return static_cast<ssize_t>(now);
  }

  int socket_;
  std::vector<char> gathered_;
  std::size_t sent_ = 0;
  std::vector<char> ahead_;
  std::size_t taken_ = 0;
  bool reads_ahead_ = false;
  bool takes_more_ = true;
  bool is_closed_ = false;
};

Wire::Wire(int socket, const Credentials& credentials, bool accepted) : socket_(socket) {
  if (!credentials.has_tls())
    return;
  transport_ = std::make_unique<Transport>(socket);
  session_ = credentials.new_session();
  if (session_ == nullptr)
    return;
  BIO* const bio = transport_->bio();
  SSL_set_bio(session_, bio, bio);
  if (accepted)
    SSL_set_accept_state(session_);
  else
    SSL_set_connect_state(session_);
}

Wire::~Wire() {
  SSL_free(session_);
  if (owns_socket_)
    close(socket_);
}

Wire::Progress Wire::shake_hands() {
  if (transport_ == nullptr)
    return Progress::done;
  if (session_ == nullptr) {
    problem_ = "there is no memory for a TLS session";
    return Progress::failed;
  }
  ERR_clear_error();
  const int result = SSL_do_handshake(session_);
  const Progress progress = result == 1 ? Progress::done : progress_of(result);
  const int flushed = transport_->flush();
  if (progress == Progress::failed || progress == Progress::closed)
    return progress;
  if (flushed < 0) {
    problem_ = std::strerror(errno);
    return Progress::failed;
  }
  return flushed == 0 ? Progress::wants_write : progress;
}

Wire::Progress Wire::progress_of(int result) {
  switch (SSL_get_error(session_, result)) {
    case SSL_ERROR_WANT_READ: return Progress::wants_read;
    case SSL_ERROR_WANT_WRITE: return Progress::wants_write;
    case SSL_ERROR_ZERO_RETURN: return Progress::closed;
    case SSL_ERROR_SYSCALL:
      if (transport_->is_closed() || errno == 0)
        return Progress::closed;
      problem_ = std::strerror(errno);
      return Progress::failed;
    default: break;
  }
  if (transport_->is_closed()) {
    ERR_clear_error();
    return Progress::closed;
  }
  const long verified = SSL_get_verify_result(session_);
  problem_ = openssl_problem();
  if (verified != X509_V_OK)
    problem_ =
        "its certificate does not count: " + std::string(X509_verify_cert_error_string(verified));
  else if (problem_.find("alert") != std::string::npos)
    problem_ = "it does not take this side's certificate or way of TLS: " + problem_;
  return Progress::failed;
}

Result<Peer> Wire::peer() const {
  if (session_ == nullptr)
    return Peer{};
  return Credentials::peer_of(*session_);
}

Wire::Progress Wire::read_plain(void* data, std::size_t size, std::size_t& moved) {
  const ssize_t now = recv(socket_, data, size, 0);
  if (now > 0) {
    moved = static_cast<std::size_t>(now);
    return Progress::done;
  }
  if (now == 0)
    return Progress::closed;
  if (would_block())
    return Progress::wants_read;
  problem_ = std::strerror(errno);
  return Progress::failed;
}

Wire::Progress Wire::read(void* data, std::size_t size, std::size_t& moved) {
  moved = 0;
  if (session_ == nullptr)
    return read_plain(data, size, moved);
  ERR_clear_error();
  errno = 0;
  return SSL_read_ex(session_, data, size, &moved) == 1 ? Progress::done : progress_of(0);
}

Wire::Progress Wire::send_plain(const void* data, std::size_t size, std::size_t& moved) {
  const ssize_t now = send(socket_, data, size, MSG_NOSIGNAL);
  if (now >= 0) {
    moved = static_cast<std::size_t>(now);
    return Progress::done;
  }
  if (would_block())
    return Progress::wants_write;
  problem_ = std::strerror(errno);
  return Progress::failed;
}

Wire::Progress Wire::write(const void* data, std::size_t size, std::size_t& moved) {
  moved = 0;
  if (session_ == nullptr)
    return send_plain(data, size, moved);
  while (not_told_ < size && !transport_->is_full()) {
    ERR_clear_error();
    errno = 0;
    std::size_t now = 0;
    if (SSL_write_ex(session_, static_cast<const char*>(data) + not_told_, size - not_told_,
                     &now) != 1)
      return progress_of(0);
    not_told_ += now;
  }
  const int flushed = transport_->flush();
  if (flushed < 0) {
    problem_ = std::strerror(errno);
    return Progress::failed;
  }
  if (flushed == 0)
    return Progress::wants_write;
  moved = std::exchange(not_told_, 0);
  return Progress::done;
}

void Wire::give_up_after(std::chrono::duration<double> patience) {
  using Milliseconds = std::chrono::duration<unsigned, std::milli>;
  const unsigned ms = std::max(std::chrono::ceil<Milliseconds>(patience), Milliseconds(1)).count();
  setsockopt(socket_, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
}

void Wire::read_ahead() {
  if (transport_ != nullptr)
    transport_->read_ahead();
}

void Wire::take_more(bool more) {
  if (transport_ != nullptr)
    transport_->take_more(more);
}

bool Wire::has_pending() const {
  return session_ != nullptr && (SSL_has_pending(session_) == 1 || transport_->has_read_ahead());
}

} // namespace stos::detail
