// expect: stos: the reaction time of an agent is that of the class which is named in
#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

using Simulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::test::ShuffledDomains>;

struct Person : stos::Agent<Person, Simulation> {
  using Agent::Agent;
};

struct Slow : Person {
  using Person::Person;
  static constexpr double reaction_time = 2;
};

void call(stos::ChannelWriter<Slow>& slow) {
  slow.send([](Slow&) {});
}
