#pragma once

#include "libstos/base/digest.hpp"
#include "libstos/base/ids.hpp"
#include "libstos/base/result.hpp"
#include "libstos/world/observed.hpp"
#include "libstos/world/report.hpp"
#include "libstos/world/run_summary.hpp"
#include "libstos/world/streamed.hpp"
#include "libstos/world/trace.hpp"
#include "libstos/world/world.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

/// The run that a cut is of, as far as one that goes on from it has to agree with it.
struct CutOrigin {
  struct Fact { ///< for people to read
    std::string name;
    std::string value;

    friend bool operator==(const Fact&, const Fact&) = default;
  };

  std::string run;         ///< its name
  std::string build;       ///< of the program
  std::vector<Fact> facts; ///< what holds for the whole world: its seed, the shape of space
  std::uint64_t set_up_agents = 0;
  std::uint64_t set_up = 0; ///< the hash of all of them

  friend bool operator==(const CutOrigin&, const CutOrigin&) = default;
};

/// The world at a laboratory time T as bytes: every event before T has happened, none at or after
/// T.
///
/// It says nothing of engine, domains, nodes or memory, so it is the same on every engine and
/// any number of nodes, each of which can go on from there.
///
/// Units:   laboratory time in seconds.
/// Threads: none inside.
struct Cut {
  /// A part of the memory in which the images lie, each image in one of them.
  using Piece = std::vector<std::byte>;

  /// Where an agent's image lies.
  struct Place {
    AgentId agent;
    std::uint32_t piece;
    std::uint32_t begin; ///< in the piece
    std::uint32_t size;
  };

  /// An agent that has ended, and to which an agent still has a channel or a reference.
  struct Departed {
    AgentId agent;
    std::uint64_t type_id;
    bool died; ///< by die(), and not at its boundary

    friend auto operator<=>(const Departed&, const Departed&) = default;
  };

  /// A class of agents or lambdas that the cut has, by the name that the compiler gives it, and
  /// what its bytes are made of, see fields_of(): in another build, that may be another thing.
  struct Type {
    std::uint64_t id;
    std::string name;
    std::string fields;

    friend auto operator<=>(const Type&, const Type&) = default;
  };

  double time = 0;
  CutOrigin origin; ///< for the caller who stores the cut to say
  std::vector<Piece> pieces;
  std::vector<Place> images;             ///< in the order of the agents' ids
  std::vector<Departed> departed;        ///< likewise
  RunCounters counters;                  ///< up to T
  std::vector<Report> reports;           ///< up to T, in the order of time, agent, ordinal
  std::vector<Observation> observations; ///< up to T and at T, in the order in which they were made
  bool stop_is_wanted = false;           ///< an agent has asked for the end of the run
  Streamed streamed;
  std::vector<Type> classes;                          ///< of the agents, by their ids
  std::vector<Type> lambdas;                          ///< that wait, likewise
  std::vector<std::pair<std::string, AgentId>> names; ///< that agents have, in order

  [[nodiscard]] std::span<const std::byte> image(std::size_t index) const {
    const Place& at = images[index];
    return std::span(pieces[at.piece]).subspan(at.begin, at.size);
  }

  /// Appends the copy of an image. @pre the agent's id is higher than those of all others
  void add_image(AgentId agent, std::span<const std::byte> image);

  /// Of all images.
  [[nodiscard]] std::uint64_t bytes() const;

  /// Two runs with equal state digests at T are in the same state at T: same agents, members,
  /// worldlines, channels, waiting lambdas, counts and reports. It says far more than the event
  /// digest, which has only what has happened. Origin, observations and what goes to files are no
  /// part of it.
  ///
  /// A sum over all parts, so that nodes can add up what each of them has.
  [[nodiscard]] RunDigest state_digest() const;

  /// What is told of it.
  [[nodiscard]] CutRecord record() const { return {time, state_digest(), images.size(), bytes()}; }
};

/// What one node has of a cut.
struct CutPart {
  Cut cut;                       ///< of the agents that live there; departed: who may be meant
  std::vector<AgentId> leads_to; ///< where its channels and references lead that do not end there
};

/// Memory for a cut that is ready before the world stops for it: the system takes far longer to
/// hand it out than it takes to fill it.
struct CutMemory {
  std::vector<Cut::Piece> pieces;
  std::vector<Cut::Place> images;
  std::vector<std::pair<AgentId, Cell*>> agents;

  /// Enough for most worlds of so many agents, and touched. What lacks is made when it is needed.
  [[nodiscard]] static CutMemory for_agents(std::size_t agents);

  /// The memory of a cut that is of no use any more, or what another one has left.
  void take_back(Cut&& cut);
  void take_back(CutMemory&& rest);
};

/// The part of the node that `stop` is of. What it needs of `memory` is taken out of it, and what
/// is more than another one will need is freed. Fails with the name of the first agent that cannot
/// be put into bytes, and why.
[[nodiscard]] Result<CutPart> take_part_of_cut(World& world, const WorldAtStop& stop,
                                               CutMemory& memory);

/// The whole of the parts of all nodes, with what `world` began with.
[[nodiscard]] Cut join(const World& world, std::vector<CutPart> parts);

/// The cut of a world that is on one node only.
[[nodiscard]] Result<Cut> take_cut(World& world, const WorldAtStop& stop);

} // namespace stos::detail
