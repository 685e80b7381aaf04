#include "monitoring/exporter.hpp"

#include "libstos/base/assert.hpp"
#include "monitoring/metric_families.hpp"

#include <netdb.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace stos {
namespace {

Error cannot_listen(const NodeAddress& address, const std::string& why) {
  return {Errc::io_error,
          "monitoring.address: cannot expose metrics at " + to_string(address) + ": " + why};
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Result<Addresses> look_up(const NodeAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int status =
      getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (status != 0)
    return cannot_listen(address,
                         status == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(status));
  return Addresses(found);
}

const addrinfo& preferred(const addrinfo& first) {
  for (const addrinfo* at = &first; at != nullptr; at = at->ai_next)
    if (at->ai_family == AF_INET)
      return *at;
  return first;
}

/// The web server only says that it could not listen; the kernel says why. Returns nothing if it
/// could have been done.
std::optional<std::string> obstacle(const addrinfo& address) {
  const int descriptor = socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, 0);
  const int reuse = 1;
  const bool is_free =
      descriptor >= 0 &&
      setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) == 0 &&
      bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 && listen(descriptor, 1) == 0;
  const int problem = errno;
  if (descriptor >= 0)
    close(descriptor);
  if (is_free)
    return std::nullopt;
  if (problem == EADDRNOTAVAIL)
    return std::string("this machine has no such address");
  return std::string(std::strerror(problem));
}

/// As the web server wants it.
std::string numeric_text(const addrinfo& address, std::uint16_t port) {
  std::array<char, NI_MAXHOST> host{};
  if (getnameinfo(address.ai_addr, address.ai_addrlen, host.data(), host.size(), nullptr, 0,
                  NI_NUMERICHOST) != 0)
    host = {};
  return to_string(NodeAddress{host.data(), port});
}

class Collector : public prometheus::Collectable {
public:
  explicit Collector(Exporter::Source source) : source_(std::move(source)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    const std::lock_guard one_at_a_time(mutex_);
    try {
      return detail::to_metric_families(source_());
    } catch (const std::exception&) {
      return {}; // the scrape shows that nothing is there; the simulation must not end for it
    }
  }

private:
  Exporter::Source source_;
  mutable std::mutex mutex_;
};

} // namespace

struct Exporter::Server {
  Server(std::vector<std::string> options, Source source)
      : collector(std::make_shared<Collector>(std::move(source))), exposer(std::move(options)) {
    exposer.RegisterCollectable(collector);
  }

  std::shared_ptr<Collector> collector; // the exposer keeps a weak pointer
  prometheus::Exposer exposer;
};

Exporter::Exporter(NodeAddress address, std::unique_ptr<Server> server)
    : address_(std::move(address)), server_(std::move(server)) {}

Exporter::~Exporter() = default;

Result<std::unique_ptr<Exporter>> Exporter::start(const NodeAddress& address, std::uint32_t threads,
                                                  Source source) {
  STOS_ASSERT(threads > 0, "an exporter without threads");
  const Result<Addresses> addresses = look_up(address);
  if (!addresses)
    return addresses.error();
  const addrinfo& place = preferred(**addresses);
  if (const std::optional<std::string> why = obstacle(place))
    return cannot_listen(address, *why);
  const std::vector<std::string> options = {
      "listening_ports",    numeric_text(place, address.port),
      "num_threads",        std::to_string(threads),
      "connection_queue",   "100",
      "request_timeout_ms", "5000",
      "enable_keep_alive",  "no",
  };
  try {
    auto server = std::make_unique<Server>(options, std::move(source));
    NodeAddress bound = address;
    const std::vector<int> ports = server->exposer.GetListeningPorts();
    if (!ports.empty())
      bound.port = static_cast<std::uint16_t>(ports.front());
    return std::unique_ptr<Exporter>(new Exporter(std::move(bound), std::move(server)));
  } catch (const std::exception& problem) {
    if (place.ai_family == AF_INET6)
      return cannot_listen(address, "prometheus-cpp's web server was built without IPv6, as "
                                    "Debian's is; wanted: an IPv4 address");
    return cannot_listen(address, problem.what());
  }
}

} // namespace stos
