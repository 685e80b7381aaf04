// Nothing gets lost: whatever was sent is absorbed, still under way at the end, or dropped at the
// dead.

#include "support/engines.hpp"

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<2>, ThreadPool<2>>;

class Receiver : public Agent<Receiver, Simulation> {
public:
  Receiver(double x, int& received) : Agent({0, x}), received_(received) {}

  void die_at(double time) {
    after(time, [](Receiver& self) { self.die(); });
  }
  void receive() { ++received_; }

private:
  int& received_;
};

class Sender : public Agent<Sender, Simulation> {
public:
  explicit Sender(Receiver& to) : channel_(*this, to) {}

  void send_each_second() {
    after(1, [](Sender& self) {
      self.channel_.send([](Receiver& r) { r.receive(); });
      self.send_each_second();
    });
  }

private:
  ChannelWriter<Receiver> channel_;
};

} // namespace

TEST_CASE("what is on its way at the end is in flight") {
  on_every_engine([](const RunOptions& options) {
    int received = 0;
    const RunSummary run = run_world<Simulation>(options, 10, [&] {
      auto* receiver = new Receiver(5, received);
      (new Sender(*receiver))->send_each_second();
    });
    // Sent at 1, ..., 9; absorbed at 6, ..., 9; the tenth timer is in flight, too.
    CHECK(received == 4);
    CHECK(run.sent == 9 + 10);
    CHECK(run.absorbed == 9 + 4);
    CHECK(run.in_flight == 5 + 1);
    CHECK(run.dropped == 0);
    return run;
  });
}

TEST_CASE("what reaches an agent after its death is dropped") {
  on_every_engine([](const RunOptions& options) {
    int received = 0;
    const RunSummary run = run_world<Simulation>(options, 10, [&] {
      auto* receiver = new Receiver(5, received);
      receiver->die_at(7.5);
      (new Sender(*receiver))->send_each_second();
    });
    CHECK(received == 2); // at 6 and 7
    CHECK(run.agents_died == 1);
    CHECK(run.sent == 1 + 9 + 10);
    CHECK(run.absorbed == 1 + 9 + 2);
    CHECK(run.dropped >= 2); // due at 8 and 9
    CHECK(run.in_flight >= 1);
    return run;
  });
}

TEST_CASE("an agent that dies drops its own timers, and what it has sent still arrives") {
  on_every_engine([](const RunOptions& options) {
    int received = 0;
    const RunSummary run = run_world<Simulation>(options, 20, [&] {
      auto* receiver = new Receiver(5, received);
      auto* sender = new Sender(*receiver);
      sender->send_each_second();
      sender->after(3.5, [](Sender& self) { self.die(); });
    });
    CHECK(received == 3);
    CHECK(run.sent == 3 + 4 + 1);
    CHECK(run.absorbed == 3 + 3 + 1);
    CHECK(run.dropped == 1);
    CHECK(run.in_flight == 0);
    return run;
  });
}
