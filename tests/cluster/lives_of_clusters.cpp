// A run on a cluster whose nodes are killed, leave and come: the cores of the nodes agree on one
// view after the other, and in each the run goes on from the last cut that all have taken part in.
// It ends as the serial engine's.

#include "libstos/image/restore.hpp"
#include "tests/cluster/parts_of_cuts.hpp"
#include "tests/cluster/virtual_nodes.hpp"
#include "tests/cluster/worlds_on_nodes.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace stos;
using namespace stos::test;
using stos::detail::Cut;
using stos::detail::CutPart;

namespace {

struct Totals {
  std::size_t views = 0;    ///< in which a run did not end
  std::size_t from_cut = 0; ///< that did not begin with the set-up
  std::size_t nodes_max = 0;
};

template <class Plan>
class Life {
public:
  Life(const Plan& plan, std::uint64_t seed)
      : plan_(plan), seed_(seed), random_(mix64(seed) + 77), cores_(2 + seed % 4, seed) {}

  void live(Totals& totals) {
    REQUIRE(cores_.run_until(5, [this] { return agreed().has_value(); }));
    std::optional<RunSummary> end;
    while (!end) {
      cores_.run(1); // until those that came count, see ControlGroup
      const std::string members = *agreed();
      totals.nodes_max = std::max(totals.nodes_max, members.size());
      totals.from_cut += last_cut_ ? 1 : 0;
      end = run_in_view(members);
      totals.views += end ? 0 : 1;
    }
    World& serial = make_world();
    serial.begin_run();
    REQUIRE(outcome_of(ShuffledDomains().run(serial)) == outcome_of(*end));
    REQUIRE(cores_.trouble().empty());
  }

private:
  // All that belong to the cluster are in one view: the names of its nodes.
  [[nodiscard]] std::optional<std::string> agreed() const {
    for (std::size_t node = 0; node < cores_.size(); ++node)
      if (cores_.is_up(node) && cores_.belongs(node) && cores_.agree(cores_.view(node)))
        return cores_.view(node);
    return std::nullopt;
  }
  [[nodiscard]] static std::size_t number(char name) {
    return static_cast<std::size_t>(name - 'a');
  }

  World& make_world() {
    simulations_.push_back(set_up(plan_));
    World& world = simulations_.back()->world();
    detail::set_boundary(world, boundary_of(plan_));
    return world;
  }

  // What befalls one of the nodes. Which one is lost, if it is.
  std::optional<std::size_t> happen(const std::string& members) {
    --left_;
    const std::size_t index = random_.below(static_cast<std::uint32_t>(members.size()));
    const std::size_t node = number(members[index]);
    switch (random_.below(3)) {
      case 0:
        if (members.size() < 3) // less than a majority would be left
          break;
        cores_.kill(node);
        return index;
      case 1:
        if (members.size() > 2) // one alone has no gateway
          cores_.drain(node);
        break;
      default:
        if (members.size() < 6)
          cores_.join(node);
        break;
    }
    return std::nullopt;
  }

  // The outcome; nothing if the next view has come before.
  std::optional<RunSummary> run_in_view(const std::string& members) {
    VirtualCluster::Shape shape = shape_of(seed_ + ++runs_);
    shape.nodes = members.size();
    shape.wants_stop_chance = 0.01;
    shape.moves_chance = 0.01;
    shape.requests_max = 10;
    std::vector<World*> worlds;
    std::vector<std::vector<CutPart>> parts(shape.nodes);
    for (std::size_t i = 0; i < shape.nodes; ++i) {
      worlds.push_back(&make_world());
      cut_at(*worlds.back(), {}, parts[i]);
      worlds.back()->begin_run();
      if (last_cut_) {
        worlds.back()->drop_set_up();
        REQUIRE(detail::restore(*worlds.back(), *last_cut_));
      }
    }
    VirtualCluster cluster(shape, seed_ + runs_);
    bool is_over = false;
    std::uint32_t steps_left = 0; // until the others have heard of what has happened
    cluster.before_step = [&](VirtualCluster& running) {
      if (is_over)
        return;
      if (steps_left == 0 && left_ > 0 && random_.bernoulli(0.003)) {
        if (const auto lost = happen(members))
          running.lose(*lost);
        steps_left = 1 + random_.below(300);
      } else if (steps_left > 0 && --steps_left == 0) {
        is_over = next_view_comes(members);
        if (is_over)
          running.abandon();
      }
    };
    RunSummary summary = cluster.run(
        worlds, [&](std::size_t agent) { return mix64(agent + seed_ + runs_) % shape.nodes; });
    if (!is_over && steps_left == 0)
      return summary;
    if (!is_over && !next_view_comes(members)) // the run was over before
      return summary;
    keep_last_cut(*worlds.front(), parts);
    return std::nullopt;
  }

  // Others than `members` belong to it, or all of these still do.
  bool next_view_comes(const std::string& members) {
    const bool comes = cores_.run_until(10, [&] { return agreed() && *agreed() != members; });
    INFO(cores_.picture());
    REQUIRE(agreed());
    return comes;
  }

  // The last one that all nodes have had a part in; each of them keeps it.
  void keep_last_cut(const World& world, std::vector<std::vector<CutPart>>& parts) {
    std::size_t complete = parts.front().size();
    for (const std::vector<CutPart>& of_node : parts)
      complete = std::min(complete, of_node.size());
    if (complete == 0)
      return;
    std::vector<CutPart> of_all;
    for (std::vector<CutPart>& of_node : parts)
      of_all.push_back(std::move(of_node[complete - 1]));
    last_cut_ = detail::join(world, std::move(of_all));
  }

  const Plan plan_;
  const std::uint64_t seed_;
  RandomStream random_;
  VirtualCores cores_;
  std::vector<decltype(set_up(std::declval<const Plan&>()))> simulations_;
  std::optional<Cut> last_cut_;
  std::uint64_t runs_ = 0;
  int left_ = 4; // things that happen
};

void check(const Totals& totals) {
  CHECK(totals.views > 100);
  CHECK(totals.from_cut > 50);
  CHECK(totals.nodes_max > 4);
}

} // namespace

TEST_CASE("a random world ends as the serial engine's, whichever nodes are lost, leave and come") {
  Totals totals;
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    INFO("world seed " << seed);
    WorldPlan plan = plan_of(seed);
    plan.end_time = std::min(plan.end_time, 6.0); // later on, some worlds explode
    Life(plan, seed).live(totals);
  }
  check(totals);
}

TEST_CASE(
    "an unusual world ends as the serial engine's, whichever nodes are lost, leave and come") {
  Totals totals;
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    const UnusualPlan plan = unusual_plan_of(seed);
    INFO("unusual world " << seed << ", scene " << static_cast<int>(plan.scene));
    Life(plan, seed).live(totals);
  }
  check(totals);
}
