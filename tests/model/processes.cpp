#include "libstos/image/agent_image.hpp"
#include "libstos/model/process_agent.hpp"
#include "libstos/model/resource.hpp"
#include "libstos/model/store.hpp"
#include "tests/support/everywhere.hpp"

#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>

using namespace stos;
using namespace stos::test;

namespace {

using Sim = ForwardSimulation<Minkowski<2>, ShuffledDomains>;

/// An agent whose processes note what they do, for its report at the end.
struct Place : ProcessAgent<Place, Sim> {
  using ProcessAgent::ProcessAgent;
  std::string notes;
  Resource clerks{*this, 2};
  Resource bed{*this, 1};
  Store<int> belt{*this, 2};
  ChannelWriter<Place> other;
  Lease kept;

  ~Place() override { report("notes", notes); }

  void note(const std::string& text) { notes += text + "@" + exact_text(local_time()) + " "; }

  Process wait_twice(double first, double second) {
    note("begins");
    co_await delay(first);
    note("first");
    co_await delay(second);
    note("second");
  }
  Process customer(std::string name, double takes, double priority = 0) {
    const Lease clerk = co_await clerks.acquire(priority);
    note(name);
    co_await delay(takes);
  }
  Process sleeper(std::string name, double patience, double takes) {
    const Lease own = co_await bed.acquire_within(patience);
    note(own ? name : name + "-leaves");
    if (own)
      co_await delay(takes);
  }
};

/// The notes of one place at the end of 20 s, the same everywhere, after `set_up(place)`.
template <class SetUp>
std::string notes_of(const SetUp& set_up) {
  const RunSummary run = same_everywhere<Sim>(20, [&](Sim&) { set_up(*new Place({0, 0})); });
  const auto notes = run.reports.of<std::string>("notes");
  return notes.empty() ? "" : notes.begin()->second;
}

} // namespace

TEST_CASE("a process waits inline, on its agent's own clock") {
  CHECK(notes_of([](Place& p) { p.spawn(p.wait_twice(1, 2.5)); }) ==
        "begins@0 first@1 second@3.5 ");
  CHECK(notes_of([](Place& p) {
          p.velocity = {0.6};
          p.spawn(p.wait_twice(1, 14.5)); // until 19.375 s of the laboratory
        }) == "begins@0 first@1 second@15.5 ");
}

TEST_CASE("a resource goes to those who wait in the order of priority, then of their coming") {
  CHECK(notes_of([](Place& p) {
          p.spawn(p.customer("a", 4));
          p.spawn(p.customer("b", 1));
          p.spawn(p.customer("c", 5));
          p.spawn(p.customer("late", 1, 7));
          p.spawn(p.customer("d", 1));
          p.spawn(p.customer("urgent", 1, -1));
        }) == "a@0 b@0 urgent@1 c@2 d@4 late@5 ");
}

TEST_CASE("who loses patience leaves the queue, and who gets it at that time stays") {
  CHECK(notes_of([](Place& p) {
          p.spawn(p.sleeper("a", 1, 3));
          p.spawn(p.sleeper("b", 2, 1));
          p.spawn(p.sleeper("c", 3, 1)); // its patience ends right after a has got up
          p.spawn(p.sleeper("d", 3.5, 1));
        }) == "a@0 b-leaves@2 c@3 d-leaves@3.5 ");
}

TEST_CASE("a lambda takes a lease if one is free, and what it keeps counts as in use") {
  CHECK(notes_of([](Place& p) {
          p.spawn(p.sleeper("a", 100, 2));
          p.after(1, [](Place& x) {
            x.kept = x.bed.try_acquire();
            x.note(x.kept ? "got" : "none");
          });
          p.after(3, [](Place& x) {
            x.kept = x.bed.try_acquire();
            x.note(x.kept ? "got" : "none");
            x.spawn(x.sleeper("b", 100, 1));
          });
          p.after(5, [](Place& x) { x.kept.release(); });
        }) == "a@0 none@1 got@3 b@5 ");
}

TEST_CASE("a store hands things over in their order, and lets those wait who find no room") {
  struct Belt {
    static Process make(Place& p) {
      for (int i = 1; i <= 5; ++i) {
        co_await p.belt.put(i);
        p.note("put" + std::to_string(i));
      }
    }
    static Process take(Place& p) {
      for (int i = 1; i <= 5; ++i) {
        co_await delay(1);
        const int thing = co_await p.belt.get();
        p.note("got" + std::to_string(thing));
      }
      const int offered = co_await p.belt.get();
      p.note("offered" + std::to_string(offered));
    }
  };
  CHECK(notes_of([](Place& p) {
          p.spawn(Belt::make(p));
          p.spawn(Belt::take(p));
          p.after(9, [](Place& x) {
            std::string fits;
            for (int i = 7; i <= 10; ++i)
              fits += x.belt.offer(i) ? '1' : '0';
            x.note(fits);
          });
        }) == "put1@0 put2@0 got1@1 put3@1 got2@2 put4@2 got3@3 put5@3 got4@4 got5@5 1110@9 "
              "offered7@9 ");
}

namespace {

struct Order {
  int number = 0;
  std::string what;

  template <class Inspector>
  friend bool inspect(Inspector& f, Order& x) {
    return f.object(x).fields(f.field("number", x.number), f.field("what", x.what));
  }
};

Process clerk(Place& p) {
  for (;;) {
    const Order order = co_await receive<Order>();
    p.note(order.what + std::to_string(order.number));
    co_await delay(2);
  }
}

Process buyer(Place& p) {
  for (int i = 0; i < 4; ++i) {
    co_await delay(1.5);
    p.other.send([](Place& shop, Order order) { shop.deliver(std::move(order)); }, Order{i, "tea"});
  }
}

} // namespace

