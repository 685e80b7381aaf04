// Limits mean the same on every engine: what is counted is counted for the whole run.

#include "support/engines.hpp"
#include "support/everywhere.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

using namespace stos;
using namespace stos::test;

namespace {

template <class Resource>
class Ticker : public Agent<Ticker<Resource>, ForwardSimulation<Minkowski<2>, Resource>> {
public:
  using Agent<Ticker, ForwardSimulation<Minkowski<2>, Resource>>::Agent;
  Ticker() = default;
  ~Ticker() override { this->report("end", ticks); }

  void tick() {
    this->after(1, [](Ticker& self) {
      ++self.ticks;
      self.report("tick", self.ticks);
      if (self.ticks == self.fails_after)
        throw std::runtime_error("enough");
      self.tick();
    });
  }
  int ticks = 0;
  int fails_after = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Ticker& x) {
    return f.object(x).fields(f.field("ticks", x.ticks), f.field("fails_after", x.fails_after));
  }
};

/// 8 agents with 10 ticks each, at different times.
template <class Resource>
void set_up_tickers(int fails_after = 0) {
  for (int i = 0; i < 8; ++i) {
    auto* ticker = new Ticker<Resource>({0.1 * i, 3.0 * i});
    ticker->fails_after = i == 5 ? fails_after : 0;
    ticker->tick();
  }
}

RunOptions at_most(std::uint64_t reports) {
  RunOptions options;
  options.reports_max = reports;
  return options;
}

using Shuffled = ForwardSimulation<Minkowski<2>, ShuffledDomains>;
using Pool = ForwardSimulation<Minkowski<2>, ThreadPool<2>>;

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

TEST_CASE("the first report too many is the same everywhere") {
  const auto set_up = [](Shuffled&) { set_up_tickers<ShuffledDomains>(); };
  constexpr std::uint64_t all = 8 * (10 + 1);
  for (const std::uint64_t most :
       {std::uint64_t{1}, std::uint64_t{9}, std::uint64_t{40}, all - 8, all - 1})
    fails_everywhere<Shuffled>(Errc::bad_argument,
                               "report number " + std::to_string(most + 1) + " is more than", 10.95,
                               set_up, at_most(most));
  CHECK(same_everywhere<Shuffled>(10.95, set_up, at_most(all)).reports.all().size() == all);
}

TEST_CASE("what fails first is reported, the model or the limit") {
  const auto set_up = [](Shuffled&) { set_up_tickers<ShuffledDomains>(5); };
  fails_everywhere<Shuffled>(Errc::model_exception, "enough", 10.95, set_up, at_most(60));
  fails_everywhere<Shuffled>(Errc::bad_argument, "limits.reports_max", 10.95, set_up, at_most(20));
}

TEST_CASE("a trace that is too long is one error on every engine, and its file the same") {
  const std::string file = "mistakes_limits_trace.tsv";
  // 8 births, 80 events, 8 ends
  for (const std::uint64_t most : {5U, 8U, 30U, 87U, 95U, 96U}) {
    INFO("at most " << most);
    std::string first_error;
    std::string first_trace;
    RunOptions options;
    options.trace_path = file;
    options.trace_events_max = most;
    for (const EngineChoice& engine : every_engine(options, 2)) {
      INFO(engine.name);
      std::string error = "none";
      try {
        (void)run_world<Pool>(engine.options, 10.95, [] { set_up_tickers<ThreadPool<2>>(); });
      } catch (const SimulationError& failure) {
        CHECK(failure.error().code == Errc::trace_full);
        error = failure.error().context;
      }
      CHECK((error == "none") == (most == 96));
      const std::string trace = text_of(file);
      if (first_error.empty()) {
        first_error = error;
        first_trace = trace;
      }
      CHECK(error == first_error);
      CHECK(trace == first_trace);
      CHECK(std::count(trace.begin(), trace.end(), '\n') == static_cast<std::ptrdiff_t>(most) + 1);
    }
  }
  std::remove(file.c_str());
}

TEST_CASE("the trace of a run that fails ends there on every engine") {
  const std::string file = "mistakes_failed_trace.tsv";
  std::string first_trace;
  RunOptions options;
  options.trace_path = file;
  for (const EngineChoice& engine : every_engine(options, 2)) {
    INFO(engine.name);
    CHECK_THROWS_AS(
        run_world<Pool>(engine.options, 10.95, [] { set_up_tickers<ThreadPool<2>>(5); }),
        SimulationError);
    const std::string trace = text_of(file);
    if (first_trace.empty())
      first_trace = trace;
    CHECK(trace == first_trace);
    CHECK(std::count(trace.begin(), trace.end(), '\n') == 1 + 8 + 8 * 5 - 2);
  }
  std::remove(file.c_str());
}

TEST_CASE("the longest chain within an instant is the same everywhere") {
  RunOptions options;
  options.instant_depth_max = 20;
  fails_everywhere<Shuffled>(
      Errc::instant_too_deep, "limits.instant_depth_max", 100,
      [](Shuffled&) {
        struct Chain {
          static void go(Ticker<ShuffledDomains>& self) {
            self.after(0, [](Ticker<ShuffledDomains>& again) { go(again); });
          }
        };
        auto* ticker = new Ticker<ShuffledDomains>({0, 0});
        ticker->after(1, [](Ticker<ShuffledDomains>& self) { Chain::go(self); });
      },
      options);
}

namespace {

class Caller : public Agent<Caller, Shuffled> {
public:
  using Agent::Agent;
  Caller() = default;
  ChannelWriter<Caller> hub;
  int calls = 0;

  void call(double period) {
    for (int i = 0; i < calls; ++i)
      hub.send([](Caller&) {});
    after(period, [period](Caller& self) { self.call(period); });
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, Caller& x) {
    return f.object(x).fields(f.field("hub", x.hub), f.field("calls", x.calls));
  }
};

/// Callers around a hub, some near and some far, one after the other, who call again and again.
auto callers(int n, int calls) {
  return [=](Shuffled&) {
    auto* hub = new Caller({0, 0});
    for (int i = 1; i <= n; ++i) {
      auto* caller = new Caller({0, (i % 2 == 0 ? 3.0 : -5.0) * i});
      caller->hub = ChannelWriter(*caller, *hub);
      caller->calls = calls;
      caller->after(0.1 * i, [](Caller& self) { self.call(1.7); });
    }
  };
}

} // namespace

TEST_CASE("a mailbox that is full is one error everywhere") {
  RunOptions options;
  for (const std::uint64_t most : {7U, 30U, 100U}) {
    options.mailbox_lambdas_max = most;
    fails_everywhere<Shuffled>(Errc::mailbox_full, "agent 1 (", 60,
                               callers(9, most == 100 ? 40 : 1), options);
  }
  options.mailbox_lambdas_max = 1000;
  CHECK(same_everywhere<Shuffled>(60, callers(9, 1), options).agents_born == 10);
}
