// Who belongs to a cluster: what nodes owe each other before all have come.

#include "libstos/cluster/membership/membership.hpp"

#include <catch2/catch.hpp>

using namespace stos;
using namespace stos::detail;

namespace {

NodeHello hello_of(const std::string& name, std::uint16_t port, std::uint64_t life = 1) {
  NodeHello hello;
  hello.life = life;
  hello.protocol = NodeHello::current_protocol;
  hello.cluster = "stos";
  hello.node = name;
  hello.address = {"127.0.0.1", port};
  hello.nodes = 3;
  return hello;
}

Membership first_of_three() {
  ClusterOptions options;
  options.address = {"127.0.0.1", 1};
  options.nodes = 3;
  options.peers = {{"127.0.0.1", 2}, {"127.0.0.1", 3}};
  return {hello_of("one", 1), options, 0};
}

} // namespace

TEST_CASE("a node that waits for another one lets those that have come hear of it") {
  Membership membership = first_of_three();
  membership.heard_hello(7, hello_of("two", 2), 0.1);
  (void)membership.take_output();
  CHECK(membership.next_tick_s() <= 1);
  membership.tick(1);
  CHECK(membership.take_output().beat == std::vector<Membership::PeerKey>{7});
  CHECK_FALSE(membership.failure());
}

TEST_CASE("a node that has lost its power and come back takes its own place") {
  Membership membership = first_of_three();
  membership.heard_hello(7, hello_of("two", 2), 0.1);
  membership.heard_hello(8, hello_of("two", 2, 2), 0.2);
  CHECK_FALSE(membership.failure());
  CHECK(membership.take_output().refuse.empty());
  membership.heard_hello(9, hello_of("three", 3), 0.3);
  REQUIRE(membership.is_complete());
  CHECK(membership.index_of(8));
  CHECK_FALSE(membership.index_of(7));
}

TEST_CASE("a node of the same name at another address is another node") {
  Membership membership = first_of_three();
  membership.heard_hello(7, hello_of("two", 2), 0.1);
  membership.heard_hello(8, hello_of("two", 3, 2), 0.2);
  CHECK(membership.take_output().refuse == std::vector<Membership::PeerKey>{8});
  CHECK(membership.failure());
}
