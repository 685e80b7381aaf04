#pragma once

#include "libstos/base/hash.hpp"
#include "libstos/base/random.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace stos::bench {

/// The workloads: tokens that wander for ever among agents at rest. On each absorption an agent
/// serves the token for an exponential time and sends it on, at the speed of light; that is a hop.
///
/// The models are defined to the last bit, in integers, so that programs can be compared by digest.
///
/// Units:  times in ticks of 2^-32 s, which a double holds exactly; distances likewise (c = 1).
/// Source: spatial PHOLD, a variant of PHOLD (Fujimoto 1990) with positions for lookahead.
enum class ModelKind {
  lattice,  ///< periodic, spacing 1, exponential service of mean 1
  bare,     ///< the same without service: a token arrives exactly 1 later
  cluster,  ///< the lattice and `extra` tight cubes of eight agents, linked to it at each corner
  filament, ///< the lattice and a line of `extra` agents, linked to it at both ends
  crowd     ///< sites 0 and 1 play ping-pong with one token, all others are idle
};

struct Model {
  ModelKind kind = ModelKind::lattice;
  std::uint32_t sites = 1000;
  std::uint32_t tokens = 1;   ///< that each agent starts with
  std::uint32_t work = 0;     ///< rounds of mix64 per hop, about 3 ns each
  std::uint32_t channels = 6; ///< that leave each site of a lattice
  std::uint32_t extra = 0;    ///< cubes, or agents of the filament
  double spacing = 0;         ///< of the cubes or the filament, in light-seconds
  std::uint64_t seed = 1;

  friend bool operator==(const Model&, const Model&) = default;
};

/// A site's way to a neighbour, in units of the lattice.
struct Offset {
  int x, y, z;
};

struct Grid {
  std::uint32_t nx, ny, nz;

  [[nodiscard]] std::uint32_t sites() const { return nx * ny * nz; }
  [[nodiscard]] std::uint32_t neighbour(std::uint32_t site, const Offset& offset) const;

  /// x, y and z of a site.
  [[nodiscard]] std::array<double, 3> place(std::uint32_t site) const;
};

/// A channel in each direction between a site of the lattice and one of the extra agents.
struct Gateway {
  std::uint32_t site, agent;
};

/// 1,000, 10,000, 100,000 or 1,000,000 sites. Anything else is a bug of the caller.
[[nodiscard]] Grid grid_of(const Model& model);

/// All agents: the sites come first.
[[nodiscard]] std::uint32_t agents_of(const Model& model);

/// The nearest neighbours in pairs of opposites: +x, -x, +y, -y, +z, -z, then those further away.
[[nodiscard]] std::vector<Offset> offsets_of(const Model& model);

/// The gateways of the cubes (eight each, in the order of their agents) or of the filament.
[[nodiscard]] std::vector<Gateway> gateways_of(const Model& model);

/// The length of all gateways, rounded down.
[[nodiscard]] std::uint64_t gateway_ticks(const Model& model);

/// Whether all distances are whole ticks, so that our engine has the digest of the definition.
[[nodiscard]] bool is_exact(const Model& model);

// ---- arithmetic of the definition

constexpr std::uint64_t second = std::uint64_t{1} << 32;
constexpr double tick_s = 0x1p-32;
constexpr std::uint64_t initial_hash = 0xcbf29ce484222325;

[[nodiscard]] inline std::uint64_t to_ticks(double s) {
  return static_cast<std::uint64_t>(std::llround(s / tick_s));
}

/// Where agent i's random numbers begin.
[[nodiscard]] inline RandomStream stream_of(std::uint64_t seed, std::uint32_t agent) {
  return RandomStream(mix64(seed + 0x9e3779b97f4a7c15u * (std::uint64_t{agent} + 1)));
}

/// One of {0, ..., n - 1} from the upper half of `r`.
[[nodiscard]] inline std::uint32_t below(std::uint64_t r, std::uint32_t n) {
  return static_cast<std::uint32_t>(((r >> 32) * std::uint64_t{n}) >> 32);
}

/// x * factor, where both are fixed-point numbers with 32 fractional bits and factor < 1.
[[nodiscard]] inline std::uint64_t scaled(std::uint64_t x, std::uint64_t factor) {
  return (x >> 32) * factor + (((x & 0xffffffff) * factor) >> 32);
}

/// log2(1 + i / 256) in ticks.
[[nodiscard]] std::array<std::uint64_t, 257> log2_table();
inline const std::array<std::uint64_t, 257> log2_ticks = log2_table();

/// -ln(r / 2^64) in ticks: exponential with mean 1 if r is uniform. The same on every machine.
[[nodiscard]] inline std::uint64_t exponential_ticks(std::uint64_t r) {
  r |= static_cast<std::uint64_t>(r == 0);
  const auto zeros = static_cast<unsigned>(__builtin_clzll(r));
  const std::uint64_t fraction = zeros == 63 ? 0 : r << (zeros + 1);
  const std::uint64_t i = fraction >> 56;
  const std::uint64_t between = (fraction >> 24) & 0xffffffff;
  const std::uint64_t log2 =
      log2_ticks[i] + (((log2_ticks[i + 1] - log2_ticks[i]) * between) >> 32);
  constexpr std::uint64_t ln2 = 2977044472;
  return scaled((std::uint64_t{zeros + 1} << 32) - log2, ln2);
}

/// The hash of an agent's own sequence of absorptions, after one more, with `work` rounds of work.
[[nodiscard]] inline std::uint64_t absorbed(std::uint64_t hash, std::uint64_t time,
                                            std::uint32_t token, std::uint32_t work) {
  hash = (hash ^ time) * 0x100000001b3u;
  hash = (hash ^ token) * 0x100000001b3u;
  hash ^= hash >> 29;
  for (std::uint32_t i = 0; i < work; ++i)
    hash = mix64(hash + 0x9e3779b97f4a7c15u);
  return hash;
}

/// What one agent adds to the digest of a run.
[[nodiscard]] inline std::uint64_t digest_of(std::uint32_t agent, std::uint64_t hash) {
  return mix64(hash + mix64(std::uint64_t{agent} + 1));
}

/// Hops and digest of a run that several independent simulators agree on.
struct Known {
  ModelKind kind;
  std::uint32_t sites, tokens;
  double end_time_s;
  std::uint64_t hops, digest;
  std::uint32_t extra = 0;
  double spacing = 0;
  std::uint32_t work = 0;
};

/// Null when none is known.
[[nodiscard]] const Known* find_known(const Model& model, double end_time_s);

} // namespace stos::bench
