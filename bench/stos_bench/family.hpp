#pragma once

#include "bench/stos_bench/plot.hpp"
#include "bench/stos_bench/report.hpp"
#include "bench/stos_bench/text_table.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace stos::bench {

/// How a member of the family is run.
enum class Host : std::uint8_t { serial, one_worker, two_workers, two_nodes };
constexpr std::size_t hosts = 4;

/// "serial", "1 worker", "2 workers" or "2 nodes" (with one worker each).
[[nodiscard]] const char* name_of(Host host);

/// A workload of bench/ordinary, and the sizes in which it makes sense.
struct FamilyMember {
  std::string name;
  std::vector<std::string> arguments; ///< of stos_ordinary
  std::vector<std::uint32_t> sizes;

  /// With so many agents there is something to gain from two workers; 0: nobody expects any.
  std::uint32_t parallel_at = 0;
};

/// One run of stos_ordinary; on two nodes both of them together.
struct FamilyRun {
  std::string digest;
  std::uint64_t events = 0;
  double cpu_s = 0; ///< of the user and of the system, without set-up; of all nodes
  double wall_s = 0;
  std::uint64_t activations = 0;
  std::uint64_t empty_activations = 0;
};

/// One member at one size, on all hosts.
struct FamilyRow {
  std::string name;
  std::uint32_t agents = 0;
  bool is_parallel = false;
  std::array<std::vector<FamilyRun>, hosts> runs; ///< by host and round
  std::array<double, hosts> stopped_at_s{};       ///< above 0: the run took too long
  std::vector<std::string> failures;

  /// Median over the rounds of what a host costs, in terms of the serial engine; 0 if unknown. Of a
  /// run that was stopped, what it had cost by then.
  [[nodiscard]] double cpu_ratio(Host host) const;
  [[nodiscard]] double wall_ratio(Host host) const;

  /// Median over the rounds, in microseconds of processor time; 0 if unknown.
  [[nodiscard]] double cost_per_event_us(Host host) const;
};

struct FamilyEffort {
  int rounds = 3;
  double events = 500'000; ///< at least; larger worlds execute some for each agent
  std::uint32_t agents_max = 100'000;
  std::uint32_t agents_min = 100;
};

[[nodiscard]] std::vector<FamilyMember> family();

/// Runs a member at one size on all hosts in turns, in programs of their own beside this one.
///
/// All runs must have one digest. A run that takes longer than 20 times the serial engine (and 2 s)
/// is stopped, and none more is begun on that host.
[[nodiscard]] FamilyRow measure(const FamilyMember& member, std::uint32_t agents,
                                const FamilyEffort& effort);

/// What is judged: one worker's processor time and two workers' wall-clock time.
[[nodiscard]] std::vector<Verdict> verdicts_of(const std::vector<FamilyRow>& rows);

/// One line for each row.
[[nodiscard]] TextTable family_table(const std::vector<FamilyRow>& rows);

/// Cost of an event over the number of agents, one panel for each member.
[[nodiscard]] std::vector<Panel> family_panels(const std::vector<FamilyRow>& rows);

/// All runs, one a line, with a header.
[[nodiscard]] std::string to_csv(const std::vector<FamilyRow>& rows);

} // namespace stos::bench
