#include "bench/ordinary/ordinary.hpp"

#include <cmath>
#include <deque>

namespace stos::bench {
namespace {

constexpr double spacing = 0.1;
constexpr std::uint32_t customers_of_each = 5;

} // namespace

/// A server with a queue of customers, whom it sends on to one of its neighbours.
class Station : public Agent<Station, OrdinarySimulation> {
public:
  explicit Station(const SpaceTime& position) : Agent(position) {}

  void connect(Station& neighbour) { neighbours_.emplace_back(*this, neighbour); }

  void arrive(std::uint32_t customer) {
    queue_.push_back(customer);
    if (queue_.size() == 1)
      serve();
  }

private:
  void serve() {
    after(random().exponential(1), [](Station& self) { self.finish(); });
  }

  void finish() {
    const std::uint32_t customer = queue_.front();
    queue_.pop_front();
    neighbours_[random().below(static_cast<std::uint32_t>(neighbours_.size()))].send(
        [customer](Station& station) { station.arrive(customer); });
    if (!queue_.empty())
      serve();
  }

  std::vector<ChannelWriter<Station>> neighbours_;
  std::deque<std::uint32_t> queue_;
};

// Stations on a square grid, a tenth of the mean service apart.
void build_queueing(const Load& load) {
  const auto side = static_cast<std::uint32_t>(std::ceil(std::sqrt(load.agents)));
  std::vector<Station*> all;
  for (std::uint32_t i = 0; i < load.agents; ++i)
    all.push_back(new Station({0, spacing * (i % side), spacing * (i / side), 0}));
  std::uint32_t customers = 0;
  for (std::uint32_t i = 0; i < load.agents; ++i) {
    const std::uint32_t n = load.agents;
    for (const std::uint32_t other : {i + 1, i + n - 1, i + side, i + n - side})
      all[i]->connect(*all[other % n]);
    for (std::uint32_t k = 0; k < customers_of_each; ++k)
      all[i]->arrive(customers++);
  }
}

} // namespace stos::bench
