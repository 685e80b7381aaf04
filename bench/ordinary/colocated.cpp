#include "bench/ordinary/ordinary.hpp"

#include <algorithm>

namespace stos::bench {
namespace {

constexpr double between_groups = 10;
constexpr std::uint32_t groups_in_a_row = 100;

} // namespace

/// One of a group who are in one place, as in most social models, or fly along together.
class Companion : public Agent<Companion, OrdinarySimulation> {
public:
  Companion(const SpaceTime& position, const Velocity<4>& v, double jitter)
      : Agent(position, v), jitter_(jitter) {}

  void connect(Companion& next) { next_ = ChannelWriter(*this, next); }

  void wait() {
    after(1 + (jitter_ > 0 ? jitter_ * random().uniform() : 0), [](Companion& self) {
      self.next_.send([](Companion& other) { ++other.heard_; });
      self.wait();
    });
  }

private:
  ChannelWriter<Companion> next_;
  double jitter_;
  std::uint64_t heard_ = 0;
};

void build_colocated(const Load& load) {
  const std::uint32_t size = load.group == 0 ? load.agents : std::min(load.group, load.agents);
  std::vector<Companion*> all;
  for (std::uint32_t i = 0; i < load.agents; ++i) {
    const std::uint32_t group = i / size, member = i % size;
    const double x = between_groups * (group % groups_in_a_row) + load.apart * member;
    const double y = between_groups * (group / groups_in_a_row);
    all.push_back(new Companion({0, x, y, 0}, Velocity<4>{load.speed, 0, 0}, load.jitter));
  }
  for (std::uint32_t i = 0; i < load.agents; ++i) {
    const std::uint32_t first = i / size * size;
    const std::uint32_t members = std::min(size, load.agents - first);
    all[i]->connect(*all[first + (i - first + 1) % members]);
    all[i]->wait();
  }
}

} // namespace stos::bench
