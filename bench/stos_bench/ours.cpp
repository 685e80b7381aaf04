#include "bench/stos_bench/ours.hpp"

#include "bench/stos_bench/stopwatch.hpp"
#include "bench/stos_bench/world_builder.hpp"

namespace stos::bench {
namespace {

template <class Rules>
OurRun run_with(const Model& model, double end_time_s, RunOptions options) {
  Logbook logbook; // first, so that it outlives the agents
  logbook.work = model.work;
  logbook.mean_service = to_ticks(model.spacing);
  logbook.late = to_ticks(end_time_s * 0.98);

  OurRun run;
  options.end_time_s.reset();
  options.progress = ProgressMode::never;
  BenchSimulation simulation(std::move(options));
  const Stopwatch stopwatch;
  {
    const auto scope = simulation.set_up();
    WorldBuilder<Rules>(model, logbook).build();
  }
  run.setup_s = stopwatch.seconds();
  run.summary = simulation.run(end_time_s);

  run.active_s = 1e-9 * static_cast<double>(logbook.last_hop_ns - logbook.first_hop_ns);
  for (std::uint32_t i = 0; i < logbook.records.size(); ++i) {
    const Logbook::Record& record = logbook.records[i];
    run.hops += record.hops;
    run.ties += record.ties;
    run.digest += digest_of(i, record.hash);
  }
  return run;
}

} // namespace

OurRun run_ours(const Model& model, double end_time_s, RunOptions options) {
  switch (model.kind) {
    case ModelKind::bare: return run_with<BareRules>(model, end_time_s, std::move(options));
    case ModelKind::cluster: return run_with<ClusterRules>(model, end_time_s, std::move(options));
    case ModelKind::filament: return run_with<FilamentRules>(model, end_time_s, std::move(options));
    case ModelKind::crowd: return run_with<CrowdRules>(model, end_time_s, std::move(options));
    case ModelKind::lattice: break;
  }
  switch (model.channels) {
    case 2: return run_with<LatticeRules<2>>(model, end_time_s, std::move(options));
    case 26: return run_with<LatticeRules<26>>(model, end_time_s, std::move(options));
    case 100: return run_with<LatticeRules<100>>(model, end_time_s, std::move(options));
    default: return run_with<LatticeRules<6>>(model, end_time_s, std::move(options));
  }
}

} // namespace stos::bench
