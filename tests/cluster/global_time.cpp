#include "libstos/cluster/time/global_time.hpp"

#include "libstos/base/random.hpp"
#include "support/numbers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

using namespace stos;
using namespace stos::test;
using stos::detail::GlobalTime;
using stos::detail::NodeReport;

namespace {

constexpr double infinity = Instant::never().absorption;

NodeReport report(double least_time, std::size_t nodes = 2) {
  NodeReport r;
  r.least_time = least_time;
  r.sent.resize(nodes);
  r.received.resize(nodes);
  return r;
}

NodeReport quiet(double next, std::size_t nodes = 2) {
  NodeReport r = report(next, nodes);
  r.quiet = true;
  r.next = {next, next, 0};
  return r;
}

using Before = GlobalTime::Before;

} // namespace

TEST_CASE("a round is complete once all have reported, and gives the least time of all, once") {
  GlobalTime time(0_node, 3);
  CHECK_FALSE(time.outstanding());
  CHECK_FALSE(time.take_result());
  time.begin_round(report(5, 3));
  CHECK(time.outstanding());
  CHECK(time.rounds() == 1);
  CHECK_FALSE(time.take_result());
  CHECK(time.hear(2_node, report(4, 3)));
  CHECK_FALSE(time.take_result());
  CHECK(time.hear(1_node, report(7, 3)));
  const auto result = time.take_result();
  REQUIRE(result);
  CHECK(result->least_time == 4);
  CHECK_FALSE(result->all_quiet);
  CHECK_FALSE(time.outstanding());
  CHECK_FALSE(time.take_result());
}

TEST_CASE("a round forgets what the one before it has heard") {
  GlobalTime time(1_node, 2);
  time.begin_round(report(1));
  CHECK(time.hear(0_node, report(2)));
  CHECK(time.take_result()->least_time == 1);
  time.begin_round(report(3));
  CHECK_FALSE(time.take_result());
  CHECK(time.hear(0_node, report(4)));
  CHECK(time.take_result()->least_time == 3);
}

TEST_CASE("a report outside of a round, a second one, and one of another cluster are refused") {
  GlobalTime time(0_node, 3);
  CHECK_FALSE(time.hear(1_node, report(1, 3)));
  time.begin_round(report(1, 3));
  CHECK_FALSE(time.hear(0_node, report(1, 3))); // its own has been heard
  CHECK_FALSE(time.hear(1_node, report(1, 2)));
  CHECK_FALSE(time.hear(1_node, report(1, 4)));
  CHECK(time.hear(1_node, report(1, 3)));
  CHECK_FALSE(time.hear(1_node, report(1, 3)));
}

TEST_CASE("a phase is odd in the middle of a round") {
  GlobalTime time(0_node, 2);
  CHECK(time.phase() == 0);
  time.begin_round(report(1));
  CHECK(time.phase() == 1);
  CHECK(time.hear(1_node, report(1)));
  CHECK(time.phase() == 1);
  CHECK(time.take_result());
  CHECK(time.phase() == 2);
  time.begin_round(report(1));
  CHECK(time.phase() == 3);
}

TEST_CASE("what was sent in a later round has to wait, what begins one has to be joined") {
  GlobalTime time(0_node, 2);
  CHECK(time.before_reading(0) == Before::nothing);
  CHECK(time.before_reading(1) == Before::begin_round); // the sender has begun round 1
  CHECK(time.before_reading(2) == Before::wait);        // and is through with it
  CHECK(time.before_reading(3) == Before::wait);        // and has begun the next one

  time.begin_round(report(1));
  CHECK(time.before_reading(0) == Before::nothing); // sent before the sender began the round
  CHECK(time.before_reading(1) == Before::nothing);
  CHECK(time.before_reading(2) == Before::wait);
  CHECK(time.before_reading(3) == Before::wait);

  CHECK(time.hear(1_node, report(1)));
  CHECK(time.take_result());
  CHECK(time.before_reading(0) == Before::nothing);
  CHECK(time.before_reading(1) == Before::nothing);
  CHECK(time.before_reading(2) == Before::nothing);
  CHECK(time.before_reading(3) == Before::begin_round);
  CHECK(time.before_reading(4) == Before::wait);
}

TEST_CASE("a phase far in the future waits: nobody is led into a round that does not exist") {
  GlobalTime time(0_node, 2);
  CHECK(time.before_reading(~std::uint64_t{0}) == Before::wait);
  CHECK(time.before_reading(~std::uint64_t{0} - 1) == Before::wait);
}

