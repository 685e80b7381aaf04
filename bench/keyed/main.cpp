// Commands and queries a second of replicated agents: three nodes with their whole way (callers,
// sessions, quotas, groups, logs in memory), in one thread, which hand messages to each other as
// bytes. So it is what one core does for all three nodes.
//
// usage: stos_keyed_bench

#include "libstos/service/keyed/node.hpp"

#include <chrono>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::keyed;

namespace {

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

class ThreeNodes {
public:
  ThreeNodes() {
    types_.add<Counter>();
    NodeOptions options;
    options.founders = {{1}, {2}, {3}};
    options.report_ms = 1'000;
    for (std::uint64_t id = 1; id <= 3; ++id) {
      options.self = {id};
      options.seed = id;
      nodes_.push_back(std::make_unique<Node>(options, types_,
                                              std::map<raft::GroupId, raft::Recovered>{}, now_));
    }
  }

  void pass(std::uint64_t ticks) {
    constexpr std::uint64_t ms_of_tick = 100;
    for (; ticks > 0; --ticks) {
      now_.ms += ms_of_tick;
      for (auto& node : nodes_)
        node->tick(now_);
      settle();
    }
  }

  void put_quota() {
    static_cast<void>(nodes_[0]->ask(GroupTable::quota_group, Ask::Kind::item,
                                     Quotas::put_item("q", 1'000'000'000), 10'000, now_));
    pass(20);
  }

  /// All calls at a time are spread over the callers of all nodes. Returns those that were done.
  std::size_t call_all(const std::vector<Call>& calls) {
    done_ = 0;
    for (std::size_t i = 0; i < calls.size(); ++i)
      static_cast<void>(nodes_[i % 3]->call(calls[i], 10'000, now_));
    settle();
    return done_;
  }

  [[nodiscard]] std::size_t groups() const { return nodes_[0]->table().groups().size() - 1; }

private:
  void settle() {
    for (bool is_busy = true; is_busy;) {
      is_busy = false;
      for (std::uint64_t id = 1; id <= 3; ++id) {
        Node& node = *nodes_[id - 1];
        for (auto& [from, bytes] : std::exchange(inbox_[id], {})) {
          is_busy = true;
          if (!node.hear(from, bytes, now_))
            std::abort();
        }
        for (Node::Output output = node.take_output(); !output.empty();
             output = node.take_output()) {
          is_busy = true;
          send({id}, output.to_send);
          Node::Done done = node.apply(std::move(output));
          send({id}, done.to_send);
          for (const Reply& reply : done.answers)
            done_ += reply.answer.outcome == Outcome::done ? 1 : 0;
        }
      }
    }
  }
  void send(raft::NodeId from, std::vector<Node::Message>& messages) {
    for (auto& [to, bytes] : messages)
      inbox_[to.value].emplace_back(from, std::move(bytes));
  }

  AgentTypes types_;
  Time now_{1'700'000'000'000};
  std::vector<std::unique_ptr<Node>> nodes_;
  std::map<std::uint64_t, std::vector<std::pair<raft::NodeId, std::vector<std::byte>>>> inbox_;
  std::size_t done_ = 0;
};

double per_second(ThreeNodes& nodes, std::size_t in_flight, bool are_commands) {
  using Clock = std::chrono::steady_clock;
  std::vector<Call> calls;
  for (std::size_t i = 0; i < in_flight; ++i) {
    const std::string key = std::to_string(i % 100);
    calls.push_back(are_commands ? command_call<Counter>("q", key, Add{1})
                                 : query_call<Counter>("q", key, Get{}));
  }
  const auto begin = Clock::now();
  std::size_t done = 0;
  double seconds = 0;
  do {
    done += nodes.call_all(calls);
    seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  } while (seconds < 1);
  return static_cast<double>(done) / seconds;
}

} // namespace

int main() {
  ThreeNodes nodes;
  nodes.pass(100);
  nodes.put_quota();
  for (const bool are_commands : {true, false})
    for (const std::size_t in_flight : {1, 16, 256, 4'096})
      std::printf("%-8s %5zu in flight %10.0f a second\n", are_commands ? "commands" : "queries",
                  in_flight, per_second(nodes, in_flight, are_commands));
  std::printf("%zu groups\n", nodes.groups());
}
