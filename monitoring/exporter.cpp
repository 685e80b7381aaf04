#include "monitoring/exporter.hpp"

#include "libstos/base/assert.hpp"
#include "monitoring/metric_families.hpp"

#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
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

/// civetweb looks for OpenSSL's functions when it is told to speak TLS, and calls this one for each
/// connection, whether it was found or not: OpenSSL 3 does not have it.
bool can_speak_tls() {
  void* const library = dlopen("libssl.so", RTLD_LAZY);
  const bool can = library != nullptr && dlsym(library, "SSL_get_peer_certificate") != nullptr;
  if (library != nullptr)
    dlclose(library);
  return can;
}

Result<std::string> first_line_of(const std::string& path) {
  constexpr std::size_t most = 1024;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  if (!line.empty() && line.back() == '\r')
    line.pop_back();
  if (line.empty() || line.size() > most)
    return Error{Errc::bad_config, "monitoring.password_file: " + path +
                                       " has no first line of 1 to 1024 bytes that can be read"};
  return line;
}

/// Takes as long for any texts of these lengths: how long it takes must not tell what is right.
bool is_same(const std::string& said, const std::string& right) {
  unsigned difference = said.size() == right.size() ? 0 : 1;
  for (std::size_t i = 0; i < said.size(); ++i)
    difference |= static_cast<unsigned char>(said[i] ^ right[i % right.size()]);
  return difference == 0;
}

class Collector : public prometheus::Collectable {
public:
  explicit Collector(Exporter::Source source) : source_(std::move(source)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    const std::lock_guard one_at_a_time(mutex_);
    try {
      return detail::to_metric_families(seen(source_.runs), seen(source_.hosts),
                                        seen(source_.services));
    } catch (const std::exception&) {
      return {}; // the scrape shows that nothing is there; the simulation must not end for it
    }
  }

private:
  template <class Status>
  static std::vector<Status> seen(const std::function<std::vector<Status>()>& look) {
    return look ? look() : std::vector<Status>{};
  }

  Exporter::Source source_;
  mutable std::mutex mutex_;
};

} // namespace

namespace {

/// Calls the web server again and again: it looks whether it is to end when a client calls, and
/// else once in two seconds.
class Calls {
public:
  explicit Calls(const std::vector<std::byte>& address) {
    try {
      thread_ = std::thread([this, address] {
        while (!is_over_) {
          const auto* const to = reinterpret_cast<const sockaddr*>(address.data());
          const int fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
          if (fd >= 0) {
            (void)connect(fd, to, static_cast<socklen_t>(address.size()));
            close(fd);
          }
          std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
      });
    } catch (const std::system_error&) { // then it takes two seconds
    }
  }
  ~Calls() {
    is_over_ = true;
    if (thread_.joinable())
      thread_.join();
  }
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

private:
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

/// The place as bytes, with that port.
std::vector<std::byte> bytes_of(const addrinfo& place, std::uint16_t port) {
  const auto* const data = reinterpret_cast<const std::byte*>(place.ai_addr);
  std::vector<std::byte> bytes(data, data + place.ai_addrlen);
  const in_port_t in_network_order = htons(port);
  const std::size_t at = place.ai_family == AF_INET6 ? offsetof(sockaddr_in6, sin6_port)
                                                     : offsetof(sockaddr_in, sin_port);
  std::memcpy(bytes.data() + at, &in_network_order, sizeof in_network_order);
  return bytes;
}

/// Who may scrape; any client if there is no name.
struct Scraper {
  std::string name;
  std::string password;
};

} // namespace

struct Exporter::Server {
  // Metrics come last, so that no client sees any before there is a password.
  Server(std::vector<std::string> options, Source source, Scraper scraper)
      : collector(std::make_shared<Collector>(std::move(source))), exposer(std::move(options)) {
    if (!scraper.name.empty())
      exposer.RegisterAuth(
          [scraper = std::move(scraper)](const std::string& name, const std::string& password) {
            const bool is_name = is_same(name, scraper.name); // both take their time
            const bool is_password = is_same(password, scraper.password);
            return is_name && is_password;
          });
    exposer.RegisterCollectable(collector);
  }

  std::shared_ptr<Collector> collector; // the exposer keeps a weak pointer
  prometheus::Exposer exposer;
  std::vector<std::byte> place; // where it listens
};

Exporter::Exporter(NodeAddress address, std::unique_ptr<Server> server)
    : address_(std::move(address)), server_(std::move(server)) {}

Exporter::~Exporter() {
  const Calls calls(server_->place);
  server_.reset();
}

Result<std::unique_ptr<Exporter>> Exporter::start(const MonitoringOptions& monitoring,
                                                  Source source) {
  STOS_ASSERT(monitoring.threads > 0, "an exporter without threads");
  STOS_ASSERT(monitoring.address.has_value(), "an exporter without an address");
  const NodeAddress& address = *monitoring.address;
  std::string password;
  if (!monitoring.user.empty()) {
    Result<std::string> line = first_line_of(monitoring.password_file);
    if (!line)
      return line.error();
    password = *std::move(line);
  }
  if (!monitoring.certificate.empty() && !can_speak_tls())
    return Error{
        Errc::not_supported,
        "monitoring.certificate: prometheus-cpp's web server was built for OpenSSL 1.1, as "
        "Debian's is, and would end the process; wanted: none, and something that "
        "speaks TLS in front of monitoring.address"};
  if (!monitoring.certificate.empty() && !std::ifstream(monitoring.certificate))
    return Error{Errc::bad_config, "monitoring.certificate: " + monitoring.certificate +
                                       " cannot be read: " + std::strerror(errno)};
  const Result<Addresses> addresses = look_up(address);
  if (!addresses)
    return addresses.error();
  const addrinfo& place = preferred(**addresses);
  if (const std::optional<std::string> why = obstacle(place))
    return cannot_listen(address, *why);
  std::vector<std::string> options = {
      "listening_ports",
      numeric_text(place, address.port) + (monitoring.certificate.empty() ? "" : "s"),
      "num_threads",
      std::to_string(monitoring.threads),
      "connection_queue",
      "100",
      "request_timeout_ms",
      "5000",
      "max_request_size",
      "16384",
      "enable_keep_alive",
      "no",
  };
  if (!monitoring.certificate.empty())
    options.insert(options.end(), {"ssl_certificate", monitoring.certificate,
                                   "ssl_protocol_version", "4"}); // TLS 1.2 and later
  try {
    auto server = std::make_unique<Server>(options, std::move(source),
                                           Scraper{monitoring.user, std::move(password)});
    NodeAddress bound = address;
    const std::vector<int> ports = server->exposer.GetListeningPorts();
    if (!ports.empty())
      bound.port = static_cast<std::uint16_t>(ports.front());
    server->place = bytes_of(place, bound.port);
    return std::unique_ptr<Exporter>(new Exporter(std::move(bound), std::move(server)));
  } catch (const std::exception& problem) {
    if (place.ai_family == AF_INET6)
      return cannot_listen(address, "prometheus-cpp's web server was built without IPv6, as "
                                    "Debian's is; wanted: an IPv4 address");
    return cannot_listen(address, monitoring.certificate.empty()
                                      ? problem.what()
                                      : std::string(problem.what()) +
                                            "; wanted: monitoring.certificate with a certificate "
                                            "and its private key in the PEM format");
  }
}

} // namespace stos
