#pragma once

#include "bench/stos_bench/model.hpp"

#include <string>
#include <vector>

namespace stos::bench {

enum class Engine { ours, queue, window, yawns };

/// "stos", "pq", "win" or "yawns".
[[nodiscard]] const char* name_of(Engine engine);

/// One of those that run side by side: an engine with a number of threads, and what it runs.
struct Contender {
  Engine engine = Engine::ours;
  std::uint32_t threads = 1;
  Model model;

  friend bool operator==(const Contender&, const Contender&) = default;
};

/// What the rate of one contender should be, as a multiple of another one's.
struct Goal {
  Contender subject;
  Contender yardstick;
  const char* quantity; ///< for people: "of pq"
  double floor;         ///< below it something is wrong
  double goal;
};

/// What is measured together, in turns, so that what drifts on the machine cancels in the ratios.
struct Workload {
  std::string name;
  Model model;
  double end_time_s_min = 1; ///< shortest run that says something
  std::vector<Contender> contenders;
  std::vector<Goal> goals;
  bool only_full = false; ///< not part of a plain run
  bool large = false;     ///< not part of a quick run
};

/// All that is judged, for `workers` workers beside one.
[[nodiscard]] std::vector<Workload> all_workloads(std::uint32_t workers);

/// "10k", "1M".
[[nodiscard]] std::string short_number(std::uint32_t n);

} // namespace stos::bench
