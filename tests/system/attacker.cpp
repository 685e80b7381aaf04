// A hostile process: attacks the ports of nodes, one way after the other, until its standard input
// ends. Prints one line for each round, with how many of its attacks got through (what it wanted to
// happen to a frame cannot be seen from here; that the run goes on is the test).
//
// usage: attacker without-keys|with-keys PORT...
//
// with-keys takes the keys of the user's own, as another process of the user could: as tools, as a
// foreign process, as a node of a name of its own, and as one that takes another node's name.

#include "actors/messages/cluster_messages.hpp"
#include "actors/transport/key_folder.hpp"
#include "actors/transport/newcomer.hpp"
#include "support/basp_frames.hpp"

#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/system_messages.hpp>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace stos;
using namespace stos::detail;
using namespace stos::test;

namespace {

SocketAddress address_of(std::uint16_t port) {
  return look_up({"127.0.0.1", port}).operator*().front();
}

bool has_ended(int wait_ms = 0) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return poll(&input, 1, wait_ms) > 0;
}

int connected(std::uint16_t port) {
  const SocketAddress to = address_of(port);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, reinterpret_cast<const sockaddr*>(&to.bytes), to.size) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

void send_bytes(std::uint16_t port, const Frame& bytes) {
  const int fd = connected(port);
  if (fd < 0)
    return;
  (void)!send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  close(fd);
}

