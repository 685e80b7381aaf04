#include "tests/causal/support.hpp"
#include "tests/support/encounters.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

// One agent among sources that do what they like, seen through news that arrives in any order and
// as late as the horizons allow. What the agent executes must not depend on that.

using namespace stos;
using namespace stos::test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// One thing that a source does, and that the agent hears of.
struct Action {
  enum class Kind : std::uint8_t { open, emit, turn, close };
  Kind kind = Kind::emit;
  Instant event; ///< the event of the source that does it
  Point point;   ///< where on the source's worldline
  std::size_t channel = 0;
  Velocity<4> velocity;
};

struct SourcePlan {
  AgentId id;
  std::uint16_t group = 0;
  double reaction_time = 0;
  bool known = true; ///< whether the agent is told the source's worldline
  Trajectory start;
  std::size_t channels = 1;
  std::vector<Action> actions; ///< in the order of their events
};

struct Plan {
  std::uint64_t seed = 0;
  bool grid = false; ///< integer places and times: many coincidences
  bool moving = false;
  bool receiver_moves = false;
  Space space;
  Trajectory receiver;
  std::uint16_t groups = 1;
  std::vector<SourcePlan> sources;
};

class Planner {
public:
  explicit Planner(std::uint64_t seed) : random_(mix64(seed) + 1) {
    plan_.seed = seed;
    plan_.grid = random_.bernoulli(0.4);
    plan_.moving = random_.bernoulli(0.7);
    plan_.receiver_moves = plan_.moving && random_.bernoulli(0.5);
    if (random_.bernoulli(0.2))
      plan_.space = Space::torus(3, 5);
    plan_.groups = static_cast<std::uint16_t>(1 + random_.below(3));
    plan_.receiver = Trajectory(place(), plan_.receiver_moves ? velocity() : Velocity<4>());
    for (std::uint64_t n = 1 + random_.below(5), i = 0; i < n; ++i)
      plan_.sources.push_back(source(AgentId::initial(i)));
  }

  [[nodiscard]] const Plan& plan() const { return plan_; }

private:
  Point place() {
    Point p;
    for (std::size_t i = 1; i < 4; ++i)
      p[i] = plan_.grid ? random_.below(2) : random_.uniform(0, 3);
    return p;
  }

  Velocity<4> velocity() {
    if (!plan_.moving || random_.bernoulli(0.3))
      return {};
    if (plan_.grid)
      return {0.25 * (random_.below(5) - 2.0), random_.bernoulli(0.5) ? 0.5 : 0, 0};
    return velocity_along(random_direction(random_), random_.uniform(0, 0.95));
  }

  SourcePlan source(AgentId id) {
    SourcePlan source;
    source.id = id;
    source.group = static_cast<std::uint16_t>(random_.below(plan_.groups));
    source.known = random_.bernoulli(0.9);
    source.reaction_time = random_.bernoulli(0.2) ? (plan_.grid ? 1 : random_.uniform()) : 0;
    source.start = Trajectory(place(), velocity());

    Trajectory path = source.start;
    std::vector<std::size_t> open{0};
    double emission = 0;
    Instant event{0, 0, 0};
    for (auto n = random_.below(12); n > 0 && !open.empty(); --n) {
      const double step = plan_.grid ? random_.below(3) : random_.exponential(0.5);
      event = step > 0 ? Instant{event.absorption + step, event.absorption + step / 2, 0}
                       : Instant{event.absorption, event.absorption, event.depth + 1};
      emission = std::max(emission, event.absorption + path.gamma() * source.reaction_time);
      const Point here = path.position(emission);
      if (random_.bernoulli(0.2)) {
        open.push_back(source.channels++);
        source.actions.push_back({Action::Kind::open, event, here, open.back(), {}});
      }
      for (auto k = random_.below(4); k > 0; --k)
        source.actions.push_back({Action::Kind::emit,
                                  event,
                                  here,
                                  open[random_.below(static_cast<std::uint32_t>(open.size()))],
                                  {}});
      if (random_.bernoulli(0.15)) {
        const auto which = random_.below(static_cast<std::uint32_t>(open.size()));
        source.actions.push_back({Action::Kind::close, event, here, open[which], {}});
        open.erase(open.begin() + which);
      }
      if (plan_.moving && random_.bernoulli(0.3)) { // at once: with a reaction time, decided before
        const Velocity<4> v = velocity();
        source.actions.push_back(
            {Action::Kind::turn, event, path.position(event.absorption), 0, v});
        path = path.turned(event.absorption, v);
      }
    }
    return source;
  }

  RandomStream random_;
  Plan plan_;
};

/// The agent itself: whether and how it turns, and which timers it starts, follows from what it
/// executes and from nothing else.
struct Reaction {
  std::optional<Velocity<4>> turn;
  std::optional<double> timer_after;
};

