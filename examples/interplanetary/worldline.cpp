#include "worldline.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace interplanetary {
namespace {

/// The largest distance found between the chord a-b and the true worldline.
double chord_deviation_ls(const SolarSystem& system, MobileId id, const WorldlineNode& a,
                          double t_b_s, Vector3 b) {
  double worst = 0.0;
  for (const double fraction : std::array{0.25, 0.5, 0.75}) {
    const auto on_chord = a.at_ls + fraction * (b - a.at_ls);
    const auto truth = position_ls(system, id, a.t_s + fraction * (t_b_s - a.t_s));
    worst = std::max(worst, length(truth - on_chord));
  }
  return worst;
}

} // namespace

WorldlineNode first_node(const SolarSystem& system, MobileId id, double t_s) {
  return {t_s, position_ls(system, id, t_s), 60.0};
}

WorldlineNode next_node(const SolarSystem& system, MobileId id, const WorldlineNode& node,
                        double until_s) {
  // The deviation grows with the square of the step. Three probes can miss the true maximum by a
  // few per cent on a lopsided piece, hence the distance kept from the tolerance.
  const double tolerance_ls = system[id].chord_tolerance_ls;
  const double aim_ls = 0.75 * tolerance_ls;
  const double accept_ls = 0.9 * tolerance_ls;
  double step_s = node.try_step_s;
  while (true) {
    const double t_s = std::min(node.t_s + step_s, until_s);
    const auto at_ls = position_ls(system, id, t_s);
    const double deviation_ls = chord_deviation_ls(system, id, node, t_s, at_ls);
    const double growth =
        std::clamp(std::sqrt(aim_ls / std::max(deviation_ls, 1e-3 * aim_ls)), 0.25, 4.0);
    const double better_step_s = std::clamp(growth * (t_s - node.t_s), 1.0, longest_piece_s);
    if (deviation_ls <= accept_ls || t_s - node.t_s <= 1.0)
      return {t_s, at_ls, better_step_s};
    step_s = better_step_s;
  }
}

Vector3 chord_velocity(const WorldlineNode& a, const WorldlineNode& b) {
  return (1.0 / (b.t_s - a.t_s)) * (b.at_ls - a.at_ls);
}

std::vector<WorldlineNode> sample_worldline(const SolarSystem& system, MobileId id, double from_s,
                                            double until_s) {
  std::vector<WorldlineNode> nodes{first_node(system, id, from_s)};
  while (nodes.back().t_s < until_s)
    nodes.push_back(next_node(system, id, nodes.back(), until_s));
  return nodes;
}

} // namespace interplanetary
