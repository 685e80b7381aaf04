#include "programs/stos/ports.hpp"

#include "store/descriptor.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace stos::program {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Result<AddressList> resolve(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int status = getaddrinfo(host.c_str(), nullptr, &wanted, &found); status != 0)
    return Error{Errc::io_error, "--host " + host + ": " + gai_strerror(status)};
  return AddressList(found, freeaddrinfo);
}

void set_port(sockaddr_storage& address, std::uint16_t port) {
  if (address.ss_family == AF_INET6)
    reinterpret_cast<sockaddr_in6&>(address).sin6_port = htons(port);
  else
    reinterpret_cast<sockaddr_in&>(address).sin_port = htons(port);
}

std::uint16_t port_of(const sockaddr_storage& address) {
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

/// Binds `socket` to `port`, 0 for any; returns the port. Ports that wait for the end of an old
/// connection count as free, as they do for a node.
Result<std::uint16_t> bind_to(const detail::Descriptor& socket, const addrinfo& host,
                              std::uint16_t port) {
  sockaddr_storage address{};
  std::memcpy(&address, host.ai_addr, host.ai_addrlen);
  set_port(address, port);
  const int yes = 1;
  socklen_t size = host.ai_addrlen;
  if (setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      (port != 0 && listen(socket.get(), 1) != 0) ||
      getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return Error{Errc::io_error, std::strerror(errno)};
  return port_of(address);
}

} // namespace

Result<std::vector<NodeAddress>> free_addresses(const std::string& host, std::uint32_t count,
                                                std::optional<std::uint16_t> base_port) {
  const auto resolved = resolve(host);
  if (!resolved)
    return resolved.error();
  const addrinfo& first = **resolved;
  std::vector<NodeAddress> addresses;
  std::vector<detail::Descriptor> sockets; // held until all are found, so that no two are the same
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto wanted = static_cast<std::uint16_t>(base_port ? *base_port + i : 0);
    detail::Descriptor socket(::socket(first.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto port = bind_to(socket, first, wanted);
    if (!port)
      return Error{Errc::io_error, "no node can listen on " + to_string(NodeAddress{host, wanted}) +
                                       ": " + port.error().context};
    addresses.push_back({host, *port});
    sockets.push_back(std::move(socket));
  }
  return addresses;
}

bool says_in_use(std::string_view line, const std::string& address) {
  const auto at = line.find(address);
  if (at == std::string_view::npos || line.find("in use") == std::string_view::npos)
    return false;
  const std::string_view rest = line.substr(at + address.size());
  return rest.empty() || rest.front() < '0' || rest.front() > '9'; // else a longer port
}

} // namespace stos::program
