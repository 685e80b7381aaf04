// Agents among ordinary actors, in the application's own actor system.

#include "libstos/stos.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/system_messages.hpp>
#include <catch2/catch.hpp>

#include <stdexcept>
#include <string>
#include <thread>

using namespace stos;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ThreadPool<2>>;

/// Counts the seconds of its own clock; can be read, told to stop, and reports each tenth one.
class Clock : public Agent<Clock, Simulation> {
public:
  Clock(const Minkowski<4>& position, caf::actor listener)
      : Agent(position), listener_(std::move(listener)) {}

  void tick() {
    ++seconds_;
    if (listener_ && seconds_ % 10 == 0)
      tell(*this, listener_, seconds_);
    after(1, [](Clock& clock) { clock.tick(); });
  }

  caf::behavior make_behavior() {
    return {[this](const std::string& question) -> caf::result<std::int64_t> {
      if (question == "seconds")
        return seconds_;
      return caf::make_error(caf::sec::invalid_argument);
    }};
  }

  std::int64_t seconds_ = 0;
  int injected_ = 0;

private:
  caf::actor listener_;
};

struct System {
  System() {
    init_caf_types();
    config.set("caf.scheduler.max-threads", std::size_t{2});
  }
  caf::actor_system_config config;
};

constexpr std::chrono::seconds patience{60};

} // namespace

TEST_CASE("an ordinary actor asks a running agent, lets it absorb a lambda, and hears of its end") {
  System setup;
  caf::actor_system system(setup.config);
  caf::scoped_actor self(system);
  Simulation simulation({}, ThreadPool<2>(system));
  caf::actor handle;
  caf::actor other;
  {
    const auto scope = simulation.set_up();
    auto* clock = new Clock({0, 0, 0, 0}, {});
    auto* neighbour = new Clock({0, 0, 0, 1}, {});
    clock->tick();
    neighbour->tick();
    handle = actor_handle(*clock);
    other = actor_handle(*neighbour);
  }
  self->monitor(handle);
  self->monitor(other);
  std::thread run([&simulation] { simulation.run(1e15); });

  std::int64_t first = 0;
  for (int i = 0; i < 20; ++i)
    self->request(handle, patience, std::string("seconds"))
        .receive(
            [&first](std::int64_t seconds) {
              CHECK(seconds >= first);
              first = seconds;
            },
            [](const caf::error& e) { FAIL(caf::to_string(e)); });
  CHECK(first > 0);
  self->request(handle, patience, std::string("nonsense"))
      .receive([](std::int64_t) { FAIL("answered nonsense"); },
               [](const caf::error& e) { CHECK(e == caf::sec::invalid_argument); });
  self->request(handle, patience, 3.5)
      .receive([] { FAIL("answered what it does not understand"); },
               [](const caf::error& e) { CHECK(e == caf::sec::unexpected_message); });

  inject<Clock>(handle, [](Clock& clock) { clock.seconds_ = -1'000'000'000'000; });
  std::int64_t after = 0;
  self->request(handle, patience, std::string("seconds"))
      .receive([&after](std::int64_t s) { after = s; },
               [](const caf::error& e) { FAIL(caf::to_string(e)); });
  CHECK(after < 0);

  inject<Clock>(handle, [](Clock& clock) { clock.die(); });
  self->receive([&](const caf::down_msg& down) { CHECK(down.source == handle.address()); });
  self->request(handle, patience, std::string("seconds"))
      .receive([](std::int64_t) { FAIL("the dead answered"); },
               [](const caf::error& e) { CHECK(e == caf::sec::request_receiver_down); });

  self->send_exit(other, caf::exit_reason::user_shutdown); // an agent dies of an exit message
  self->receive([&](const caf::down_msg& down) { CHECK(down.source == other.address()); });
  run.join();
}

