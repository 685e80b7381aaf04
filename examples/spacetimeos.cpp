// The program of SpaceTimeOS, as it was first written, and nothing else. Where it runs, on how many
// workers or nodes, to which end and who watches it, says the environment: STOS_CONFIG, STOS_...
// clang-format off

#include <libstos/stos.hpp>

#include <iostream>

using namespace stos;

typedef ForwardSimulation<Minkowski<4>, ThreadPool<2>>      MySimulation;

class Ping : public Agent<Ping, MySimulation> {
public:
    ChannelWriter<Ping> channelToOther;

    Ping(const MySimulation::SpaceTime &position) : Agent<Ping,MySimulation>(position) { }

    void ping() {
        std::cout << "Ping from " << position() << std::endl;
        channelToOther.send([](Ping &otherAgent) {
            otherAgent.ping();
        });
    }
};

int main() {
    Ping *alice = new Ping({0,0,0,0});
    Ping *bob   = new Ping({0,0,0,1});

    alice->channelToOther = ChannelWriter(*alice, *bob);
    bob->channelToOther   = ChannelWriter(*bob, *alice);

    alice->ping();

    MySimulation::start(100);
}
