#pragma once

#include "bench/stos_bench/measurement.hpp"
#include "bench/stos_bench/plot.hpp"

namespace stos::bench {

/// A lattice of which one size varies: how rates depend on it.
struct Sweep {
  std::string title;
  std::string quantity; ///< what varies, for the axis
  std::vector<std::pair<std::uint32_t, Workload>> points;
};

/// Over agents, tokens per agent and channels per agent; our engine with one worker and with
/// `workers`, the priority queue, and windows with one thread.
[[nodiscard]] std::vector<Sweep> all_sweeps(std::uint32_t workers);

/// The curves of a sweep whose points have been measured, in this order.
[[nodiscard]] Panel panel_of(const Sweep& sweep, const std::vector<Measurement>& measurements);

} // namespace stos::bench
