#include "libstos/cluster/placement/rebalance.hpp"

#include "libstos/cluster/placement/agent_loads.hpp"

#include <algorithm>
#include <compare>
#include <limits>
#include <optional>
#include <queue>
#include <tuple>

namespace stos {

namespace {

/// What its receiver can bear comes before what it cannot.
struct Cost {
  bool overfills = false;
  double per_load = 0;

  friend auto operator<=>(const Cost&, const Cost&) = default;
};

/// The best that an agent can do, at the time when it was looked at.
struct Candidate {
  Cost cost;
  std::uint32_t agent = 0;
  NodeIndex to;
};

/// The cheapest one is on top; equal ones by agent.
struct Dearer {
  bool operator()(const Candidate& a, const Candidate& b) const {
    return std::tie(a.cost, a.agent) > std::tie(b.cost, b.agent);
  }
};

using Candidates = std::priority_queue<Candidate, std::vector<Candidate>, Dearer>;

/// The state between two moves.
///
/// Each sender has a queue of its agents by cost. Costs rise as receivers fill up, which a look at
/// the candidate on top finds out; they fall only when a neighbour has moved, and then the agent is
/// queued anew.
class Rebalancer {
public:
  Rebalancer(const ChannelGraph& graph, const PlacementInput& input,
             std::span<const NodeIndex> current, double threshold);

  std::vector<Move> run(std::size_t moves_max);

private:
  /// Load in units of the fair one.
  [[nodiscard]] double relative(double load, NodeIndex node) const;
  [[nodiscard]] std::optional<NodeIndex> next_sender() const;
  void find_roomiest();
  [[nodiscard]] std::optional<Cost> cost(std::uint32_t agent, NodeIndex to, double traffic_here,
                                         double traffic_there) const;
  [[nodiscard]] std::optional<Candidate> best(std::uint32_t agent);
  [[nodiscard]] std::optional<Candidate> take(NodeIndex sender);
  void queue(std::uint32_t agent);
  void apply(const Candidate& candidate);