Frame noise(std::size_t size) {
  static std::uint32_t state = 1;
  Frame bytes(size);
  for (std::byte& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

Frame text(std::string_view text) {
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  return {data, data + text.size()};
}

/// A connection that was let in, or null.
std::unique_ptr<Wire> come_in(std::uint16_t port, const std::shared_ptr<Credentials>& who,
                              const Greeting& greeting) {
  Newcomer newcomer({address_of(port)}, who, greeting, [](const Greeting&) { return ""; });
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (newcomer.advance() == Newcomer::State::under_way) {
    pollfd polled{newcomer.socket(), newcomer.events(), 0};
    if (std::chrono::steady_clock::now() > end || poll(&polled, 1, 500) == 0)
      return nullptr;
  }
  return newcomer.advance() == Newcomer::State::welcome ? newcomer.take_wire() : nullptr;
}

void send_over(Wire& wire, const Frame& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    std::size_t moved = 0;
    const Wire::Progress progress = wire.write(bytes.data() + sent, bytes.size() - sent, moved);
    sent += moved;
    if (progress == Wire::Progress::closed || progress == Wire::Progress::failed)
      return;
    if (progress == Wire::Progress::done)
      continue;
    pollfd polled{wire.socket(), POLLOUT, 0};
    if (poll(&polled, 1, 500) == 0)
      return;
  }
}

/// Until the node has closed it, or for a moment.
void wait_for_end(Wire& wire) {
  std::array<std::byte, 4096> bytes{};
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  while (std::chrono::steady_clock::now() < end) {
    std::size_t moved = 0;
    const Wire::Progress progress = wire.read(bytes.data(), bytes.size(), moved);
    if (progress == Wire::Progress::closed || progress == Wire::Progress::failed)
      return;
    pollfd polled{wire.socket(), POLLIN, 0};
    (void)poll(&polled, 1, 20);
  }
}

template <class... Values>
Frame message(std::uint64_t from, std::uint64_t to, const Values&... values) {
  return frame({.from = from, .to = to}, content(caf::make_message(values...)));
}

Frame routed(const caf::node_id& from, const caf::message& message) {
  Frame payload = bytes_of(from, system_number(99));
  const Frame rest = content(message);
  payload.insert(payload.end(), rest.begin(), rest.end());
  return frame({.operation = routed_message}, payload);
}

Frame nested(int depth) {
  Frame payload = bytes_of(std::uint8_t{0});
  for (int i = 0; i < depth; ++i) {
    const Frame one = bytes_of(std::uint8_t{1}, caf::type_id_v<caf::message>);
    payload.insert(payload.end(), one.begin(), one.end());
  }
  return frame({}, payload);
}

/// What is sent to each of the first actors of a process, among which are the node's and the run's.
std::vector<Frame> hostile_frames() {
  std::vector<Frame> frames = {nested(200'000),
                               frame({}, noise(1000)),
                               frame({.flags = 1, .to = 1}, noise(100)),
                               frame({.flags = 1, .to = 2}, noise(100)),
                               frame({.operation = monitor_message}, noise(100)),
                               frame({.operation = down_message}, noise(100)),
                               frame({}, {}, 0xffffffff),
                               frame({server_handshake, 0, 1, 0, 0}, {}),
                               frame({client_handshake, 0, 0, 0, 0}, {}),
                               routed(system_number(7), caf::make_message(GoodbyeMessage{}))};
  for (std::uint64_t actor = 1; actor < 40; ++actor) {
    for (const std::uint64_t from : {0, 5}) {
      frames.push_back(message(from, actor, EndMessage{}));
      frames.push_back(message(from, actor, BeginMessage{}));
      frames.push_back(message(from, actor, AbortMessage{0, 0, "because"}));
      frames.push_back(message(from, actor, GoodbyeMessage{}));
      frames.push_back(message(from, actor, HeartbeatMessage{}));
      frames.push_back(message(from, actor, RefusalMessage{"\033[31m"}));
      frames.push_back(message(from, actor, FrameMessage{1, {noise(100)}}));
      frames.push_back(message(from, actor, FarewellMessage{1, {noise(100)}}));
      frames.push_back(message(from, actor, FarewellReceipt{99}));
      frames.push_back(message(from, actor, CutMessage{99, 1, false, {noise(10)}, ""}));
      frames.push_back(message(from, actor, CopyMessage{99, false, {noise(10)}}));
      frames.push_back(message(from, actor, PieceReceipt{99}));
      frames.push_back(message(from, actor, KeptMessage{99, 1e300}));
      frames.push_back(message(from, actor, WeightsMessage{99, false, {noise(10)}}));
      frames.push_back(message(from, actor, WelcomeMessage{1, {noise(100)}}));
      frames.push_back(message(from, actor, ViewMessage{{noise(100)}}));
      frames.push_back(message(from, actor, ControlMessage{{noise(100)}}));
      frames.push_back(message(from, actor, HeartbeatMessage{{noise(100)}}));
      frames.push_back(message(from, actor, SearchMessage{99, 1, "x", 1}));
      frames.push_back(message(from, actor, AgentEndedMessage{1}));
      frames.push_back(message(from, actor, RunCall{1, "default", {1, 2, 3}}));
      frames.push_back(message(from, actor, RunDeparture{1, "default", 1, false, "because"}));
      frames.push_back(message(from, actor, NewsMessage{{noise(100)}}));
      frames.push_back(message(from, actor, HelloMessage{1, {noise(100)}}));
      frames.push_back(message(from, actor, caf::exit_msg{nullptr, caf::exit_reason::kill}));
      frames.push_back(message(from, actor, caf::down_msg{nullptr, caf::exit_reason::kill}));
      frames.push_back(message(from, actor, caf::make_error(caf::sec::runtime_error)));
      frames.push_back(message(from, actor, RunCommand{1, "", "migrate", {noise(20)}}));
      frames.push_back(message(from, actor, std::string(1000, '\033')));
    }
  }
  return frames;
}

int attack_without_keys(const std::vector<std::uint16_t>& ports) {
  const Result<KeyPair> foreign = make_authority("foreign", 10);
  std::vector<int> silent;
  int attacks = 0;
  for (const std::uint16_t port : ports) {
    for (const std::uint8_t operation : {0, 1, 2, 255})
      for (const std::uint32_t size : {0u, 0xffffffffu})
        send_bytes(port, frame({.operation = operation, .data = 1}, {}, size));
    send_bytes(port, noise(4096));
    send_bytes(port, text("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    send_bytes(port, text(std::string("\x16\x03\x01\x40\x00", 5)));
    send_bytes(port, encode(Greeting{1, "0.18.7", "x", {PeerKind::node, "node2"}}));
    for (int i = 0; i < 100; ++i)
      if (const int fd = connected(port); fd >= 0)
        silent.push_back(fd);
    const Greeting lie{1, "0.18.7", to_string(system_number(50)), {PeerKind::node, "node1"}};
    const auto plain = Credentials::load({}, true, lie.peer);
    attacks += come_in(port, *plain, lie) != nullptr;
  }
  for (const int fd : silent)
    close(fd);
  return attacks;
}

int attack_with_keys(const std::vector<std::uint16_t>& ports, const std::vector<Frame>& frames) {
  static std::size_t next = 0;
  static std::uint8_t number = 10;
  int let_in = 0;
  for (const std::uint16_t port : ports)
    for (const Peer& peer : {Peer{PeerKind::look, "looker"}, Peer{PeerKind::command, "commander"},
                             Peer{PeerKind::process, "process"}, Peer{PeerKind::node, "stranger"},
                             Peer{PeerKind::node, "node1"}}) {
      const auto credentials = Credentials::load({}, false, peer);
      if (!credentials)
        return -1;
      const caf::node_id system = system_number(number = number < 90 ? number + 1 : 10);
      const std::unique_ptr<Wire> wire =
          come_in(port, *credentials, {1, "0.18.7", to_string(system), peer});
      if (wire == nullptr)
        continue;
      ++let_in;
      send_over(*wire, client_hello(system));
      send_over(*wire, frames[next++ % frames.size()]);
      send_over(*wire, frames[next++ % frames.size()]);
      wait_for_end(*wire);
    }
  return let_in;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 3)
    return 2;
  init_caf_types();
  const bool with_keys = std::string_view(argv[1]) == "with-keys";
  std::vector<std::uint16_t> ports;
  for (int i = 2; i < argc; ++i)
    ports.push_back(static_cast<std::uint16_t>(std::atoi(argv[i])));
  const std::vector<Frame> frames = hostile_frames();
  do {
    std::printf("%d\n", with_keys ? attack_with_keys(ports, frames) : attack_without_keys(ports));
    std::fflush(stdout);
  } while (!has_ended());
  return 0;
}
