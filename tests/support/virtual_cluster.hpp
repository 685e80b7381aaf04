#pragma once

#include "libstos/base/assert.hpp"
#include "libstos/base/random.hpp"
#include "libstos/cluster/gateway/gateway.hpp"
#include "libstos/engine/engine.hpp"
#include "tests/support/any_division.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace stos::test {

/// Several nodes in one thread, on a network and a clock that are made up: frames take as long as
/// a seed wants (in order between two nodes, in any order otherwise), domains and gateways run in
/// an order and in slices that it chooses. Repeatable to the last step.
class VirtualCluster {
public:
  struct Shape {
    std::size_t nodes = 2;
    std::size_t domains = 1;
    detail::LinkLimits limits;

    /// Frames from the one node to the other take so long that they arrive only when nothing else
    /// can happen.
    std::optional<std::pair<std::size_t, std::size_t>> slow_wire;

    /// How likely it is that a domain which a gateway wakes is quicker than the gateway, which is
    /// in the middle of something.
    double quick_domains = 0.25;

    /// How likely it is at each step that some node asks for moves; of how many agents at most.
    double moves_chance = 0;
    std::uint32_t moves_max = 1;
    std::uint64_t requests_max = ~std::uint64_t{0};

    /// How likely it is at each step that some node wants the world to stop, and that one wants to
    /// divide its agents among its domains anew.
    double wants_stop_chance = 0;
    double divided_anew_chance = 0;
  };

  /// Called before each step; may ask gateways for moves.
  std::function<void(VirtualCluster&)> before_step;

  /// Neither runs nor receives anything, until nobody else can go on.
  std::optional<std::size_t> stopped_node;

  /// What waits at `from` until `to` has taken more.
  [[nodiscard]] std::size_t waiting_bytes(std::size_t from, std::size_t to) const {
    return nodes_[from]->gateway->waiting_bytes(NodeIndex(to));
  }

  /// Asks `node` to have agents moved. Returns the number of the request there.
  std::uint64_t request(std::size_t node, const std::vector<AgentMove>& moves) {
    const auto number = nodes_[node]->gateway->request_moves(moves);
    STOS_ASSERT(static_cast<bool>(number), number.error().context);
    return *number;
  }

  /// Asks some node for moves of agents that some node has, or has had, or that never were.
  void request_any() {
    const auto pick = [this](std::size_t n) {
      return random_.below(static_cast<std::uint32_t>(n));
    };
    Node& asker = *nodes_[pick(nodes_.size())];
    if (asker.set.board().finished())
      return;
    ++requests_;
    std::vector<AgentId> agents{AgentId{~std::uint64_t{0}}};
    for (const auto& node : nodes_)
      if (random_.bernoulli(0.5))
        node->world.directory->for_each(
            [&](const detail::Cell& cell) { agents.push_back(cell.id); });
    std::sort(agents.begin(), agents.end());
    std::vector<AgentMove> moves;
    const auto only = random_.bernoulli(0.2) ? std::optional(pick(nodes_.size())) : std::nullopt;
    for (std::uint32_t left = 1 + pick(shape_.moves_max); left > 0; --left)
      moves.push_back({agents[pick(agents.size())], NodeIndex(only ? *only : pick(nodes_.size()))});
    (void)asker.gateway->request_moves(moves);
  }

  /// Wants `node` to divide its agents among its domains anew.
  void divide_anew(std::size_t node) {
    Node& here = *nodes_[node];
    (void)here.set.stops().want_division([this, &here] {
      ++divisions_;
      most_orders_ = std::max(most_orders_, number_of(here.set.stops().orders()));
      here.divide(random_);
    });
  }

  /// Wants `node` to have the world shown as soon as may be.
  void cut(std::size_t node) {
    nodes_[node]->world.wants_stop = true;
    if (!nodes_[node]->set.board().finished())
      nodes_[node]->gateway->wake();
  }

  /// A signal asks `node` to end the run.
  void interrupt(std::size_t node) {
    nodes_[node]->world.wants_end = true;
    if (!nodes_[node]->set.board().finished())
      nodes_[node]->gateway->wake();
  }

