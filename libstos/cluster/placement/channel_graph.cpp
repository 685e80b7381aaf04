#include "libstos/cluster/placement/channel_graph.hpp"

#include "libstos/base/huge_pages.hpp"

#include <algorithm>

namespace stos {

static bool joins_two(const PlacementInput::Link& link) {
  return link.from != link.to && link.weight > 0;
}

ChannelGraph::ChannelGraph(std::size_t agents, std::span<const PlacementInput::Link> channels)
    : first_(agents + 1) {
  add_both_ways(channels);
  merge_parallel();
}

// A counting sort by agent.
void ChannelGraph::add_both_ways(std::span<const PlacementInput::Link> channels) {
  for (const auto& link : channels)
    if (joins_two(link)) {
      ++first_[link.from];
      ++first_[link.to];
    }
  std::size_t sum = 0;
  for (std::size_t& begin : first_)
    begin = sum += begin;
  reserve_large(edges_, sum);
  edges_.resize(sum);
  // Each `first_` is the end of its agent's edges, and becomes the beginning while they come in.
  for (const auto& link : channels)
    if (joins_two(link)) {
      edges_[--first_[link.from]] = {link.to, link.weight};
      edges_[--first_[link.to]] = {link.from, link.weight};
    }
}

void ChannelGraph::merge_parallel() {
  std::size_t end = 0; // of what has been merged
  std::size_t begin = 0;
  for (std::size_t agent = 0; agent + 1 < first_.size(); ++agent) {
    const std::size_t next = first_[agent + 1];
    const auto of_agent = std::span(edges_).subspan(begin, next - begin);
    std::sort(of_agent.begin(), of_agent.end(),
              [](const Edge& a, const Edge& b) { return a.to < b.to; });
    first_[agent] = end;
    for (const Edge& edge : of_agent)
      if (end > first_[agent] && edges_[end - 1].to == edge.to)
        edges_[end - 1].weight += edge.weight;
      else
        edges_[end++] = edge;
    begin = next;
  }
  first_.back() = end;
  edges_.resize(end);
}

std::uint64_t ChannelGraph::total_weight() const {
  std::uint64_t sum = 0;
  for (const Edge& edge : edges_)
    sum += edge.weight;
  return sum;
}

} // namespace stos