TEST_CASE("all are quiet if all say so, and nothing is under way between them") {
  const auto result_of = [](NodeReport a, NodeReport b) {
    GlobalTime time(0_node, 2);
    time.begin_round(std::move(a));
    REQUIRE(time.hear(1_node, std::move(b)));
    return *time.take_result();
  };
  const auto both = result_of(quiet(5), quiet(3));
  CHECK(both.all_quiet);
  CHECK(both.next == Instant{3, 3, 0});
  CHECK(both.stopped_for == 0);
  CHECK_FALSE(result_of(quiet(5), report(3)).all_quiet);
  CHECK_FALSE(result_of(report(5), quiet(3)).all_quiet);

  NodeReport sender = quiet(5);
  sender.sent[1_node] = 7;
  NodeReport receiver = quiet(3);
  receiver.received[0_node] = 6;
  CHECK_FALSE(result_of(sender, receiver).all_quiet);
  receiver.received[0_node] = 7;
  CHECK(result_of(sender, receiver).all_quiet);
  receiver.sent[0_node] = 1;
  CHECK_FALSE(result_of(sender, receiver).all_quiet);
  sender.received[1_node] = 1;
  CHECK(result_of(sender, receiver).all_quiet);
}

TEST_CASE("when nothing is left anywhere, the earliest event is never") {
  GlobalTime time(0_node, 2);
  NodeReport nothing = quiet(infinity);
  nothing.next = Instant::never();
  time.begin_round(nothing);
  CHECK(time.hear(1_node, nothing));
  const auto result = time.take_result();
  REQUIRE(result);
  CHECK(result->all_quiet);
  CHECK(result->next == Instant::never());
}

TEST_CASE("quiet nodes of which some are on their way to a stop go on until all have got there") {
  const auto result_of = [](std::uint64_t own, std::uint64_t other) {
    GlobalTime time(0_node, 2);
    NodeReport a = quiet(5);
    a.stopped_for = own;
    NodeReport b = quiet(6);
    b.stopped_for = other;
    time.begin_round(a);
    REQUIRE(time.hear(1_node, b));
    return *time.take_result();
  };
  CHECK(result_of(0, 0).all_quiet);
  CHECK_FALSE(result_of(1, 0).all_quiet);
  CHECK_FALSE(result_of(0, 1).all_quiet);
  CHECK_FALSE(result_of(1, 2).all_quiet);
  CHECK(result_of(2, 2).all_quiet);
  CHECK(result_of(2, 2).stopped_for == 2);
  CHECK(result_of(0, 1).least_time == 5);
}

// ---- a network of counters
// ------------------------------------------------------------------------

namespace {

struct Message {
  std::uint64_t phase = 0;
  std::uint64_t acknowledged = 0;
  std::optional<double> event;
  std::optional<NodeReport> report;
};

/// Nodes that have nothing but events with times. An event that is executed makes others, none of
/// them earlier, here and elsewhere. A node executes what is less than 1 after the least time that
/// it knows of, and the earliest event of all when nobody can go on: then it is all or nothing.
class CounterNetwork {
public:
  CounterNetwork(std::size_t nodes, std::uint64_t seed) : random_(seed), wires_(nodes * nodes) {
    for (const NodeIndex node : Indices<NodeIndex>(nodes)) {
      nodes_.push_back(std::make_unique<Node>(node, nodes));
      for (std::uint32_t events = random_.below(4); events > 0; --events)
        make_event(*nodes_.back(), random_.uniform(0, 5));
    }
  }

  void run() {
    std::uint64_t steps = 0;
    while (!std::all_of(nodes_.begin(), nodes_.end(), [](const auto& n) { return n->finished; })) {
      step();
      REQUIRE(++steps < 1'000'000);
    }
    CHECK(executed_ == made_);
    CHECK(earliest_of_all() == infinity);
  }

  [[nodiscard]] std::uint64_t stops() const { return stops_; }

private:
  struct Node {
    Node(NodeIndex own, std::size_t nodes)
        : index(own), time(own, nodes), sent(nodes), received(nodes), acknowledged(nodes),
          unacknowledged(nodes) {}

    NodeIndex index;
    GlobalTime time;
    std::multiset<double> events;
    PerNode<std::uint64_t> sent, received, acknowledged;
    PerNode<std::deque<double>> unacknowledged;
    double lifted = Instant::beginning().absorption;
    double floor = Instant::beginning().absorption;
    bool finished = false;

    [[nodiscard]] double earliest() const { return events.empty() ? infinity : *events.begin(); }
    [[nodiscard]] bool can_execute() const {
      return !events.empty() && (earliest() < lifted + 1 || earliest() <= floor);
    }
    [[nodiscard]] double least_time() const {
      double least = earliest();
      for (const auto& times : unacknowledged)
        for (const double t : times)
          least = std::min(least, t);
      return least;
    }
  };

  std::deque<Message>& wire(NodeIndex from, NodeIndex to) {
    return wires_[from.number() * nodes_.size() + to.number()];
  }
  NodeIndex any_node() {
    return NodeIndex(random_.below(static_cast<std::uint32_t>(nodes_.size())));
  }

