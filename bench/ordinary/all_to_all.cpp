#include "bench/ordinary/ordinary.hpp"

namespace stos::bench {
namespace {

constexpr double side = 1;

} // namespace

/// Tells all others, about once a second.
class Crier : public Agent<Crier, OrdinarySimulation> {
public:
  explicit Crier(const SpaceTime& position) : Agent(position) {}

  void connect(Crier& other) { others_.emplace_back(*this, other); }

  void wait() {
    after(random().exponential(1), [](Crier& self) {
      for (ChannelWriter<Crier>& other : self.others_)
        other.send([](Crier& hearer) { ++hearer.heard_; });
      self.wait();
    });
  }

private:
  std::vector<ChannelWriter<Crier>> others_;
  std::uint64_t heard_ = 0;
};

void build_all_to_all(const Load& load) {
  RandomStream random(load.seed);
  const auto coordinate = [&] { return random.uniform(0, side); };
  std::vector<Crier*> all;
  for (std::uint32_t i = 0; i < load.agents; ++i) {
    const double x = coordinate(), y = coordinate(), z = coordinate();
    all.push_back(new Crier({0, x, y, z}));
  }
  for (Crier* crier : all) {
    for (Crier* other : all)
      if (other != crier)
        crier->connect(*other);
    crier->wait();
  }
}

} // namespace stos::bench
