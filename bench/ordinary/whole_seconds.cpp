#include "bench/ordinary/ordinary.hpp"

#include <cmath>

namespace stos::bench {
namespace {

constexpr std::uint32_t cluster = 8;
constexpr double between_clusters = 4;

} // namespace

/// Ticks at whole seconds, like all others.
class Clerk : public Agent<Clerk, OrdinarySimulation> {
public:
  explicit Clerk(const SpaceTime& position) : Agent(position) {}

  void connect(Clerk& other) { colleagues_.emplace_back(*this, other); }

  void wait() {
    after(1, [](Clerk& self) {
      const auto n = static_cast<std::uint32_t>(self.colleagues_.size());
      self.colleagues_[self.random().below(n)].send([](Clerk& other) { ++other.heard_; });
      self.wait();
    });
  }

private:
  std::vector<ChannelWriter<Clerk>> colleagues_;
  std::uint64_t heard_ = 0;
};

// Clusters on a grid in a plane; in each of them distances of 1, 1/2, 1/4, ..., 1/64 and 0.
void build_whole_seconds(const Load& load) {
  const std::uint32_t clusters = (load.agents + cluster - 1) / cluster;
  const auto row = static_cast<std::uint32_t>(std::ceil(std::sqrt(clusters)));
  std::vector<Clerk*> all;
  for (std::uint32_t i = 0; i < load.agents; ++i) {
    const std::uint32_t c = i / cluster, member = i % cluster;
    const double offset = member < 7 ? std::ldexp(1, -static_cast<int>(member)) : 0;
    all.push_back(
        new Clerk({0, between_clusters * (c % row) + offset, between_clusters * (c / row), 0}));
  }
  for (std::uint32_t i = 0; i < load.agents; ++i) {
    const std::uint32_t first = i / cluster * cluster;
    for (const std::uint32_t other :
         {first + (i + 1) % cluster, first + (i + 3) % cluster, first + (i + 6) % cluster,
          (i + cluster) % load.agents, (i + row * cluster) % load.agents})
      if (other != i && other < load.agents)
        all[i]->connect(*all[other]);
    if (load.agents > 1)
      all[i]->wait();
  }
}

} // namespace stos::bench
