#include "examples/interplanetary/bundle_store.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace interplanetary;

namespace {

constexpr FlowId science{0};
constexpr FlowId commands{1};

const std::vector<Flow> flows{
    {"science", MobileId{0}, {MobileId{1}}, 1000.0, 60.0, std::numeric_limits<double>::infinity()},
    {"commands", MobileId{1}, {MobileId{0}}, 10.0, 60.0, 100.0}};

Bundle bundle(FlowId flow, std::uint32_t number) { return {{flow, number}, 60.0 * number, 0, {}}; }

} // namespace

TEST_CASE("the oldest bundle of a flow goes first, and flows do not mix") {
  BundleStore store(flows);
  CHECK_FALSE(store.anything_waits());
  store.put(bundle(science, 2));
  store.put(bundle(science, 1));
  store.put(bundle(commands, 0));
  REQUIRE(store.oldest(science) != nullptr);
  CHECK(store.oldest(science)->name.number == 1);
  CHECK(store.send_oldest(science).name.number == 1);
  CHECK(store.oldest(science)->name.number == 2);
  CHECK(store.oldest(commands)->name.number == 0);
}

TEST_CASE("a bundle is kept until the next custodian has accepted it") {
  BundleStore store(flows);
  store.put(bundle(science, 0));
  CHECK(store.bytes() == 1000.0);
  const auto sent = store.send_oldest(science);
  CHECK_FALSE(store.anything_waits());
  CHECK(store.bytes() == 1000.0);
  store.heard({sent.name, true});
  CHECK(store.bytes() == 0.0);
  CHECK(store.peak_bytes() == 1000.0);
  store.heard({sent.name, true}); // for a bundle that it no longer holds
  CHECK(store.bytes() == 0.0);
}

TEST_CASE("a refused bundle waits again, in front of younger ones") {
  BundleStore store(flows);
  store.put(bundle(science, 0));
  store.put(bundle(science, 1));
  const auto sent = store.send_oldest(science);
  store.heard({sent.name, false});
  CHECK(store.oldest(science)->name.number == 0);
  CHECK(store.bytes() == 2000.0);
}

TEST_CASE("a bundle that outlives its flow's lifetime is thrown away unless it is on its way") {
  BundleStore store(flows);
  store.put(bundle(commands, 0));
  store.put(bundle(commands, 1));
  store.put(bundle(science, 0));
  CHECK(store.expire(100.0) == 0);
  CHECK(store.expire(101.0) == 1);
  CHECK(store.oldest(commands)->name.number == 1);
  store.send_oldest(commands);
  CHECK(store.expire(1e9) == 0);
  CHECK(store.oldest(science) != nullptr);
  CHECK(store.bytes() == 1010.0);
}
