// Keys: who is let in with which certificate, and what the other one is told.

#include "actors/transport/credentials.hpp"
#include "actors/transport/key_folder.hpp"
#include "actors/transport/newcomer.hpp"
#include "actors/transport/peer_list.hpp"
#include "support/loopback.hpp"

#include <catch2/catch.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

using namespace stos;
using namespace stos::detail;
using Catch::Matchers::Contains;

namespace {

/// A folder that goes with the object.
class Folder {
public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "stos-keys-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

constexpr int days = 10;

/// A cluster's keys, and what a peer of it is configured with.
class Cluster {
public:
  Cluster() : keys(folder.path / "keys") { REQUIRE(keys.create("mars", days)); }

  TlsOptions add(const Peer& peer, int for_days = days) {
    const Result<std::string> path = keys.add(peer, for_days);
    REQUIRE(path);
    return {keys.path() + "/ca.crt", *path + ".crt", *path + ".key", keys.path() + "/revoked.crl"};
  }
  std::shared_ptr<Credentials> credentials(const Peer& peer, int for_days = days) {
    auto loaded = Credentials::load(add(peer, for_days), false, peer);
    REQUIRE(loaded);
    return *loaded;
  }

  Folder folder;
  KeyFolder keys;
};

const Peer node1{PeerKind::node, "node1"}, node2{PeerKind::node, "node2"},
    looker{PeerKind::look, "alice"};

Greeting greeting_of(const Credentials& who, std::string system) {
  return {Greeting::current_version, "0.18.7", std::move(system), who.self()};
}

struct Meeting {
  std::string caller, called; ///< what each was told; empty: welcome
};

/// Has one process call another one.
Meeting meet(std::shared_ptr<Credentials> caller, std::shared_ptr<Credentials> called,
             Greeting says, Greeting answers) {
  const test::LoopbackListener listener;
  SocketAddress address;
  reinterpret_cast<sockaddr_in&>(address.bytes) = listener.place;
  address.size = sizeof listener.place;
  const Newcomer::Judge everybody = [](const Greeting&) { return std::string(); };
  Newcomer first({address}, std::move(caller), std::move(says), everybody);
  Newcomer second(accept4(listener.socket, nullptr, nullptr, SOCK_NONBLOCK), std::move(called),
                  std::move(answers), everybody);
  using State = Newcomer::State;
  State one = State::under_way, two = State::under_way;
  while (one == State::under_way || two == State::under_way) {
    pollfd polled[] = {{one == State::under_way ? first.socket() : -1, first.events(), 0},
                       {two == State::under_way ? second.socket() : -1, second.events(), 0}};
    constexpr int patience_ms = 10'000;
    REQUIRE(poll(polled, 2, patience_ms) > 0);
    one = one == State::under_way ? first.advance() : one;
    two = two == State::under_way ? second.advance() : two;
  }
  return {one == State::welcome ? "" : first.problem(),
          two == State::welcome ? "" : second.problem()};
}

Meeting meet(const std::shared_ptr<Credentials>& caller,
             const std::shared_ptr<Credentials>& called) {
  return meet(caller, called, greeting_of(*caller, "one"), greeting_of(*called, "two"));
}

} // namespace

TEST_CASE("nodes of one cluster let each other in, and its tools") {
  Cluster cluster;
  const auto one = cluster.credentials(node1), two = cluster.credentials(node2);
  for (const auto& caller : {two, cluster.credentials(looker)}) {
    const Meeting meeting = meet(caller, one);
    CHECK(meeting.caller.empty());
    CHECK(meeting.called.empty());
  }
}

TEST_CASE("keys of another authority are refused, and each side is told") {
  Cluster cluster, other;
  const Meeting meeting = meet(other.credentials(node2), cluster.credentials(node1));
  CHECK_THAT(meeting.caller, Contains("certificate"));
  CHECK_THAT(meeting.called, Contains("certificate"));
}

TEST_CASE("a certificate that has had its time is refused, and each side is told") {
  Cluster cluster;
  const Meeting meeting = meet(cluster.credentials(node2, -1), cluster.credentials(node1));
  CHECK_THAT(meeting.called, Contains("certificate has expired"));
  CHECK_THAT(meeting.caller, Contains("expired"));
}

TEST_CASE("a revoked certificate is refused from then on, by a process that runs") {
  Cluster cluster;
  const auto one = cluster.credentials(node1), two = cluster.credentials(node2);
  REQUIRE(meet(two, one).called.empty());
  REQUIRE(cluster.keys.revoke("node2"));
  REQUIRE(one->reload());
  const Meeting meeting = meet(two, one);
  CHECK_THAT(meeting.called, Contains("certificate revoked"));
  CHECK_THAT(meeting.caller, Contains("revoked"));
  CHECK(meet(cluster.credentials(looker), one).called.empty());
}

TEST_CASE("files that have become no good leave those of before in force") {
  Cluster cluster;
  const auto one = cluster.credentials(node1);
  const auto tool = cluster.credentials(looker);
  std::ofstream(cluster.keys.path() + "/revoked.crl") << "nonsense";
  CHECK_FALSE(one->reload());
  CHECK(one->reload()); // says it once
  CHECK(meet(tool, one).called.empty());
}

TEST_CASE("nobody says that it is somebody else than its certificate does") {
  Cluster cluster;
  const auto one = cluster.credentials(node1), two = cluster.credentials(node2),
             tool = cluster.credentials(looker);
  Greeting lie = greeting_of(*two, "one");
  lie.peer.name = "node3";
  Meeting meeting = meet(two, one, lie, greeting_of(*one, "two"));
  CHECK_THAT(meeting.called, Contains("\"node node3\", and its certificate is of \"node node2\""));
  CHECK_THAT(meeting.caller, Contains("does not let this side in: it says that it is"));
  lie = greeting_of(*tool, "one");
  lie.peer.kind = PeerKind::node;
  CHECK_THAT(meet(tool, one, lie, greeting_of(*one, "two")).called,
             Contains("\"node alice\", and its certificate is of \"look alice\""));
}

TEST_CASE("a tool is called by nobody: its certificate is none of a server") {
  Cluster cluster;
  const Meeting meeting = meet(cluster.credentials(node1), cluster.credentials(looker));
  CHECK_THAT(meeting.caller, Contains("unsuitable certificate purpose"));
  CHECK_FALSE(meeting.called.empty());
}

TEST_CASE("one cluster needs one version of CAF and of the greeting") {
  Cluster cluster;
  const auto one = cluster.credentials(node1), two = cluster.credentials(node2);
  Greeting other = greeting_of(*two, "one");
  other.caf = "1.1.0";
  Meeting meeting = meet(two, one, other, greeting_of(*one, "two"));
  CHECK_THAT(meeting.called, Contains("CAF 1.1.0 there, 0.18.7 here"));
  CHECK_THAT(meeting.caller, Contains("CAF 0.18.7 there, 1.1.0 here"));
  other.version = 99;
  meeting = meet(two, one, other, greeting_of(*one, "two"));
  CHECK_THAT(meeting.called, Contains("version 99 of the greeting there, 1 here"));
}

TEST_CASE("who has TLS and who has none do not come together, and say so") {
  Cluster cluster;
  auto open = Credentials::load({}, true, node2);
  REQUIRE(open);
  const auto one = cluster.credentials(node1);
  Meeting meeting = meet(*open, one);
  CHECK_FALSE(meeting.caller.empty());
  CHECK_FALSE(meeting.called.empty());
  CHECK(meet(*open, *Credentials::load({}, true, node1)).called.empty());
}

TEST_CASE("files that do not fit together are refused by name") {
  Cluster cluster, other;
  const TlsOptions good = cluster.add(node1), foreign = other.add(node1);
  const auto why = [](const TlsOptions& options, const Peer& self) {
    const auto loaded = Credentials::load(options, false, self);
    return loaded ? std::string() : loaded.error().context;
  };
  CHECK(why(good, node1).empty());
  CHECK(why(good, {PeerKind::node, ""}).empty());
  CHECK_THAT(why(good, node2), Contains("is of node node1, and cluster.node is node2"));
  TlsOptions mixed = good;
  mixed.key = foreign.key;
  CHECK_THAT(why(mixed, node1), Contains("cluster.tls.key does not belong"));
  mixed = good;
  mixed.certificate = good.key;
  CHECK_THAT(why(mixed, node1), Contains("cluster.tls.certificate is no certificate"));
  mixed = good;
  mixed.ca = "/nowhere/ca.crt";
  CHECK_THAT(why(mixed, node1), Contains("/nowhere/ca.crt"));
  mixed = good;
  mixed.certificate = good.ca;
  mixed.key = cluster.keys.path() + "/ca.key";
  CHECK_THAT(why(mixed, node1), Contains("names no peer"));
  const TlsOptions tool = cluster.add(looker);
  CHECK_THAT(why(tool, node1), Contains("\"look alice\"; wanted: that of a node"));
  REQUIRE(chmod(good.key.c_str(), 0644) == 0);
  CHECK_THAT(why(good, node1), Contains("all users can read"));
}

TEST_CASE("a folder of keys shows nothing to others and loses nothing") {
  Cluster cluster;
  (void)cluster.add(node1);
  struct stat about {};
  for (const char* const secret : {"/ca.key", "/node1.key"}) {
    REQUIRE(stat((cluster.keys.path() + secret).c_str(), &about) == 0);
    CHECK((about.st_mode & 077) == 0);
  }
  REQUIRE(stat(cluster.keys.path().c_str(), &about) == 0);
  CHECK((about.st_mode & 077) == 0);
  CHECK_THAT(cluster.keys.create("again", days).error().context, Contains("is there already"));
  CHECK_THAT(cluster.keys.add(node1, days).error().context, Contains("is there already"));
  for (const char* const name : {"ca", "", "a/b", "..", "-x"})
    CHECK_FALSE(cluster.keys.add({PeerKind::node, name}, days));
  CHECK_FALSE(cluster.keys.revoke("nobody"));
  CHECK_FALSE(cluster.keys.revoke("../x"));
}

TEST_CASE("the user's own keys are made once") {
  Folder folder;
  const std::string before =
      std::getenv("XDG_STATE_HOME") == nullptr ? "" : std::getenv("XDG_STATE_HOME");
  setenv("XDG_STATE_HOME", folder.path.c_str(), 1);
  const Result<KeyPair> first = own_authority();
  const Result<KeyPair> second = own_authority();
  const auto one = Credentials::load({}, false, node1), two = Credentials::load({}, false, looker);
  if (before.empty())
    unsetenv("XDG_STATE_HOME");
  else
    setenv("XDG_STATE_HOME", before.c_str(), 1);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->key == second->key);
  REQUIRE(one);
  REQUIRE(two);
  CHECK(meet(*two, *one).called.empty());
}

