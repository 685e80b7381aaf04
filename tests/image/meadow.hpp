#pragma once

#include "libstos/image/cut.hpp"
#include "libstos/image/restore.hpp"
#include "libstos/stos.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

/// A small world that is cut once, with agents that have members of all kinds.
namespace stos::test {

/// Runs a world on the serial engine, and cuts it.
class CutOnce {
public:
  double time = 5;
  detail::Cut cut;
  std::function<void(World&, const WorldAtStop&)> looked_at; ///< the world when it is cut

  RunSummary run(World& world) {
    world.next_stop = time;
    world.at_stop = [this, &world](const WorldAtStop& stop) {
      Result<detail::Cut> taken = detail::take_cut(world, stop);
      if (!taken)
        FAIL(taken.error().context);
      cut = *std::move(taken);
      if (looked_at)
        looked_at(world, stop);
      return Instant::never().absorption;
    };
    return ShuffledDomains(0, 1, 0).run(world);
  }

  template <class T>
  static const void* agent_hooks() {
    return nullptr;
  }
};

using Meadow = ForwardSimulation<Minkowski<3>, CutOnce>;

/// A world that a cut was restored in, and that has not gone on.
inline std::unique_ptr<World> restored(Meadow& meadow, const detail::Cut& cut) {
  const World& from = meadow.world();
  auto world = std::make_unique<World>(from.options, from.simulation_type, from.simulation_object);
  world->space = from.space;
  world->begin_run();
  if (const Result<void> done = detail::restore(*world, cut); !done)
    FAIL(done.error().context);
  return world;
}

enum class Mood : std::uint8_t { calm, afraid };

struct Meal {
  std::string what;
  double weight = 0;
  std::optional<std::string> note;

  template <class Inspector>
  friend bool inspect(Inspector& f, Meal& x) {
    return f.object(x).fields(f.field("what", x.what), f.field("weight", x.weight),
                              f.field("note", x.note));
  }
};

/// What an animal has without being an agent.
class Animal {
public:
  double energy = 0.1;
  Mood mood = Mood::calm;

protected:
  template <class Inspector>
  bool inspect_base(Inspector& f) {
    return f.object(*this).fields(f.field("energy", energy), f.field("mood", mood));
  }
};

class Fox;

class Rabbit : public Agent<Rabbit, Meadow>, public Animal {
public:
  Rabbit() = default;
  explicit Rabbit(const Minkowski<3>& position) : Agent(position, Velocity<3>(0.5, 0)) {}

  std::string name = "Flopsy \"\xff\"";
  std::vector<Meal> meals{{"grass", 1.5, "wet"}, {"clover", 2, std::nullopt}};
  std::map<std::string, int> found{{"carrots", 3}, {"holes", -1}};
  std::map<int, double> by_day{{1, 0.5}, {2, std::numeric_limits<double>::infinity()}};
  std::map<std::pair<int, int>, char> burrows{{{1, 2}, 'x'}};
  std::multimap<std::string, int> seen{{"fox", 1}, {"fox", 2}};
  std::set<unsigned> numbers{4, 5};
  std::pair<int, std::string> pair{7, "seven"};
  std::tuple<bool, float> tuple{true, 0.1F};
  std::variant<int, std::string> either = "text";
  std::array<double, 3> place{1, 2.5, -0.0};
  std::queue<int> queue{std::deque<int>{1, 2}};
  std::unique_ptr<Meal> hidden = std::make_unique<Meal>(Meal{"nut", 3, std::nullopt});
  std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
  Minkowski<3> home{1, 2, 3};
  AgentId friend_of{9};
  struct Raw {
    std::uint16_t a = 0x0102;
    std::uint16_t b = 0;
  } raw;
  ChannelWriter<Fox> to_fox;
  std::vector<ChannelWriter<Rabbit>> to_others;
  ChannelWriter<Rabbit> none;
  RemoteReference<Rabbit> no_reference;

  template <class Inspector>
  friend bool inspect(Inspector& f, Rabbit& x) {
    const auto get_name = [&x] { return x.name; };
    const auto set_name = [&x](std::string value) { x.name = std::move(value); };
    return x.inspect_base(f) &&
           f.object(x).fields(
               f.field("name", get_name, set_name), f.field("meals", x.meals),
               f.field("found", x.found), f.field("by_day", x.by_day),
               f.field("burrows", x.burrows), f.field("seen", x.seen),
               f.field("numbers", x.numbers), f.field("pair", x.pair), f.field("tuple", x.tuple),
               f.field("either", x.either), f.field("place", x.place), f.field("queue", x.queue),
               f.field("hidden", x.hidden), f.field("largest", x.largest), f.field("home", x.home),
               f.field("friend_of", x.friend_of), f.field("raw", x.raw),
               f.field("to_fox", x.to_fox), f.field("to_others", x.to_others),
               f.field("none", x.none), f.field("no_reference", x.no_reference));
  }
};

/// Reacts only after a while.
class Fox : public Agent<Fox, Meadow> {
public:
  static constexpr double reaction_time = 0.5;

  Fox() = default;
  explicit Fox(const Minkowski<3>& position) : Agent(position) {}

  void hear_of(const RemoteReference<Rabbit>& rabbit) { prey = ChannelWriter(*this, rabbit); }

  ChannelWriter<Rabbit> prey;
  int heard = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Fox& x) {
    return f.object(x).fields(f.field("prey", x.prey), f.field("heard", x.heard));
  }
};

/// Two rabbits and a fox; what the first rabbit does can be another thing.
inline void set_up_meadow(const std::function<void(Rabbit& one, Rabbit& two, Fox&)>& change) {
  auto* one = new Rabbit({0, 0, 0});
  auto* two = new Rabbit({0, 0, 8});
  auto* fox = new Fox({0, 3, 20});
  one->to_fox = ChannelWriter(*one, *fox);
  one->to_others.emplace_back(*one, *two);
  two->to_others.emplace_back(*two, *one);
  one->after(1, [](Rabbit& self) {
    self.to_others.front().send([](Rabbit& other) { other.mood = Mood::afraid; });
    self.to_fox.send(
        [loud = std::uint32_t{3}](Fox& other, const std::string&, const std::vector<int>&) {
          other.heard += static_cast<int>(loud);
        },
        std::string("here"), std::vector<int>{1, 2});
    self.to_fox.send(
        [about = self.to_others.front().target()](Fox& other) { other.hear_of(about); });
    self.report("hopped", self.energy);
  });
  one->after(9, [](Rabbit&) {});
  fox->after(2, [](Fox& self) { self.velocity = Velocity<3>(0, -0.25); });
  fox->after(4.8, [](Fox& self) { self.velocity = Velocity<3>(0, 0.25); });
  change(*one, *two, *fox);
}

inline detail::Cut cut_of(Meadow& meadow,
                          const std::function<void(Rabbit& one, Rabbit& two, Fox&)>& change) {
  {
    const auto scope = meadow.set_up();
    set_up_meadow(change);
  }
  static_cast<void>(meadow.run(12));
  return meadow.resource().cut;
}

} // namespace stos::test
