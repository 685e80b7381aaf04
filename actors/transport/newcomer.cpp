#include "actors/transport/newcomer.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace stos::detail {
namespace {

addrinfo hints_for(int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  return hints;
}

constexpr std::string_view no_node = "who listens there is no node of libstos, or has no TLS";

std::string connect_problem(int error) {
  if (error == ECONNREFUSED)
    return "no process listens there";
  if (error == ENETUNREACH || error == EHOSTUNREACH || error == EACCES || error == EADDRNOTAVAIL)
    return "no way leads there";
  return "no connection: " + std::string(std::strerror(error));
}

} // namespace

bool is_numeric(const NodeAddress& address) {
  const addrinfo hints = hints_for(AI_NUMERICHOST);
  addrinfo* found = nullptr;
  if (getaddrinfo(address.host.c_str(), nullptr, &hints, &found) != 0)
    return false;
  freeaddrinfo(found);
  return true;
}

Result<std::vector<SocketAddress>> look_up(const NodeAddress& address) {
  const addrinfo hints = hints_for(AI_NUMERICSERV);
  addrinfo* found = nullptr;
  const int status =
      getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (status != 0)
    return Error{Errc::io_error,
                 "the name " + address.host + " does not resolve: " + gai_strerror(status)};
  std::vector<SocketAddress> addresses;
  constexpr std::size_t most = 8;
  for (const addrinfo* one = found; one != nullptr && addresses.size() < most; one = one->ai_next) {
    SocketAddress& address_of_it = addresses.emplace_back();
    std::memcpy(&address_of_it.bytes, one->ai_addr, one->ai_addrlen);
    address_of_it.size = one->ai_addrlen;
  }
  freeaddrinfo(found);
  return addresses;
}

Newcomer::Newcomer(int socket, std::shared_ptr<Credentials> credentials, Greeting own, Judge judge)
    : credentials_(std::move(credentials)), own_(std::move(own)), judge_(std::move(judge)),
      has_called_(false), socket_(socket) {
  begin_wire();
}

Newcomer::Newcomer(std::vector<SocketAddress> addresses, std::shared_ptr<Credentials> credentials,
                   Greeting own, Judge judge)
    : credentials_(std::move(credentials)), own_(std::move(own)), judge_(std::move(judge)),
      has_called_(true), addresses_(std::move(addresses)) {
  connect_next();
}

Newcomer::~Newcomer() {
  if (socket_ >= 0)
    close(socket_);
}

void Newcomer::fail(std::string why) {
  problem_ = std::move(why);
  phase_ = Phase::failed;
  wire_ = nullptr; // the other side is not to wait
}

void Newcomer::connect_next() {
  while (!addresses_.empty()) {
    const SocketAddress to = addresses_.front();
    addresses_.erase(addresses_.begin());
    if (socket_ >= 0)
      close(socket_);
    socket_ = ::socket(to.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_ >= 0 &&
        (connect(socket_, reinterpret_cast<const sockaddr*>(&to.bytes), to.size) == 0 ||
         errno == EINPROGRESS)) {
      events_ = POLLOUT;
      return;
    }
    problem_ = connect_problem(errno);
  }
  fail(problem_);
}

bool Newcomer::is_connected() {
  pollfd ready{socket_, POLLOUT, 0};
  if (poll(&ready, 1, 0) == 0)
    return false;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0)
    return true;
  problem_ = connect_problem(error);
  connect_next();
  return false;
}

void Newcomer::begin_wire() {
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  wire_ = std::make_unique<Wire>(std::exchange(socket_, -1), *credentials_, !has_called_);
  phase_ = Phase::handshake;
}

std::string Newcomer::what_is_missing() const {
  if (!problem_.empty())
    return problem_;
  return phase_ == Phase::connecting ? "no answer came" : "it has not said who it is";
}

Newcomer::State Newcomer::advance() {
  while (phase_ != Phase::over && phase_ != Phase::failed && step())
    ;
  return phase_ == Phase::over     ? State::welcome
         : phase_ == Phase::failed ? State::failed
                                   : State::under_way;
}

