// Who is there: a session for each user, that ends by itself when nothing is heard of her.
//
//   presence                        all in this process
//   stos run -n 3 presence          on three nodes, each with a user of its own
//
// A session is a replicated agent. What its user does begins it, or keeps it going; on the second
// tick without anything she is away, on the fourth one the session is gone.

#include "libstos/stos.hpp"

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <thread>

using namespace stos;

namespace {

enum class State : std::uint8_t { online, away };

struct Look {};
struct Act {};
struct SignOff {};

struct Session {
  static constexpr std::string_view name = "session";
  using Queries = keyed::Queries<Look>;
  using Commands = keyed::Commands<Act, SignOff>;

  State state = State::online;
  std::uint64_t actions = 0;

  State query(const Look&) const { return state; }

  std::uint64_t command(const Act&, keyed::CommandContext& context) {
    state = State::online;
    context.on_tick(keyed::OnTick::timeout_after(2));
    return ++actions;
  }
  void command(const SignOff&, keyed::CommandContext& context) { context.deactivate(); }

  void timeout(keyed::TimeoutContext& context) {
    state = State::away;
    // Who looks whether she is there does not keep her there: so another timeout, no idleness.
    if (actions == 0)
      context.deactivate();
    actions = 0;
    context.on_tick(keyed::OnTick::timeout_after(2));
  }
};

std::string look(ReplicatedAgents& agents, const std::string& user) {
  const auto state = agents.query<Session>("users", user, Look{});
  if (!state)
    return state.outcome() == keyed::Outcome::agent_not_found ? "gone" : state.error();
  return *state == State::online ? "online" : "away";
}

/// Tells each state that the user comes to, until she is gone. False if it cannot be known.
bool follow(ReplicatedAgents& agents, const std::string& user) {
  for (std::string last; last != "gone";) {
    const std::string now = look(agents, user);
    if (now != last)
      std::cout << user << " is " << now << std::endl;
    if (now != "online" && now != "away" && now != "gone")
      return false;
    last = now;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

int play(RunOptions options, double tick_s) {
  options.agents.tick_s = tick_s;
  keyed::AgentTypes types;
  types.add<Session>();
  ReplicatedAgents agents(std::move(types), options);
  static_cast<void>(agents.put_quota("users", 1'000));
  const std::string user = "ann on " + options.cluster.node.value_or("her own");
  for (int n = 0; n < 3; ++n)
    if (const auto done = agents.command<Session>("users", user, Act{}); !done) {
      std::cerr << "presence: " << done.error() << '\n';
      return 1;
    }
  if (!follow(agents, user))
    return 1;
  // She comes back, and says good-bye.
  const auto back = agents.command<Session>("users", user, Act{});
  const auto bye = agents.command<Session>("users", user, SignOff{});
  if (!back || !bye)
    return 1;
  std::cout << user << " has come back for " << *back << " action, and is " << look(agents, user)
            << std::endl;
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  double tick_s = 0.5;
  return run_main(
      argc, argv, "Sessions that end when they are idle.",
      [&](CommandLine& cli) { cli.duration("--tick", tick_s, "time between two ticks"); },
      [&](const RunOptions& options) { return play(options, tick_s); });
}
