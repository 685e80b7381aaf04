#include "libstos/cluster/placement/balance.hpp"

#include "libstos/base/exact_text.hpp"
#include "libstos/cluster/placement/agent_loads.hpp"
#include "libstos/cluster/placement/graph_partition.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <queue>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace stos {
namespace {

constexpr double uneven = 0.1;                // of the fair load
constexpr double worth_a_stop = 0.1;          // of the traffic between nodes
constexpr double much_better = 0.8;           // of the traffic that diffusion would leave
constexpr std::size_t nothing_to_weigh = 100; // events of all

/// The state between two moves of lower_traffic().
class TrafficLowerer {
public:
  TrafficLowerer(const ChannelGraph& graph, const PlacementInput& input,
                 std::span<const NodeIndex> current, double threshold)
      : graph_(graph), load_of_(input), node_(current.begin(), current.end()),
        has_moved_(current.size()), with_(input.nodes) {
    const PerNode<double> fair = fair_loads(input, load_of_.total());
    for (const std::uint64_t load : load_of_.by_node(current, input.nodes))
      load_.push_back(static_cast<double>(load));
    for (const NodeIndex node : load_.indices()) {
      most_.push_back(std::max(load_[node], fair[node] * (1 + threshold)));
      least_.push_back(std::min(load_[node], fair[node] * (1 - threshold)));
    }
    for (std::uint32_t agent = 0; agent < node_.size(); ++agent)
      queue(agent);
  }

  std::vector<Move> run(std::size_t moves_max) {
    std::vector<Move> moves;
    std::uint64_t gained = 0;
    while (moves.size() < moves_max && !queue_.empty()) {
      const Candidate top = queue_.top();
      queue_.pop();
      if (has_moved_[top.agent])
        continue;
      const std::optional<Candidate> now = best(top.agent);
      if (!now)
        continue;
      if (now->gain < top.gain) {
        queue_.push(*now);
        continue;
      }
      moves.push_back({now->agent, node_[now->agent], now->to});
      gained += now->gain;
      apply(*now);
    }
    if (static_cast<double>(gained) < worth_a_stop * static_cast<double>(crossing_))
      moves.clear();
    return moves;
  }

private:
  struct Candidate {
    std::uint64_t gain = 0;
    std::uint32_t agent = 0;
    NodeIndex to;

    bool operator<(const Candidate& other) const { // the best one on top; equal ones by agent
      return std::tie(gain, other.agent) < std::tie(other.gain, agent);
    }
  };

  // Where it had best go now, if that lowers the traffic and both nodes can bear it.
  [[nodiscard]] std::optional<Candidate> best(std::uint32_t agent) {
    const NodeIndex here = node_[agent];
    const double load = load_of_[agent];
    for (const ChannelGraph::Edge& edge : graph_.edges(agent))
      with_[node_[edge.to]] += edge.weight;
    std::optional<Candidate> found;
    if (load_[here] - load >= least_[here])
      for (const ChannelGraph::Edge& edge : graph_.edges(agent)) {
        const NodeIndex to = node_[edge.to];
        if (to == here || with_[to] <= with_[here] || load_[to] + load > most_[to])
          continue;
        const Candidate each{with_[to] - with_[here], agent, to};
        if (!found || found->gain < each.gain || (found->gain == each.gain && to < found->to))
          found = each;
      }
    for (const ChannelGraph::Edge& edge : graph_.edges(agent))
      with_[node_[edge.to]] = 0;
    return found;
  }

  void queue(std::uint32_t agent) {
    for (const ChannelGraph::Edge& edge : graph_.edges(agent))
      if (edge.to > agent && node_[edge.to] != node_[agent])
        crossing_ += edge.weight;
    if (const std::optional<Candidate> candidate = best(agent))
      queue_.push(*candidate);
  }

