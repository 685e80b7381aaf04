// A run that fails does so with one error on all nodes, which is that of one node.

#include "support/nodes_in_threads.hpp"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

struct Edge {
  bool is_broken;
  [[nodiscard]] double exit_time(const Trajectory& path) const {
    return is_broken && path.anchor()[1] > 5 ? std::nan("") : 40;
  }
};

template <class Boundary>
using Simulation = ForwardSimulation<Minkowski<2>, ThreadPool<2>, Boundary>;

template <class Boundary>
class Ticker : public Agent<Ticker<Boundary>, Simulation<Boundary>> {
public:
  using Agent<Ticker, Simulation<Boundary>>::Agent;
  Ticker() = default;
  ~Ticker() override {
    this->report("end", this->position()[0]);
    next.send([](Ticker&) {});
  }
  void tick() {
    this->after(1, [](Ticker& self) {
      self.next.send([](Ticker&) {});
      self.tick();
    });
  }
  ChannelWriter<Ticker> next;

  template <class Inspector>
  friend bool inspect(Inspector& f, Ticker& x) {
    return f.object(x).fields(f.field("next", x.next));
  }
};

template <class Boundary>
std::string failure_of(Simulation<Boundary>& simulation, const Boundary& boundary) {
  {
    const auto scope = simulation.set_up();
    std::vector<Ticker<Boundary>*> all;
    for (int i = 0; i < 8; ++i)
      all.push_back(new Ticker<Boundary>({0, double(i)}));
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i]->next = ChannelWriter(*all[i], *all[(i + 1) % all.size()]);
      all[i]->report("set up", int(i));
      all[i]->tick();
    }
  }
  try {
    const RunSummary run = simulation.run(boundary);
    return "none, " + run.digest.to_string() + " " + std::to_string(run.sent) + " " +
           std::to_string(run.in_flight) + " " + std::to_string(run.reports.all().size());
  } catch (const SimulationError& e) {
    return e.error().context;
  }
}

// Several of these tests may run at the same time.
std::string trace_file(std::size_t index) {
  return "failures_on_nodes_" + std::to_string(getpid()) + "_" + std::to_string(index) + ".tsv";
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// What all of two nodes and one process without others say.
template <class Boundary>
std::vector<std::string> failures(const RunOptions& options, const Boundary& boundary) {
  std::vector<std::string> all(4);
  std::vector<std::string> traces(2);
  const auto play = [&](RunOptions of_run, std::string& failure, auto&&... resource) {
    of_run.trace_events_max = options.trace_events_max;
    of_run.reports_max = options.reports_max;
    of_run.progress = ProgressMode::never;
    Simulation<Boundary> simulation(of_run, ThreadPool<2>(resource...));
    failure = failure_of(simulation, boundary);
  };
  RunOptions traced;
  traced.trace_path = trace_file(0);
  play(traced, all[0]);
  traces[0] = text_of(traced.trace_path);
  RunOptions serial = options;
  serial.serial = true;
  play(serial, all[1]);
  nodes_in_threads(2, [&](NodeInThread& self) {
    RunOptions own = self.options;
    own.trace_path = trace_file(self.index + 1);
    play(own, all[2 + self.index], self.system, self.node);
  });
  traces[1] = text_of(trace_file(1));
  CHECK(traces[1] == traces[0]);
  for (const std::size_t i : {0, 1, 2})
    std::remove(trace_file(i).c_str());
  return all;
}

} // namespace

TEST_CASE("destructors and reports of the set-up count once on nodes") {
  const auto all = failures<LabTimeBoundary>({}, 20.5);
  for (const std::string& each : all)
    CHECK(each == all[0]);
  CHECK_THAT(all[0], Catch::StartsWith("none, ") && Catch::EndsWith(" 16"));
}

TEST_CASE("more reports or trace records than allowed are one error on all nodes") {
  RunOptions options;
  options.reports_max = 12;
  const auto reports = failures<LabTimeBoundary>(options, 20.5);
  for (const std::string& each : reports)
    CHECK(each == reports[0]);
  CHECK_THAT(reports[0], Catch::Contains("report number 13 is more than"));

  RunOptions short_trace;
  short_trace.trace_events_max = 100;
  const auto traces = failures<LabTimeBoundary>(short_trace, 20.5);
  CHECK_THAT(traces[0], Catch::Contains("more than 100 trace records"));
  CHECK(traces[2] == traces[0]);
  CHECK(traces[3] == traces[0]);
}

TEST_CASE("a boundary that is wrong is one error on all nodes") {
  const auto broken = failures<Edge>({}, Edge{true});
  for (const std::string& each : broken)
    CHECK(each == broken[0]);
  CHECK_THAT(broken[0], Catch::Contains("agent 7 (") && Catch::Contains("exit_time()"));
  const auto well = failures<Edge>({}, Edge{false});
  for (const std::string& each : well)
    CHECK(each == well[0]);
}
