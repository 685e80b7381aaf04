#include "libstos/cluster/placement/companions.hpp"

#include "libstos/base/huge_pages.hpp"
#include "libstos/engine/parallel/clusters.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

namespace stos {
namespace {

using Link = PlacementInput::Link;

// With so few agents for a node, what they have to do at a time is less than what it takes to tell
// another node.
constexpr std::size_t few_agents = 64;

double spacing(std::span<const Point> positions) {
  std::array<double, 3> sides{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto [low, high] = std::minmax_element(
        positions.begin(), positions.end(),
        [axis](const Point& a, const Point& b) { return a[axis + 1] < b[axis + 1]; });
    sides[axis] = (*high)[axis + 1] - (*low)[axis + 1];
  }
  return detail::spacing_of(positions.size(), sides);
}

// Of channels no longer than `longest`, by a sample of them.
bool has_some(const PlacementInput& input, double longest) {
  const std::size_t stride = input.channels.size() / detail::channels_to_look_at + 1;
  for (std::size_t i = 0; i < input.channels.size(); i += stride) {
    const Link& link = input.channels[i];
    if (link.from != link.to && link.weight > 0 &&
        input.space.distance(input.positions[link.from], input.positions[link.to]) <= longest)
      return true;
  }
  return false;
}

detail::Clusters joined(const PlacementInput& input, double longest) {
  detail::Clusters clusters(input.positions.size());
  for (const Link& link : input.channels)
    if (link.weight > 0 &&
        input.space.distance(input.positions[link.from], input.positions[link.to]) <= longest)
      clusters.join(link.from, link.to);
  return clusters;
}

bool are_small(const detail::Clusters& clusters, const PlacementInput& input) {
  const std::size_t agents = input.positions.size();
  return agents <= few_agents * input.nodes || 2 * input.nodes * clusters.largest() <= agents;
}

} // namespace

Companions::Companions(const PlacementInput& input) : input_(input) {
  if (input.channels.empty())
    return;
  const double near = detail::short_part_of_spacing * spacing(input.positions);
  if (!has_some(input, near))
    return;
  detail::Clusters clusters = joined(input, near);
  if (!are_small(clusters, input))
    clusters = joined(input, 0);
  number_groups(clusters);
  if (any())
    put_together();
}

void Companions::number_groups(detail::Clusters& clusters) {
  for (std::uint32_t i = 0; i < input_.positions.size(); ++i)
    if (const std::uint32_t first = clusters.find(i); first == i) {
      group_of_.push_back(static_cast<std::uint32_t>(positions_.size()));
      positions_.push_back(input_.positions[i]);
    } else {
      group_of_.push_back(group_of_[first]); // it has its number already
    }
}

void Companions::put_together() {
  add_loads();
  reserve_large(channels_, input_.channels.size());
  for (const Link& link : input_.channels)
    if (group_of_[link.from] != group_of_[link.to])
      channels_.push_back({group_of_[link.from], group_of_[link.to], link.weight});
}

// In a coarser unit, if the sums are too large.
void Companions::add_loads() {
  std::vector<std::uint64_t> sums(positions_.size());
  for (std::size_t i = 0; i < group_of_.size(); ++i)
    sums[group_of_[i]] += input_.loads.empty() ? 1 : input_.loads[i];
  constexpr int bits = std::numeric_limits<std::uint32_t>::digits;
  const auto most = static_cast<int>(std::bit_width(*std::ranges::max_element(sums)));
  const int more = std::max(0, most - bits);
  for (const std::uint64_t sum : sums)
    loads_.push_back(static_cast<std::uint32_t>(sum >> more));
}

PlacementInput Companions::as_agents() const {
  PlacementInput groups = input_;
  groups.positions = positions_;
  groups.channels = channels_;
  groups.loads = loads_;
  return groups;
}

Placement Companions::spread(const Placement& of_groups) const {
  Placement placement;
  placement.reserve(group_of_.size());
  for (const std::uint32_t group : group_of_)
    placement.push_back(of_groups[group]);
  return placement;
}

} // namespace stos
