// How nodes find agents that move, tell of their ends, and part: pure pieces, on a made-up network.

#include "libstos/base/random.hpp"
#include "libstos/cluster/mail/farewells.hpp"
#include "libstos/cluster/mail/searches.hpp"
#include "libstos/cluster/mail/watchers.hpp"
#include "libstos/cluster/mail/whereabouts.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace stos;
using stos::detail::AgentDirectory;
using stos::detail::Cell;
using stos::detail::Farewells;
using stos::detail::PlacesOfIds;
using stos::detail::Searches;
using stos::detail::Watchers;
using stos::detail::Whereabouts;

namespace {

/// A record that says nothing but that its group is 0.
Cell& blank_record() {
  alignas(256) static std::array<std::byte, 4096> memory{};
  return *reinterpret_cast<Cell*>(memory.data());
}

/// Nodes that agents move between, are born on and end on; letters and words between them come in
/// any order.
class Village {
public:
  Village(std::uint64_t seed, std::size_t nodes, std::size_t agents)
      : chance_(mix64(seed)), nodes_(nodes) {
    for (std::size_t i = 0; i < agents; ++i) {
      placed_.add(AgentId::initial(i));
      node_of_.push_back(any_node());
    }
    for (const NodeIndex i : nodes_.indices()) {
      auto& node = nodes_[i] = std::make_unique<Node>();
      node->whereabouts = std::make_unique<Whereabouts>(placed_, node_of_, i, node->directory);
    }
    for (std::size_t i = 0; i < agents; ++i)
      arrive(AgentId::initial(i), node_of_[i]);
  }

  /// At a stop: some agents go somewhere else, with their watchers.
  void move_some() {
    for (auto& [agent, node] : at_) {
      if (!chance_.bernoulli(0.4))
        continue;
      const NodeIndex to = any_node();
      if (to == node)
        continue;
      nodes_[node]->directory.erase(agent);
      nodes_[node]->whereabouts->leaves(agent, to);
      for (const NodeIndex watcher : nodes_[node]->watchers.take(agent))
        nodes_[to]->watchers.add(agent, watcher);
      nodes_[to]->whereabouts->comes(agent);
      nodes_[to]->directory.insert(agent, blank_record());
      node = to;
    }
  }

  void give_birth() {
    const AgentId child = AgentId::child(AgentId::initial(0), static_cast<std::uint32_t>(born_++));
    arrive(child, any_node());
  }

  void end_one() {
    if (at_.empty())
      return;
    const auto ending =
        std::next(at_.begin(), chance_.below(static_cast<std::uint32_t>(at_.size())));
    const auto [agent, node] = *ending;
    nodes_[node]->directory.erase(agent);
    for (const NodeIndex watcher : nodes_[node]->watchers.take(agent))
      ++told_[{agent.value, watcher}];
    at_.erase(ending);
    ended_.insert(agent);
  }

  /// A letter from any node, which follows the agent from where it is written; with `watcher`, it
  /// is a wish to hear of the agent's end. Returns where it ends: -1 if nowhere.
  int send(AgentId agent, bool watches) {
    const NodeIndex from = any_node();
    NodeIndex at = from;
    for (std::size_t hops = 0; hops <= nodes_.size() + 1; ++hops) {
      const Whereabouts::Route route = nodes_[at]->whereabouts->find(agent);
      if (route.domain) {
        if (watches) {
          nodes_[at]->watchers.add(agent, from);
          watched_.insert({agent.value, from});
        }
        return static_cast<int>(at.number());
      }
      if (!route.node)
        return -1;
      at = *route.node;
    }
    return -2; // it goes round and round
  }

  /// All nodes are asked, and the one that answers for the agent passes the question on.
  std::size_t nodes_that_answer_for(AgentId agent) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        nodes_, [agent](const auto& node) { return node->whereabouts->answers_for(agent); }));
  }

  RandomStream& chance() { return chance_; }
  const std::map<AgentId, NodeIndex>& at() const { return at_; }
  const std::set<AgentId>& ended() const { return ended_; }
  const auto& told() const { return told_; }
  const auto& watched() const { return watched_; }
  std::size_t watchers_left() const {
    std::size_t all = 0;
    for (const auto& node : nodes_)
      all += node->watchers.size();
    return all;
  }

private:
  struct Node {
    AgentDirectory directory;
    std::unique_ptr<Whereabouts> whereabouts;
    Watchers watchers;
  };

  std::uint32_t count() const { return static_cast<std::uint32_t>(nodes_.size()); }
  NodeIndex any_node() { return NodeIndex(chance_.below(count())); }
  void arrive(AgentId agent, NodeIndex node) {
    nodes_[node]->directory.insert(agent, blank_record());
    at_[agent] = node;
  }

  RandomStream chance_;
  PlacesOfIds placed_;
  Placement node_of_;
  PerNode<std::unique_ptr<Node>> nodes_;
  std::map<AgentId, NodeIndex> at_; // who lives, and where
  std::set<AgentId> ended_;
  std::uint64_t born_ = 0;
  std::set<std::pair<std::uint64_t, NodeIndex>> watched_;
  std::map<std::pair<std::uint64_t, NodeIndex>, int> told_;
};

} // namespace