  void apply(const Candidate& move) {
    const double load = load_of_[move.agent];
    load_[node_[move.agent]] -= load;
    load_[move.to] += load;
    node_[move.agent] = move.to;
    has_moved_[move.agent] = true;
    for (const ChannelGraph::Edge& edge : graph_.edges(move.agent))
      if (!has_moved_[edge.to])
        if (const std::optional<Candidate> candidate = best(edge.to))
          queue_.push(*candidate);
  }

  const ChannelGraph& graph_;
  const AgentLoads load_of_;
  Placement node_; // of each agent
  std::vector<bool> has_moved_;
  PerNode<std::uint64_t> with_; // of one agent; 0 between two calls of best()
  PerNode<double> load_, most_, least_;
  std::uint64_t crossing_ = 0; // before
  std::priority_queue<Candidate> queue_;
};

/// What the nodes have weighed, as placements see it: agents by the order of their ids.
struct Measured {
  std::vector<AgentId> agents;
  Placement current;
  std::vector<std::uint32_t> loads;
  std::vector<PlacementInput::Link> links;
  std::vector<Point> positions; // all alike: they count by their number only
  std::size_t nodes = 0;
  std::uint64_t events = 0; // of all

  explicit Measured(const PerNode<NodeWeights>& weights) : nodes(weights.size()) {
    struct Found {
      AgentId id;
      NodeIndex node;
      double load;
    };
    std::vector<Found> found;
    double all_s = 0;
    for (const NodeIndex node : weights.indices()) {
      const NodeWeights& here = weights[node];
      std::uint64_t events_here = 0;
      for (const NodeWeights::Agent& agent : here.agents)
        events_here += agent.events;
      events += events_here;
      const double each = events_here > 0 ? here.busy_s / static_cast<double>(events_here) : 0;
      all_s += here.busy_s;
      for (const NodeWeights::Agent& agent : here.agents)
        found.push_back({agent.id, node, each * agent.events});
    }
    std::ranges::sort(found, {}, &Found::id);
    constexpr double all_units = 1e9; // so that single agents can be told apart
    std::unordered_map<std::uint64_t, std::uint32_t> index;
    for (const Found& agent : found) {
      index[agent.id.value] = static_cast<std::uint32_t>(agents.size());
      agents.push_back(agent.id);
      current.push_back(agent.node);
      const double units = all_s > 0 ? agent.load / all_s * all_units : 1;
      loads.push_back(static_cast<std::uint32_t>(std::lround(units)));
    }
    positions.resize(agents.size());
    for (const NodeWeights& here : weights)
      for (const NodeWeights::Traffic& each : here.traffic) {
        const auto from = index.find(each.from.value), to = index.find(each.to.value);
        if (from != index.end() && to != index.end())
          links.push_back({from->second, to->second, each.lambdas});
      }
  }

  [[nodiscard]] PlacementInput input() const {
    PlacementInput input;
    input.positions = positions;
    input.channels = links;
    input.loads = loads;
    input.nodes = nodes;
    return input;
  }

  [[nodiscard]] BalanceAdvice::State state(std::span<const NodeIndex> placement) const {
    const TrafficCut cut = measure_cut(input(), placement);
    const double all = std::accumulate(loads.begin(), loads.end(), 0.0);
    return {all > 0 ? static_cast<double>(cut.largest_part) * static_cast<double>(nodes) / all : 1,
            cut.crossing_share()};
  }
};

void carry_out(std::span<const Move> moves, Placement& placement) {
  for (const Move& move : moves)
    placement[move.agent] = move.to;
}

std::size_t moved(const Placement& a, const Placement& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    count += a[i] != b[i] ? 1 : 0;
  return count;
}

Placement diffused(const ChannelGraph& graph, const Measured& world, std::size_t moves_max) {
  Placement placement = world.current;
  carry_out(rebalance(graph, world.input(), placement, {moves_max, uneven}), placement);
  const std::size_t left = moves_max - moved(placement, world.current);
  carry_out(lower_traffic(graph, world.input(), placement, {left, uneven}), placement);
  return placement;
}

} // namespace

