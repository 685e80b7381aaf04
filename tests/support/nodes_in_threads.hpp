#pragma once

#include "libstos/stos.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace stos::test {

/// Ports of the loopback interface that nobody listens on.
inline std::vector<std::uint16_t> free_ports(std::size_t count) {
  std::vector<std::uint16_t> ports;
  std::vector<int> sockets;
  for (std::size_t i = 0; i < count; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
        getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0)
      ports.push_back(ntohs(address.sin_port));
    sockets.push_back(fd);
  }
  for (const int fd : sockets)
    close(fd);
  return ports;
}

/// An actor system that can speak to others.
class NetworkedSystem {
public:
  NetworkedSystem() : system(config_) {}

private:
  struct Config : caf::actor_system_config {
    Config() {
      init_caf_types();
      load<caf::io::middleman>();
      set("caf.scheduler.max-threads", std::size_t{2});
      set("caf.middleman.workers", std::size_t{0});
    }
  };
  Config config_;

public:
  caf::actor_system system;
};

/// What a node of nodes_in_threads() has to work with. Nodes are numbered by their names.
struct NodeInThread {
  std::size_t index;
  std::vector<std::uint16_t> ports; ///< of all nodes
  caf::actor_system& system;
  ClusterNode& node;
  RunOptions options; ///< for its simulations
};

/// Runs `play(node)` on each of `count` nodes of a cluster: each has a thread and an actor system,
/// and speaks with the others over the loopback interface. Throws what the first of them throws.
inline void nodes_in_threads(std::size_t count, const std::function<void(NodeInThread&)>& play,
                             RunOptions options = {}) {
  const std::vector<std::uint16_t> ports = free_ports(count);
  options.distributed = true;
  options.progress = ProgressMode::never;
  for (const std::uint16_t port : ports)
    options.cluster.peers.push_back({"127.0.0.1", port});
  std::vector<std::exception_ptr> problems(count);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      try {
        RunOptions own = options;
        own.cluster.node = "node" + std::to_string(i + 1);
        own.cluster.address = {"127.0.0.1", ports[i]};
        NetworkedSystem networked;
        ClusterNode node(networked.system, own.cluster);
        NodeInThread self{i, ports, networked.system, node, own};
        play(self);
      } catch (...) {
        problems[i] = std::current_exception();
      }
    });
  for (std::thread& thread : threads)
    thread.join();
  for (const std::exception_ptr& problem : problems)
    if (problem)
      std::rethrow_exception(problem);
}

} // namespace stos::test