TEST_CASE("an agent that reaches the boundary is down for its monitors, and later requests fail") {
  System setup;
  caf::actor_system system(setup.config);
  caf::scoped_actor self(system);
  Simulation simulation({}, ThreadPool<2>(system));
  caf::actor handle;
  {
    const auto scope = simulation.set_up();
    auto* clock = new Clock({0, 0, 0, 0}, {});
    clock->tick();
    handle = actor_handle(*clock);
  }
  self->monitor(handle);
  CHECK(simulation.run(100).absorbed == 99);
  self->receive([&](const caf::down_msg& down) { CHECK(down.source == handle.address()); });
  self->request(handle, patience, std::string("seconds"))
      .receive([](std::int64_t) { FAIL("answered from beyond the boundary"); },
               [](const caf::error& e) { CHECK(e == caf::sec::request_receiver_down); });
}

TEST_CASE("what an agent tells an ordinary actor carries its point in spacetime") {
  System setup;
  caf::actor_system system(setup.config);
  caf::scoped_actor self(system);
  Simulation simulation({}, ThreadPool<2>(system));
  {
    const auto scope = simulation.set_up();
    auto* clock = new Clock({0, 3, 0, 0}, caf::actor_cast<caf::actor>(self.ptr()));
    clock->velocity = Velocity<4>(0.6, 0, 0);
    clock->tick();
  }
  (void)simulation.run(100);
  // Its second 10 is the ninth tick after the one at the beginning, at 9 s of its own time.
  self->receive([](const SpacetimeStamp& stamp, std::int64_t seconds) {
    CHECK(seconds == 10);
    CHECK(stamp.agent == 1);
    CHECK(stamp.local_time_s == Approx(9));
    CHECK(stamp.t_s == Approx(9 * 1.25));
    CHECK(stamp.x == Approx(3 + 0.6 * 9 * 1.25));
  });
}

TEST_CASE("a message that comes before the run waits for it, and one for a serial run is refused") {
  System setup;
  caf::actor_system system(setup.config);
  caf::scoped_actor self(system);
  for (const bool serial : {false, true}) {
    RunOptions options;
    options.serial = serial;
    Simulation simulation(options, ThreadPool<2>(system));
    caf::actor handle;
    {
      const auto scope = simulation.set_up();
      auto* clock = new Clock({0, 0, 0, 0}, {});
      clock->tick();
      handle = actor_handle(*clock);
    }
    auto answer = self->request(handle, patience, std::string("seconds"));
    std::thread run([&simulation] { (void)simulation.run(1e6); });
    answer.receive(
        [&](std::int64_t seconds) {
          CHECK_FALSE(serial);
          CHECK(seconds >= 1);
        },
        [&](const caf::error&) { CHECK(serial); });
    run.join();
  }
}

namespace {

class Hothead : public Agent<Hothead, Simulation> {
public:
  using Agent::Agent;
  Hothead() = default;

  caf::behavior make_behavior() {
    return {
        [](int) -> int { throw std::runtime_error("leave me alone"); },
        [](const std::string&) -> int { throw 42; },
    };
  }

  void tick() {
    after(1, [](Hothead& self) { self.tick(); });
  }
};

} // namespace

TEST_CASE("a request whose handler throws is answered, and ends the run") {
  for (const bool knows_what : {true, false}) {
    System setup;
    caf::actor_system system(setup.config);
    caf::scoped_actor self(system);
    Simulation simulation({}, ThreadPool<2>(system));
    caf::actor handle;
    {
      const auto scope = simulation.set_up();
      auto* agent = new Hothead({0, 0, 0, 0});
      agent->tick();
      handle = actor_handle(*agent);
    }
    std::string failure;
    std::thread run([&] {
      try {
        (void)simulation.run(1e9);
      } catch (const SimulationError& e) {
        failure = e.error().context;
      }
    });
    const auto no_answer = [](int) { FAIL("answered"); };
    const auto error = [](const caf::error& e) { CHECK(e == caf::sec::runtime_error); };
    if (knows_what)
      self->request(handle, caf::infinite, 1).receive(no_answer, error);
    else
      self->request(handle, caf::infinite, std::string("why")).receive(no_answer, error);
    run.join();
    CHECK_THAT(failure, Catch::Contains(knows_what ? "leave me alone" : "no std::exception"));
  }
}
