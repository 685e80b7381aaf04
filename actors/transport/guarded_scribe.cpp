#include "actors/transport/guarded_scribe.hpp"

#include "actors/transport/caf_version.hpp"

#include <caf/io/middleman.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/interfaces.hpp>
#include <caf/io/network/stream_impl.hpp>
#include <caf/make_counted.hpp>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace stos::detail {
namespace {

namespace network = caf::io::network;

constexpr std::size_t read_bytes = std::size_t{64} << 10, // at a time, of a node
    read_bytes_of_others = std::size_t{16} << 10;
constexpr std::size_t at_once_bytes_max = std::size_t{1} << 20; // of a message, before any has come

/// How CAF's stream reads and writes. Both happen on the multiplexer's thread.
class WirePolicy {
public:
  explicit WirePolicy(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}

  network::rw_state read_some(std::size_t& moved, network::native_socket, void* data,
                              std::size_t size) {
    const Wire::Progress progress = wire_->read(data, size, moved);
    wire_->take_more(true);
    return state_of(progress, moved);
  }
  network::rw_state write_some(std::size_t& moved, network::native_socket, const void* data,
                               std::size_t size) {
    moved = 0;
    return size == 0 ? network::rw_state::indeterminate
                     : state_of(wire_->write(data, size, moved), moved);
  }
  /// Another connection has its turn. But of what was taken from the system already, it will not
  /// say that something has come.
  [[nodiscard]] bool must_read_more(network::native_socket, std::size_t) {
    const bool more = wire_->has_pending();
    wire_->take_more(!more);
    return more;
  }

private:
  static network::rw_state state_of(Wire::Progress progress, std::size_t& moved) {
    switch (progress) {
      case Wire::Progress::done: return network::rw_state::success;
      case Wire::Progress::wants_read:
      case Wire::Progress::wants_write: // CAF asks again as long as something waits
        moved = 0;
        return network::rw_state::success;
      case Wire::Progress::closed:
      case Wire::Progress::failed: break;
    }
    return network::rw_state::failure;
  }

  std::shared_ptr<Wire> wire_;
};

class GuardedScribe final : public caf::io::scribe {
public:
  GuardedScribe(network::default_multiplexer& multiplexer, std::shared_ptr<Wire> wire,
                std::unique_ptr<BaspFilter> filter, std::string about,
                std::shared_ptr<RefusalLog> log)
      : scribe(network::conn_hdl_from_socket(wire->socket())), wire_(wire),
        stream_(multiplexer, wire->socket(), wire), filter_(std::move(filter)),
        about_(std::move(about)), log_(std::move(log)) {
    wire_->release();
    const bool is_node = filter_->peer().kind == PeerKind::node;
    if (is_node)
      wire_->read_ahead();
    stream_.configure_read(
        caf::io::receive_policy::at_most(is_node ? read_bytes : read_bytes_of_others));
  }

  /// CAF says here how long the next piece is. We know, and only hear that it wants to begin.
  void configure_read(caf::io::receive_policy::config) override {
    if (std::exchange(launched_, true))
      return;
    stream_.start(this);
  }
  void ack_writes(bool enable) override { stream_.ack_writes(enable); }
  caf::byte_buffer& wr_buf() override { return stream_.wr_buf(); }
  caf::byte_buffer& rd_buf() override { return piece_; }
  void graceful_shutdown() override {
    stream_.graceful_shutdown();
    detach(&stream_.backend(), false);
  }
  void flush() override {
    if (Result<void> fine = filter_->check_unread(stream_.wr_buf().size()); !fine)
      close(fine.error()); // CAF hears of it by and by
    stream_.flush(this);
  }
  std::string addr() const override {
    auto address = network::remote_addr_of_fd(stream_.fd());
    return address ? *address : std::string();
  }
  std::uint16_t port() const override {
    auto port = network::remote_port_of_fd(stream_.fd());
    return port ? *port : std::uint16_t{0};
  }
  void add_to_loop() override { stream_.activate(this); }
  void remove_from_loop() override { stream_.passivate(); }

