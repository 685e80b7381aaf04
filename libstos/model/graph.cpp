#include "libstos/model/graph.hpp"

#include "libstos/base/exact_text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace stos {
namespace {

Edge edge_of(std::uint32_t x, std::uint32_t y) { return {std::min(x, y), std::max(x, y)}; }

std::vector<Edge> in_order(const std::set<Edge>& edges) { return {edges.begin(), edges.end()}; }

[[noreturn]] void refuse(const std::string& what) { throw UsageError(Errc::bad_argument, what); }

// The number that `text` begins with, behind spaces, which is taken off it.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc())
    return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

} // namespace

std::vector<Edge> random_graph(std::uint32_t n, std::uint64_t edges, RandomStream& random) {
  const std::uint64_t possible = std::uint64_t{n} * (n > 0 ? n - 1 : 0) / 2;
  if (edges > possible)
    refuse("a graph of " + std::to_string(n) + " places has at most " + std::to_string(possible) +
           " edges, not " + std::to_string(edges));
  std::set<Edge> all;
  const bool leaves_out = edges > possible / 2; // few are drawn, in either case
  const std::uint64_t draws = leaves_out ? possible - edges : edges;
  while (all.size() < draws) {
    const auto a = static_cast<std::uint32_t>(random.index(n));
    const auto b = static_cast<std::uint32_t>(random.index(n));
    if (a != b)
      all.insert(edge_of(a, b));
  }
  if (!leaves_out)
    return in_order(all);
  std::vector<Edge> rest;
  for (std::uint32_t a = 0; a < n; ++a)
    for (std::uint32_t b = a + 1; b < n; ++b)
      if (all.count({a, b}) == 0)
        rest.push_back({a, b});
  return rest;
}

std::vector<Edge> small_world(std::uint32_t n, std::uint32_t degree, double rewired,
                              RandomStream& random) {
  if (degree % 2 != 0 || degree >= n)
    refuse("the degree of a small world is even and below its " + std::to_string(n) +
           " places, not " + std::to_string(degree));
  if (!(rewired >= 0 && rewired <= 1))
    refuse("a probability is in [0, 1], not " + exact_text(rewired));
  std::set<Edge> all;
  for (std::uint32_t k = 1; k <= degree / 2; ++k)
    for (std::uint32_t i = 0; i < n; ++i)
      all.insert(edge_of(i, static_cast<std::uint32_t>((std::uint64_t{i} + k) % n)));
  std::vector<std::uint32_t> degrees(n, degree);
  for (std::uint32_t k = 1; k <= degree / 2; ++k)
    for (std::uint32_t i = 0; i < n; ++i) {
      const auto neighbour = static_cast<std::uint32_t>((std::uint64_t{i} + k) % n);
      if (!random.bernoulli(rewired) || degrees[i] == n - 1)
        continue;
      std::uint32_t other = i;
      while (other == i || all.count(edge_of(i, other)) != 0)
        other = static_cast<std::uint32_t>(random.index(n));
      all.erase(edge_of(i, neighbour));
      all.insert(edge_of(i, other));
      --degrees[neighbour];
      ++degrees[other];
    }
  return in_order(all);
}

// Each end of an edge stands once in a list, so that a random one of the list is a place in
// proportion to its edges.
std::vector<Edge> scale_free_graph(std::uint32_t n, std::uint32_t edges_each,
                                   RandomStream& random) {
  if (edges_each == 0 || edges_each >= n)
    refuse("each place of a scale-free graph of " + std::to_string(n) +
           " brings at least 1 edge and fewer than that, not " + std::to_string(edges_each));
  std::vector<Edge> all;
  std::vector<std::uint32_t> ends;
  const auto add = [&](std::uint32_t a, std::uint32_t b) {
    all.push_back(edge_of(a, b));
    ends.push_back(a);
    ends.push_back(b);
  };
  for (std::uint32_t b = 1; b <= edges_each; ++b)
    for (std::uint32_t a = 0; a < b; ++a)
      add(a, b);
  for (std::uint32_t place = edges_each + 1; place < n; ++place) {
    std::set<std::uint32_t> targets;
    while (targets.size() < edges_each)
      targets.insert(random.pick(ends));
    for (const std::uint32_t target : targets)
      add(place, target);
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<Edge> edges_of(std::string_view text) {
  std::set<Edge> all;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string whole(line);
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos || line[first] == '#' || line[first] == '%')
      continue;
    const auto a = take_number(line);
    const bool is_apart = !line.empty() && (line[0] == ' ' || line[0] == '\t');
    const auto b = take_number(line);
    if (!a || !is_apart || !b)
      refuse("line " + std::to_string(number) + " of a list of edges has two numbers, not '" +
             whole + "'");
    if (*a != *b)
      all.insert(edge_of(*a, *b));
  }
  return in_order(all);
}

} // namespace stos
