#include "bench/ordinary/ordinary.hpp"

namespace stos::bench {

class Hub;

/// Asks the hub, about once a second.
class Spoke : public Agent<Spoke, OrdinarySimulation> {
public:
  Spoke(const SpaceTime& position, std::uint32_t number) : Agent(position), number_(number) {}

  void connect(Hub& hub);
  void wait();
  void hear(std::uint64_t asked) { heard_ += asked; }

private:
  ChannelWriter<Hub> hub_;
  std::uint32_t number_;
  std::uint64_t heard_ = 0;
};

/// The middle of a star: answers those who ask.
class Hub : public Agent<Hub, OrdinarySimulation> {
public:
  explicit Hub(const SpaceTime& position) : Agent(position) {}

  void connect(Spoke& spoke) { spokes_.emplace_back(*this, spoke); }

  void answer(std::uint32_t number) {
    ++asked_;
    spokes_[number].send([asked = asked_](Spoke& spoke) { spoke.hear(asked); });
  }

private:
  std::vector<ChannelWriter<Spoke>> spokes_;
  std::uint64_t asked_ = 0;
};

void Spoke::connect(Hub& hub) { hub_ = ChannelWriter(*this, hub); }

void Spoke::wait() {
  after(random().exponential(1.5), [](Spoke& self) {
    self.hub_.send([number = self.number_](Hub& hub) { hub.answer(number); });
    self.wait();
  });
}

void build_hub(const Load& load) {
  RandomStream random(load.seed);
  Hub& hub = *new Hub({0, 0, 0, 0});
  const auto coordinate = [&] { return random.uniform(-5, 5); };
  for (std::uint32_t i = 0; i + 1 < load.agents; ++i) {
    const double x = coordinate(), y = coordinate(), z = coordinate();
    Spoke& spoke = *new Spoke({0, x, y, z}, i);
    hub.connect(spoke);
    spoke.connect(hub);
    spoke.wait();
  }
}

} // namespace stos::bench
