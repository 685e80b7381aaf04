#pragma once

#include "libstos/base/ids.hpp"

#include <initializer_list>
#include <vector>

namespace stos::test {

constexpr NodeIndex operator""_node(unsigned long long number) { return NodeIndex(number); }
constexpr Group operator""_group(unsigned long long number) { return Group(number); }

/// A Placement.
inline std::vector<NodeIndex> on_nodes(std::initializer_list<std::size_t> numbers) {
  return {numbers.begin(), numbers.end()};
}

} // namespace stos::test
