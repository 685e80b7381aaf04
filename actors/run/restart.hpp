#pragma once

#include "actors/agents/citizens.hpp"
#include "libstos/cluster/membership/world_fingerprint.hpp"
#include "libstos/image/cut.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace stos::detail {

/// What `world`, whose set-up is `set_up`, has in common with all that may go on from its cuts.
[[nodiscard]] CutOrigin origin_of(const World& world, const WorldFingerprint& set_up);

/// The cut that a run goes on from.
class Restart {
public:
  /// Reads the cut that snapshot.from names, if it names one. Throws UsageError (bad_config,
  /// io_error): what is wrong with it, or with the store.
  [[nodiscard]] static std::optional<Restart> from_options(const RunOptions& options);

  [[nodiscard]] double time() const { return cut_.time; }

  /// Of the run that it is of, if this is the same one; 0 for a branch.
  [[nodiscard]] std::uint64_t lineage() const { return lineage_; }

  /// For people, the same on all nodes: "cut at 10 s of run lattice, state 0123456789abcdef".
  [[nodiscard]] std::string text() const;

  /// Puts the cut in the place of the set-up of `world`. Handles and names of agents that were
  /// taken in the set-up stay, those of agents that have ended since then are of ended ones. Throws
  /// UsageError (bad_config) where `origin` says that this is another world than that of the cut.
  void apply(World& world, const CutOrigin& origin, AgentNames& names) const;

private:
  Restart(Cut cut, std::uint64_t lineage, std::string place)
      : cut_(std::move(cut)), lineage_(lineage), place_(std::move(place)) {}

  void require_same_build(const CutOrigin& origin, bool may_be_other) const;
  void require_same_set_up(const CutOrigin& origin) const;

  void draw_anew(World& world) const;

  Cut cut_;
  std::uint64_t lineage_;
  std::string place_;
};

/// How a run begins: what is to be known of it where it is cut.
struct RunBeginning {
  CutOrigin origin;
  std::uint64_t lineage = 0;
  double time = Instant::beginning().absorption; ///< of the cut that it goes on from
};

/// Lets the world go on from a cut, if its options say so, on the only node that there is.
[[nodiscard]] RunBeginning begin(World& world, AgentNames& names);

/// The same on one of several nodes, which all have to begin alike: adds to what they compare.
[[nodiscard]] RunBeginning begin(World& world, AgentNames& names, WorldFingerprint& set_up);

} // namespace stos::detail
