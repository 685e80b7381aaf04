#pragma once

#include "libstos/agent/simulation.hpp"
#include "libstos/base/random.hpp"
#include "tests/support/run_at_once.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace stos::test {

/// What plan_of() in random_world.hpp hardly ever makes up, and users bring every day.
enum class Scene : std::uint8_t {
  crowds,        ///< a few places with many agents in each
  hub,           ///< all know one agent, which knows them all
  whole_seconds, ///< places and timers are multiples of half a second: ties abound
  far_apart,     ///< clusters far from each other
  convoys,       ///< groups that fly together at no or hardly any distance
  mortal_crowds  ///< crowds in which agents are born and die all the time
};
constexpr std::uint32_t scenes = 6;

/// Where agents end. All are pure functions of the trajectory.
enum class Edge : std::uint8_t {
  lab_time, ///< with all others
  walls,    ///< where they leave a slab
  lifetimes ///< some seconds after they have last turned
};

/// A world of the unusual kind that a seed makes up.
struct UnusualPlan {
  std::uint64_t seed = 0;
  Scene scene = Scene::crowds;
  Edge edge = Edge::lab_time;
  std::uint32_t agents = 2;
  std::uint32_t groups = 1;
  std::uint32_t rounds = 10; ///< of ticks of each agent
  bool jittered = false;     ///< ticks and delays are any numbers, not multiples of half a second
  bool refers_in_set_up = false; ///< references are taken and sent before the run
  double apart = 0;              ///< between members of a group
  double between = 10;           ///< between groups
  double end_time = 8;
  std::array<double, 10> inclination{}; ///< how likely each kind of action is
};

