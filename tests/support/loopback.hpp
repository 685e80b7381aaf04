#pragma once

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace stos::test {

/// A socket that listens on the loopback interface, at a free port.
class LoopbackListener {
public:
  LoopbackListener() {
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof place;
    auto* const address = reinterpret_cast<sockaddr*>(&place);
    REQUIRE(bind(socket, address, size) == 0);
    REQUIRE(listen(socket, 1) == 0);
    REQUIRE(getsockname(socket, address, &size) == 0);
  }
  ~LoopbackListener() { close(socket); }
  LoopbackListener(const LoopbackListener&) = delete;
  LoopbackListener& operator=(const LoopbackListener&) = delete;

  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in place{};
};

} // namespace stos::test
