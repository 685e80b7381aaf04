#pragma once

#include "libstos/base/digest.hpp"
#include "libstos/base/random.hpp"
#include "libstos/causal/causal_mailbox.hpp"
#include "libstos/code/agent_ops.hpp"
#include "libstos/code/block_pool.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace stos {

class AgentBase;
class BytesReader;
class BytesWriter;
class World;

namespace detail {

class Cell;
struct CellOf;

/// What a channel has to know beyond the common case of two agents of one domain.
struct ChannelCourse final : Course {
  Cell* from = nullptr;    ///< the writer, of a channel between two domains
  Cell* holder = nullptr;  ///< of a hold: who absorbs the lambda that brings the reference
  AgentId agent;           ///< one of these two, for code that cannot know whether it still exists
  Trajectory source;       ///< a copy, where another domain takes care of the source
  double cut_distance = 0; ///< where its reader's OtherDomains counts it
  std::uint64_t wire = 0;  ///< its name between nodes; 0: none yet. For the gateway
};

/// One open channel, both ends. The thread that executes the reader owns the IncomingChannel, the
/// thread that executes the writer owns what is marked so; they may be two threads.
///
/// A reference in transit is a channel without a writer, a *hold*.
class Channel : public IncomingChannel {
public:
  /// From pool memory, of a world that may end before the ChannelWriter does.
  static Channel& create(BlockPool& pool, Cell& to);

  /// For each of `owners_left`: the engine at the reading and at the writing end, and the
  /// ChannelWriter. The last one to let go frees it.
  void let_go();
  void owned_by(std::uint8_t owners) { owners_left_.store(owners, std::memory_order_relaxed); }

  [[nodiscard]] bool is_hold() const { return source_path == nullptr; }
  [[nodiscard]] Cell& from() const;
  [[nodiscard]] ChannelCourse& far_course() { return static_cast<ChannelCourse&>(course()); }

  /// The same where it may have none yet, or one for use within a domain, of which it keeps what it
  /// knows. What is sent next may be earlier than all that has been absorbed.
  ChannelCourse& require_far_course();

  /// How the far end of a channel is set up, wherever one begins: its source `agent` is executed by
  /// another domain or node, so its worldline is copied, as it is now. `from` is its record, if the
  /// source is in this process.
  ChannelCourse& keep_source(AgentId agent, const Trajectory& path, Cell* from);

  /// The same for a hold: `agent` will absorb the lambda that brings the reference.
  ChannelCourse& keep_holder(AgentId agent);

private:
  std::atomic<std::uint8_t> owners_left_{1};

public:
  ChannelNumber number; ///< at its writer
  Cell* to;             ///< constant but for stops, at which agents move: see Rewiring

  // The writer's.
  std::uint64_t next_sequence : 61 = 0;
  std::uint64_t between_domains : 1 = 0;
  std::uint64_t closed : 1 = 0;     ///< by its writer, or since that has ended
  std::uint64_t loose : 1 = 0;      ///< in the middle of a Rewiring
  Channel* next_outgoing = nullptr; ///< the list that starts at `from().outgoing`

private:
  explicit Channel(Cell& reader) : to(&reader) {}
  ~Channel() = default;
};
static_assert(sizeof(Channel) == 64, "there are many channels: one cache line");

enum class CellState : std::uint8_t {
  newborn, ///< in the event that creates it: the creator may still arrange it
  alive,
  dead,      ///< by die()
  ended,     ///< at the boundary, or with the run
  elsewhere, ///< on another node: this record stands in for it, for channels that lead there
};

/// A turn that an agent has decided upon and that takes effect a reaction time later.
struct PendingTurn {
  double local_time;
  Velocity<4> velocity;
};

/// What few agents need.
struct CellExtras {
  double exit_time = Instant::never().absorption; ///< where it leaves through its own boundary
  double last_emission = Instant::beginning().absorption;
  std::vector<PendingTurn> pending_turns; ///< in the order in which they take effect
  std::uint64_t injected = 0;
  std::uint64_t births = 0;
  std::uint64_t reports = 0;
  std::uint64_t trace_records = 0;
};

/// What an arrival and the next event of an agent need first.
struct CellFront {
  static constexpr std::uint32_t no_slot = ~std::uint32_t{0};

