// A process ends, whatever waits to be sent to others.

#include "actors/messages/caf_types.hpp"
#include "actors/transport/credentials.hpp"
#include "actors/transport/guarded_scribe.hpp"
#include "actors/transport/peer_list.hpp"
#include "support/loopback.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/broker.hpp>
#include <caf/io/middleman.hpp>
#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <utility>

using namespace stos::detail;

namespace {

struct Connection {
  int here = -1, there = -1;
};

Connection connect_on_loopback() {
  const stos::test::LoopbackListener listener;
  Connection made;
  made.here = socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(connect(made.here, reinterpret_cast<const sockaddr*>(&listener.place),
                  sizeof listener.place) == 0);
  made.there = accept(listener.socket, nullptr, nullptr);
  return made;
}

} // namespace

TEST_CASE("a peer that takes nothing more keeps no process from ending") {
  const Connection connection = connect_on_loopback();
  {
    stos::init_caf_types();
    caf::actor_system_config config;
    config.load<caf::io::middleman>();
    config.set("caf.scheduler.max-threads", std::size_t{1});
    caf::actor_system system(config);

    const Peer own{PeerKind::node, "node1"}, other{PeerKind::node, "node2"};
    const auto credentials = Credentials::load({}, true, own);
    REQUIRE(credentials);
    auto wire = std::make_unique<Wire>(connection.here, **credentials, false);
    wire->give_up_after(std::chrono::milliseconds(200));
    auto filter = std::make_unique<BaspFilter>(std::make_shared<PeerList>(to_string(system.node())),
                                               "other system", other, true);
    const caf::io::scribe_ptr scribe = make_guarded_scribe(
        system, std::move(wire), std::move(filter), "peer=node2", std::make_shared<RefusalLog>());

    system.middleman().spawn_broker([scribe](caf::io::broker* self) -> caf::behavior {
      constexpr std::size_t more_than_sockets_hold = std::size_t{64} << 20;
      self->add_scribe(scribe);
      self->wr_buf(scribe->hdl()).resize(more_than_sockets_hold);
      self->flush(scribe->hdl());
      self->quit();
      return {};
    });
  } // waits until all of it is sent, or cannot be
  close(connection.there);
  SUCCEED("the actor system has ended");
}
