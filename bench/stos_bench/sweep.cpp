#include "bench/stos_bench/sweep.hpp"

namespace stos::bench {
namespace {

Workload workload_of(const Sweep& sweep, const Model& model, std::uint32_t value,
                     double end_time_s_min, std::uint32_t workers) {
  Workload workload;
  workload.name = sweep.title + ": " + short_number(value);
  workload.model = model;
  workload.end_time_s_min = end_time_s_min;
  if (workers > 1)
    workload.contenders.push_back({Engine::ours, workers, model});
  for (const Engine engine : {Engine::ours, Engine::queue, Engine::window})
    workload.contenders.push_back({engine, 1, model});
  return workload;
}

std::string label_of(const Contender& contender) {
  switch (contender.engine) {
    case Engine::ours:
      return "libstos, " + std::to_string(contender.threads) +
             (contender.threads == 1 ? " worker" : " workers");
    case Engine::queue: return "priority queue, 1 thread";
    case Engine::window: return "static windows, 1 thread";
    case Engine::yawns: return "YAWNS";
  }
  return "?";
}

} // namespace

std::vector<Sweep> all_sweeps(std::uint32_t workers) {
  struct Point {
    std::uint32_t value;
    double end_time_s_min;
  };
  Sweep agents{"agents", "agents (one token each, 6 channels)", {}};
  for (const auto& [n, end_time_s_min] :
       {Point{1'000, 100}, Point{10'000, 20}, Point{100'000, 5}, Point{1'000'000, 5}})
    agents.points.emplace_back(n, workload_of(agents, {.sites = n}, n, end_time_s_min, workers));
  Sweep tokens{"tokens", "tokens per agent (10,000 agents, 6 channels)", {}};
  for (const auto& [k, end_time_s_min] : {Point{1, 20}, Point{4, 10}, Point{16, 5}, Point{64, 5}})
    tokens.points.emplace_back(
        k, workload_of(tokens, {.sites = 10'000, .tokens = k}, k, end_time_s_min, workers));
  Sweep channels{"channels", "channels per agent (10,000 agents, one token each)", {}};
  for (const std::uint32_t c : {2u, 6u, 26u, 100u})
    channels.points.emplace_back(
        c, workload_of(channels, {.sites = 10'000, .channels = c}, c, 20, workers));
  return {agents, tokens, channels};
}

Panel panel_of(const Sweep& sweep, const std::vector<Measurement>& measurements) {
  Panel panel{"Rate over " + sweep.title, sweep.quantity, {}};
  for (std::size_t c = 0; c < sweep.points.front().second.contenders.size(); ++c) {
    Curve curve{label_of(sweep.points.front().second.contenders[c]), {}};
    for (std::size_t i = 0; i < measurements.size(); ++i)
      if (c < measurements[i].series.size() && measurements[i].series[c].hops_per_s() > 0)
        curve.points.emplace_back(sweep.points[i].first, measurements[i].series[c].hops_per_s());
    panel.curves.push_back(std::move(curve));
  }
  return panel;
}

} // namespace stos::bench