TEST_CASE("what is known of peers has limits, and is forgotten with the last connection") {
  PeerList peers("own");
  CHECK_FALSE(peers.enter("own", node1).empty());
  CHECK(peers.enter("a", node1).empty());
  CHECK_FALSE(peers.find("a"));
  CHECK(peers.begin_to_carry("a"));
  CHECK_FALSE(peers.begin_to_carry("a"));
  CHECK(peers.find("a") == node1);
  CHECK_THAT(peers.enter("a", node2), Contains("is that of node node1"));
  for (std::size_t i = 1; i < PeerList::connections_of_one_max; ++i)
    CHECK(peers.enter("a", node1).empty());
  CHECK_FALSE(peers.enter("a", node1).empty());
  for (std::size_t i = 0; i < PeerList::strangers_max; ++i)
    CHECK(peers.enter("tool" + std::to_string(i), looker).empty());
  CHECK_THAT(peers.enter("one more", looker), Contains("which is the most"));
  CHECK(peers.enter("b", node2).empty());
  peers.leave("tool0");
  CHECK(peers.enter("one more", looker).empty());
  CHECK_FALSE(peers.enter("c", node1).empty()); // by its name it is the same node
  peers.admit("a");
  CHECK(peers.is_admitted("a"));
  for (std::size_t i = 0; i < PeerList::connections_of_one_max; ++i)
    peers.leave("a");
  CHECK_FALSE(peers.find("a"));
  CHECK_FALSE(peers.is_admitted("a"));
  peers.admit("one more");
  CHECK_FALSE(peers.is_admitted("one more")); // it is no node
  CHECK(peers.enter("a", node2).empty());
}