[[nodiscard]] inline UnusualPlan unusual_plan_of(std::uint64_t seed) {
  RandomStream random(mix64(seed) + 4'242);
  UnusualPlan plan;
  plan.seed = seed;
  plan.scene = static_cast<Scene>(seed % scenes);
  plan.agents = 2 + random.below(random.bernoulli(0.25) ? 40 : 12);
  plan.groups = 1 + random.below(3);
  plan.rounds = 3 + random.below(8);
  plan.jittered = plan.scene != Scene::whole_seconds && random.bernoulli(0.4);
  plan.refers_in_set_up = random.bernoulli(0.3);
  if (random.bernoulli(0.4))
    plan.apart = std::array{1e-300, 1e-18, 1e-12, 1e-6, 0.5, 1.0}[random.below(6)];
  plan.between = std::array{0.5, 2.0, 15.0, 1e4, 1e8}[random.below(5)];
  if (plan.scene == Scene::whole_seconds || plan.scene == Scene::hub) {
    plan.apart = 0.5 * random.below(3);
    plan.between = 0.5 * random.below(6);
  } else if (plan.scene == Scene::far_apart) {
    plan.groups += 2;
    plan.between = std::array{15.0, 1e4, 1e8}[random.below(3)];
  }
  plan.edge = random.bernoulli(0.7) ? Edge::lab_time : static_cast<Edge>(1 + random.below(2));
  plan.end_time = 2 + 0.5 * random.below(12);
  for (double& weight : plan.inclination)
    weight = random.bernoulli(0.4) ? 0 : random.uniform();
  plan.inclination[0] += 0.5; // most do send something
  if (plan.scene == Scene::mortal_crowds) {
    plan.inclination[5] += 0.5;
    plan.inclination[6] += 0.5;
  }
  return plan;
}

/// Agents that move find the plan again by its seed.
template <class Inspector>
bool inspect(Inspector& f, UnusualPlan& plan) {
  const bool good = f.object(plan).fields(f.field("seed", plan.seed));
  if constexpr (Inspector::is_loading)
    plan = unusual_plan_of(plan.seed);
  return good;
}

class UnusualBoundary {
public:
  explicit UnusualBoundary(const UnusualPlan& plan)
      : edge_(plan.edge), width_(plan.between + 1), end_time_(plan.end_time) {}

  [[nodiscard]] double end_time() const { return end_time_; }

  [[nodiscard]] double exit_time(const Trajectory& path) const {
    constexpr double never = std::numeric_limits<double>::infinity();
    if (edge_ == Edge::lifetimes)
      return path.anchor()[0] + 3;
    const double u = path.velocity()[0], x = path.anchor()[1];
    if (edge_ == Edge::lab_time || u == 0)
      return never;
    const double way = u > 0 ? width_ - x : -width_ - x;
    return path.anchor()[0] + std::max(0.0, way / u);
  }

private:
  Edge edge_;
  double width_;
  double end_time_;
};

/// A base class with members that knows nothing of agents.
struct Diary {
  std::uint64_t pages = 0xcbf29ce484222325; ///< a hash of all that was heard, in its order
  std::string last;

  void note(std::uint64_t what) { pages = mix64(pages ^ what); }
};

/// A base class between Agent and the agents, with members of its own.
template <class Self, class Simulation>
class Resident : public Agent<Self, Simulation>, protected Diary {
public:
  using Agent<Self, Simulation>::Agent;

  /// What has come to this agent, and when, says more than the digest: the values that were sent.
  ~Resident() override { this->report("diary", std::pair(pages, last)); }

protected:
  template <class Inspector>
  bool inspect_base(Inspector& f) {
    return f.object(*this).fields(f.field("pages", pages), f.field("last", last),
                                  f.field("channels", channels_));
  }

  std::vector<ChannelWriter<Self>> channels_;
};

/// Does, when it absorbs a lambda, whatever its random stream suggests.
template <class Simulation, int ReactionQuarters>
class Dweller : public Resident<Dweller<Simulation, ReactionQuarters>, Simulation> {
  using Self = Dweller;
  using Base = Resident<Self, Simulation>;
  using Base::channels_;

public:
  static constexpr double reaction_time = ReactionQuarters / 4.0;

  Dweller(const UnusualPlan& plan, const Minkowski<4>& position, const Velocity<4>& v)
      : Base(position, v), plan_(plan) {}
  explicit Dweller(const UnusualPlan& plan) : plan_(plan) {}

  template <class Inspector>
  friend bool inspect(Inspector& f, Dweller& x) {
    return x.inspect_base(f) &&
           f.object(x).fields(f.field("plan", x.plan_), f.field("births", x.births_),
                              f.field("rounds", x.rounds_));
  }

  void connect(Self& other) { channels_.emplace_back(*this, other); }

  void begin() {
    this->after(delay(2), [](Self& self) {
      self.act(4);
      if (++self.rounds_ < self.plan_.rounds)
        self.begin();
    });
  }

  void act(int energy) {
    this->note(static_cast<std::uint64_t>(energy));
    if (energy > 0)
      act_once(choose(), energy - 1);
  }

  /// Somebody whom this agent may never meet.
  void hear_of(const RemoteReference<Self>& about, int energy) {
    RandomStream& random = this->random();
    this->note(7);
    if (random.bernoulli(0.2) || channels_.size() > 12)
      return;
    if (random.bernoulli(0.3) && energy > 0 && !channels_.empty()) {
      any_channel().send(
          [about = about.renew(), energy](Self& other) { other.hear_of(about, energy - 1); });
      return;
    }
    channels_.emplace_back(*this, about);
    channels_.back().send([energy](Self& other) { other.act(energy - 1); });
  }

  void tell_of(std::size_t whom, std::size_t about, int energy) {
    channels_[whom].send(
        [about = channels_[about].target(), energy](Self& other) { other.hear_of(about, energy); });
  }

private:
  friend struct stos::AgentMaker;
  Dweller() = default;

  [[nodiscard]] double delay(std::uint32_t halves) {
    RandomStream& random = this->random();
    return plan_.jittered ? random.uniform(0, 0.5 * halves) : 0.5 * random.below(halves + 1);
  }

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(channels_.size()); }
  ChannelWriter<Self>& any_channel() { return channels_[this->random().below(size())]; }

  std::size_t choose() {
    double sum = 0;
    for (double weight : plan_.inclination)
      sum += weight;
    double r = this->random().uniform() * sum;
    std::size_t i = 0;
    while (i + 1 < plan_.inclination.size() && (r -= plan_.inclination[i]) > 0)
      ++i;
    return i;
  }

  void act_once(std::size_t kind, int energy) {
    RandomStream& random = this->random();
    switch (kind) {
      case 0: send(energy); break;
      case 1: // all at once
        for (ChannelWriter<Self>& channel : channels_)
          channel.send([energy](Self& other) { other.act(energy - 2); });
        break;
      case 2: // at this very instant, or soon
        this->after(random.bernoulli(0.5) ? 0 : delay(3),
                    [energy](Self& self) { self.act(energy); });
        break;
      case 3:
        if (size() >= 2)
          tell_of(random.below(size()), random.below(size()), energy);
        break;
      case 4: turn_with_all(energy); break;
      case 5: give_birth(energy); break;
      case 6:
        if (random.bernoulli(0.2)) {
          send(energy); // what is sent by somebody who dies arrives all the same
          this->die();
        }
        break;
      case 7:
        if (!channels_.empty() && random.bernoulli(0.3))
          channels_.erase(channels_.begin() + random.below(size()));
        break;
      case 8: this->report("act", energy); break;
      default: send_text(energy);
    }
  }

  void send(int energy) {
    if (!channels_.empty())
      any_channel().send([energy](Self& other) { other.act(energy); });
  }

  void send_text(int energy) {
    if (!channels_.empty())
      any_channel().send(
          [energy](Self& other, const std::vector<std::string>& words) {
            other.last = words.empty() ? "" : words.back();
            other.act(energy);
          },
          std::vector<std::string>(this->random().below(3), "word"));
  }

  // Those who are told turn in the same direction, to go on together.
  void turn_with_all(int energy) {
    RandomStream& random = this->random();
    const double u = plan_.jittered ? random.uniform(-0.9, 0.9) : 0.25 * (random.below(7) - 3.0);
    this->velocity = Velocity<4>(u, 0, 0);
    for (ChannelWriter<Self>& channel : channels_)
      channel.send([u, energy](Self& other) {
        other.velocity = Velocity<4>(u, 0, 0);
        other.act(energy - 2);
      });
  }

  void give_birth(int energy) {
    if (births_ >= 2)
      return;
    ++births_;
    auto* child = new Self(plan_); // here, and as fast
    connect(*child);
    child->connect(*this);
    for (int i = 0; i < 2 && this->random().bernoulli(0.5); ++i)
      child->channels_.emplace_back(*child, any_channel().target());
    if (this->random().bernoulli(0.5))
      child->begin();
    channels_.back().send([energy](Self& other) { other.act(energy); });
  }

  UnusualPlan plan_;
  std::uint32_t births_ = 0;
  std::uint32_t rounds_ = 0;
};

