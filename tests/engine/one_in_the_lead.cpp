#include "libstos/agent/simulation.hpp"
#include "libstos/base/random.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

/// Two domains, of which the second one always goes as far as the first one lets it, who executes a
/// single event at first, and whenever the other one has to wait. With 0 domains it is the serial
/// engine.
class OneInTheLead {
public:
  OneInTheLead() = default;
  explicit OneInTheLead(std::size_t domains, std::uint32_t looks = 0)
      : domains_(domains), looks_(looks) {}

  /// Once the second domain has gone as far as it may, somebody from outside comes to it.
  void let_in(std::unique_ptr<detail::OutsideTask> task) { task_ = std::move(task); }

  RunSummary run(World& world) {
    if (domains_ == 0)
      return ShuffledDomains().run(world);
    std::set<detail::RunnerIndex> ready;
    detail::DomainSet set(world, domains_, [&ready](detail::RunnerIndex r) { ready.insert(r); },
                          nullptr, {looks_, 0});
    set.start();
    for (bool is_first = true; !ready.empty(); is_first = false) {
      const DomainIndex domain = (is_first ? *ready.begin() : *ready.rbegin()).domain();
      ready.erase(domain);
      if (set.run(domain, domain == DomainIndex(0) ? 1 : 1000) == detail::Domain::Slice::more)
        ready.insert(domain);
      else if (domain == DomainIndex(1) && task_ != nullptr)
        (void)set.board().post(domain, task_);
    }
    return detail::conclude(world, set.counters(), "one in the lead", 0, set.failure(), {}, {});
  }

  template <class T>
  static const void* agent_hooks() {
    return nullptr;
  }

private:
  std::size_t domains_ = 0;
  std::uint32_t looks_ = 0;
  std::unique_ptr<detail::OutsideTask> task_;
};

using Simulation = ForwardSimulation<Minkowski<2>, OneInTheLead>;

/// Passes on what it absorbs, at once.
class Relay : public Agent<Relay, Simulation> {
public:
  using Agent::Agent;
  ChannelWriter<Relay> next;
  std::vector<double>* last = nullptr; ///< receives when tokens arrive at the end of the row

  void pass() {
    if (next)
      next.send([](Relay& other) { other.pass(); });
    else
      last->push_back(local_time());
  }
};

constexpr int relays = 200; // in a row
constexpr int idle_events = 4;

/// Two rows of relays, from the left and from the right, that end at one agent in the middle. One
/// token runs along each of them; they meet there within a few rounding errors of each other. Idle
/// agents far away see to it that only the beginning of the left row is in another domain.
struct TwoRows {
  double distance;
  double start;
  double lead; ///< of the token from the left, in units of the last place of the start

  /// When the two arrive in the middle, in the order in which they are absorbed.
  [[nodiscard]] std::vector<double> run(std::size_t domains) const {
    std::vector<double> arrivals;
    Simulation simulation({}, OneInTheLead(domains));
    {
      const auto scope = simulation.set_up();
      for (int i = 0; i < 2 * relays - 2; ++i)
        new Relay({0, -1000.0 - i});
      auto* middle = new Relay({0, 0});
      middle->last = &arrivals;
      for (const double side : {-1.0, 1.0}) {
        Relay* inner = middle;
        for (int i = 1; i <= relays; ++i) {
          auto* outer = new Relay({0, side * distance * i});
          outer->next = ChannelWriter(*outer, *inner);
          inner = outer;
        }
        // Its domain may pause before each of them, with a clock that says what comes next.
        for (int i = 1; i <= idle_events; ++i)
          inner->after(start * i / (idle_events + 1), [](Relay&) {});
        const double later = side > 0 ? lead * std::ldexp(start, -52) : 0;
        inner->after(start + later, [](Relay& first) { first.pass(); });
      }
    }
    simulation.run(start + 2 * relays * distance);
    return arrivals;
  }
};

/// Takes down when it has done something.
class Clerk : public Agent<Clerk, Simulation> {
public:
  Clerk(double place, std::vector<double>& times) : Agent({0, place}), times_(times) {}
  ChannelWriter<Clerk> next;

  void works_at(double time) {
    after(time, [](Clerk& self) { self.times_.push_back(self.local_time()); });
  }

private:
  std::vector<double>& times_;
};

/// A row of agents at distance 1 in the second domain, and far away in the first one somebody who
/// could send something to the beginning of the row, but works alone. Each in the row works once,
/// a little later than the one before, but outside of its light cone.
struct Row {
  std::vector<double> times; ///< in the order in which all of them have worked

