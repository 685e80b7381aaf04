#include "libstos/stos.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <string>
#include <thread>
#include <utility>

using namespace stos;

namespace {

using Simulation = ForwardSimulation<Minkowski<2>, ThreadPool<0>>;

class Clock : public Agent<Clock, Simulation> {
public:
  using Agent::Agent;
  void tick() {
    after(1, [](Clock& self) { self.tick(); });
  }
};

/// Sets a variable of this process while it lives.
class Variable {
public:
  Variable(std::string name, const std::string& value) : name_(std::move(name)) {
    REQUIRE(setenv(name_.c_str(), value.c_str(), 1) == 0);
  }
  ~Variable() { unsetenv(name_.c_str()); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

private:
  std::string name_;
};

RunSummary run() {
  (new Clock())->tick();
  return Simulation::start(10);
}

} // namespace

TEST_CASE("a simulation without options of its own has those of the environment, in each run") {
  CHECK(run().absorbed == 9);
  {
    const Variable end_time("STOS_SIMULATION_END_TIME", "5s");
    const Variable workers("STOS_ENGINE_WORKERS", "1");
    const RunSummary summary = run();
    CHECK(summary.absorbed == 4);
    CHECK(summary.engine == "1 worker, 1 domain");
    CHECK(run().absorbed == 4);
  }
  CHECK(run().engine == "serial");
}

TEST_CASE("a wrong environment is an error for the first agent, and only as long as it is wrong") {
  {
    const Variable wrong("STOS_ENGINE_WORKERS", "many");
    CHECK_THROWS_AS(new Clock(), ConfigError);
    CHECK_THROWS_WITH(new Clock(), Catch::Contains("STOS_ENGINE_WORKERS: \"many\""));
    Simulation simulation; // says everything by itself
    const auto scope = simulation.set_up();
    (new Clock())->tick();
    CHECK(Simulation::start(10).absorbed == 9);
  }
  CHECK(run().absorbed == 9);
}

TEST_CASE("options that a program gives hide the environment") {
  const Variable end_time("STOS_SIMULATION_END_TIME", "5s");
  std::thread([] { // each thread has a default simulation of its own
    RunOptions options;
    options.end_time_s = 7;
    Simulation::configure(options);
    CHECK(run().absorbed == 6);
    CHECK(run().absorbed == 6);
  })
      .join();
  CHECK(run().absorbed == 4);
}
