#pragma once

#include "libstos/base/digest.hpp"
#include "libstos/base/ids.hpp"
#include "libstos/base/result.hpp"
#include "libstos/world/report.hpp"
#include "libstos/world/run_summary.hpp"
#include "libstos/world/world.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stos::detail {

/// The world at a laboratory time T as bytes: every event before T has happened, none at or after
/// T.
///
/// It says nothing of engine, domains, nodes or memory, so it is the same whoever runs the world,
/// and whatever it runs on can go on from there.
///
/// Units:   laboratory time in seconds.
/// Threads: none inside.
struct Cut {
  /// Where an agent's image lies in `bytes`; it ends where the next one begins.
  struct Place {
    AgentId agent;
    std::size_t begin;
  };

  /// An agent that has ended, and to which somebody still has a channel or a reference.
  struct Departed {
    AgentId agent;
    std::uint64_t type_id;
    bool died; ///< by die(), and not at its boundary

    friend auto operator<=>(const Departed&, const Departed&) = default;
  };

  double time = 0;
  std::vector<std::byte> bytes;
  std::vector<Place> images;      ///< in the order of the agents' ids
  std::vector<Departed> departed; ///< likewise
  RunCounters counters;           ///< up to T
  std::vector<Report> reports;    ///< up to T, in the order of time, agent, ordinal

  [[nodiscard]] std::span<const std::byte> image(std::size_t index) const {
    const std::size_t end = index + 1 < images.size() ? images[index + 1].begin : bytes.size();
    return std::span(bytes).subspan(images[index].begin, end - images[index].begin);
  }

  /// Two runs with equal state digests at T are in the same state at T: same agents, members,
  /// worldlines, channels, waiting lambdas, counts and reports. It says far more than the event
  /// digest, which has only what has happened.
  ///
  /// A sum over all parts, so that nodes can add up what each of them has.
  [[nodiscard]] RunDigest state_digest() const;
};

/// What one node has of a cut.
struct CutPart {
  Cut cut;                       ///< of the agents that live there; departed: who may be meant
  std::vector<AgentId> leads_to; ///< where its channels and references lead that do not end there
};

/// The part of the node that `stop` is of. Fails with the name of the first agent that cannot be
/// put into bytes, and why.
[[nodiscard]] Result<CutPart> take_part_of_cut(World& world, const WorldAtStop& stop);

/// The whole of the parts of all nodes, with what `world` began with.
[[nodiscard]] Cut join(const World& world, std::vector<CutPart> parts);

/// The cut of a world that is on one node only.
[[nodiscard]] Result<Cut> take_cut(World& world, const WorldAtStop& stop);

} // namespace stos::detail
