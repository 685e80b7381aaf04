#pragma once

#include "libstos/agent/simulation.hpp"
#include "libstos/base/random.hpp"
#include "tests/support/run_at_once.hpp"

#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace stos::test {

/// A world that a seed makes up: how its agents are laid out and what they are inclined to do.
struct WorldPlan {
  std::uint64_t seed = 0;
  std::uint32_t agents = 2;
  int axes = 3;         ///< of space that are used
  bool on_grid = false; ///< integer coordinates and unit timers: coincident events
  bool crowded = false; ///< several agents in one place
  bool moving = false;
  bool torus = false;
  double side = 4;
  double end_time = 20;
  std::array<double, 8> inclination{}; ///< how likely each kind of action is
};

inline WorldPlan plan_of(std::uint64_t seed) {
  RandomStream random(mix64(seed) + 17);
  WorldPlan plan;
  plan.seed = seed;
  plan.agents = 2 + random.below(random.bernoulli(0.2) ? 60 : 10);
  plan.axes = 1 + static_cast<int>(random.below(3));
  plan.on_grid = random.bernoulli(0.4);
  plan.crowded = random.bernoulli(0.25);
  plan.moving = random.bernoulli(0.6);
  plan.torus = random.bernoulli(0.25);
  plan.side = 2 + random.below(6);
  plan.end_time = 4 + random.below(20);
  for (double& weight : plan.inclination)
    weight = random.bernoulli(0.3) ? 0 : random.uniform();
  plan.inclination[0] += 0.5; // most do send something
  return plan;
}

/// Agents that move find the plan again by its seed.
template <class Inspector>
bool inspect(Inspector& f, WorldPlan& plan) {
  const bool good = f.object(plan).fields(f.field("seed", plan.seed));
  if constexpr (Inspector::is_loading)
    plan = plan_of(plan.seed);
  return good;
}

/// An agent that does, when it absorbs a lambda, whatever its random stream suggests.
template <class Simulation, int ReactionTenths>
class Wanderer : public Agent<Wanderer<Simulation, ReactionTenths>, Simulation> {
  using Self = Wanderer;
  using Base = Agent<Self, Simulation>;

public:
  static constexpr double reaction_time = ReactionTenths / 10.0;

  Wanderer(const WorldPlan& plan, const Minkowski<4>& position) : Base(position), plan_(plan) {}
  explicit Wanderer(const WorldPlan& plan) : plan_(plan) {}

  template <class Inspector>
  friend bool inspect(Inspector& f, Wanderer& x) {
    return f.object(x).fields(f.field("plan", x.plan_), f.field("channels", x.channels_),
                              f.field("heard", x.heard_), f.field("births", x.births_),
                              f.field("rounds", x.rounds_));
  }

  void begin() {
    this->after(plan_.on_grid ? 1 : this->random().uniform(0, 2), [](Self& self) {
      self.act(5);
      if (self.rounds_++ < 30)
        self.begin();
    });
  }

  void connect(Self& other) { channels_.emplace_back(*this, other); }

  void act(int energy) {
    if (energy <= 0)
      return;
    RandomStream& random = this->random();
    const int actions = random.bernoulli(0.3) ? 2 : 1;
    for (int i = 0; i < actions; ++i)
      act_once(choose(random), energy - 1, random);
  }

private:
  friend struct stos::AgentMaker;
  Wanderer() = default;

  std::size_t choose(RandomStream& random) const {
    double sum = 0;
    for (double weight : plan_.inclination)
      sum += weight;
    double r = random.uniform() * sum;
    std::size_t i = 0;
    while (i + 1 < plan_.inclination.size() && (r -= plan_.inclination[i]) > 0)
      ++i;
    return i;
  }

  void act_once(std::size_t kind, int energy, RandomStream& random) {
    switch (kind) {
      case 0:
      case 1: send(energy, random); break;
      case 2: turn(random); break;
      case 3:
        this->after(plan_.on_grid ? random.below(3) : random.uniform(0, 1),
                    [energy](Self& self) { self.act(energy); });
        break;
      case 4: introduce(energy, random); break;
      case 5: give_birth(energy, random); break;
      case 6:
        if (!channels_.empty() && random.bernoulli(0.3))
          channels_.erase(channels_.begin() + random.below(size()));
        break;
      default:
        if (random.bernoulli(0.1))
          this->die();
        else
          send_text(energy, random);
    }
  }

  std::uint32_t size() const { return static_cast<std::uint32_t>(channels_.size()); }

  void send(int energy, RandomStream& random) {
    if (!channels_.empty())
      channels_[random.below(size())].send([energy](Self& other) { other.act(energy); });
  }

  void send_text(int energy, RandomStream& random) {
    if (!channels_.empty())
      channels_[random.below(size())].send(
          [energy](Self& other, const std::string& text) {
            other.heard_ += text.size();
            other.act(energy);
          },
          std::string(random.below(40), 'x'));
  }

