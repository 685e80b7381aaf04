#pragma once

// Queueing networks made of agents: a source, servers, a sink, and the distances between them.

#include "support/engines.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <deque>
#include <numeric>
#include <vector>

namespace stos::test {

using QueueSimulation = ForwardSimulation<Minkowski<2>, ThreadPool<2>>;

/// Clocks count ticks of 2^-20 s, in integers: what is summed up over a run is exact.
using Ticks = std::uint64_t;
constexpr double tick_s = 0x1p-20;

inline double seconds(Ticks ticks) { return static_cast<double>(ticks) * tick_s; }
inline double rounded_to_ticks(double s) { return std::nearbyint(s / tick_s) * tick_s; }

/// How long somebody takes: exponential around the mean, or always the mean.
struct Duration {
  double mean = 1;
  bool random = true;

  [[nodiscard]] double draw(RandomStream& stream) const {
    return rounded_to_ticks(random ? stream.exponential(mean) : mean);
  }
};

/// What one server has seen. All who came have left when a run is over.
struct StationRecord {
  std::vector<Ticks> sojourns; ///< of each customer, from arrival to departure, in order
  Ticks area = 0;              ///< the integral of the number of customers in here over time
  Ticks busy = 0;
  Ticks last_departure = 0;
  std::uint64_t present = 0;
};

/// A first-come-first-served station with one server. Without a next station it is the last one.
class Station : public Agent<Station, QueueSimulation> {
public:
  Station(double x, Duration service, StationRecord& record)
      : Agent({0, x}), service_(service), record_(record) {}

  void connect(Station& next) { next_ = ChannelWriter(*this, next); }

  void arrive() {
    count_time();
    ++record_.present;
    arrivals_.push_back(last_);
    if (record_.present == 1)
      serve();
  }

private:
  void serve() {
    after(service_.draw(random()), [](Station& self) { self.depart(); });
  }

  void depart() {
    count_time();
    record_.sojourns.push_back(last_ - arrivals_.front());
    record_.last_departure = last_;
    arrivals_.pop_front();
    --record_.present;
    if (next_)
      next_.send([](Station& s) { s.arrive(); });
    if (record_.present > 0)
      serve();
  }

  void count_time() {
    const auto now = static_cast<Ticks>(local_time() / tick_s);
    record_.area += record_.present * (now - last_);
    record_.busy += record_.present > 0 ? now - last_ : 0;
    last_ = now;
  }

  Duration service_;
  StationRecord& record_;
  ChannelWriter<Station> next_;
  std::deque<Ticks> arrivals_;
  Ticks last_ = 0;
};

/// Sends `customers` to a station, a random time apart.
class Source : public Agent<Source, QueueSimulation> {
public:
  Source(double x, Duration interval, std::uint64_t customers, Station& to)
      : Agent({0, x}), interval_(interval), left_(customers), channel_(*this, to) {}

  void begin() {
    if (left_-- == 0)
      return;
    after(interval_.draw(random()), [](Source& self) {
      self.channel_.send([](Station& s) { s.arrive(); });
      self.begin();
    });
  }

private:
  Duration interval_;
  std::uint64_t left_;
  ChannelWriter<Station> channel_;
};

/// A mean with the half-width of its confidence interval.
struct Estimate {
  double mean;
  double half_width;

  [[nodiscard]] bool covers(double value) const { return std::abs(value - mean) <= half_width; }
};

/// Batch means: 20 batches of consecutive customers, after a first one that is thrown away because
/// the station was empty at its beginning. 99 % interval: Student's t with 19 degrees of freedom.
inline Estimate batch_means(const std::vector<Ticks>& samples) {
  constexpr std::size_t batches = 20;
  constexpr double t_quantile = 2.861;
  const std::size_t size = samples.size() / (batches + 1);
  std::array<double, batches> means{};
  for (std::size_t b = 0; b < batches; ++b) {
    const auto first = samples.begin() + static_cast<std::ptrdiff_t>((b + 1) * size);
    const Ticks sum = std::accumulate(first, first + static_cast<std::ptrdiff_t>(size), Ticks{0});
    means[b] = seconds(sum) / static_cast<double>(size);
  }
  const double mean = std::accumulate(means.begin(), means.end(), 0.0) / batches;
  double variance = 0;
  for (const double m : means)
    variance += (m - mean) * (m - mean) / (batches - 1);
  return {mean, t_quantile * std::sqrt(variance / batches)};
}

} // namespace stos::test
