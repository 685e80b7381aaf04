#pragma once

#include "bundle.hpp"

#include <cstdint>
#include <mutex>
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
};

/// How long the beacons of one body were on their way to another, as the receiver measured it.
struct LightTimes {
  MobileId from{};
  MobileId to{};
  std::vector<std::pair<double, double>> samples; ///< when it was sent, how long it took; seconds
};

/// Collects what the agents have written when they end.
///
/// Threads: add() may be called from any thread; the rest after the run.
/// Order:   by mobile, whatever order the agents ended in.
class Logbook {
public:
  void add(CraftLog log);
  void add(LightTimes times);

  std::vector<CraftLog> take_crafts();
  std::vector<LightTimes> take_light_times();

private:
  std::mutex mutex_;
  std::vector<CraftLog> crafts_;
  std::vector<LightTimes> light_times_;
};

} // namespace interplanetary