  void turn(RandomStream& random) {
    if (!plan_.moving)
      return;
    std::array<double, 3> u{};
    if (!random.bernoulli(0.3))
      for (int i = 0; i < plan_.axes; ++i)
        u[static_cast<std::size_t>(i)] = plan_.on_grid
                                             ? 0.25 * (static_cast<double>(random.below(5)) - 2)
                                             : random.uniform(-0.57, 0.57);
    this->velocity = Velocity<4>(u[0], u[1], u[2]);
  }

  // To a neighbour, about another neighbour; the reference may be passed on before it is used.
  void introduce(int energy, RandomStream& random) {
    if (size() < 2 || channels_.size() > 12)
      return;
    auto& to = channels_[random.below(size())];
    to.send([about = channels_[random.below(size())].target(), energy](Self& other) mutable {
      other.meet(about, energy);
    });
  }

  void meet(const RemoteReference<Self>& about, int energy) {
    RandomStream& random = this->random();
    if (random.bernoulli(0.3) && energy > 0 && !channels_.empty()) {
      channels_[random.below(size())].send(
          [about = about.renew(), energy](Self& other) { other.meet(about, energy - 1); });
    } else if (random.bernoulli(0.2)) {
      this->after(random.uniform(0, 1), [about = about.renew(), energy](Self& self) {
        self.channels_.emplace_back(self, about);
        self.act(energy);
      });
    } else if (random.bernoulli(0.8)) {
      channels_.emplace_back(*this, about);
      if (random.bernoulli(0.5))
        channels_.back().send([energy](Self& other) { other.act(energy); });
    }
  }

  void give_birth(int energy, RandomStream& random) {
    if (births_ >= 3)
      return;
    ++births_;
    Self* child = nullptr;
    if (random.bernoulli(0.5)) {
      child = new Self(plan_);
    } else {
      Minkowski<4> p = this->position();
      double distance = 0;
      for (int i = 0; i < plan_.axes; ++i) {
        const double step = plan_.on_grid ? random.below(2) : random.uniform();
        p[static_cast<std::size_t>(i) + 1] += step;
        distance += step * step;
      }
      p[0] += std::sqrt(distance) * (1 + random.below(2)) + 1e-9 + reaction_time * 4;
      child = new Self(plan_, p);
    }
    connect(*child);
    child->connect(*this);
    if (random.bernoulli(0.5) && !channels_.empty())
      child->channels_.emplace_back(*child, channels_[random.below(size())].target());
    if (random.bernoulli(0.5))
      child->begin();
    channels_.back().send([energy](Self& other) { other.act(energy); });
  }

  WorldPlan plan_;
  std::vector<ChannelWriter<Self>> channels_;
  std::uint64_t heard_ = 0;
  int births_ = 0;
  int rounds_ = 0;
};

/// Fills the current set-up of `Simulation` with the agents of `plan`.
template <class Simulation, int ReactionTenths>
void populate(const WorldPlan& plan) {
  using Member = Wanderer<Simulation, ReactionTenths>;
  RandomStream random(mix64(plan.seed) + 99);
  if (plan.torus)
    Simulation::space(Space::torus(plan.side + 1, plan.side + 1, 0));
  std::vector<Member*> members;
  for (std::uint32_t i = 0; i < plan.agents; ++i) {
    Minkowski<4> p;
    for (int axis = 0; axis < plan.axes; ++axis)
      p[static_cast<std::size_t>(axis) + 1] =
          plan.on_grid ? random.below(static_cast<std::uint32_t>(plan.side))
                       : random.uniform(0, plan.side);
    if (plan.crowded && !members.empty() && random.bernoulli(0.5))
      p = members[random.below(i)]->position();
    if (random.bernoulli(0.1))
      p[0] = plan.on_grid ? random.below(3) : random.uniform(0, 3);
    members.push_back(new Member(plan, p));
  }
  for (std::uint32_t i = 0; i < plan.agents; ++i)
    for (std::uint32_t k = random.below(4) + 1; k > 0; --k)
      members[i]->connect(*members[random.below(plan.agents)]);
  for (Member* member : members) {
    if (plan.moving && random.bernoulli(0.5))
      member->velocity = Velocity<4>(plan.on_grid ? 0.5 : random.uniform(-0.8, 0.8), 0, 0);
    if (random.bernoulli(0.7))
      member->begin();
  }
}

/// Runs the world of `plan` on `resource`.
template <class Resource, int ReactionTenths, class Run>
RunSummary run_random_world(const WorldPlan& plan, RunOptions options, Resource resource,
                            const Run& run) {
  using Simulation = ForwardSimulation<Minkowski<4>, Resource>;
  options.seed = plan.seed;
  Simulation simulation(std::move(options), std::move(resource));
  {
    const auto scope = simulation.set_up();
    populate<Simulation, ReactionTenths>(plan);
  }
  return run(simulation, LabTimeBoundary(plan.end_time));
}

/// Every third world's agents take time to react.
template <class Resource, class Run = RunAtOnce>
RunSummary run_random_world(const WorldPlan& plan, RunOptions options = {}, Resource resource = {},
                            const Run& run = {}) {
  return plan.seed % 3 == 0
             ? run_random_world<Resource, 2>(plan, std::move(options), resource, run)
             : run_random_world<Resource, 0>(plan, std::move(options), resource, run);
}

} // namespace stos::test