  /// The process of `node` ends: what it has not sent yet is lost.
  void lose(std::size_t node) {
    nodes_[node]->is_lost = true;
    nodes_[node]->gateway->abandon();
    for (std::size_t from = 0; from < shape_.nodes; ++from)
      wires_[from * shape_.nodes + node].clear();
  }
  /// The run is over for all nodes, before its end: they have heard of the next view.
  void abandon() {
    for (const auto& node : nodes_)
      if (!node->is_lost)
        node->gateway->abandon();
  }

  /// Wants all nodes to weigh their agents.
  void weigh(std::size_t node) {
    if (!nodes_[node]->set.board().finished())
      nodes_[node]->gateway->want_weighing();
  }
  /// What they have weighed so far.
  [[nodiscard]] const std::vector<NodeWeights>& weights(std::size_t node) const {
    return nodes_[node]->weights;
  }

  /// How often a node has divided its agents anew, and of the stops at which one did, for how many
  /// kinds of orders the one was that was for most.
  [[nodiscard]] std::size_t divisions() const { return divisions_; }
  [[nodiscard]] int most_orders() const { return most_orders_; }

  /// What has been answered so far, on all nodes.
  [[nodiscard]] const std::vector<MoveOutcome>& outcomes() const { return outcomes_; }
  [[nodiscard]] std::uint64_t moved() const {
    return static_cast<std::uint64_t>(
        std::count_if(outcomes_.begin(), outcomes_.end(), [](const MoveOutcome& outcome) {
          return outcome.result == MoveResult::moved;
        }));
  }

  [[nodiscard]] const MoveCounters& move_counters(std::size_t node) const {
    return nodes_[node]->gateway->move_counters();
  }

  /// The node that has the agent, if one has, and its record there.
  [[nodiscard]] std::optional<std::size_t> node_of(AgentId agent) const {
    for (const auto& node : nodes_)
      if (const detail::Cell* cell = node->world.directory->find(agent);
          cell != nullptr && cell->alive())
        return node->index;
    return std::nullopt;
  }
  [[nodiscard]] detail::Cell* find(std::size_t node, AgentId agent) const {
    return nodes_[node]->world.directory->find(agent);
  }

  VirtualCluster(const Shape& shape, std::uint64_t seed) : shape_(shape), random_(seed) {}

  /// Runs one simulation, of which each node has made its own copy `worlds[node]`. `place(i)` says
  /// which node takes initial agent i.
  template <class Place>
  RunSummary run(const std::vector<World*>& worlds, Place&& place) {
    const World& first = *worlds.front();
    const std::size_t agents = first.resumption != nullptr
                                   ? first.resumption->agents.size()
                                   : first.setup.effects.changes().born.size();
    Placement node_of;
    for (std::size_t i = 0; i < agents; ++i)
      node_of.emplace_back(place(i));
    for (std::size_t i = 0; i < shape_.nodes; ++i)
      nodes_.push_back(std::make_unique<Node>(*this, *worlds[i], node_of, i));
    wires_.resize(shape_.nodes * shape_.nodes);
    under_way_.resize(shape_.nodes * shape_.nodes);
    for (const auto& node : nodes_)
      node->set.start();
    while (std::any_of(nodes_.begin(), nodes_.end(),
                       [](const auto& node) { return node->finished < node->set.size(); })) {
      if (before_step)
        before_step(*this);
      if (shape_.wants_stop_chance > 0 && random_.bernoulli(shape_.wants_stop_chance))
        cut(any_node());
      if (shape_.divided_anew_chance > 0 && random_.bernoulli(shape_.divided_anew_chance))
        divide_anew(any_node());
      if (random_.bernoulli(shape_.moves_chance) && requests_ < shape_.requests_max)
        request_any();
      step();
    }
    for (const auto& node : nodes_) // what is still to be answered
      run_gateway(*node);
    return conclude(*worlds.front());
  }

