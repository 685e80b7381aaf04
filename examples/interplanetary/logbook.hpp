#pragma once

#include "bundle.hpp"
#include "libstos/world/run_summary.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace interplanetary {

/// A bundle at its destination.
struct Delivery {
  Bundle bundle;
  double received_s() const { return bundle.hops[bundle.hop_count - 1].received_s; }
  MobileId destination() const { return bundle.hops[bundle.hop_count - 1].to; }
};

/// What one craft did during a run.
struct CraftLog {
  MobileId craft{};
  std::uint64_t created{};
  std::uint64_t sent{};     ///< transmissions, repetitions included
  std::uint64_t received{}; ///< undamaged
  std::uint64_t damaged{};
  std::uint64_t expired{};
  double on_air_s{};
  double peak_bytes{};
  std::vector<Delivery> deliveries;

  template <class Inspector>
  friend bool inspect(Inspector& f, CraftLog& log) {
    return f.object(log).fields(
        f.field("craft", log.craft), f.field("created", log.created), f.field("sent", log.sent),
        f.field("received", log.received), f.field("damaged", log.damaged),
        f.field("expired", log.expired), f.field("on_air_s", log.on_air_s),
        f.field("peak_bytes", log.peak_bytes), f.field("deliveries", log.deliveries));
  }
};

/// How long the beacons of one body were on their way to another, as the receiver measured it.
struct LightTimes {
  MobileId from{};
  MobileId to{};
  std::vector<std::pair<double, double>> samples; ///< when it was sent, how long it took; seconds

  template <class Inspector>
  friend bool inspect(Inspector& f, LightTimes& times) {
    return f.object(times).fields(f.field("from", times.from), f.field("to", times.to),
                                  f.field("samples", times.samples));
  }
};

/// Under these topics agents report at their end what they have written: so it is known on every
/// node, wherever they lived.
inline constexpr const char* craft_log_topic = "craft log";     ///< a CraftLog
inline constexpr const char* light_times_topic = "light times"; ///< one LightTimes each

/// All logs that were reported, in the order of the crafts.
std::vector<CraftLog> craft_logs(const stos::Reports& reports);

/// All measurements that were reported, by the body that sent and then by the one that measured.
std::vector<LightTimes> light_times(const stos::Reports& reports);

} // namespace interplanetary
