#pragma once

#include "bench/stos_bench/measurement.hpp"
#include "bench/stos_bench/text_table.hpp"

namespace stos::bench {

/// Something that should be large, or small, and how large it is.
struct Verdict {
  std::string workload;
  std::string workers;
  std::string quantity;
  double value = 0;
  double floor = 0; ///< the worst that is tolerated
  double goal = 0;  ///< below the floor where less is better

  /// "goal", "floor" or "MISSED".
  [[nodiscard]] const char* mark() const;
};

/// One row for each contender: rates, ratios, and how the engine went about it.
[[nodiscard]] TextTable rates_table(const std::vector<Measurement>& measurements);

[[nodiscard]] std::vector<Verdict> verdicts_of(const std::vector<Measurement>& measurements);

[[nodiscard]] TextTable verdict_table(const std::vector<Verdict>& verdicts);

/// All runs, one a line, with a header.
[[nodiscard]] std::string to_csv(const std::vector<Measurement>& measurements);

} // namespace stos::bench