  [[nodiscard]] std::uint64_t frames() const { return frames_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t lambdas() const { return sum(&detail::LinkCounters::lambdas_sent); }
  [[nodiscard]] std::uint64_t credit_waits() const {
    return sum(&detail::LinkCounters::credit_waits);
  }

  /// The most that was ever on its way from one node to another, in bytes.
  [[nodiscard]] std::uint64_t most_under_way() const { return most_under_way_; }

private:
  using Slice = detail::Domain::Slice;

  [[nodiscard]] std::size_t any_node() {
    return random_.below(static_cast<std::uint32_t>(nodes_.size()));
  }

  static int number_of(const detail::StopOrders& orders) {
    return (orders.cut ? 1 : 0) + (orders.move ? 1 : 0) + (orders.divide ? 1 : 0) +
           (orders.weigh ? 1 : 0);
  }

  [[nodiscard]] std::uint64_t sum(std::uint64_t detail::LinkCounters::*counter) const {
    std::uint64_t sum = 0;
    for (const auto& node : nodes_)
      for (std::size_t to = 0; to < shape_.nodes; ++to)
        if (to != node->index)
          sum += node->gateway->counters(NodeIndex(to)).*counter;
    return sum;
  }

  struct Node {
    Node(VirtualCluster& cluster, World& of_world, const Placement& node_of, std::size_t own)
        : world(of_world),
          index(own), place{NodeIndex(own), cluster.shape_.nodes, cluster.shape_.domains},
          share(detail::take_share(world, node_of, place)),
          set(
              world, share.own, place.domains, place.links(),
              [this, &cluster](detail::RunnerIndex runner) { cluster.schedule(*this, runner); },
              nullptr, any_patience(cluster.random_)),
          gateway(
              std::make_unique<detail::Gateway>(world, set, place, share, cluster.shape_.limits)) {}

    World& world;
    std::size_t index;
    detail::NodePlace place;
    detail::InitialShare share;
    std::vector<detail::RunnerIndex> ready;
    detail::DomainSet set;
    AnyDivision divide{set};
    std::unique_ptr<detail::Gateway> gateway;
    bool gateway_runs = false;
    std::size_t finished = 0;
    bool is_lost = false;
    std::optional<double> wake_at_s;
    std::vector<NodeWeights> weights{};
  };

  // Something that can happen now: a runner of a node, or a frame that arrives.
  void step() {
    std::size_t choices = 0;
    for (const auto& node : nodes_)
      choices += goes(node->index) ? node->ready.size() : 0;
    const std::size_t runners = choices;
    for (std::size_t i = 0; i < wires_.size(); ++i)
      choices += can_arrive(i) ? 1 : 0;
    if (choices == 0 && shape_.slow_wire && arrive_slowly())
      return;
    if (choices == 0 || random_.bernoulli(0.01)) {
      const bool something = pass_time();
      if (!something && choices == 0)
        STOS_ASSERT(std::exchange(stopped_node, std::nullopt) || some_are_lost(),
                    "nobody can go on");
      return;
    }
    now_s_ += 1e-6;
    std::size_t pick = random_.below(static_cast<std::uint32_t>(choices));
    if (pick >= runners)
      arrive(pick - runners);
    else
      for (const auto& node : nodes_) {
        const std::size_t here = goes(node->index) ? node->ready.size() : 0;
        if (pick < here) {
          run_one(*node, pick);
          break;
        }
        pick -= here;
      }
  }

  [[nodiscard]] bool goes(std::size_t node) const { return node != stopped_node; }
  [[nodiscard]] bool some_are_lost() const {
    return std::any_of(nodes_.begin(), nodes_.end(),
                       [](const auto& node) { return node->is_lost; });
  }
  [[nodiscard]] bool can_arrive(std::size_t wire) const {
    return !wires_[wire].empty() && !is_slow(wire) && goes(wire % shape_.nodes);
  }

  [[nodiscard]] bool is_slow(std::size_t wire) const {
    return shape_.slow_wire &&
           wire == shape_.slow_wire->first * shape_.nodes + shape_.slow_wire->second;
  }

  bool arrive_slowly() {
    const std::size_t wire = shape_.slow_wire->first * shape_.nodes + shape_.slow_wire->second;
    if (wires_[wire].empty())
      return false;
    arrive_on(wire);
    return true;
  }

  bool pass_time() {
    Node* first = nullptr;
    for (const auto& node : nodes_)
      if (node->wake_at_s && goes(node->index) &&
          (first == nullptr || node->wake_at_s < first->wake_at_s))
        first = node.get();
    if (first == nullptr)
      return false;
    now_s_ = std::max(now_s_, *first->wake_at_s);
    first->wake_at_s.reset();
    first->set.board().wake_gateway();
    return true;
  }

  void arrive(std::size_t pick) {
    for (std::size_t i = 0; i < wires_.size(); ++i)
      if (can_arrive(i) && pick-- == 0) {
        arrive_on(i);
        return;
      }
  }

  void arrive_on(std::size_t wire) {
    under_way_[wire] -= wires_[wire].front().size();
    nodes_[wire % shape_.nodes]->gateway->receive(NodeIndex(wire / shape_.nodes),
                                                  std::move(wires_[wire].front()));
    wires_[wire].pop_front();
  }

  void schedule(Node& node, detail::RunnerIndex runner) {
    const bool is_domain = runner != node.set.board().gateway();
    if (node.gateway_runs && is_domain && random_.bernoulli(shape_.quick_domains))
      run_domain(node, runner);
    else
      node.ready.push_back(runner);
  }

  void run_one(Node& node, std::size_t pick) {
    const detail::RunnerIndex runner = node.ready[pick];
    node.ready.erase(node.ready.begin() + static_cast<std::ptrdiff_t>(pick));
    if (runner == node.set.board().gateway())
      run_gateway(node);
    else
      run_domain(node, runner);
  }

  void run_domain(Node& node, detail::RunnerIndex runner) {
    const std::uint64_t events_max = 1 + random_.below(random_.bernoulli(0.5) ? 3 : 300);
    switch (node.set.run(runner.domain(), events_max)) {
      case Slice::more: node.ready.push_back(runner); break;
      case Slice::parked: break;
      case Slice::finished: ++node.finished; break;
    }
  }

  void run_gateway(Node& node) {
    detail::Gateway::Output output;
    node.gateway_runs = true;
    const auto slice = node.gateway->run(now_s_, output);
    node.gateway_runs = false;
    STOS_ASSERT(static_cast<bool>(slice), slice.error().context);
    for (auto& frame : output.frames) {
      if (node.is_lost || nodes_[frame.node.number()]->is_lost)
        continue;
      ++frames_;
      bytes_ += frame.bytes.size();
      const std::size_t wire = node.index * shape_.nodes + frame.node.number();
      under_way_[wire] += frame.bytes.size();
      most_under_way_ = std::max(most_under_way_, under_way_[wire]);
      wires_[wire].push_back(std::move(frame.bytes));
    }
    node.wake_at_s = output.wake_at_s;
    if (output.weights)
      node.weights.push_back(*std::move(output.weights));
    for (MoveAnswer& answer : output.moves)
      std::move(answer.outcomes.begin(), answer.outcomes.end(), std::back_inserter(outcomes_));
    if (*slice == detail::Gateway::Slice::more)
      node.ready.push_back(node.set.board().gateway());
  }

  RunSummary conclude(World& world) {
    RunCounters sum;
    std::optional<detail::Failure> failure;
    std::vector<Report> reports;
    for (const auto& node : nodes_) {
      sum.add(node->set.counters());
      for (Report& report : node->set.take_reports())
        reports.push_back(std::move(report));
      if (node != nodes_.front())
        world.observers.add_seen_elsewhere(node->world.observers.memory().seen);
      const auto own = node->set.failure();
      if (own && (!failure || own->key < failure->key))
        failure = own;
    }
    return detail::conclude(world, sum, "virtual cluster", 0, failure, {}, std::move(reports));
  }

  Shape shape_;
  RandomStream random_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::deque<std::vector<std::byte>>> wires_; // from * nodes + to
  std::vector<std::uint64_t> under_way_;                  // bytes, likewise
  std::uint64_t most_under_way_ = 0;
  double now_s_ = 0;
  std::vector<MoveOutcome> outcomes_;
  std::uint64_t requests_ = 0;
  std::size_t divisions_ = 0;
  int most_orders_ = 0;
  std::uint64_t frames_ = 0;
  std::uint64_t bytes_ = 0;
};

} // namespace stos::test
