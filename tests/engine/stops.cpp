// What a stop does, step by step. No agent is there: what becomes of the world at stops is tested
// with random worlds, on domains that are shuffled and on virtual clusters.

#include "libstos/engine/parallel/stops.hpp"

#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <optional>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;
using stos::detail::StopOrders;
using stos::detail::Stops;
using Then = stos::detail::Stops::Then;

namespace {

constexpr double end_time = 100;

/// One node with two domains, of two nodes or alone; what happens at its stops, in order.
struct Site final : Stops::OtherNodes {
  explicit Site(std::size_t links)
      : set(simulation.world(), {}, 2, links, [](detail::RunnerIndex) {}, nullptr, {}) {
    world.end_time = end_time;
    world.at_stop = [this](const WorldAtStop& here) {
      happened += "shown at " + std::to_string(static_cast<int>(here.time)) + "; ";
      return Instant::never().absorption;
    };
    world.begin_run();
    if (links > 0)
      set.stops().connect(*this);
  }
  void weigh() override { happened += "weighed; "; }
  void depart(double least) override {
    happened += "departed from " + std::to_string(static_cast<int>(least)) + "; ";
  }
  Result<void> arrive() override {
    happened += "arrived; ";
    return arrival;
  }
  void want_division() {
    (void)set.stops().want_division([this] {
      happened += "divided from " + std::to_string(static_cast<int>(set.stops().least())) + "; ";
    });
  }
  Then all_stand_still(const Instant& next, double latest = 0) {
    return *set.stops().all_stand_still(next, latest);
  }
  [[nodiscard]] bool is_paused() { return set.board().is_paused(); }

  ForwardSimulation<Minkowski<2>, ShuffledDomains> simulation;
  World& world = simulation.world();
  detail::DomainSet set;
  Stops& stops = set.stops();
  std::string happened;
  Result<void> arrival;
};

Instant at(double time) { return Instant::before(time); }

} // namespace

TEST_CASE("a world that stands still without a stop goes on with its next event") {
  for (const std::size_t links : {0u, 1u}) {
    Site site(links);
    CHECK(site.all_stand_still(at(5)) == Then::move_floor);
    CHECK(site.all_stand_still(Instant::never()) == Then::move_floor);
    CHECK(site.happened.empty());
  }
}

TEST_CASE("a stop with all orders at once pauses, carries them out in their order, and ends") {
  Site site(1);
  site.want_division();
  site.stops.want_weighing();
  site.world.wants_stop = true;
  StopOrders orders = site.stops.take_wanted();
  CHECK(orders == StopOrders{true, false, true, true});
  CHECK_FALSE(site.stops.take_wanted().weigh);
  orders.move = true;
  site.stops.begin(orders);
  CHECK(site.is_paused());
  CHECK(site.stops.progress() == 4);

  CHECK(site.all_stand_still(at(5), 7) == Then::wait);
  CHECK(site.happened == "weighed; departed from 5; ");
  CHECK(site.world.next_stop > 7); // an event has got that far
  CHECK(site.world.next_stop < 7.1);
  CHECK(site.stops.progress() == 5);
  CHECK(site.is_paused());

  CHECK(site.all_stand_still(Instant::never()) == Then::look_anew);
  CHECK(site.happened == "weighed; departed from 5; arrived; divided from 5; ");
  CHECK_FALSE(site.is_paused());
  CHECK_FALSE(site.stops.is_under_way());
  CHECK_FALSE(site.stops.is_wanted());
  CHECK(site.stops.progress() == 0);

  CHECK(site.all_stand_still(Instant::never()) == Then::look_anew); // before the horizon
  CHECK(site.happened == "weighed; departed from 5; arrived; divided from 5; shown at 7; ");
  CHECK(site.stops.shown() == 1);
  CHECK(site.all_stand_still(at(8)) == Then::move_floor);
}

TEST_CASE(
    "one node alone is a cluster without links: its stop has the same orders, and no waiting") {
  Site site(0);
  site.want_division();
  site.stops.want_weighing(); // there is no node to compare with
  CHECK(site.happened.empty());
  site.world.wants_stop = true;
  site.stops.begin_alone();
  CHECK(site.stops.orders() == StopOrders{true, false, true});
  site.stops.begin_alone(); // has no effect: another domain's thread
  CHECK(site.all_stand_still(at(5), 3) == Then::look_anew);
  CHECK(site.happened == "divided from 5; ");
  CHECK(site.world.next_stop == 5);
  CHECK_FALSE(site.is_paused());
}

TEST_CASE("where the horizon is reached on the way to a stop, the world is shown before the stop") {
  Site site(1);
  site.world.next_stop = 6;
  site.want_division();
  site.stops.begin(site.stops.take_wanted());
  CHECK(site.all_stand_still(Instant::never()) == Then::look_anew);
  CHECK(site.is_paused());
  CHECK(site.all_stand_still(at(7)) == Then::wait);
  CHECK(site.all_stand_still(Instant::never()) == Then::look_anew);
  CHECK(site.happened == "shown at 6; departed from 7; arrived; divided from 7; ");
}

TEST_CASE("a stop at which no event is left comes too late, and the run ends") {
  for (const std::size_t links : {0u, 1u}) {
    Site site(links);
    site.want_division();
    site.world.wants_stop = true;
    site.stops.begin(site.stops.take_wanted());
    CHECK(site.all_stand_still(Instant::never()) == Then::move_floor);
    CHECK_FALSE(site.stops.is_under_way());
    CHECK(site.happened.empty());
  }
}

TEST_CASE(
    "a division that only another node wants lets agents depart and arrive, and divides none") {
  Site site(1);
  site.stops.begin({false, false, true});
  CHECK(site.all_stand_still(at(5)) == Then::wait);
  CHECK(site.all_stand_still(at(5)) == Then::look_anew);
  CHECK(site.happened == "departed from 5; arrived; ");
}

TEST_CASE("a second division is not wanted before the first one is done") {
  Site site(0);
  site.want_division();
  CHECK_FALSE(site.stops.want_division([] { FAIL("the second one"); }));
  site.stops.begin_alone();
  CHECK(site.all_stand_still(at(5)) == Then::look_anew);
  CHECK(site.happened == "divided from 5; ");
  CHECK(site.stops.want_division([] {}));
}

TEST_CASE("what another node has sent that makes no sense ends the stop with its error") {
  Site site(1);
  site.arrival = Error{Errc::bad_message, "an agent without a class"};
  site.stops.begin({false, true, false});
  CHECK(site.all_stand_still(at(5)) == Then::wait);
  const auto then = site.stops.all_stand_still(at(5), 0);
  REQUIRE_FALSE(then);
  CHECK(then.error().context == "an agent without a class");
}