TEST_CASE("a letter finds an initial agent wherever it has moved, and its end is told once") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    Village village(seed, 1 + seed % 6, 12);
    for (int round = 0; round < 20; ++round) {
      village.move_some();
      for (std::uint32_t i = 0; i < 12; ++i) {
        const AgentId agent = AgentId::initial(i);
        const auto lives = village.at().find(agent);
        REQUIRE(village.send(agent, village.chance().bernoulli(0.2)) ==
                (lives == village.at().end() ? -1 : static_cast<int>(lives->second.number())));
      }
      REQUIRE(village.send(AgentId::initial(99), false) == -1);
      if (village.chance().bernoulli(0.3))
        village.end_one();
    }
    while (!village.at().empty())
      village.end_one();
    for (const auto& watch : village.watched())
      REQUIRE(village.told().at(watch) == 1);
    REQUIRE(village.told().size() == village.watched().size());
    REQUIRE(village.watchers_left() == 0);
  }
}

TEST_CASE("some node answers for each agent that lives, also for those that were born on the way") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    INFO("seed " << seed);
    Village village(seed, 2 + seed % 4, 5);
    for (int round = 0; round < 20; ++round) {
      village.give_birth();
      village.move_some();
      for (const auto& [agent, node] : village.at())
        REQUIRE(village.nodes_that_answer_for(agent) >= 1);
      REQUIRE(village.nodes_that_answer_for(AgentId::initial(99)) == 0);
    }
  }
}

TEST_CASE("a question is decided once: by who has found something, or by the last who has not") {
  Searches<std::string> searches;
  const auto first = searches.begin("first", 3);
  const auto second = searches.begin("second", 2);
  CHECK(first != second);
  CHECK_FALSE(searches.hear(first, false));
  CHECK(searches.hear(first, true) == "first");
  CHECK_FALSE(searches.hear(first, true)); // too late
  CHECK_FALSE(searches.hear(second, false));
  CHECK(searches.hear(second, false) == "second");
  CHECK_FALSE(searches.hear(99, true));
  (void)searches.begin("third", 1);
  std::vector<std::string> left;
  searches.end([&left](const std::string& asker) { left.push_back(asker); });
  CHECK(left == std::vector<std::string>{"third"});
}

namespace {

/// Nodes that part; one of them may be lost on the way. Messages of one sender arrive in order,
/// those of several in any.
struct Parting {
  Parting(std::uint64_t seed, std::size_t count)
      : chance(mix64(seed)), nodes(count, Farewells(count)), has_left(count, false),
        is_lost(count, false), ways(count * count) {
    for (std::size_t i = 0; i < count; ++i)
      send_all(i, 'f');
  }

  void send_all(std::size_t from, char what) {
    for (std::size_t to = 0; to < nodes.size(); ++to)
      if (to != from)
        ways[from * nodes.size() + to].push_back(what);
  }

  /// What it has sent already may be lost with it, from some message on, for each of the others.
  void lose(std::size_t node) {
    is_lost[node] = true;
    for (std::size_t to = 0; to < nodes.size(); ++to) {
      auto& way = ways[node * nodes.size() + to];
      way.resize(chance.below(static_cast<std::uint32_t>(way.size() + 1)));
      if (to != node)
        way.push_back('l');
    }
  }

  [[nodiscard]] bool step() {
    std::vector<std::size_t> full;
    for (std::size_t way = 0; way < ways.size(); ++way)
      if (!ways[way].empty())
        full.push_back(way);
    if (full.empty())
      return false;
    const std::size_t way = full[chance.below(static_cast<std::uint32_t>(full.size()))];
    const std::size_t from = way / nodes.size(), to = way % nodes.size();
    const char what = ways[way].front();
    ways[way].pop_front();
    if (is_lost[to] || has_left[to])
      return true;
    if (what == 'f' && nodes[to].hear_farewell(from))
      send_all(to, 'r');
    if (what == 'r')
      nodes[to].hear_receipt(from);
    if (what == 'l')
      nodes[to].hear_of_loss(from);
    has_left[to] = nodes[to].may_leave();
    return true;
  }

  RandomStream chance;
  std::vector<Farewells> nodes;
  std::vector<bool> has_left;
  std::vector<bool> is_lost;
  std::vector<std::deque<char>> ways;
};

} // namespace

TEST_CASE("nodes part once each of them knows what all others know") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    INFO("seed " << seed);
    Parting parting(seed, 1 + seed % 5);
    while (parting.step())
      ;
    if (parting.nodes.size() > 1)
      for (const bool has_left : parting.has_left)
        REQUIRE(has_left);
  }
}

TEST_CASE("a node that is lost while nodes part leaves none of them waiting without end") {
  std::size_t parted = 0, hopeless = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    INFO("seed " << seed);
    Parting parting(seed, 2 + seed % 4);
    const std::size_t lost = parting.chance.below(static_cast<std::uint32_t>(parting.nodes.size()));
    const std::uint32_t when = parting.chance.below(30);
    for (std::uint32_t i = 0; i < when && parting.step(); ++i)
      ;
    if (!parting.has_left[lost])
      parting.lose(lost);
    while (parting.step())
      ;
    for (std::size_t i = 0; i < parting.nodes.size(); ++i) {
      if (parting.is_lost[i])
        continue;
      const bool ends = parting.has_left[i] || parting.nodes[i].is_hopeless();
      REQUIRE(ends);
      (parting.has_left[i] ? parted : hopeless)++;
    }
  }
  CHECK(parted > 0);
  CHECK(hopeless > 0);
}