  void step() {
    Node& node = *nodes_[any_node()];
    if (node.finished)
      return;
    const NodeIndex other = any_node();
    switch (random_.below(4)) {
      case 0: execute(node); break;
      case 1:
        if (other != node.index && random_.bernoulli(0.2))
          send(node, other, {}); // an acknowledgement
        break;
      case 2:
        if (!node.time.outstanding() && random_.bernoulli(node.can_execute() ? 0.02 : 0.5))
          begin_round(node);
        break;
      default:
        if (other != node.index)
          read(node, other);
    }
    conclude(node);
  }

  void execute(Node& node) {
    if (!node.can_execute())
      return;
    const double now = *node.events.begin();
    node.events.erase(node.events.begin());
    ++executed_;
    constexpr std::uint64_t events_max = 300;
    for (std::uint32_t left = random_.below(4); left > 0 && made_ < events_max; --left) {
      const double time = now + (random_.bernoulli(0.3) ? 0 : random_.uniform(0, 3));
      const NodeIndex to = any_node();
      if (to == node.index) {
        make_event(node, time);
        continue;
      }
      ++made_;
      ++node.sent[to];
      node.unacknowledged[to].push_back(time);
      Message message;
      message.event = time;
      send(node, to, std::move(message));
    }
  }

  void make_event(Node& node, double time) {
    ++made_;
    node.events.insert(time);
  }

  void send(Node& from, NodeIndex to, Message message) {
    message.phase = from.time.phase();
    message.acknowledged = from.received[to];
    wire(from.index, to).push_back(std::move(message));
  }

  void begin_round(Node& node) {
    NodeReport own;
    own.least_time = node.least_time();
    own.quiet = !node.can_execute();
    own.next =
        node.events.empty() ? Instant::never() : Instant{node.earliest(), node.earliest(), 0};
    own.sent = node.sent;
    own.received = node.received;
    node.time.begin_round(own);
    for (const NodeIndex to : nodes_.indices())
      if (to != node.index) {
        Message message;
        message.report = own;
        send(node, to, std::move(message));
      }
  }

  void read(Node& node, NodeIndex from) {
    auto& messages = wire(from, node.index);
    if (messages.empty())
      return;
    switch (node.time.before_reading(messages.front().phase)) {
      case Before::wait: return;
      case Before::begin_round: begin_round(node); break;
      case Before::nothing: break;
    }
    const Message message = std::move(messages.front());
    messages.pop_front();
    for (; node.acknowledged[from] < message.acknowledged; ++node.acknowledged[from])
      node.unacknowledged[from].pop_front();
    if (message.report)
      REQUIRE(node.time.hear(from, *message.report));
    if (message.event) {
      ++node.received[from];
      node.events.insert(*message.event);
    }
  }

  void conclude(Node& node) {
    const auto result = node.time.take_result();
    if (!result)
      return;
    REQUIRE(result->least_time <= earliest_of_all());
    const auto [known, is_first] = results_.emplace(node.time.rounds(), *result);
    REQUIRE(result->least_time == known->second.least_time);
    REQUIRE(result->all_quiet == known->second.all_quiet);
    REQUIRE(result->next == known->second.next);
    if (is_first && result->all_quiet)
      check_all_quiet(*result);
    node.lifted = std::max(node.lifted, result->least_time);
    if (!result->all_quiet)
      return;
    node.floor = result->next.absorption;
    node.finished = result->next == Instant::never();
  }

  // Nobody has acted upon that yet.
  void check_all_quiet(const GlobalTime::Result& result) {
    ++stops_;
    for (const auto& node : nodes_)
      REQUIRE_FALSE(node->can_execute());
    for (const auto& messages : wires_)
      for (const Message& message : messages)
        REQUIRE_FALSE(message.event);
    REQUIRE(result.next.absorption == earliest_of_all());
  }

  [[nodiscard]] double earliest_of_all() const {
    double least = infinity;
    for (const auto& node : nodes_)
      least = std::min(least, node->earliest());
    for (const auto& messages : wires_)
      for (const Message& message : messages)
        least = std::min(least, message.event.value_or(infinity));
    return least;
  }

  RandomStream random_;
  PerNode<std::unique_ptr<Node>> nodes_;
  std::vector<std::deque<Message>> wires_;              // from * nodes + to
  std::map<std::uint64_t, GlobalTime::Result> results_; // by round
  std::uint64_t made_ = 0;
  std::uint64_t executed_ = 0;
  std::uint64_t stops_ = 0;
};

} // namespace

TEST_CASE("no round's result exceeds what is still to come, and nobody is called quiet too early") {
  std::uint64_t stops = 0;
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    const std::size_t nodes = 2 + seed % 4;
    INFO("seed " << seed << ", " << nodes << " nodes");
    CounterNetwork network(nodes, mix64(seed));
    network.run();
    stops += network.stops();
  }
  CHECK(stops > 4'000); // more than the last one of each
}
