// Bob, who knows Alice and Carol, introduces Alice to Carol.
//
//   Carol (0, 3)
//     |  `.
//   3 |     `.  5
//     |        `.
//    Bob --- 4 --- Alice (4, 0)
//
// One second into the run Bob sends Carol a reference to Alice. It is with Carol at 1 + 3; she
// opens a channel and speaks, and Alice hears her at 1 + 3 + 5. Alice has other things to do
// meanwhile, but while the reference is on its way she does not run past the place where Carol's
// first words could reach her.

#include "libstos/stos.hpp"

#include <cmath>
#include <iostream>
#include <optional>
#include <string>

using namespace stos;

using MySimulation = ForwardSimulation<Minkowski<3>, ThreadPool<2>>;

// What Alice experienced. She reports it at her end, to main on whatever node.
struct Diary {
  int heartbeats = 0;
  std::optional<double> heard_bob;
  std::optional<double> heard_carol;
};

class Alice : public Agent<Alice, MySimulation> {
public:
  using Agent::Agent;
  ~Alice() override { report("diary", diary_); }

  void live() {
    after(0.5, [](Alice& self) {
      ++self.diary_.heartbeats;
      self.live();
    });
  }
  void hear_bob() { diary_.heard_bob = local_time(); }
  void hear_carol() { diary_.heard_carol = local_time(); }

private:
  template <class Inspector>
  friend bool inspect(Inspector& f, Alice& x) {
    return f.object(x).fields(f.field("diary", x.diary_));
  }

  Diary diary_;
};

class Carol : public Agent<Carol, MySimulation> {
public:
  using Agent::Agent;

  void meet(const RemoteReference<Alice>& alice) {
    channel_to_alice_ = ChannelWriter(*this, alice);
    channel_to_alice_.send([](Alice& a) { a.hear_carol(); });
  }

private:
  template <class Inspector>
  friend bool inspect(Inspector& f, Carol& x) {
    return f.object(x).fields(f.field("to_alice", x.channel_to_alice_));
  }

  ChannelWriter<Alice> channel_to_alice_;
};

class Bob : public Agent<Bob, MySimulation> {
public:
  Bob(const SpaceTime& position, Alice& alice, Carol& carol)
      : Agent(position), channel_to_alice_(*this, alice), channel_to_carol_(*this, carol) {}

  void introduce() {
    channel_to_alice_.send([](Alice& a) { a.hear_bob(); });
    channel_to_carol_.send(
        [alice = channel_to_alice_.target()](Carol& carol) { carol.meet(alice); });
  }

private:
  friend struct stos::AgentMaker;
  Bob() = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Bob& x) {
    return f.object(x).fields(f.field("to_alice", x.channel_to_alice_),
                              f.field("to_carol", x.channel_to_carol_));
  }

  ChannelWriter<Alice> channel_to_alice_;
  ChannelWriter<Carol> channel_to_carol_;
};

// Whether something came at `time`, or did not come because the run ended before.
static bool came_at(double time, const std::optional<double>& came, double end_time) {
  return time < end_time ? came == time : !came.has_value();
}

static std::string show(const std::optional<double>& time) {
  return time ? "at " + std::to_string(*time) + " s" : "not yet";
}

static int simulate(const RunOptions& options) {
  MySimulation simulation(options);
  const auto scope = simulation.set_up();

  Alice* alice = new Alice({0, 4, 0});
  Carol* carol = new Carol({0, 0, 3});
  Bob* bob = new Bob({0, 0, 0}, *alice, *carol);
  alice->live();
  bob->after(1, [](Bob& self) { self.introduce(); });

  const RunSummary summary = MySimulation::start(20);
  const Diary diary = summary.reports.of<Diary>("diary").at(0).second;

  if (options.digest_only) {
    std::cout << summary.digests() << '\n';
  } else {
    std::cout << "Alice heard Bob    " << show(diary.heard_bob) << "\nAlice heard Carol  "
              << show(diary.heard_carol) << "\nand her heart beat " << diary.heartbeats
              << " times\n\n"
              << summary.to_string();
  }
  if (came_at(1 + 4, diary.heard_bob, summary.end_time) &&
      came_at(1 + 3 + 5, diary.heard_carol, summary.end_time) &&
      diary.heartbeats == std::ceil(2 * summary.end_time) - 1)
    return 0;
  std::cerr << "introduction: expected Bob at 5 s, Carol at 9 s and two heartbeats a second\n";
  return 1;
}

int main(int argc, char** argv) {
  return run_main(argc, argv, "Bob introduces Alice to Carol by a RemoteReference.", simulate);
}
