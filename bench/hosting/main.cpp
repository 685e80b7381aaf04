// Commands and queries a second of replicated agents, on nodes that are processes:
//
//   stos run -n 3 stos_hosting_bench
//
// For 1, 16 and 256 clients (threads, divided among the nodes), each with an agent of its own: how
// many commands and queries all of them do in a second, and how long these take on the first node.

#include "libstos/stos.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

using namespace stos;

namespace {

using Clock = std::chrono::steady_clock;

struct Get {};
struct Add {
  std::int64_t amount = 0;
};
struct Counter {
  static constexpr std::string_view name = "counter";
  using Queries = keyed::Queries<Get>;
  using Commands = keyed::Commands<Add>;

  std::int64_t sum = 0;

  [[nodiscard]] std::int64_t query(const Get&) const { return sum; }
  std::int64_t command(const Add& add) noexcept { return sum += add.amount; }
};

class Bench {
public:
  Bench(ReplicatedAgents& agents, std::uint64_t node, std::uint64_t nodes, double seconds)
      : agents_(agents), node_(node), nodes_(nodes), seconds_(seconds) {}

  void run(std::uint32_t clients, bool are_commands) {
    std::vector<std::vector<double>> taken(clients);
    meet("begin");
    const auto begin = Clock::now();
    std::vector<std::thread> threads;
    for (std::uint32_t client = 0; client < clients; ++client)
      if (client % nodes_ == node_)
        threads.emplace_back([&, client] { taken[client] = ask_for(client, are_commands); });
    for (std::thread& thread : threads)
      thread.join();
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    std::vector<double> all;
    for (const std::vector<double>& of_client : taken)
      all.insert(all.end(), of_client.begin(), of_client.end());
    add("done", static_cast<std::int64_t>(static_cast<double>(all.size()) / seconds));
    meet("end");
    if (node_ == 0)
      print(clients, are_commands, add("done", 0), all);
    ++round_;
  }

private:
  std::vector<double> ask_for(std::uint32_t client, bool are_commands) {
    const std::string key = "client " + std::to_string(client);
    std::vector<double> taken_ms;
    static_cast<void>(agents_.command<Counter>("bench", key, Add{1}));
    for (const auto end = Clock::now() + std::chrono::duration<double>(seconds_);
         Clock::now() < end;) {
      const auto begin = Clock::now();
      const bool is_done = are_commands ? bool(agents_.command<Counter>("bench", key, Add{1}))
                                        : bool(agents_.query<Counter>("bench", key, Get{}));
      if (is_done)
        taken_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
    }
    return taken_ms;
  }

  std::int64_t add(const std::string& what, std::int64_t amount) {
    const auto sum =
        agents_.command<Counter>("bench", what + " " + std::to_string(round_), Add{amount});
    return sum ? *sum : -1;
  }
  void meet(const std::string& where) {
    const auto wanted = static_cast<std::int64_t>(nodes_);
    for (std::int64_t here = add(where, 1); here >= 0 && here < wanted; here = add(where, 0))
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }

  static void print(std::uint32_t clients, bool are_commands, std::int64_t rate,
                    std::vector<double>& taken_ms) {
    std::ranges::sort(taken_ms);
    const auto at = [&](double share) {
      return taken_ms.empty() ? 0.0
                              : taken_ms[static_cast<std::size_t>(
                                    share * static_cast<double>(taken_ms.size() - 1))];
    };
    std::printf("%-8s %4u clients %9lld a second   p50 %8.3f ms   p99 %8.3f ms   most %8.3f ms\n",
                are_commands ? "commands" : "queries", clients, static_cast<long long>(rate),
                at(0.5), at(0.99), at(1));
    std::fflush(stdout);
  }

  ReplicatedAgents& agents_;
  std::uint64_t node_;
  std::uint64_t nodes_;
  double seconds_;
  int round_ = 0;
};

} // namespace

int main(int argc, char** argv) {
  double seconds = 3;
  return run_main(
      argc, argv, "Commands and queries a second of replicated agents.",
      [&](CommandLine& cli) { cli.duration("--seconds", seconds, "of each measurement"); },
      [&](const RunOptions& options) {
        keyed::AgentTypes types;
        types.add<Counter>();
        ReplicatedAgents agents(std::move(types));
        static_cast<void>(agents.put_quota("bench", 100'000));
        // `stos run` calls them node1, node2, ...
        const std::string name = options.cluster.node.value_or("node1");
        const std::uint64_t nodes = options.distributed ? nodes_to_wait_for(options.cluster) : 1;
        Bench bench(agents,
                    std::stoul("0" + name.substr(std::min<std::size_t>(4, name.size()))) - 1, nodes,
                    seconds);
        for (const bool are_commands : {true, false})
          for (const std::uint32_t clients : {1u, 16u, 256u})
            bench.run(clients, are_commands);
        return 0;
      });
}
