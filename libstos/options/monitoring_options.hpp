#pragma once

#include "libstos/options/cluster_options.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace stos {

/// How this process lets others watch it. No option here changes which events happen.
///
/// Plain values. The defaults below are the product's defaults; `config/stos.yaml` documents each
/// of them for users, and the loader in `config/` is the only place that checks the ranges.
///
/// Units:   the suffix of each name; `_s` is seconds of wall-clock time.
/// Threads: none inside.
/// Owns:    its strings.
/// Limits:  `threads`.
struct MonitoringOptions {
  /// Where Prometheus finds the metrics of this process, at the path /metrics. Port 0 is any free
  /// port. Default none: they are not exposed.
  std::optional<NodeAddress> address;

  /// Threads that answer scrapers; so many can be answered at a time. 1 to 64.
  std::uint32_t threads = 2;

  /// Who may scrape: a name, and the file whose first line is the password (HTTP's basic
  /// authentication, RFC 7617). Default: any scraper that reaches the address.
  std::string user;
  std::string password_file;

  /// Scrapers come over TLS: a file with the certificate that they are shown and its private key,
  /// in the PEM format. Default: plain HTTP.
  std::string certificate;

  /// A node whose simulated time stands still for so long raises an alert. 0.1 to 31,536,000.
  double progress_timeout_s = 60;

  /// Memory that this process is meant to stay below; nine tenths of it raise an alert, and
  /// nothing else happens. 0 to 2^50; 0: no such limit.
  std::uint64_t memory_limit_bytes = 0;

  friend bool operator==(const MonitoringOptions&, const MonitoringOptions&) = default;
};

} // namespace stos
