#pragma once

#include "libstos/cluster/status/node_status.hpp"

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace stos::test {

/// Of three numbers.
inline Bins ages() {
  Bins bins({0, 2.5});
  for (const double x : {-0.5, 2.5, 30.0})
    bins.add(x);
  return bins;
}

/// A status with a different number in each member, so that two that were exchanged are seen.
inline NodeStatus made_up_status(const std::string& node = "earth") {
  NodeStatus s;
  s.simulation = "planets";
  s.node = node;
  s.version = "0.1.0";
  s.taken_s = 1.7e9;
  s.running_s = 120.5;
  s.types = {{"Bob", 3}, {"ns::Alice<int>", 40}};
  s.agents_born = 50;
  s.agents_died = 7;
  s.agents_blocked = 11;
  s.events = 1'000'000;
  s.lambdas_sent_local = 900'000;
  s.lambdas_sent_remote = 120'000;
  s.lambdas_dropped = 13;
  s.lambdas_in_flight = 1234;
  s.simulated_time = 61.5;
  s.lower_bound = 60.25;
  s.end_time = 100;
  s.activations = 2'000;
  s.empty_activations = 500;
  s.wakeups = 77;
  s.event_durations.add(1e-7);
  s.event_durations.add(3e-6);
  s.activation_durations.add(2e-5);
  s.activation_durations.add(2);
  s.mailbox_longest = 21;
  s.mailbox_limit = 1000;
  s.global_time_rounds = 345;
  s.migrations_done = 4;
  s.migrations_refused = 5;
  s.migrations_failed = 6;
  s.observed = {{"ill", 58, 400, 25.5, -0.5, 2.5, ages()}};
  s.peers = {{"mars", 10, 20, 30, 40, 50, 60, 70, 80, 9, 0.5},
             {"venus", 100, 200, 300, 400, 500, 600, 700, 800, 90, 0.25}};
  s.process = {12.5, 1 << 26, std::uint64_t{1} << 30, 8, 15, 1024, 1.6e9};
  s.continuity = {3, 5, 1, 17, 2345, 14, 8, 11, 16, 58.5, 1.65e9, 1, 2, 0.75};
  return s;
}

/// Any status that the encoding has to bring over.
inline NodeStatus random_status(std::mt19937_64& random) {
  const auto number = [&random] { return random() >> random() % 64; };
  const auto real = [&random] { return std::ldexp(static_cast<double>(random()), -20); };
  NodeStatus s = made_up_status("node" + std::to_string(random() % 5));
  s.types.clear();
  for (auto n = random() % 4; n > 0; --n)
    add_agents(s, "Type" + std::to_string(random() % 9), number() >> 3 | 1);
  s.peers.clear();
  for (auto n = random() % 4; n > 0; --n)
    s.peers.push_back({"peer" + std::to_string(9 - n), number(), number(), number(), number(),
                       number(), number(), number(), number(), number(), real()});
  s.agents_born = number();
  s.events = number();
  s.lambdas_in_flight = number();
  s.simulated_time = real();
  s.lower_bound = real();
  s.mailbox_longest = number();
  s.event_durations.add(real());
  s.process.cpu_s = real();
  s.process.resident_bytes = number();
  s.continuity.log_length = number();
  s.continuity.recovery_s = real();
  return s;
}

} // namespace stos::test
