// The digest says what happened, the value digest with which values.

#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace stos;
using namespace stos::detail;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ShuffledDomains>;

RunOptions all_values() {
  RunOptions options;
  options.values = true;
  return options;
}

/// How agents look at each other.
enum class Way { by_lambdas, by_pointers };

/// Gives a tenth of its wealth to a neighbour each second.
class Person : public Agent<Person, Simulation> {
public:
  using Agent::Agent;
  ~Person() override { report("wealth", wealth); }

  void step() {
    const std::size_t who = random().below(static_cast<std::uint32_t>(channels.size()));
    const double gift = 0.1 * wealth;
    wealth -= gift;
    if (way == Way::by_pointers)
      neighbours[who]->wealth += gift; // which may be ahead or behind
    else
      channels[who].send([gift](Person& other) { other.wealth += gift; });
    after(1, [](Person& self) { self.step(); });
  }

  Way way = Way::by_lambdas;
  double wealth = 1;
  std::vector<Person*> neighbours;
  std::vector<ChannelWriter<Person>> channels;
};

RunSummary trade(Way way, const ShuffledDomains& engine) {
  Simulation simulation({}, engine);
  {
    const auto scope = simulation.set_up();
    std::vector<Person*> all;
    for (int i = 0; i < 20; ++i)
      all.push_back(new Person({0, i % 5 * 0.5, i / 5 * 0.5, 0}));
    for (Person* person : all) {
      person->way = way;
      for (Person* other : all)
        if (other != person) {
          person->neighbours.push_back(other);
          person->channels.emplace_back(*person, *other);
        }
      person->after(0.01 * static_cast<double>(person->id().value),
                    [](Person& self) { self.step(); });
    }
  }
  return simulation.run(20);
}

/// One agent that hears something.
struct Listener : Agent<Listener, Simulation> {
  using Agent::Agent;
};

template <class... Lambda>
RunSummary tell(const RunOptions& options, Lambda&&... lambda) {
  Simulation simulation(options, ShuffledDomains(0, 1));
  {
    const auto scope = simulation.set_up();
    (new Listener)->after(1, std::forward<Lambda>(lambda)...);
  }
  return simulation.run(2);
}

template <class... Lambda>
std::string value_digest(Lambda&&... lambda) {
  return tell({}, std::forward<Lambda>(lambda)...).value_digest().to_string();
}

template <class... T>
void use(const T&...) {}

constexpr auto ignore = [](Listener&, const auto&...) {};

} // namespace

TEST_CASE("a model that writes into its neighbours by pointers has one digest but many values") {
  const RunSummary serial = trade(Way::by_pointers, ShuffledDomains(0, 1));
  std::set<std::uint64_t> values{serial.value_digest().value()};
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const RunSummary run = trade(Way::by_pointers, ShuffledDomains(4, seed));
    CHECK(run.digest.to_string() == serial.digest.to_string());
    values.insert(run.value_digest().value());
  }
  CHECK(values.size() > 1);
}

TEST_CASE("a model that keeps to lambdas has one digest and one value digest") {
  const RunSummary serial = trade(Way::by_lambdas, ShuffledDomains(0, 1));
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const RunSummary run = trade(Way::by_lambdas, ShuffledDomains(4, seed));
    CHECK(run.digest.to_string() == serial.digest.to_string());
    CHECK(run.value_digest().to_string() == serial.value_digest().to_string());
  }
}

TEST_CASE("numbers that lambdas carry are in the value digest, however they are carried") {
  const auto captured = [](double x) { return value_digest([x](Listener&) { use(x); }); };
  CHECK(captured(1) == captured(1));
  CHECK(captured(1) != captured(2));
  CHECK(value_digest(ignore, 1) != value_digest(ignore, 2));
  CHECK(value_digest(ignore, 1.5) == captured(1.5)); // the same bytes
  CHECK(value_digest(ignore, true) != value_digest(ignore, false));
  CHECK(value_digest(ignore, std::array{1, 2}) != value_digest(ignore, std::array{2, 1}));
  CHECK(value_digest(ignore) == RunDigest{}.to_string());
}

TEST_CASE("what has to be serialised is in the value digest on demand") {
  const auto said = [](const RunOptions& options, const std::string& text) {
    return tell(options, ignore, text).digests();
  };
  CHECK(said({}, "yes") == said({}, "no"));
  CHECK(said(all_values(), "yes") != said(all_values(), "no"));
  CHECK(said({}, "yes").size() == 16);
  CHECK(said(all_values(), "yes").size() == 16 + 1 + 16);
  const auto number = [](const RunOptions& options) {
    return tell(options, ignore, 42).value_digest();
  };
  CHECK(number({}) == number(all_values()));
  const auto perhaps = [](std::optional<double> x) {
    return tell(all_values(), ignore, x).digests();
  };
  CHECK(perhaps(std::nullopt) == perhaps(std::nullopt));
  CHECK(perhaps(1) != perhaps(2));
}

TEST_CASE("padding among what a lambda captures is not in the value digest") {
  struct Loose {
    char c;
    double x;
  };
  const auto sent = [](int filling, const RunOptions& options) {
    alignas(Loose) std::array<std::byte, sizeof(Loose)> memory;
    std::memset(memory.data(), filling, sizeof memory);
    auto* loose = new (memory.data()) Loose;
    loose->c = 'c';
    loose->x = 0.5;
    Loose copy;
    std::memcpy(&copy, loose, sizeof copy); // padding, too
    return tell(options, [copy, last = 'l'](Listener&) { use(copy, last); }).digests() +
           tell(options, ignore, copy).value_digest().to_string();
  };
  for (const RunOptions& options : {RunOptions{}, all_values()})
    CHECK(sent(0, options) == sent(0xff, options));
}

TEST_CASE("reports are in the value digest, with their agents and in their order") {
  const auto reported = [](const std::vector<std::pair<std::string, int>>& reports) {
    Simulation simulation({}, ShuffledDomains(0, 1));
    {
      const auto scope = simulation.set_up();
      (new Listener)->after_local(1, [&reports](Listener& self) {
        for (const auto& [topic, value] : reports)
          self.report(topic, value);
      });
    }
    return simulation.run(2).value_digest().to_string();
  };
  const std::set<std::string> all{
      reported({}),         reported({{"a", 1}}),           reported({{"a", 2}}),
      reported({{"b", 1}}), reported({{"a", 1}, {"b", 1}}), reported({{"b", 1}, {"a", 1}}),
  };
  CHECK(all.size() == 6);
}

TEST_CASE("value digests are the same whoever compiles the program, from release to release") {
  struct Place {
    char name;
    double x;
    bool known;
  };
  const Place place{'a', 0.25, true};
  const RunSummary run = [&] {
    Simulation simulation(all_values(), ShuffledDomains(0, 1));
    {
      const auto scope = simulation.set_up();
      auto* listener = new Listener;
      listener->after(0.25, [](Listener&) {});
      listener->after(0.5, [n = 7, x = 0.5](Listener&) { use(n, x); });
      listener->after(
          0.5, [x = 0.5, c = 'c'](Listener&, const auto&...) { use(x, c); }, std::string("text"),
          place);
      listener->after(0.75, [place, f = 1.5f, s = short{3}](Listener& self) {
        use(f, s);
        self.report("place", place);
      });
      listener->after(1, ignore, std::vector<Place>{place, place}, std::optional<int>(3));
    }
    return simulation.run(2);
  }();
  CHECK(run.digests() == "ecaf9c92b3e63cb0 dc32ad24992e7568");
}
