#pragma once

#include "libstos/causal/causal_mailbox.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <sstream>
#include <vector>

template <>
struct Catch::StringMaker<stos::EventKey> {
  static std::string convert(const stos::EventKey& key) {
    std::ostringstream out;
    out.precision(17);
    out << '{' << key.instant.absorption << ", " << key.instant.emission << ", "
        << key.instant.depth << ", " << key.source.value << ", " << key.channel.value << ", "
        << key.sequence << '}';
    return out.str();
  }
};

namespace stos::test {

/// An agent with one channel to the agent under test.
class Source {
public:
  Source(std::uint64_t agent_id, std::size_t group, const Trajectory& on,
         std::uint32_t channel_number = 1)
      : id{agent_id}, number{channel_number}, path(on) {
    channel.group = Group(group);
    channel.source_path = &path;
  }
  Source(const Source&) = delete;

  Lambda& emit(const Point& p, std::uint32_t depth = 0) {
    Lambda& lambda = lambdas.emplace_back();
    lambda.via = &channel;
    lambda.emission = p;
    lambda.source = id;
    lambda.channel = number;
    lambda.emission_depth = depth;
    lambda.sequence = lambdas.size() - 1;
    return lambda;
  }
  Lambda& emit_at(double time) { return emit(path.position(time)); }

  AgentId id;
  ChannelNumber number;
  Trajectory path;
  IncomingChannel channel;
  std::deque<Lambda> lambdas;
};

inline Trajectory resting_at(double x, double y = 0, double z = 0) {
  return {Point(0, x, y, z), Velocity<4>()};
}

/// The agent under test, with its mailbox.
struct Receiver {
  explicit Receiver(const Trajectory& on = resting_at(0), const Space& around = {})
      : path(on), space(around) {}
  ~Receiver() { mailbox.free_memory(memory); }
  Receiver(const Receiver&) = delete;

  void attach(Source& source) { mailbox.attach(source.channel, path, space); }
  void detach(Source& source) { (void)mailbox.detach(source.channel, path, space); }
  void push(Lambda& lambda) { mailbox.push(lambda, path, space, memory); }
  void turn(double time, const Velocity<4>& velocity) {
    path = path.turned(time, velocity);
    mailbox.turned(path, space, memory);
  }
  Lambda& timer(double due_local_time, double now, std::uint32_t depth = 0) {
    Lambda& lambda = timers.emplace_back();
    lambda.kind = Lambda::Kind::timer;
    lambda.emission = path.position(now);
    lambda.due = due_local_time;
    lambda.emission_depth = depth;
    lambda.source = {1000};
    lambda.sequence = timers.size() - 1;
    return lambda;
  }

  [[nodiscard]] std::size_t open_channels() const {
    std::size_t n = 0;
    for (auto* c = mailbox.first_channel(); c != nullptr; c = c->next_incoming)
      n += c->detached ? 0 : 1;
    return n;
  }

  [[nodiscard]] NextStep next(const std::vector<double>& horizons,
                              const Instant& floor = Instant::beginning()) const {
    return mailbox.next(path, space, {horizons, floor});
  }
  [[nodiscard]] bool delivers(const std::vector<double>& horizons,
                              const Instant& floor = Instant::beginning()) const {
    return next(horizons, floor).kind == NextStep::Kind::deliver;
  }
  [[nodiscard]] bool silent_before(double time, const std::vector<double>& horizons,
                                   const Instant& floor = Instant::beginning()) const {
    return mailbox.silent_before(time, path, space, {horizons, floor});
  }

  /// Takes out everything, in the order of the mailbox, as if all horizons were infinite.
  std::vector<EventKey> drain() {
    std::vector<EventKey> keys;
    while (!mailbox.empty()) {
      keys.push_back(mailbox.front_key());
      (void)mailbox.pop();
    }
    return keys;
  }

  Trajectory path;
  Space space;
  CausalMailbox::Memory& memory = *std::pmr::new_delete_resource();
  CausalMailbox mailbox;
  std::deque<Lambda> timers;
};

} // namespace stos::test