std::vector<Move> lower_traffic(const ChannelGraph& graph, const PlacementInput& input,
                                std::span<const NodeIndex> current, const RebalanceLimits& limits) {
  return TrafficLowerer(graph, input, current, limits.threshold).run(limits.moves_max);
}

Placement relabelled(const Placement& fresh, std::span<const NodeIndex> current,
                     std::span<const std::uint32_t> loads, std::size_t nodes) {
  struct Overlap {
    std::uint64_t load = 0;
    std::size_t part = 0, node = 0;
  };
  std::vector<Overlap> overlaps(nodes * nodes);
  for (std::size_t i = 0; i < overlaps.size(); ++i)
    overlaps[i] = {0, i / nodes, i % nodes};
  for (std::size_t i = 0; i < fresh.size(); ++i)
    overlaps[fresh[i].number() * nodes + current[i].number()].load += loads[i] + 1;
  std::ranges::stable_sort(overlaps, std::greater(), &Overlap::load);
  std::vector<std::optional<NodeIndex>> node_of(nodes);
  std::vector<bool> is_taken(nodes);
  for (const Overlap& each : overlaps)
    if (!node_of[each.part] && !is_taken[each.node]) {
      node_of[each.part] = NodeIndex(each.node);
      is_taken[each.node] = true;
    }
  Placement placement;
  for (const NodeIndex part : fresh)
    placement.push_back(*node_of[part.number()]);
  return placement;
}

std::size_t Balancer::moves_max(std::size_t agents) {
  return std::clamp<std::size_t>(agents / 10, 200, 20'000);
}

void Balancer::add_known(NodeWeights& weights) const {
  for (const AgentId id : weights.new_here)
    if (const auto known = known_.find(id.value); known != known_.end()) {
      weights.agents.push_back({id, known->second.events});
      weights.traffic.insert(weights.traffic.end(), known->second.traffic.begin(),
                             known->second.traffic.end());
    }
}

void Balancer::remember(const std::vector<AgentMove>& moves, const PerNode<NodeWeights>& weights) {
  known_.clear();
  for (const AgentMove& move : moves)
    known_[move.agent.value] = {};
  for (const NodeWeights& here : weights) {
    for (const NodeWeights::Agent& agent : here.agents)
      if (const auto known = known_.find(agent.id.value); known != known_.end())
        known->second.events = agent.events;
    for (const NodeWeights::Traffic& each : here.traffic)
      if (const auto known = known_.find(each.from.value); known != known_.end())
        known->second.traffic.push_back(each);
  }
}

BalanceAdvice Balancer::advise(PerNode<NodeWeights> weights) {
  BalanceAdvice advice;
  for (NodeWeights& here : weights)
    add_known(here);
  const Measured world(weights);
  if (world.events < nothing_to_weigh)
    return advice;
  const ChannelGraph graph(world.agents.size(), world.links);
  advice.before = world.state(world.current);
  Placement wanted = diffused(graph, world, moves_max(world.agents.size()));
  advice.after = world.state(wanted);
  if (rule_ == BalanceName::repartition && !graph.without_edges()) {
    const Placement fresh =
        relabelled(partition_graph(graph, world.input()), world.current, world.loads, world.nodes);
    const BalanceAdvice::State then = world.state(fresh);
    if (then.crossing < much_better * advice.after.crossing &&
        then.busiest < std::max(1 + 2 * uneven, advice.after.busiest)) {
      wanted = fresh;
      advice.after = then;
    }
  }
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i] != world.current[i])
      advice.moves.push_back({world.agents[i], wanted[i]});
  remember(advice.moves, weights);
  return advice;
}

std::string to_string(const BalanceAdvice& advice) {
  const auto of = [](double number) { return short_text(number, 3); };
  return std::to_string(advice.moves.size()) + " agents move: load " + of(advice.before.busiest) +
         " of the fair one to " + of(advice.after.busiest) + ", " +
         of(100 * advice.before.crossing) + " % of the lambdas between nodes to " +
         of(100 * advice.after.crossing) + " %";
}

} // namespace stos