TEST_CASE("greetings survive the wire, and nothing else passes for one") {
  const Greeting greeting{Greeting::current_version, "0.18.7", "system", node1};
  const std::vector<std::byte> bytes = encode(greeting);
  const auto all = std::span<const std::byte>(bytes);
  const Result<std::size_t> size = greeting_body_bytes(all.first<greeting_head_bytes>());
  REQUIRE(size);
  CHECK(*size + greeting_head_bytes == bytes.size());
  const Result<Greeting> back = decode_greeting(all.subspan(greeting_head_bytes));
  REQUIRE(back);
  CHECK(*back == greeting);
  for (std::size_t cut = 4; cut < *size; ++cut)
    CHECK_FALSE(decode_greeting(all.subspan(greeting_head_bytes, cut)));
  std::vector<std::byte> other = bytes;
  other[0] = std::byte{'H'};
  CHECK_FALSE(greeting_body_bytes(std::span<const std::byte>(other).first<greeting_head_bytes>()));
  other = bytes;
  other[5] = std::byte{0xff};
  CHECK_FALSE(greeting_body_bytes(std::span<const std::byte>(other).first<greeting_head_bytes>()));
  const std::vector<std::byte> verdict = encode_verdict("no\033[31m");
  CHECK(decode_verdict(std::span(verdict).subspan(greeting_head_bytes)) == "no?[31m");
}
