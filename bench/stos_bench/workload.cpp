#include "bench/stos_bench/workload.hpp"

#include <algorithm>

namespace stos::bench {
namespace {

struct Marks {
  double floor, goal;
};

class WorkloadList {
public:
  explicit WorkloadList(std::uint32_t workers) : workers_(workers) {}

  /// A workload that our engine runs with one worker and with all of them, beside the reference
  /// engines that it is fair to compare with.
  Workload& add(std::string name, const Model& model, double end_time_s_min) {
    Workload workload{std::move(name), model, end_time_s_min, {}, {}};
    const bool uniform = model.extra == 0;
    for (const std::uint32_t threads : thread_counts()) {
      workload.contenders.push_back({Engine::ours, threads, model});
      if (threads == 1)
        workload.contenders.push_back({Engine::queue, 1, model});
      workload.contenders.push_back({uniform ? Engine::window : Engine::yawns, threads, model});
    }
    list_.push_back(std::move(workload));
    return list_.back();
  }

  Workload& lattice(std::uint32_t sites, std::uint32_t tokens, double end_time_s_min,
                    Marks of_queue) {
    Workload& workload =
        add("lattice " + short_number(sites) + " K=" + std::to_string(tokens),
            {.kind = ModelKind::lattice, .sites = sites, .tokens = tokens}, end_time_s_min);
    against_queue(workload, 1, of_queue);
    against_one_worker(workload, {1.6, 1.9});
    return workload;
  }

  static void against_queue(Workload& workload, std::uint32_t workers, Marks marks) {
    if (marks.goal > 0)
      workload.goals.push_back({{Engine::ours, workers, workload.model},
                                {Engine::queue, 1, workload.model},
                                "of pq",
                                marks.floor,
                                marks.goal});
  }

  void against_one_worker(Workload& workload, Marks marks) const {
    if (workers_ > 1)
      workload.goals.push_back({{Engine::ours, workers_, workload.model},
                                {Engine::ours, 1, workload.model},
                                "of 1 worker",
                                marks.floor,
                                marks.goal});
  }

  /// Short distances somewhere must not slow down everybody: compared with a lattice without them.
  void against_lattice(Workload& workload, Marks marks) const {
    const Model lattice{.kind = ModelKind::lattice, .sites = workload.model.sites};
    workload.contenders.push_back({Engine::ours, workers_, lattice});
    workload.goals.push_back({{Engine::ours, workers_, workload.model},
                              {Engine::ours, workers_, lattice},
                              "of the lattice",
                              marks.floor,
                              marks.goal});
  }

  void crowd() {
    const Model crowd{.kind = ModelKind::crowd, .sites = 100'000};
    const Model pair{.kind = ModelKind::crowd, .sites = 2};
    Workload workload{"idle crowd 100k", crowd, 10, {}, {}};
    for (const std::uint32_t threads : thread_counts())
      for (const Model& model : {crowd, pair})
        workload.contenders.push_back({Engine::ours, threads, model});
    workload.goals.push_back(
        {{Engine::ours, 1, crowd}, {Engine::ours, 1, pair}, "of the pair alone", 0.3, 0.9});
    list_.push_back(std::move(workload));
  }

  void lattices() {
    against_queue(lattice(10'000, 1, 20, {0.3, 0.7}), workers_, {0.5, 1.3});
    lattice(10'000, 16, 5, {0.35, 1.0});
    lattice(100'000, 1, 5, {0.25, 0.6});
    lattice(100'000, 16, 2, {}).only_full = true;
    lattice(1'000'000, 1, 5, {0.25, 1.0}).large = true;
    lattice(1'000'000, 16, 2, {0.7, 2.0}).large = true;
  }

  void short_distances() {
    for (const std::uint32_t cubes : {1u, 8u, 64u})
      against_lattice(
          add("cluster C=" + std::to_string(cubes),
              {.kind = ModelKind::cluster, .sites = 10'000, .extra = cubes, .spacing = 1e-3}, 10),
          {0.7, 1.0});
    against_lattice(
        add("filament F=1000",
            {.kind = ModelKind::filament, .sites = 10'000, .extra = 1000, .spacing = 1e-3}, 10),
        {0.3, 1.0});
    against_one_worker(add("filament F=1000 work=3000",
                           {.kind = ModelKind::filament,
                            .sites = 1000,
                            .work = 3000,
                            .extra = 1000,
                            .spacing = 1e-4},
                           2),
                       {1.5, 1.9});
  }

  std::vector<Workload> take() {
    lattices();
    against_queue(add("bare 10k", {.kind = ModelKind::bare, .sites = 10'000}, 20), 1, {0.3, 0.8});
    add("heavy work=300", {.kind = ModelKind::lattice, .sites = 10'000, .work = 300}, 10);
    short_distances();
    crowd();
    return std::move(list_);
  }

private:
  [[nodiscard]] std::vector<std::uint32_t> thread_counts() const {
    return workers_ > 1 ? std::vector<std::uint32_t>{1, workers_} : std::vector<std::uint32_t>{1};
  }

  std::uint32_t workers_;
  std::vector<Workload> list_;
};

} // namespace

const char* name_of(Engine engine) {
  switch (engine) {
    case Engine::ours: return "stos";
    case Engine::queue: return "pq";
    case Engine::window: return "win";
    case Engine::yawns: return "yawns";
  }
  return "?";
}

std::vector<Workload> all_workloads(std::uint32_t workers) { return WorkloadList(workers).take(); }

std::string short_number(std::uint32_t n) {
  if (n >= 1'000'000 && n % 1'000'000 == 0)
    return std::to_string(n / 1'000'000) + "M";
  if (n >= 1000 && n % 1000 == 0)
    return std::to_string(n / 1000) + "k";
  return std::to_string(n);
}

} // namespace stos::bench
