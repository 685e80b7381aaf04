// What happens in a world does not depend on who describes it: boosted, rotated, translated or
// renumbered it has the same events in the same order on each agent, at the same proper times.

#include "support/engines.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ThreadPool<2>>;
using Vector = std::array<double, 3>;

/// A change of description: rotation, then boost, then translation; and the order in which agents
/// are created.
class Description {
public:
  Description() : frame_({}) {}

  static Description boosted(const Velocity<4>& frame) {
    Description d;
    d.frame_ = Boost<4>(frame);
    return d;
  }
  static Description rotated(double a, double b, double c) {
    Description d;
    d.angles_ = {a, b, c};
    return d;
  }
  static Description translated(const Minkowski<4>& by) {
    Description d;
    d.shift_ = by;
    return d;
  }
  static Description renumbered(std::uint64_t seed) {
    Description d;
    d.order_seed_ = seed;
    return d;
  }
  static Description all_at_once(std::uint64_t seed) {
    Description d = rotated(1, 2, 3);
    d.frame_ = Boost<4>({0.2, -0.3, 0.1});
    d.shift_ = {-7, 11, 13, -17};
    d.order_seed_ = seed;
    return d;
  }

  [[nodiscard]] Minkowski<4> operator()(const Minkowski<4>& x) const {
    const Vector r = rotate({x[1], x[2], x[3]});
    return frame_(Minkowski<4>{x[0], r[0], r[1], r[2]}) + shift_;
  }
  [[nodiscard]] Velocity<4> operator()(const Velocity<4>& v) const {
    const Vector r = rotate({v[0], v[1], v[2]});
    return frame_(Velocity<4>(r[0], r[1], r[2]));
  }

  /// A permutation of 0, ..., n - 1.
  [[nodiscard]] std::vector<std::size_t> order(std::size_t n, std::uint64_t salt) const {
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    if (order_seed_ == 0)
      return order;
    RandomStream random(mix64(order_seed_ + salt));
    for (std::size_t i = n; i > 1; --i)
      std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
    return order;
  }

private:
  [[nodiscard]] Vector rotate(Vector x) const {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double c = std::cos(angles_[axis]), s = std::sin(angles_[axis]);
      double& a = x[(axis + 1) % 3];
      double& b = x[(axis + 2) % 3];
      std::tie(a, b) = std::tuple(c * a - s * b, s * a + c * b);
    }
    return x;
  }

  Boost<4> frame_;
  Vector angles_{};
  Minkowski<4> shift_{};
  std::uint64_t order_seed_ = 0;
};

/// One event as the model sees it. Names are the model's own: agents are numbered by the plan,
/// children are named after their parents.
struct Event {
  std::uint64_t source = 0; ///< name of the sender
  std::uint64_t token = 0;
  int energy = 0;
  double own_time = 0;
};

using History = std::map<std::uint64_t, std::vector<Event>>;

struct Plan {
  std::uint64_t seed;
  std::size_t agents;
  double side;
};

/// Absorbs tokens, and does with them what its own random stream says: passes them on, keeps them
/// for a while, turns, has a child, dies. A token's energy shrinks, so that all comes to an end.
class Walker : public Agent<Walker, Simulation> {
public:
  Walker(const SpaceTime& position, const Velocity<4>& v, std::uint64_t name,
         const Description& description, std::vector<Event>& events)
      : Agent(position, v), name_(name), random_(mix64(name)), description_(description),
        events_(events) {}

  // Child of `parent`, where that is now.
  Walker(const Walker& parent, std::uint64_t name)
      : name_(name), random_(mix64(name)), description_(parent.description_), events_(own_events_) {
  }

  void connect(std::size_t slot, Walker& other) {
    if (channels_.size() <= slot)
      channels_.resize(slot + 1);
    channels_[slot] = ChannelWriter(*this, other);
  }

  void absorb(std::uint64_t source, std::uint64_t token, int energy) {
    events_.push_back({source, token, energy, local_time()});
    if (energy == 0)
      return;
    if (random_.bernoulli(0.3))
      turn();
    if (random_.bernoulli(0.1) && energy > 2)
      give_birth(token, energy);
    if (random_.bernoulli(0.3))
      after(random_.uniform(0, 2), [source = name_, token, energy](Walker& self) {
        self.absorb(source, token, energy - 1);
      });
    else
      pass_on(token, energy - 1);
    if (random_.bernoulli(0.02))
      die();
  }

private:
  void pass_on(std::uint64_t token, int energy) {
    channels_[random_.below(static_cast<std::uint32_t>(channels_.size()))].send(
        [source = name_, token, energy](Walker& other) { other.absorb(source, token, energy); });
  }

  // Velocities are those of the plan, as the description sees them.
  void turn() {
    velocity = description_(Velocity<4>(random_.uniform(-0.25, 0.25), random_.uniform(-0.25, 0.25),
                                        random_.uniform(-0.25, 0.25)));
  }

  // Speaks to its parent once and dies, which the parent hears of as a token that comes back later.
  void give_birth(std::uint64_t token, int energy) {
    auto* child = new Walker(*this, mix64(name_ + ++births_));
    child->connect(0, *this);
    child->after(random_.uniform(0.1, 1), [token, energy](Walker& self) {
      self.pass_on(mix64(token), energy - 2);
      self.die();
    });
    child->velocity = description_(Velocity<4>(0, random_.uniform(-0.3, 0.3), 0));
  }