/// Fills the current set-up of `Simulation` with the agents of `plan`.
template <class Simulation, int ReactionQuarters>
void populate(const UnusualPlan& plan) {
  using Member = Dweller<Simulation, ReactionQuarters>;
  RandomStream random(mix64(plan.seed) + 77);
  std::vector<double> speeds;
  for (std::uint32_t g = 0; g < plan.groups; ++g)
    speeds.push_back(plan.scene != Scene::convoys ? 0
                     : plan.jittered              ? random.uniform(-0.9, 0.9)
                                                  : 0.25 * (random.below(7) - 3.0));
  std::vector<Member*> members;
  for (std::uint32_t i = 0; i < plan.agents; ++i) {
    const std::uint32_t group = i % plan.groups;
    const double x = plan.between * group;
    const double y = plan.apart * random.below(4);
    members.push_back(new Member(plan, Minkowski<4>(0, x, y, 0), Velocity<4>(speeds[group], 0, 0)));
  }
  const auto some_neighbour = [&](std::uint32_t i) {
    const std::uint32_t other = random.bernoulli(0.8)
                                    ? i % plan.groups + plan.groups * random.below(plan.agents)
                                    : random.below(plan.agents);
    return other < plan.agents ? other : i % plan.groups;
  };
  for (std::uint32_t i = 0; i < plan.agents; ++i) {
    for (std::uint32_t k = random.below(3) + 1; k > 0; --k)
      members[i]->connect(*members[some_neighbour(i)]);
    if (plan.scene == Scene::hub && i > 0) {
      members[0]->connect(*members[i]);
      members[i]->connect(*members[0]);
    }
  }
  for (Member* member : members) {
    if (plan.refers_in_set_up)
      member->tell_of(0, 0, 2);
    if (random.bernoulli(0.7))
      member->begin();
  }
}

/// Runs the world of `plan` on `resource`.
template <class Resource, int ReactionQuarters, class Run>
RunSummary run_unusual_world(const UnusualPlan& plan, RunOptions options, Resource resource,
                             const Run& run) {
  using Simulation = ForwardSimulation<Minkowski<4>, Resource, UnusualBoundary>;
  options.seed = plan.seed;
  Simulation simulation(std::move(options), std::move(resource));
  {
    const auto scope = simulation.set_up();
    populate<Simulation, ReactionQuarters>(plan);
  }
  return run(simulation, UnusualBoundary(plan));
}

/// Every fifth world's agents take time to react.
template <class Resource, class Run = RunAtOnce>
RunSummary run_unusual_world(const UnusualPlan& plan, RunOptions options = {},
                             Resource resource = {}, const Run& run = {}) {
  return plan.seed % 5 == 0
             ? run_unusual_world<Resource, 1>(plan, std::move(options), resource, run)
             : run_unusual_world<Resource, 0>(plan, std::move(options), resource, run);
}

/// All that must be the same on every engine, as one text: what is unlike shows.
[[nodiscard]] inline std::string outcome_of(const RunSummary& run) {
  std::string text = run.digest.to_string();
  for (const std::uint64_t count :
       {run.absorbed, run.sent, run.in_flight, run.dropped, run.agents_born, run.agents_died})
    text += ' ' + std::to_string(count);
  std::uint64_t reports = 0;
  for (const Report& report : run.reports.all()) {
    reports = mix64(reports ^ hash_text(report.topic.c_str()) ^ report.agent.value);
    for (const std::byte byte : report.value)
      reports = mix64(reports ^ static_cast<std::uint64_t>(byte));
  }
  return text + ", " + std::to_string(run.reports.all().size()) + " reports " +
         std::to_string(reports);
}

} // namespace stos::test