  // An arrival touches this line only.
  double next = Instant::never().absorption; ///< a lower bound of next_time() while it waits
  std::uint32_t slot = no_slot;              ///< in the TimeTable of its tier
  Group group;                               ///< the domain that executes it, or the link to it
  std::uint8_t tier = 0;
  CellState state : 7 = CellState::newborn;
  bool blocked : 1 = false;   ///< put aside until another domain promises more
  AgentBase* agent = nullptr; ///< null once deleted
  CausalMailbox mailbox;

  const AgentOps* ops = nullptr;
  double now = 0; ///< laboratory time of the latest event, or of the birth
  EventDigest digest;
  RandomStream random;
  std::uint64_t timers_set = 0;
  AgentId id;
  World* world = nullptr;
};

/// A part of its own, so that a channel that looks at a worldline finds the agent, too.
struct CellPath {
  Trajectory path;
};

/// The engine's record of one agent. The thread that executes its domain owns it.
/// There are many: four cache lines.
class alignas(64) Cell : public CellFront, public CellPath {
public:
  static Cell& create(World& world, BlockPool& pool, AgentBase& agent, const AgentOps& ops);
  static Cell& create_without_agent(World& world, BlockPool& pool, const AgentOps& ops);
  void destroy(BlockPool& pool);

  static Cell& of_path(const Trajectory& worldline) {
    auto& part = reinterpret_cast<CellPath&>(const_cast<Trajectory&>(worldline));
    return static_cast<Cell&>(part);
  }

  std::uint32_t events = 0;        ///< absorbed, modulo 2^32: tells its events apart
  bool buried = false;             ///< to be freed unless a channel to it was opened meanwhile
  bool loose = false;              ///< in the middle of a Rewiring
  std::uint16_t closings_left = 0; ///< of its channels, before their list is gone through
  std::uint32_t channels_opened = 0;
  std::uint32_t incoming = 0; ///< channels and holds whose reading end is here
  Channel* outgoing = nullptr;
  std::unique_ptr<CellExtras> extras;
  void* binding = nullptr; ///< its CAF actor, if the engine has one for it

  [[nodiscard]] bool alive() const { return state == CellState::alive; }

  [[nodiscard]] double exit_time() const {
    return extras == nullptr ? Instant::never().absorption : extras->exit_time;
  }
  CellExtras& require_extras() {
    if (extras == nullptr)
      extras = std::make_unique<CellExtras>();
    return *extras;
  }

  /// The instant of what happens to it next: an event, or its exit through the boundary. An event
  /// at the exit time is not reached any more. @pre its inbox is empty
  [[nodiscard]] Instant next_instant() const {
    const Instant exit = Instant::before(exit_time());
    return mailbox.empty() ? exit : std::min(exit, mailbox.front_instant());
  }
  [[nodiscard]] double next_time() const {
    return mailbox.empty() ? exit_time() : std::min(exit_time(), mailbox.front_time());
  }
  [[nodiscard]] bool exits_next() const { return next_time() >= exit_time(); }

  /// Asks the processor to fetch what a visit of the agent will need, once this record is there.
  void prefetch_visit() const;

  void link_outgoing(Channel& channel);
  /// After one of the outgoing channels was closed: lets go of closed ones at times.
  void tidy_outgoing();
  void let_go_of_outgoing(); ///< all of them, when it has ended

private:
  Cell() = default;
  ~Cell() = default;
};
static_assert(sizeof(Cell) == 256, "there are many agents: four cache lines");

} // namespace detail
} // namespace stos