Reaction reaction_to(const Plan& plan, const EventKey& key) {
  RandomStream random(mix64(plan.seed + mix64(key.source.value) + 3 * key.channel.value) +
                      key.sequence);
  Reaction reaction;
  if (plan.receiver_moves && random.bernoulli(0.2))
    reaction.turn = plan.grid ? Velocity<4>(0.5 * (random.below(3) - 1.0), 0, 0)
                              : random_velocity(random, 1e-2);
  if (random.bernoulli(0.3))
    reaction.timer_after = plan.grid ? random.below(2) : random.exponential(1);
  return reaction;
}

/// Starts a timer and turns, as `reaction_to` says.
void react(const Plan& plan, const EventKey& key, Receiver& receiver,
           std::vector<Lambda*>* timers = nullptr) {
  const double now = key.instant.absorption;
  const Reaction reaction = reaction_to(plan, key);
  if (reaction.timer_after) {
    Lambda& timer = receiver.timer(receiver.path.local_time(now) + *reaction.timer_after, now,
                                   key.instant.depth);
    if (timers != nullptr)
      timers->push_back(&timer);
    else
      receiver.push(timer);
  }
  if (reaction.turn)
    receiver.turn(now, *reaction.turn);
}

std::uint32_t depth_of(const Action& action) {
  return action.point[0] == action.event.absorption ? action.event.depth : 0;
}

/// The order that is wanted, from everything at once: no queue, no horizons.
std::vector<EventKey> wanted_order(const Plan& plan) {
  struct Stream {
    std::vector<Lambda> lambdas;
    std::size_t next = 0;
    double last = -infinity;
  };
  std::vector<Stream> streams;
  for (const SourcePlan& source : plan.sources) {
    const std::size_t first = streams.size();
    streams.resize(first + source.channels);
    for (const Action& action : source.actions)
      if (action.kind == Action::Kind::emit) {
        Lambda lambda;
        lambda.emission = action.point;
        lambda.emission_depth = depth_of(action);
        lambda.source = source.id;
        lambda.channel = {static_cast<std::uint32_t>(action.channel + 1)};
        lambda.sequence = streams[first + action.channel].lambdas.size();
        streams[first + action.channel].lambdas.push_back(lambda);
      }
  }

  Receiver receiver(plan.receiver, plan.space);
  std::vector<Lambda*> timers;
  std::vector<EventKey> order;
  for (;;) {
    std::optional<EventKey> least;
    Stream* from = nullptr;
    auto timer = timers.end();
    for (Stream& stream : streams) {
      if (stream.next == stream.lambdas.size())
        continue;
      const Lambda& lambda = stream.lambdas[stream.next];
      const EventKey key = lambda.key(std::max(
          stream.last, light_cone::absorption_time(lambda.emission, receiver.path, plan.space)));
      if (!least || key < *least) {
        least = key;
        from = &stream;
      }
    }
    for (auto it = timers.begin(); it != timers.end(); ++it) {
      const EventKey key = (*it)->key(place_on(receiver.path, **it, plan.space));
      if (!least || key < *least) {
        least = key;
        timer = it;
      }
    }
    if (!least)
      return order;
    if (timer != timers.end()) {
      timers.erase(timer);
    } else {
      ++from->next;
      from->last = least->instant.absorption;
    }
    order.push_back(*least);
    react(plan, *least, receiver, &timers);
  }
}

/// Lets the news of a plan reach a mailbox in a way of its own, and executes what it releases.
class Adversary {
public:
  Adversary(const Plan& plan, std::uint64_t seed)
      : plan_(plan), random_(mix64(seed) + 2), receiver_(plan.receiver, plan.space),
        horizons_(plan.groups, 0.0) {
    for (const SourcePlan& source : plan.sources) {
      Live& live = live_.emplace_back();
      live.plan = &source;
      live.path = source.start;
      attach(live, 0, -infinity);
    }
  }

  std::vector<EventKey> run() {
    bool done = false;
    while (!done) {
      switch (random_.below(4)) {
        case 0: hear_one(live_[random_.below(static_cast<std::uint32_t>(live_.size()))]); break;
        case 1: raise_floor(); break;
        default: done = raise_horizon(); break;
      }
      execute();
    }
    CHECK(receiver_.mailbox.empty());
    return std::move(order_);
  }

  [[nodiscard]] std::size_t executed_early() const { return executed_early_; }

private:
  struct Live {
    const SourcePlan* plan = nullptr;
    std::size_t heard = 0;
    Trajectory path;
    std::deque<Source> channels; ///< by number, 1 first

    [[nodiscard]] bool all_heard() const { return heard == plan->actions.size(); }
    [[nodiscard]] const Action& next() const { return plan->actions[heard]; }
  };

