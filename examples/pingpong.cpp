// Alice and Bob, one light-second apart, send the same lambda back and forth.
//
// This is the program of SpaceTimeOS, as it was first written. Only what surrounds it is new: the
// command line, and the comparison with what must come out.

#include "libstos/stos.hpp"

#include <cmath>
#include <iostream>

using namespace stos;

typedef ForwardSimulation<Minkowski<4>, ThreadPool<2>> MySimulation;

class Ping : public Agent<Ping, MySimulation> {
public:
  ChannelWriter<Ping> channelToOther;

  Ping(const MySimulation::SpaceTime& position) : Agent<Ping, MySimulation>(position) {}

  // Two workers never print at the same time: each ping is the cause of the next one.
  void ping() {
    std::cout << "Ping from " << position() << std::endl;
    channelToOther.send([](Ping& otherAgent) { otherAgent.ping(); });
  }

private: // so that it can move to another node
  friend struct stos::AgentMaker;
  Ping() = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Ping& x) {
    return f.object(x).fields(f.field("channel_to_other", x.channelToOther));
  }
};

static int simulate(const RunOptions& options) {
  MySimulation simulation(options);
  const auto scope = simulation.set_up();
  if (options.digest_only)
    std::cout.setstate(std::ios_base::failbit); // mute until clear()

  Ping* alice = new Ping({0, 0, 0, 0});
  Ping* bob = new Ping({0, 0, 0, 1});

  alice->channelToOther = ChannelWriter(*alice, *bob);
  bob->channelToOther = ChannelWriter(*bob, *alice);

  alice->ping();

  const RunSummary summary = MySimulation::start(100);

  std::cout << summary.to_string();
  std::cout.clear();
  if (options.digest_only)
    std::cout << summary.digests() << '\n';

  // The n-th lambda is absorbed n light-seconds after the first one was sent.
  const double expected = std::ceil(summary.end_time) - 1;
  if (static_cast<double>(summary.absorbed) == expected && summary.last_event_time == expected)
    return 0;
  std::cerr << "pingpong: expected " << expected << " pings, the last one at " << expected
            << " s\n";
  return 1;
}

int main(int argc, char** argv) {
  return run_main(argc, argv, "Alice and Bob send the same lambda back and forth.", simulate);
}
