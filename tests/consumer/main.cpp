// A CAF application that links libstos from an install prefix: two agents in its own actor system,
// and an ordinary actor that asks one of them for a reading.

#include <libstos/stos.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <thread>

using Simulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::ThreadPool<2>>;

class Thermometer : public stos::Agent<Thermometer, Simulation> {
public:
  using Agent::Agent;

  stos::ChannelWriter<Thermometer> neighbour;
  double celsius = 20;

  void drift() {
    celsius += random().uniform(-0.1, 0.1);
    neighbour.send([](Thermometer& other) { other.celsius += 0.001; });
    after(1, [](Thermometer& self) { self.drift(); });
  }

  caf::behavior make_behavior() {
    return {[this](const std::string&) { return celsius; }};
  }
};

int main() {
  stos::init_caf_types();
  caf::actor_system_config config;
  caf::actor_system system(config);
  caf::scoped_actor self(system);

  Simulation simulation({}, stos::ThreadPool<2>(system));
  caf::actor handle;
  {
    const auto scope = simulation.set_up();
    auto* here = new Thermometer({0, 0, 0, 0});
    auto* there = new Thermometer({0, 0, 0, 1});
    here->neighbour = stos::ChannelWriter(*here, *there);
    there->neighbour = stos::ChannelWriter(*there, *here);
    here->drift();
    there->drift();
    handle = stos::actor_handle(*here);
  }

  auto answer = self->request(handle, std::chrono::seconds(30), std::string("temperature"));
  std::thread run([&simulation] { std::cout << simulation.run(100'000).to_string(); });
  bool answered = false;
  answer.receive(
      [&answered](double celsius) {
        answered = true;
        std::cout << "consumer: " << celsius << " degrees\n";
      },
      [](const caf::error& error) { std::cerr << "consumer: " << to_string(error) << '\n'; });
  run.join();
  return answered ? 0 : 1;
}
