// expect: stos: an argument of this lambda has an `inspect` overload but no default constructor
#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <string>
#include <utility>

using Simulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::test::ShuffledDomains>;

struct Carol : stos::Agent<Carol, Simulation> {
  using Agent::Agent;
};

struct Name {
  explicit Name(std::string t) : text(std::move(t)) {}
  std::string text;
};

template <class Inspector>
bool inspect(Inspector& f, Name& x) {
  return f.object(x).fields(f.field("text", x.text));
}

void tell(stos::ChannelWriter<Carol>& carol) {
  carol.send([](Carol&, const Name&) {}, Name("c"));
}