  const ChannelGraph& graph_;
  const AgentLoads agent_load_;
  double most_; // a relative load that is too much if it is exceeded
  double goal_; // one that is even enough
  double mean_traffic_;
  Placement node_; // of each agent
  PerNode<double> load_;
  PerNode<double> fair_;
  PerNode<bool> receives_;         // it does, as long as there is room
  NodeIndex roomiest_;             // where an agent can go that has no neighbours among receivers
  PerNode<Candidates> candidates_; // of each sender
  PerNode<double> traffic_;        // of one agent with each node; 0 between two calls of best()
  std::vector<NodeIndex> touched_; // where it is not 0
};

} // namespace

Rebalancer::Rebalancer(const ChannelGraph& graph, const PlacementInput& input,
                       std::span<const NodeIndex> current, double threshold)
    : graph_(graph), agent_load_(input), most_(1 + threshold), goal_(1 + threshold / 2),
      mean_traffic_(static_cast<double>(graph.total_weight()) /
                    static_cast<double>(std::max<std::size_t>(1, graph.agents()))),
      node_(current.begin(), current.end()), fair_(fair_loads(input, agent_load_.total())),
      receives_(input.nodes), candidates_(input.nodes), traffic_(input.nodes) {
  for (const std::uint64_t load : agent_load_.by_node(current, input.nodes))
    load_.push_back(static_cast<double>(load));
  double worst = 0;
  for (const NodeIndex node : load_.indices()) {
    const double r = relative(load_[node], node);
    receives_[node] = r < goal_ && fair_[node] > 0;
    worst = std::max(worst, r);
  }
  if (worst <= most_)
    return;
  find_roomiest();
  for (std::uint32_t agent = 0; agent < node_.size(); ++agent)
    if (!receives_[node_[agent]])
      queue(agent);
}

double Rebalancer::relative(double load, NodeIndex node) const {
  if (load == 0)
    return 0;
  return fair_[node] > 0 ? load / fair_[node] : std::numeric_limits<double>::infinity();
}

// Of those above the goal that have candidates, the one furthest above.
std::optional<NodeIndex> Rebalancer::next_sender() const {
  std::optional<NodeIndex> sender;
  double most = goal_;
  for (const NodeIndex node : load_.indices()) {
    const double r = relative(load_[node], node);
    if (!candidates_[node].empty() && r > most) {
      sender = node;
      most = r;
    }
  }
  return sender;
}

void Rebalancer::find_roomiest() {
  double most = -std::numeric_limits<double>::infinity();
  for (const NodeIndex node : load_.indices())
    if (receives_[node] && fair_[node] - load_[node] > most) {
      roomiest_ = node;
      most = fair_[node] - load_[node];
    }
}

std::optional<Cost> Rebalancer::cost(std::uint32_t agent, NodeIndex to, double traffic_here,
                                     double traffic_there) const {
  const NodeIndex from = node_[agent];
  const double load = agent_load_[agent];
  const double room = fair_[to] * goal_ - load_[to];
  if (!receives_[to] || room <= 0 || load == 0)
    return {};
  const double sender = relative(load_[from], from);
  const double receiver = relative(load_[to] + load, to);
  if (sender <= goal_ || sender <= receiver)
    return {};
  const double useful = std::min({load, load_[from] - fair_[from], room});
  const double damage = traffic_here + mean_traffic_ / 2;
  const double benefit = traffic_there + mean_traffic_ / 2;
  return Cost{receiver > most_, (mean_traffic_ > 0 ? damage / benefit : 1) / useful};
}

std::optional<Candidate> Rebalancer::best(std::uint32_t agent) {
  const auto note = [&](NodeIndex node, double weight) {
    if (traffic_[node] == 0)
      touched_.push_back(node);
    traffic_[node] += weight;
  };
  for (const auto& edge : graph_.edges(agent))
    note(node_[edge.to], static_cast<double>(edge.weight));
  touched_.push_back(roomiest_);
  std::optional<Candidate> least;
  for (const NodeIndex node : touched_)
    if (const auto c = cost(agent, node, traffic_[node_[agent]], traffic_[node]))
      if (!least || std::tie(*c, node) < std::tie(least->cost, least->to))
        least = Candidate{*c, agent, node};
  for (const NodeIndex node : touched_)
    traffic_[node] = 0;
  touched_.clear();
  return least;
}

void Rebalancer::queue(std::uint32_t agent) {
  if (const auto candidate = best(agent))
    candidates_[node_[agent]].push(*candidate);
}

// The cheapest agent of `sender`, if any is left.
std::optional<Candidate> Rebalancer::take(NodeIndex sender) {
  Candidates& queued = candidates_[sender];
  while (!queued.empty()) {
    const Candidate top = queued.top();
    queued.pop();
    if (node_[top.agent] != sender)
      continue; // it has moved, and this was queued before
    const auto now = best(top.agent);
    if (now && now->cost <= top.cost)
      return now;
    if (now)
      queued.push(*now);
  }
  return {};
}

void Rebalancer::apply(const Candidate& candidate) {
  const NodeIndex from = node_[candidate.agent];
  const double load = agent_load_[candidate.agent];
  load_[from] -= load;
  load_[candidate.to] += load;
  node_[candidate.agent] = candidate.to;
  find_roomiest();
  for (const auto& edge : graph_.edges(candidate.agent))
    if (!receives_[node_[edge.to]])
      queue(edge.to);
}

std::vector<Move> Rebalancer::run(std::size_t moves_max) {
  std::vector<Move> moves;
  while (moves.size() < moves_max) {
    const auto sender = next_sender();
    if (!sender)
      break;
    if (const auto candidate = take(*sender)) {
      moves.push_back({candidate->agent, *sender, candidate->to});
      apply(*candidate);
    }
  }
  return moves;
}

std::vector<Move> rebalance(const ChannelGraph& graph, const PlacementInput& input,
                            std::span<const NodeIndex> current, const RebalanceLimits& limits) {
  return Rebalancer(graph, input, current, limits.threshold).run(limits.moves_max);
}

std::vector<Move> rebalance(const PlacementInput& input, std::span<const NodeIndex> current,
                            const RebalanceLimits& limits) {
  return rebalance(ChannelGraph(input.positions.size(), input.channels), input, current, limits);
}

} // namespace stos