  void attach(Live& live, std::size_t index, double opened) {
    while (live.channels.size() <= index) {
      const auto number = static_cast<std::uint32_t>(live.channels.size() + 1);
      Source& source =
          live.channels.emplace_back(live.plan->id.value, live.plan->group, Trajectory(), number);
      source.channel.source_path = live.plan->known ? &live.path : nullptr;
      if (live.plan->reaction_time > 0)
        source.channel.require_course().reaction_time = live.plan->reaction_time;
    }
    Source& source = live.channels[index];
    source.channel.last_absorption = opened;
    if (source.channel.has_course())
      source.channel.course().silent_until = opened;
    receiver_.attach(source);
    attached_.push_back(&source);
  }

  void hear_one(Live& live) {
    if (live.all_heard())
      return;
    const Action& action = live.next();
    ++live.heard;
    switch (action.kind) {
      case Action::Kind::open: attach(live, action.channel, action.point[0]); break;
      case Action::Kind::emit: {
        Lambda& lambda = live.channels[action.channel].emit(action.point, depth_of(action));
        const double due =
            light_cone::absorption_time(lambda.emission, receiver_.path, plan_.space);
        if (due < silent_before_)
          FAIL("due at " << due << ", but nothing was to come before " << silent_before_);
        receiver_.push(lambda);
        break;
      }
      case Action::Kind::close:
        receiver_.detach(live.channels[action.channel]);
        attached_.erase(
            std::find(attached_.begin(), attached_.end(), &live.channels[action.channel]));
        break;
      case Action::Kind::turn:
        live.path = live.path.turned(action.event.absorption, action.velocity);
        for (Source* source : attached_)
          if (source->id == live.plan->id)
            receiver_.mailbox.source_turned(source->channel, receiver_.path, plan_.space);
        break;
    }
  }

  // Nothing below a horizon may be unheard of. Returns true at the end of the world.
  bool raise_horizon() {
    const auto group = static_cast<std::uint16_t>(random_.below(plan_.groups));
    double& horizon = horizons_[group];
    horizon += plan_.grid ? 0.25 * (1 + random_.below(4)) : random_.exponential(0.3);
    if (horizon > 60)
      horizon = infinity;
    for (Live& live : live_)
      while (live.plan->group == group && !live.all_heard() &&
             live.next().event.absorption < horizon)
        hear_one(live);
    return std::all_of(horizons_.begin(), horizons_.end(), [](double h) { return h == infinity; });
  }

  void raise_floor() {
    Instant least = Instant::never();
    for (const Live& live : live_)
      if (!live.all_heard())
        least = std::min(least, live.next().event);
    floor_ = std::max(floor_, least);
  }

  void execute() {
    probe_silence();
    for (;;) {
      const NextStep step = receiver_.next(horizons_, floor_);
      if (step.kind == NextStep::Kind::blocked)
        check_blame(step.blocked_on);
      if (step.kind != NextStep::Kind::deliver)
        return;
      const EventKey key = receiver_.mailbox.front_key();
      (void)receiver_.mailbox.pop();
      order_.push_back(key);
      executed_early_ += std::any_of(live_.begin(), live_.end(),
                                     [](const Live& live) { return !live.all_heard(); })
                             ? 1
                             : 0;
      react(plan_, key, receiver_);
      if (receiver_.path.anchor()[0] == key.instant.absorption)
        silent_before_ = -infinity; // that was promised for another worldline
    }
  }

  void probe_silence() {
    const double time = random_.uniform(0, 20);
    if (receiver_.silent_before(time, horizons_, floor_))
      silent_before_ = std::max(silent_before_, time);
  }

  // The named group, and no other one, must be able to hold the agent back on its own.
  void check_blame(Group group) {
    std::vector<double> only(horizons_.size(), infinity);
    only[group.number()] = horizons_[group.number()];
    const NextStep step = receiver_.next(only, floor_);
    if (step.kind != NextStep::Kind::blocked || step.blocked_on != group)
      FAIL("group " << group.number() << " was named, but does not hold the agent back");
  }

  const Plan& plan_;
  RandomStream random_;
  Receiver receiver_;
  std::vector<double> horizons_;
  Instant floor_ = Instant::beginning();
  std::deque<Live> live_;
  std::vector<Source*> attached_;
  double silent_before_ = -infinity;
  std::vector<EventKey> order_;
  std::size_t executed_early_ = 0;
};

} // namespace

TEST_CASE("nothing is executed too early, however the news of the sources arrives") {
  std::size_t executed = 0;
  std::size_t early = 0;
  for (std::uint64_t seed = 1; seed <= 12000; ++seed) {
    const Planner planner(seed);
    const std::vector<EventKey> wanted = wanted_order(planner.plan());
    for (std::uint64_t schedule = 1; schedule <= 4; ++schedule) {
      INFO("world seed " << seed << ", schedule seed " << schedule);
      Adversary adversary(planner.plan(), seed * 10 + schedule);
      REQUIRE(adversary.run() == wanted);
      executed += wanted.size();
      early += adversary.executed_early();
    }
  }
  CHECK(early > executed / 4); // most were not released only because all was known
}
