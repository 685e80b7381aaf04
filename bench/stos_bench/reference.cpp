#include "bench/stos_bench/reference.hpp"

#include "bench/stos_bench/reference_queue.hpp"
#include "bench/stos_bench/reference_window.hpp"
#include "bench/stos_bench/reference_yawns.hpp"

namespace stos::bench {
namespace {

template <ReferenceModel M>
ReferenceRun run_on(const Model& model, double end_time_s, ReferenceEngine engine,
                    std::uint32_t threads) {
  const M rules(model);
  const std::uint64_t end = to_ticks(end_time_s);
  switch (engine) {
    case ReferenceEngine::window:
      return WindowEngine<M>(rules, reference_start(model), end, threads).run();
    case ReferenceEngine::yawns:
      return YawnsEngine<M>(rules, reference_start(model), end, threads).run();
    case ReferenceEngine::queue: break;
  }
  return run_queue(rules, reference_start(model), end);
}

} // namespace

ReferenceStart reference_start(const Model& model) {
  ReferenceStart start;
  for (std::uint32_t i = 0; i < agents_of(model); ++i) {
    AgentState& agent =
        start.agents.emplace_back(AgentState{stream_of(model.seed, i), initial_hash});
    for (std::uint32_t k = 0; k < model.tokens; ++k)
      start.events.push_back({agent.random() >> 32, i, i * model.tokens + k});
  }
  return start;
}

std::uint64_t fold_digest(const std::vector<AgentState>& agents) {
  std::uint64_t digest = 0;
  for (std::uint32_t i = 0; i < agents.size(); ++i)
    digest += digest_of(i, agents[i].hash);
  return digest;
}

ReferenceRun run_reference(const Model& model, double end_time_s, ReferenceEngine engine,
                           std::uint32_t threads) {
  switch (model.kind) {
    case ModelKind::bare:
      return run_on<LatticeReference<false>>(model, end_time_s, engine, threads);
    case ModelKind::cluster: return run_on<ClusterReference>(model, end_time_s, engine, threads);
    case ModelKind::filament: return run_on<FilamentReference>(model, end_time_s, engine, threads);
    case ModelKind::lattice: break;
    case ModelKind::crowd: throw UsageError(Errc::not_supported, "the idle crowd has no reference");
  }
  if (model.channels != 6)
    return run_on<WideLatticeReference>(model, end_time_s, engine, threads);
  return run_on<LatticeReference<true>>(model, end_time_s, engine, threads);
}

} // namespace stos::bench