  bool consume(caf_version::Host* host, const void* data, std::size_t size) override;

private:
  bool take_frame(caf_version::Host* host);
  void close(const Error& why);
  bool refuse(caf_version::Host* host, const Error& why);
  bool hand_over(caf_version::Host* host, caf::byte_buffer& piece);

  std::shared_ptr<Wire> wire_;
  network::stream_impl<WirePolicy> stream_;
  std::unique_ptr<BaspFilter> filter_;
  const std::string about_;
  const std::shared_ptr<RefusalLog> log_;
  bool launched_ = false;
  bool has_header_ = false;
  std::size_t wanted_ = BaspFilter::header_bytes; ///< of the header, then of the payload
  caf::byte_buffer header_, payload_;
  caf::byte_buffer piece_; ///< for CAF
};

std::span<const std::byte> bytes_of(const caf::byte_buffer& buffer) {
  return {reinterpret_cast<const std::byte*>(buffer.data()), buffer.size()};
}

bool GuardedScribe::consume(caf_version::Host* host, const void* data, std::size_t size) {
  const caf::strong_actor_ptr broker = parent_; // it may let this scribe go meanwhile
  const caf::intrusive_ptr<GuardedScribe> self(this);
  const auto* at = static_cast<const caf_version::Byte*>(data);
  while (size > 0) {
    if (detached())
      return false;
    caf::byte_buffer& into = has_header_ ? payload_ : header_;
    const std::size_t now = std::min(size, wanted_ - into.size());
    if (into.capacity() < wanted_ && into.capacity() < into.size() + now)
      into.reserve(std::min(wanted_, std::max(at_once_bytes_max, 2 * into.size() + now)));
    into.insert(into.end(), at, at + now);
    at += now;
    size -= now;
    if (into.size() == wanted_ && !take_frame(host))
      return false;
  }
  return true;
}

// A header or a payload is complete.
bool GuardedScribe::take_frame(caf_version::Host* host) {
  if (!has_header_) {
    const Result<std::size_t> payload =
        filter_->take_header(bytes_of(header_).first<BaspFilter::header_bytes>());
    if (!payload)
      return refuse(host, payload.error());
    has_header_ = true;
    wanted_ = *payload;
    if (wanted_ > 0)
      return true;
  }
  const Result<BaspFilter::Verdict> verdict = filter_->judge(bytes_of(payload_));
  if (!verdict)
    return refuse(host, verdict.error());
  const bool has_payload = wanted_ > 0;
  has_header_ = false;
  wanted_ = BaspFilter::header_bytes;
  if (*verdict == BaspFilter::Verdict::pass &&
      (!hand_over(host, header_) || (has_payload && !hand_over(host, payload_))))
    return false;
  header_.clear();
  payload_.clear();
  if (payload_.capacity() > 2 * at_once_bytes_max)
    payload_ = {};
  return true;
}

bool GuardedScribe::hand_over(caf_version::Host* host, caf::byte_buffer& piece) {
  piece_.swap(piece);
  const bool goes_on = scribe::consume(host, piece_.data(), piece_.size());
  piece_.swap(piece);
  return goes_on && !detached();
}

void GuardedScribe::close(const Error& why) {
  log_->note("connection closed " + about_ + " reason=\"" + printable(why.context) + "\"");
  shutdown(wire_->socket(), SHUT_RDWR);
}

bool GuardedScribe::refuse(caf_version::Host* host, const Error& why) {
  close(why);
  io_failure(host, network::operation::read);
  return false;
}

} // namespace

caf::io::scribe_ptr make_guarded_scribe(caf::actor_system& system, std::unique_ptr<Wire> wire,
                                        std::unique_ptr<BaspFilter> filter, std::string about,
                                        std::shared_ptr<RefusalLog> log) {
  auto& multiplexer = dynamic_cast<network::default_multiplexer&>(system.middleman().backend());
  return caf::make_counted<GuardedScribe>(multiplexer, std::shared_ptr<Wire>(std::move(wire)),
                                          std::move(filter), std::move(about), std::move(log));
}

} // namespace stos::detail