TEST_CASE("what other agents send is received by processes, however late those ask for it") {
  const RunSummary run = same_everywhere<Sim>(20, [](Sim&) {
    auto* shop = new Place({0, 0});
    auto* home = new Place({0, 3});
    home->other = ChannelWriter(*home, *shop);
    shop->spawn(clerk(*shop));
    home->spawn(buyer(*home));
  });
  CHECK(run.reports.of<std::string>("notes").begin()->second ==
        "tea0@4.5 tea1@6.5 tea2@8.5 tea3@10.5 ");
}

namespace {

Process inner(Place& p, bool fails) {
  co_await delay(1);
  p.note("inner");
  if (fails)
    throw std::runtime_error("the cake is burnt");
  co_await delay(1);
}

Process outer(Place& p, bool catches) {
  try {
    co_await inner(p, catches);
  } catch (const std::runtime_error& e) {
    p.note(e.what());
  }
  p.note("outer");
}

} // namespace

TEST_CASE("a process waits for another one that it calls, and catches what that throws") {
  CHECK(notes_of([](Place& p) { p.spawn(outer(p, false)); }) == "inner@1 outer@2 ");
  CHECK(notes_of([](Place& p) { p.spawn(outer(p, true)); }) ==
        "inner@1 the cake is burnt@1 outer@1 ");
}

TEST_CASE("what a process throws fails the run, with its agent and the time") {
  fails_everywhere<Sim>(Errc::model_exception, "the cake is burnt", 20, [](Sim&) {
    auto* p = new Place({0, 0});
    p->spawn(inner(*p, true));
  });
}

TEST_CASE("processes end with their agent, and free what they own") {
  static int alive = 0;
  struct Guest {
    Guest() { ++alive; }
    Guest(const Guest&) = delete;
    ~Guest() { --alive; }
    static Process stay(Place& p) {
      const Guest guest;
      const Resource room(p, 1);
      const Lease own = co_await p.bed.acquire();
      co_await delay(100);
    }
    static Process die(Place& p) {
      co_await delay(3);
      p.die();
    }
  };
  const RunSummary run = same_everywhere<Sim>(20, [](Sim&) {
    for (const double x : {0.0, 1.0}) {
      auto* p = new Place({0, x});
      p->spawn(Guest::stay(*p));
      p->spawn(Guest::stay(*p));
      if (x > 0)
        p->spawn(Guest::die(*p));
    }
  });
  CHECK(run.agents_died == 1);
  CHECK(alive == 0);
}

TEST_CASE("a resource and a store without room are named") {
  Sim simulation;
  const auto scope = simulation.set_up();
  auto* p = new Place({0, 0});
  CHECK_THROWS_WITH(Resource(*p, 0), Catch::Contains("a capacity of at least 1, not 0"));
  CHECK_THROWS_WITH(Store<int>(*p, 0), Catch::Contains("a capacity of at least 1, not 0"));
}

TEST_CASE("an agent with processes says why it cannot be put into bytes") {
  Sim simulation;
  const auto scope = simulation.set_up();
  const auto why = detail::obstacle_to_image(detail::cell_of(*new Place({0, 0})));
  REQUIRE(why);
  CHECK_THAT(*why, Catch::Contains("Place has processes: coroutines that wait cannot be put into "
                                   "bytes"));
}

namespace {

/// A queue with `c` clerks, Poisson arrivals at rate `lambda` and exponential service at rate `mu`.
struct Queue : ProcessAgent<Queue, Sim> {
  Queue(std::uint64_t c, double l, double m) : clerks(*this, c), lambda(l), mu(m) {}
  Resource clerks;
  double lambda;
  double mu;

  ~Queue() override {
    report("wait", clerks.waits().mean());
    report("queue", clerks.queue().mean(local_time()));
    report("use", clerks.utilisation());
  }
  Process customer() {
    const Lease clerk = co_await clerks.acquire();
    co_await delay(random().exponential(1 / mu));
  }
  Process arrivals() {
    for (;;) {
      co_await delay(random().exponential(1 / lambda));
      spawn(customer());
    }
  }
};

} // namespace

TEST_CASE("M/M/c by processes: one outcome everywhere, and that of Erlang's formula") {
  const double lambda = 2.4;
  const double mu = 1;
  const std::uint64_t c = 3;
  const auto set_up = [&](Sim&) {
    auto* queue = new Queue(c, lambda, mu);
    queue->spawn(queue->arrivals());
  };
  same_everywhere<Sim>(1000, set_up);

  Sim simulation;
  {
    const auto scope = simulation.set_up();
    set_up(simulation);
  }
  const RunSummary run = simulation.run(100'000);
  const double a = lambda / mu;
  double sum = 0;
  double term = 1;
  for (std::uint64_t k = 0; k < c; ++k) {
    sum += term;
    term *= a / static_cast<double>(k + 1);
  }
  const double rho = a / static_cast<double>(c);
  const double waits = term / (1 - rho) / (sum + term / (1 - rho)); // Erlang C
  const double wait = waits / (static_cast<double>(c) * mu - lambda);
  const auto value = [&](const char* topic) {
    return run.reports.of<double>(topic).begin()->second;
  };
  CHECK(value("wait") == Approx(wait).epsilon(0.08));
  CHECK(value("queue") == Approx(lambda * wait).epsilon(0.08));
  CHECK(value("use") == Approx(rho).epsilon(0.01));
}