  [[nodiscard]] RunSummary run(OneInTheLead engine) {
    constexpr int clerks = 20;
    Simulation simulation({}, std::move(engine));
    {
      const auto scope = simulation.set_up();
      for (int i = 1; i < clerks; ++i)
        new Clerk(-10.0 - i, times);
      auto* far = new Clerk(-10, times);
      for (int time = 1; time <= 5; ++time)
        far->works_at(time);
      Clerk* before = far;
      for (int i = 0; i < clerks; ++i) {
        auto* clerk = new Clerk(i, times);
        clerk->works_at(first + step * i);
        before->next = ChannelWriter(*before, *clerk);
        before = clerk;
      }
    }
    return simulation.run(100);
  }

  [[nodiscard]] auto place_of(double time) const {
    return std::find(times.begin(), times.end(), time) - times.begin();
  }

  static constexpr double first = 12.5; // light from far away at time 2 arrives at time 12
  static constexpr double step = 0.875;
};

// That rounds down in each step by nearly half a unit in the last place of times from 1 to 2.
double unfortunate_distance(RandomStream& random) {
  constexpr double unit = 0x1p-52;
  return (std::floor(random.uniform(1e-4, 2e-4) / unit) + 0.45) * unit;
}

} // namespace

// Rounding makes a token that goes from agent to agent earlier with each step, so that it arrives
// before light that takes the whole way at once: the horizons of agents have to allow for that.
TEST_CASE("light that goes from agent to agent overtakes nobody who waits for it") {
  RandomStream random(1);
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const TwoRows rows{unfortunate_distance(random), random.uniform(1.1, 1.9),
                       static_cast<double>(random.below(20))};
    INFO("seed " << seed);
    REQUIRE(rows.run(0).size() == 2);
    REQUIRE(rows.run(2) == rows.run(0));
  }
}

TEST_CASE("whoever waits is passed by those whom it cannot reach in time") {
  Row row, patient_row, serial_row;
  const RunSummary oracle = serial_row.run(OneInTheLead(0));
  const RunSummary run = row.run(OneInTheLead(2));
  const RunSummary patient = patient_row.run(OneInTheLead(2, 40));
  CHECK(patient.digest.to_string() == oracle.digest.to_string());
  CHECK(run.digest.to_string() == oracle.digest.to_string());

  const double last = Row::first + 19 * Row::step;
  CHECK(row.place_of(last) > row.place_of(2));
  CHECK(patient_row.place_of(last) < patient_row.place_of(2));
  CHECK(patient_row.place_of(Row::first) > patient_row.place_of(2));
}

namespace {

/// Lets an agent absorb something that comes from outside.
class Visitor final : public detail::OutsideTask {
public:
  Visitor(detail::Cell& cell, detail::Closure& lambda) : cell_(cell), lambda_(lambda) {}
  void run(detail::Injector& engine) override { (void)engine.inject(cell_, lambda_); }
  void refuse() override { detail::discard(lambda_, nullptr); }

private:
  detail::Cell& cell_;
  detail::Closure& lambda_;
};

} // namespace

// The neighbour of the one who is asked has gone on: nobody before it had anything to do.
TEST_CASE("who comes from outside is too late to disturb those who have gone ahead") {
  std::vector<double> times;
  Simulation simulation({}, OneInTheLead(2));
  {
    const auto scope = simulation.set_up();
    for (int i = 1; i <= 5; ++i)
      new Clerk(-10.0 - i, times);
    auto* far = new Clerk(-10, times);
    for (int time = 1; time <= 5; ++time)
      far->works_at(time);
    auto* entry = new Clerk(0, times);
    far->next = ChannelWriter(*far, *entry);
    auto* asked = new Clerk(50, times);
    auto* ahead = new Clerk(51, times);
    asked->next = ChannelWriter(*asked, *ahead);
    ahead->works_at(20);
    ahead->works_at(90);
    auto* question = detail::make_closure<detail::Portability::node_bound, Clerk>(
        nullptr, [](Clerk& self) { self.next.send([](Clerk& other) { other.works_at(0); }); });
    simulation.resource().let_in(std::make_unique<Visitor>(detail::CellOf::get(*asked), *question));
  }
  const RunSummary run = simulation.run(100);
  CHECK(run.absorbed == 5 + 2 + 3);
  CHECK(std::find(times.begin(), times.end(), 20) < std::find(times.begin(), times.end(), 2));
}
