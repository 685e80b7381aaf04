#include "actors/messages/agent_views.hpp"
#include "actors/messages/cluster_messages.hpp"
#include "support/nodes_in_threads.hpp"
#include "tests/hosting/made_up_host.hpp"

#include <caf/scoped_actor.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

using namespace stos;
using namespace stos::test;
using keyed::Outcome;

namespace {

/// Catch is not made for several threads.
void require_on_node(bool holds, const std::string& what) {
  if (!holds)
    throw std::runtime_error("does not hold: " + what);
}

RunOptions quick_nodes() {
  RunOptions options;
  options.cluster.heartbeat_s = 0.1;
  options.cluster.silence_timeout_s = 3;
  options.cluster.stop_timeout_s = 0.5;
  return options;
}

} // namespace

TEST_CASE("all nodes reach all agents", "[hosting]") {
  std::barrier together(3);
  nodes_in_threads(
      3,
      [&](NodeInThread& self) {
        ReplicatedAgents agents(made_up_types(), self.node);
        require_on_node(static_cast<bool>(agents.put_quota("q", 1'000)), "put_quota");
        for (int n = 0; n < 50; ++n) {
          const auto own = agents.command<Ledger>(
              "q", std::to_string(self.index) + "." + std::to_string(n), Add{1});
          require_on_node(own && *own == 1, "own " + own.error());
          const auto all = agents.command<Ledger>("q", "all", Add{1});
          require_on_node(static_cast<bool>(all), "all " + all.error());
        }
        together.arrive_and_wait();
        const auto sum = agents.query<Ledger>("q", "all", Get{});
        require_on_node(sum && *sum == 150, "sum");
        for (int n = 0; n < 50; ++n) {
          const auto other = agents.query<Ledger>(
              "q", std::to_string((self.index + 1) % 3) + "." + std::to_string(n), Get{});
          require_on_node(other && *other == 1, "other " + other.error());
        }
        together.arrive_and_wait();
      },
      quick_nodes());
}

TEST_CASE("agents wait for all nodes, no longer than they are to", "[hosting]") {
  std::barrier together(2);
  nodes_in_threads(
      2,
      [&](NodeInThread& self) {
        if (self.index == 1) {
          together.arrive_and_wait();
          together.arrive_and_wait();
          ReplicatedAgents agents(made_up_types(), self.node);
          together.arrive_and_wait();
          return;
        }
        ReplicatedAgents agents(made_up_types(), self.node);
        agents.set_patience(std::chrono::milliseconds(300));
        together.arrive_and_wait();
        const auto early = agents.put_quota("q", 10);
        require_on_node(early.outcome() == Outcome::no_leader, early.error());
        agents.set_patience(std::chrono::seconds(10));
        together.arrive_and_wait();
        require_on_node(static_cast<bool>(agents.put_quota("q", 10)), "later");
        together.arrive_and_wait();
      },
      quick_nodes());
}

TEST_CASE("a node is a host of replicated agents once", "[hosting]") {
  nodes_in_threads(1, [](NodeInThread& self) {
    { ReplicatedAgents agents(made_up_types(), self.node); }
    try {
      ReplicatedAgents agents(made_up_types(), self.node);
    } catch (const UsageError& e) {
      require_on_node(e.error().code == Errc::not_supported, e.what());
      return;
    }
    require_on_node(false, "an error");
  });
}

TEST_CASE("two of three nodes go on when the third one ends", "[hosting]") {
  std::barrier together(3);
  std::barrier both(2);
  nodes_in_threads(
      3,
      [&](NodeInThread& self) {
        {
          ReplicatedAgents agents(made_up_types(), self.node);
          require_on_node(static_cast<bool>(agents.put_quota("q", 1'000)), "put_quota");
          require_on_node(static_cast<bool>(agents.command<Ledger>("q", "a", Add{1})), "before");
          together.arrive_and_wait();
          if (self.index != 0) {
            for (int n = 0; n < 100; ++n) {
              const auto after = agents.command<Ledger>("q", "a", Add{1});
              require_on_node(static_cast<bool>(after), "after " + after.error());
              std::this_thread::sleep_for(std::chrono::milliseconds(10));
            }
            both.arrive_and_wait();
            const auto sum = agents.query<Ledger>("q", "a", Get{});
            require_on_node(sum && *sum == 203, "sum");
            both.arrive_and_wait();
          }
        }
      },
      quick_nodes());
}

TEST_CASE("all nodes answer stale queries by their own replicas", "[hosting]") {
  std::barrier together(3);
  nodes_in_threads(
      3,
      [&](NodeInThread& self) {
        ReplicatedAgents agents(made_up_types(), self.node);
        require_on_node(static_cast<bool>(agents.put_quota("q", 1'000)), "put_quota");
        require_on_node(static_cast<bool>(agents.command<Ledger>("q", "a", Add{1})), "before");
        const auto sum = [&] { return agents.query<Ledger>("q", "a", Get{}, keyed::Read::stale); };
        together.arrive_and_wait();
        while (!sum() || *sum() != 3) // once its own replica has all that was done
          std::this_thread::sleep_for(std::chrono::milliseconds(10));
        require_on_node(agents.query<Ledger>("q", "b", Get{}, keyed::Read::stale).outcome() ==
                            Outcome::agent_not_found,
                        "nobody");
        together.arrive_and_wait();
      },
      quick_nodes());
}

TEST_CASE("after agents.absence, a node that has ended is no host any more", "[hosting]") {
  std::barrier together(3);
  std::barrier both(2);
  AgentsOptions quick;
  quick.absence_s = 1;
  nodes_in_threads(
      3,
      [&](NodeInThread& self) {
        ReplicatedAgents agents(made_up_types(), self.node, quick);
        require_on_node(static_cast<bool>(agents.put_quota("q", 1'000)), "put_quota");
        require_on_node(static_cast<bool>(agents.command<Ledger>("q", "a", Add{1})), "before");
        together.arrive_and_wait();
        if (self.index == 0)
          return;
        const auto groups = [&] {
          std::vector<detail::GroupView> views;
          caf::scoped_actor tool(agents.system());
          tool->request(
                  agents.host(), caf::infinite,
                  detail::RunCommand{detail::NodeHello::current_protocol, {}, "agents.groups", {}})
              .receive(
                  [&views](const detail::RunAnswer& answer) {
                    if (auto decoded = detail::decode_groups(answer.answer); decoded)
                      views = *std::move(decoded);
                  },
                  [](const caf::error&) {});
          return views;
        };
        const auto is_out = [](const std::vector<detail::GroupView>& views) {
          return !views.empty() && std::ranges::all_of(views, [](const detail::GroupView& group) {
            return group.replicas.size() == 2 && !group.moves;
          });
        };
        while (!is_out(groups()))
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        both.arrive_and_wait();
        require_on_node(static_cast<bool>(agents.command<Ledger>("q", "a", Add{1})), "after");
        both.arrive_and_wait();
        const auto sum = agents.query<Ledger>("q", "a", Get{});
        require_on_node(sum && *sum == 5, "sum");
        both.arrive_and_wait();
      },
      quick_nodes());
}
