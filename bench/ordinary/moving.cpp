#include "bench/ordinary/neighbours.hpp"
#include "bench/ordinary/ordinary.hpp"

#include <cmath>

namespace stos::bench {
namespace {

constexpr double spacing = 10; // between neighbours, on the average: the box is wide
constexpr double speed_max = 0.05;
constexpr std::size_t neighbours_of_each = 6;

} // namespace

/// An atom of a gas: turns now and then, comes back when it leaves the box, and tells one of those
/// who were near it in the beginning.
class Atom : public Agent<Atom, OrdinarySimulation> {
public:
  Atom(const SpaceTime& position, const Velocity<4>& v, double side)
      : Agent(position, v), side_(side) {}

  void connect(Atom& other) { neighbours_.emplace_back(*this, other); }

  void wait() {
    after(random().exponential(1), [](Atom& self) { self.tick(); });
  }

private:
  void tick() {
    if (!neighbours_.empty())
      neighbours_[random().below(static_cast<std::uint32_t>(neighbours_.size()))].send(
          [](Atom& other) { ++other.heard_; });
    if (random().below(8) == 0)
      turn();
    wait();
  }

  void turn() {
    std::array<double, 3> u{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      u[axis] = random().uniform(-speed_max, speed_max);
      const double x = position()[axis + 1];
      if (x < 0 || x > side_)
        u[axis] = std::copysign(u[axis], -x);
    }
    velocity = Velocity<4>{u[0], u[1], u[2]};
  }

  std::vector<ChannelWriter<Atom>> neighbours_;
  double side_;
  std::uint64_t heard_ = 0;
};

void build_moving(const Load& load) {
  RandomStream random(load.seed);
  const double side = spacing * std::cbrt(load.agents);
  std::vector<Place> places;
  for (std::uint32_t i = 0; i < load.agents; ++i)
    places.push_back({random.uniform(0, side), random.uniform(0, side), random.uniform(0, side)});
  std::vector<Atom*> all;
  for (const Place& place : places) {
    const auto u = [&] { return random.uniform(-speed_max, speed_max); };
    const double ux = u(), uy = u(), uz = u();
    all.push_back(new Atom({0, place[0], place[1], place[2]}, Velocity<4>{ux, uy, uz}, side));
  }
  const auto neighbours = nearest_neighbours(places, side, neighbours_of_each);
  for (std::uint32_t i = 0; i < load.agents; ++i) {
    for (const std::uint32_t other : neighbours[i])
      all[i]->connect(*all[other]);
    all[i]->wait();
  }
}

} // namespace stos::bench
