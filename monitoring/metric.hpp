#pragma once

#include <cstdint>
#include <string_view>

namespace stos {

enum class MetricType : std::uint8_t {
  counter, ///< only grows, from 0 at the beginning of the run
  gauge,
  histogram
};

/// What a metric is called and what it means. Every metric has the labels `simulation` and `node`;
/// those of replicated agents (`stos_replicated_`), jobs (`stos_jobs`), locks (`stos_locks_`) and
/// shared values (`stos_values_`), which belong to no simulation, only `node`.
struct Metric {
  std::string_view name;
  MetricType type = MetricType::gauge;
  std::string_view labels; ///< further ones, with a blank between them
  std::string_view unit;
  std::string_view help;
};

} // namespace stos
