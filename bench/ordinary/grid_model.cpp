#include "bench/ordinary/ordinary.hpp"

#include <array>
#include <cmath>

namespace stos::bench {
namespace {

constexpr double spacing = 0.25;
constexpr double speed = 0.5;
constexpr double day = 1; // of a walker, on its own clock, besides the way
constexpr std::uint32_t regrowth_days = 5;

// East, west, north, south.
constexpr std::array<std::array<int, 2>, 4> ways{{{1, 0}, {-1, 0}, {0, 1}, {0, -1}}};

} // namespace

class Patch;

/// Visits one place after the other: asks it for food, stays a day, says where it goes, and goes
/// there. Its channels lead to and from the place where it is.
class Walker : public Agent<Walker, OrdinarySimulation> {
public:
  Walker(const SpaceTime& position, std::uint32_t number) : Agent(position), number_(number) {}

  void settle(Patch& patch);
  void welcome(const RemoteReference<Patch>& patch);
  void stay();
  void feed() { ++energy_; }

private:
  void ask();
  void leave();
  void arrive();

  ChannelWriter<Patch> here_;
  std::uint32_t number_;
  std::uint32_t energy_ = 0;
};

/// A place of the grid, where grass grows.
class Patch : public Agent<Patch, OrdinarySimulation> {
public:
  explicit Patch(const SpaceTime& position) : Agent(position) {}

  void connect(std::size_t way, Patch& neighbour) {
    neighbours_[way] = ChannelWriter(*this, neighbour);
  }
  void take_in(Walker& walker, std::uint32_t number) {
    guests_.push_back({number, ChannelWriter(*this, walker)});
  }

  /// The walker of this number grazes.
  void graze(std::uint32_t number) {
    const double now = position().time();
    if (now < grown_at_)
      return;
    grown_at_ = now + regrowth_days;
    if (Guest* guest = find(number))
      guest->channel.send([](Walker& walker) { walker.feed(); });
  }

  /// The walker of this number leaves for the neighbour, to whom this place introduces it.
  void see_off(std::uint32_t number, std::size_t way) {
    Guest* guest = find(number);
    if (guest == nullptr)
      return;
    neighbours_[way].send([number, walker = guest->channel.target(),
                           itself = neighbours_[way].target()](Patch& neighbour) {
      neighbour.receive(number, walker, itself);
    });
    std::swap(*guest, guests_.back());
    guests_.pop_back();
  }

private:
  struct Guest {
    std::uint32_t number;
    ChannelWriter<Walker> channel;
  };

  void receive(std::uint32_t number, const RemoteReference<Walker>& walker,
               const RemoteReference<Patch>& itself) {
    guests_.push_back({number, ChannelWriter(*this, walker)});
    guests_.back().channel.send([patch = itself.renew()](Walker& guest) { guest.welcome(patch); });
  }

  Guest* find(std::uint32_t number) {
    for (Guest& guest : guests_)
      if (guest.number == number)
        return &guest;
    return nullptr;
  }

  std::array<ChannelWriter<Patch>, 4> neighbours_;
  std::vector<Guest> guests_;
  double grown_at_ = 0;
};

void Walker::settle(Patch& patch) {
  here_ = ChannelWriter(*this, patch);
  patch.take_in(*this, number_);
}

void Walker::welcome(const RemoteReference<Patch>& patch) { here_ = ChannelWriter(*this, patch); }

void Walker::stay() {
  after(day * random().uniform(0.5, 1.5), [](Walker& self) {
    self.ask();
    self.leave();
  });
}

void Walker::ask() {
  here_.send([number = number_](Patch& patch) { patch.graze(number); });
}

void Walker::leave() {
  const std::uint32_t way = random().below(4);
  here_.send([number = number_, way](Patch& patch) { patch.see_off(number, way); });
  velocity = Velocity<4>{speed * ways[way][0], speed * ways[way][1], 0};
  after(spacing / speed / velocity.gamma(), [](Walker& self) { self.arrive(); });
}

void Walker::arrive() {
  velocity = Velocity<4>{0, 0, 0};
  stay();
}

// One walker to three places.
void build_grid_model(const Load& load) {
  const std::uint32_t places = load.agents - load.agents / 4;
  const auto side = static_cast<std::uint32_t>(std::max(3.0, std::floor(std::sqrt(places))));
  OrdinarySimulation::space(Space::torus(spacing * side, spacing * side));
  std::vector<Patch*> grid;
  for (std::uint32_t y = 0; y < side; ++y)
    for (std::uint32_t x = 0; x < side; ++x)
      grid.push_back(new Patch({0, spacing * x, spacing * y, 0}));
  for (std::uint32_t y = 0; y < side; ++y)
    for (std::uint32_t x = 0; x < side; ++x)
      for (std::size_t way = 0; way < ways.size(); ++way) {
        const auto step = [side](std::uint32_t from, int by) {
          return (from + side + static_cast<std::uint32_t>(by)) % side;
        };
        grid[x + side * y]->connect(way,
                                    *grid[step(x, ways[way][0]) + side * step(y, ways[way][1])]);
      }
  RandomStream random(load.seed);
  for (std::uint32_t i = 0; i < load.agents / 4; ++i) {
    const std::uint32_t at = random.below(side * side);
    Walker& walker = *new Walker({0, spacing * (at % side), spacing * (at / side), 0}, i);
    walker.settle(*grid[at]);
    walker.stay();
  }
}

} // namespace stos::bench
