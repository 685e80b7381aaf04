#pragma once

#include "libstos/base/portable_math.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace stos::detail {

/// How far agents are from their neighbours, about, if they are spread evenly over a box with these
/// sides.
[[nodiscard]] inline double spacing_of(std::size_t agents, const std::array<double, 3>& sides) {
  const auto dimensions =
      static_cast<double>(std::ranges::count_if(sides, [](double side) { return side > 0; }));
  if (dimensions == 0)
    return 0;
  double spacing = 1 / portable_pow(static_cast<double>(agents), 1 / dimensions);
  for (const double side : sides)
    if (side > 0)
      spacing *= portable_pow(side, 1 / dimensions); // a product of sides could be infinite
  return spacing;
}

/// A channel shorter than this part of the spacing of agents is short: where it leads from one
/// group of agents to another one, one of them waits for the other most of the time.
inline constexpr double short_part_of_spacing = 0.25;

/// Among so many channels there are short ones, if there are many of them at all.
inline constexpr std::size_t channels_to_look_at = std::size_t{1} << 16;

/// Agents, by their indices, that are to stay together. The first of each cluster stands for it.
class Clusters {
public:
  explicit Clusters(std::size_t agents) : parent_(agents), size_(agents, 1) {
    std::iota(parent_.begin(), parent_.end(), 0U);
  }

  [[nodiscard]] std::uint32_t find(std::uint32_t agent) {
    while (parent_[agent] != agent)
      agent = parent_[agent] = parent_[parent_[agent]];
    return agent;
  }

  void join(std::uint32_t a, std::uint32_t b) {
    a = find(a);
    b = find(b);
    if (a == b)
      return;
    const auto [first, other] = std::minmax(a, b);
    parent_[other] = first;
    size_[first] += size_[other];
    largest_ = std::max(largest_, size_[first]);
  }

  /// The number of agents of the largest one.
  [[nodiscard]] std::size_t largest() const { return largest_; }

private:
  std::vector<std::uint32_t> parent_;
  std::vector<std::uint32_t> size_;
  std::uint32_t largest_ = 1;
};

} // namespace stos::detail