  std::uint64_t name_;
  RandomStream random_;
  const Description& description_;
  std::vector<Event> own_events_;
  std::vector<Event>& events_;
  std::vector<ChannelWriter<Walker>> channels_;
  std::uint64_t births_ = 0;
};

RunSummary run_plan(const Plan& plan, const Description& description, const RunOptions& options,
                    History& history) {
  const double end_time = 1e9; // long after the last token has lost its energy
  return run_world<Simulation>(options, end_time, [&] {
    RandomStream random(mix64(plan.seed));
    struct Start {
      Minkowski<4> position;
      Velocity<4> velocity;
      std::vector<std::size_t> neighbours;
      double first_token;
    };
    std::vector<Start> starts;
    for (std::size_t i = 0; i < plan.agents; ++i) {
      const auto x = [&] { return random.uniform(-plan.side, plan.side); };
      const auto v = [&] { return random.uniform(-0.3, 0.3); };
      const Minkowski<4> position{0, x(), x(), x()};
      const Velocity<4> velocity(v(), v(), v());
      std::vector<std::size_t> neighbours;
      for (int k = 0; k < 3; ++k)
        neighbours.push_back(random.below(static_cast<std::uint32_t>(plan.agents)));
      starts.push_back({position, velocity, neighbours, random.uniform(0, 5)});
    }
    for (std::size_t i = 0; i < plan.agents; ++i)
      history[i + 1].clear();
    std::vector<Walker*> walkers(plan.agents);
    for (const std::size_t i : description.order(plan.agents, 1))
      walkers[i] = new Walker(description(starts[i].position), description(starts[i].velocity),
                              i + 1, description, history[i + 1]);
    for (const std::size_t i : description.order(plan.agents, 2)) {
      for (const std::size_t slot : description.order(starts[i].neighbours.size(), i))
        walkers[i]->connect(slot, *walkers[starts[i].neighbours[slot]]);
      walkers[i]->after(starts[i].first_token,
                        [token = std::uint64_t{i}](Walker& self) { self.absorb(0, token, 12); });
    }
  });
}

/// Compares the graphs of events and returns the largest relative difference of proper times.
double difference(const History& a, const History& b) {
  double worst = 0;
  REQUIRE(a.size() == b.size());
  for (const auto& [name, events] : a) {
    const std::vector<Event>& others = b.at(name);
    INFO("agent " << name);
    REQUIRE(events.size() == others.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
      const bool same = events[i].source == others[i].source &&
                        events[i].token == others[i].token && events[i].energy == others[i].energy;
      INFO("event " << i);
      REQUIRE(same);
      worst = std::max(worst, std::abs(events[i].own_time - others[i].own_time) /
                                  (1 + std::abs(events[i].own_time)));
    }
  }
  return worst;
}

std::size_t count(const History& history) {
  std::size_t events = 0;
  for (const auto& [name, list] : history)
    events += list.size();
  return events;
}

// Each event adds a few roundings of coordinates (about 100 here), and Doppler factors magnify
// them.
constexpr double rounding = 1e-11;

} // namespace

TEST_CASE(
    "boosting, rotating, translating and renumbering a world leaves its events as they were") {
  std::size_t events = 0;
  double worst = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Plan plan{seed, 3 + seed % 7, 1 + static_cast<double>(seed % 5)};
    RunOptions options;
    options.serial = true;
    options.progress = ProgressMode::never;
    History plain;
    const RunSummary run = run_plan(plan, {}, options, plain);
    CHECK(run.in_flight == 0);
    CHECK(run.sent == run.absorbed + run.dropped);
    events += count(plain);
    for (const auto& description :
         {Description::boosted({0.5, 0, 0}), Description::boosted({-0.3, 0.4, 0.3}),
          Description::rotated(0.3, -1.1, 2.2), Description::translated({5, 1, -2, 3}),
          Description::translated({-100, 0, 50, 0}), Description::renumbered(seed),
          Description::all_at_once(seed)}) {
      CAPTURE(seed);
      History transformed;
      const RunSummary other = run_plan(plan, description, options, transformed);
      CHECK(other.absorbed == run.absorbed);
      CHECK(other.dropped == run.dropped);
      CHECK(other.agents_died == run.agents_died);
      worst = std::max(worst, difference(plain, transformed));
    }
  }
  CAPTURE(worst);
  CHECK(worst / rounding < 1);
  CHECK(events > 1000);
}

TEST_CASE("a transformed world has one history on all engines") {
  for (std::uint64_t seed = 101; seed <= 106; ++seed) {
    CAPTURE(seed);
    const Plan plan{seed, 8, 3};
    for (const auto& description : {Description(), Description::all_at_once(seed)}) {
      History oracle;
      on_every_engine([&](const RunOptions& options) {
        History history;
        const RunSummary run = run_plan(plan, description, options, history);
        if (oracle.empty())
          oracle = history;
        CHECK(difference(oracle, history) == 0);
        return run;
      });
    }
  }
}
