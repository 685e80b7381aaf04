#pragma once

#include "libstos/base/result.hpp"
#include "libstos/cluster/status/node_status.hpp"
#include "libstos/options/monitoring_options.hpp"
#include "libstos/service/keyed/hosting_status.hpp"
#include "libstos/service/service_counts.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace stos {

/// Answers Prometheus at http://address/metrics with what the simulations of this process are like
/// at that moment.
///
/// Nothing is counted here, and between two scrapes nothing happens. A scraper that connects and
/// says or takes nothing keeps one of the threads for five seconds; connections beyond `threads`
/// wait in the kernel or are refused there. Neither disturbs the simulation.
///
/// Threads: `threads` of its own, and one that accepts connections; they sleep when no client asks.
///          The source is called from them, one at a time. start() and the destructor from any
///          thread, but not from the source.
/// Owns:    the source, until the destructor has returned. It closes the port and waits for the
///          answers that are under way, at most some seconds.
/// Errors:  see start(). What the source throws ends the scrape, which then shows no metric of
///          ours; nothing else happens.
/// Limits:  `threads`; 100 connections that were accepted and wait for one; 16 KiB of a request's
///          head; five seconds for each read and write of a connection.
/// Effects: the process ignores SIGPIPE from now on, as it does with CAF's middleman.
class Exporter {
public:
  /// Of this process: see to_metric_families(). What is empty has nothing to tell.
  struct Source {
    std::function<std::vector<NodeStatus>()> runs;
    std::function<std::vector<keyed::HostingStatus>()> hosts = {};
    std::function<std::vector<ServiceCounts>()> services = {};
  };

  /// Fails with Errc::io_error and what is wrong with `address`: no such host, not an address of
  /// this machine, a port that is taken or that needs privileges; IPv6, where prometheus-cpp's
  /// web server has been built without it, as on Debian. Looks up a host's name, and prefers its
  /// IPv4 address. Errc::not_supported if the web server cannot speak TLS, as Debian's cannot;
  /// Errc::bad_config if the file with the password or the certificate is no good.
  /// Without the right name and password scrapers get the status 401. @pre there is an address, and
  /// threads
  [[nodiscard]] static Result<std::unique_ptr<Exporter>> start(const MonitoringOptions& options,
                                                               Source source);

  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  /// Where it answers: `address` with the port that it got, if it asked for any.
  [[nodiscard]] const NodeAddress& address() const { return address_; }

private:
  struct Server;
  Exporter(NodeAddress address, std::unique_ptr<Server> server);

  NodeAddress address_;
  std::unique_ptr<Server> server_;
};

} // namespace stos
