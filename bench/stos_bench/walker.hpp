#pragma once

#include "bench/stos_bench/model.hpp"
#include "libstos/stos.hpp"

#include <array>
#include <atomic>
#include <chrono>

namespace stos::bench {

using BenchSimulation = ForwardSimulation<Minkowski<4>, ThreadPool<1>>;

/// What the agents of one run share, and what they leave behind.
///
/// Threads: `record[i]` belongs to agent i; the rest is atomic or constant.
struct Logbook {
  struct Record {
    std::uint64_t hash = initial_hash;
    std::uint32_t hops = 0;
    std::uint32_t ties = 0;
  };

  std::vector<Record> records;
  std::uint32_t work = 0;
  std::uint64_t mean_service = 0; ///< in the cubes of a cluster; elsewhere it is 1
  std::uint64_t late = 0;         ///< ticks from which on a hop may be the last one
  std::atomic<std::int64_t> first_hop_ns{0};
  std::atomic<std::int64_t> last_hop_ns{0};

  static std::int64_t now_ns() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  }

  void note_first_hop() {
    std::int64_t none = 0;
    if (first_hop_ns.load(std::memory_order_relaxed) == 0)
      first_hop_ns.compare_exchange_strong(none, now_ns(), std::memory_order_relaxed);
  }

  void note_late_hop() { last_hop_ns.store(now_ns(), std::memory_order_relaxed); }
};

/// What an agent is in its model.
enum class Role : std::uint8_t {
  site,
  gateway, ///< a site with a seventh channel, to an extra agent
  extra    ///< an agent of a cube or of the filament
};

/// Where a token goes next, and how long it is served before.
struct Move {
  std::uint32_t channel;
  std::uint64_t service;
};

template <std::size_t N>
struct LatticeRules {
  static constexpr std::size_t channels = N;
  static constexpr bool serves = true;

  static Move next(Role, RandomStream& random, const Logbook&) {
    const std::uint32_t channel = random.below(N);
    return {channel, exponential_ticks(random())};
  }
};

struct BareRules {
  static constexpr std::size_t channels = 6;
  static constexpr bool serves = false;

  static Move next(Role, RandomStream& random, const Logbook&) { return {random.below(6), 0}; }
};

/// Ping-pong along the x axis: +x from one player, -x from the other.
struct CrowdRules {
  static constexpr std::size_t channels = 6;
  static constexpr bool serves = false;

  static Move next(Role role, RandomStream&, const Logbook&) {
    return {role == Role::gateway ? 1u : 0u, 0};
  }
};

/// Channels of an extra agent: three along the edges of its cube, and the gateway.
struct ClusterRules {
  static constexpr std::size_t channels = 7;
  static constexpr bool serves = true;

  static Move next(Role role, RandomStream& random, const Logbook& logbook) {
    const std::uint64_t r = random();
    const std::uint64_t service = exponential_ticks(random());
    if (role != Role::extra)
      return {below(r, role == Role::gateway ? 7 : 6), service};
    return {(r & 63) == 0 ? 3 : below(r, 3), scaled(service, logbook.mean_service)};
  }
};

/// Channels of an extra agent: to the left and to the right; at the ends one is the gateway.
struct FilamentRules {
  static constexpr std::size_t channels = 7;
  static constexpr bool serves = true;

  static Move next(Role role, RandomStream& random, const Logbook&) {
    const std::uint64_t r = random();
    const std::uint64_t service = exponential_ticks(random());
    if (role != Role::extra)
      return {below(r, role == Role::gateway ? 7 : 6), service};
    return {static_cast<std::uint32_t>(r >> 63), service};
  }
};

/// An agent of any model: absorbs tokens, serves them and sends them on.
template <class Rules>
class Walker : public Agent<Walker<Rules>, BenchSimulation> {
public:
  Walker(const Minkowski<4>& position, std::uint32_t index, RandomStream random, Role role,
         Logbook& logbook)
      : Agent<Walker, BenchSimulation>(position), logbook_(logbook), random_(random), index_(index),
        role_(role) {}

  ~Walker() override { logbook_.records[index_] = {hash_, hops_, ties_}; }

  void connect(std::size_t channel, Walker& other) {
    channels_[channel] = ChannelWriter(*this, other);
  }

  void begin(std::uint32_t tokens) {
    for (std::uint32_t k = 0; k < tokens; ++k)
      this->after(static_cast<double>(random_() >> 32) * tick_s,
                  [token = index_ * tokens + k](Walker& self) { self.absorb(token); });
  }

private:
  void absorb(std::uint32_t token) {
    const auto now = static_cast<std::uint64_t>(this->local_time() / tick_s);
    note(now, token);
    hash_ = absorbed(hash_, now, token, logbook_.work);
    const Move move = Rules::next(role_, random_, logbook_);
    if constexpr (Rules::serves)
      this->after(static_cast<double>(move.service) * tick_s,
                  [channel = move.channel, token](Walker& self) { self.pass(channel, token); });
    else
      pass(move.channel, token);
  }

  void pass(std::uint32_t channel, std::uint32_t token) {
    channels_[channel].send([token](Walker& other) { other.absorb(token); });
  }

  // The definition orders tokens that come at the same tick by their number; the library orders
  // them by where they come from. Such ties are rare: they explain a digest that differs.
  void note(std::uint64_t now, std::uint32_t token) {
    if (hops_ == 0)
      logbook_.note_first_hop();
    if (now >= logbook_.late)
      logbook_.note_late_hop();
    ties_ += hops_ > 0 && now == last_time_ && token < last_token_;
    last_time_ = now;
    last_token_ = token;
    ++hops_;
  }

  Logbook& logbook_;
  RandomStream random_;
  std::uint64_t hash_ = initial_hash;
  std::uint64_t last_time_ = 0;
  std::uint32_t last_token_ = 0;
  std::uint32_t hops_ = 0;
  std::uint32_t ties_ = 0;
  std::uint32_t index_;
  Role role_;
  std::array<ChannelWriter<Walker>, Rules::channels> channels_;
};

} // namespace stos::bench
