// expect: stos: an argument of this lambda cannot be serialised
#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

using Simulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::test::ShuffledDomains>;

struct Carol : stos::Agent<Carol, Simulation> {
  using Agent::Agent;
};

class Tree {
public:
  Tree() = default;
  Tree(const Tree& other) : left_(other.left_ != nullptr ? new Tree(*other.left_) : nullptr) {}
  ~Tree() { delete left_; }

private:
  Tree* left_ = nullptr;
};

void tell(stos::ChannelWriter<Carol>& carol, const Tree& tree) {
  carol.send([](Carol&, const Tree&) {}, tree);
}