bool Newcomer::step() {
  switch (phase_) {
    case Phase::connecting:
      if (is_connected())
        begin_wire();
      return phase_ == Phase::handshake;
    case Phase::handshake:
      if (!is_done(wire_->shake_hands(),
                   has_called_ ? no_node : "it has closed the connection without a word"))
        return phase_ == Phase::leaves;
      outgoing_ = encode(own_);
      phase_ = Phase::sends_greeting;
      return true;
    case Phase::sends_greeting:
    case Phase::sends_verdict:
      if (!send_all())
        return phase_ == Phase::leaves;
      phase_ = phase_ == Phase::sends_greeting ? Phase::hears_greeting : Phase::hears_verdict;
      return true;
    case Phase::hears_greeting:
    case Phase::hears_verdict:
      if (!hear_all())
        return phase_ == Phase::leaves;
      if (phase_ == Phase::hears_greeting)
        judge_greeting();
      else
        judge_verdict();
      incoming_.clear();
      heard_ = 0;
      return true;
    case Phase::leaves: leave(); return false;
    case Phase::over:
    case Phase::failed: return false;
  }
  return false;
}

// What has failed has said so by an alert. If the connection were closed at once while the other
// side still sends, it would be reset, and the alert lost.
bool Newcomer::is_done(Wire::Progress progress, std::string_view closed) {
  switch (progress) {
    case Wire::Progress::done: return true;
    case Wire::Progress::wants_read: events_ = POLLIN; break;
    case Wire::Progress::wants_write: events_ = POLLOUT; break;
    case Wire::Progress::closed: fail(std::string(closed)); break;
    case Wire::Progress::failed:
      problem_ = wire_->problem();
      if (has_called_ && phase_ == Phase::handshake &&
          problem_.find("certificate") == std::string::npos)
        problem_ = std::string(no_node) + " (" + problem_ + ")";
      shutdown(wire_->socket(), SHUT_WR);
      phase_ = Phase::leaves;
      break;
  }
  return false;
}

void Newcomer::leave() {
  constexpr std::size_t most = 64 << 10;
  char piece[4096];
  events_ = POLLIN;
  ssize_t now = 1;
  while (thrown_away_ < most && (now = recv(wire_->socket(), piece, sizeof piece, 0)) > 0)
    thrown_away_ += static_cast<std::size_t>(now);
  if (now < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
    return;
  phase_ = Phase::failed;
  wire_ = nullptr;
}

bool Newcomer::send_all() {
  while (sent_ < outgoing_.size()) {
    std::size_t moved = 0;
    if (!is_done(wire_->write(outgoing_.data() + sent_, outgoing_.size() - sent_, moved),
                 "it has closed the connection"))
      return false;
    sent_ += moved;
  }
  outgoing_.clear();
  sent_ = 0;
  return true;
}

bool Newcomer::hear_all() {
  if (incoming_.empty())
    incoming_.resize(greeting_head_bytes);
  for (;;) {
    while (heard_ < incoming_.size()) {
      std::size_t moved = 0;
      if (!is_done(wire_->read(incoming_.data() + heard_, incoming_.size() - heard_, moved),
                   "it has closed the connection without a word; is it a node of libstos?"))
        return false;
      heard_ += moved;
    }
    const Result<std::size_t> body = greeting_body_bytes(
        std::span<const std::byte, greeting_head_bytes>(incoming_.data(), greeting_head_bytes));
    if (!body) {
      fail(body.error().context);
      return false;
    }
    if (incoming_.size() == greeting_head_bytes + *body)
      return true;
    incoming_.resize(greeting_head_bytes + *body);
  }
}

void Newcomer::judge_greeting() {
  Result<Greeting> theirs =
      decode_greeting(std::span<const std::byte>(incoming_).subspan(greeting_head_bytes));
  const Result<Peer> proven = wire_->peer();
  if (!theirs) {
    verdict_ = theirs.error().context;
  } else if (!proven) {
    verdict_ = proven.error().context;
  } else {
    theirs_ = *std::move(theirs);
    verdict_ = objection_to(theirs_, own_, wire_->has_tls() ? &*proven : nullptr, has_called_);
    if (verdict_.empty())
      verdict_ = judge_(theirs_);
  }
  outgoing_ = encode_verdict(verdict_);
  phase_ = Phase::sends_verdict;
}

void Newcomer::judge_verdict() {
  const std::string theirs =
      decode_verdict(std::span<const std::byte>(incoming_).subspan(greeting_head_bytes));
  if (!verdict_.empty())
    fail(verdict_);
  else if (!theirs.empty())
    fail("it does not let this side in: " + theirs);
  else
    phase_ = Phase::over;
}

} // namespace stos::detail
