#pragma once

#include "libstos/base/digest.hpp"
#include "libstos/base/random.hpp"
#include "libstos/causal/causal_mailbox.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace stos {

class AgentBase;
class World;

namespace detail {

struct Cell;
struct CellOf;

/// One open channel, both ends. The agent that reads owns the IncomingChannel and the first part,
/// the agent that writes the second one; they may run on different threads, so neither touches the
/// other's part.
struct Channel : IncomingChannel {
  static constexpr double moving = -1;

  double cut_distance = moving;            ///< as it is counted in its reader's Domain::Cut
  std::unique_ptr<Trajectory> source_copy; ///< of a source that another domain takes care of

  // The writer's part: what it needs to send lies in one cache line.
  alignas(64) Cell* to = nullptr;
  Cell* from = nullptr; ///< null for the hold of a reference in transit
  std::uint64_t next_sequence = 0;
  AgentId writer;              ///< the id of `from`
  ChannelNumber writer_number; ///< the channel's number there
  bool open = true;            ///< until its writer closes it or `from` ends

  /// The engine, and the ChannelWriter if there is one: whoever lets go last frees the channel.
  std::atomic<std::uint8_t> owners{1};

  Channel* next_outgoing = nullptr; ///< the list that starts at `from->outgoing`
  Channel* previous_outgoing = nullptr;
  Cell* holder = nullptr; ///< of a hold: who absorbs the lambda that brings the reference
};
static_assert(sizeof(Channel) == 128, "there are many channels: two cache lines, one for each end");

void let_go(Channel& channel);

/// What the engine knows of an agent's class.
struct AgentOps {
  const char* type_name;
  double reaction_time;
  void (*destroy)(AgentBase&);
  const void* hooks; ///< of the resource that executes it, see ThreadPool; may be null
};

enum class CellState : std::uint8_t {
  newborn, ///< in the event that creates it: the creator may still arrange it
  alive,
  dead,  ///< by die()
  ended, ///< at the boundary, or with the run
};

/// The engine's record of one agent. Whoever executes the agent's domain owns it.
/// A turn that an agent has decided upon and that takes effect a reaction time later.
struct PendingTurn {
  double local_time;
  Velocity<4> velocity;
};

struct alignas(64) Cell {
  static constexpr std::uint32_t no_position = ~std::uint32_t{0};

  // What an event needs comes first, in few cache lines.
  double exit_time = Instant::never().absorption; ///< where it leaves through a boundary of its own
  std::uint32_t agenda_position = no_position;    ///< in its domain's Agenda
  std::uint16_t domain = 0;
  CellState state = CellState::newborn;
  bool blocked = false; ///< put aside until another domain promises more
  CausalMailbox mailbox;
  alignas(64) AgentBase* agent = nullptr; ///< null once deleted
  World* world = nullptr;
  const AgentOps* ops = nullptr;
  AgentId id;
  double now = 0; ///< laboratory time of the latest event, or of the birth
  double last_emission = Instant::beginning().absorption;
  EventDigest digest;
  RandomStream random;
  Trajectory path;
  std::uint64_t events = 0;
  std::uint64_t timers_set = 0;

  std::vector<PendingTurn> pending_turns; ///< in the order in which they take effect
  std::uint64_t injected = 0;
  Channel* outgoing = nullptr;
  void* binding = nullptr; ///< its CAF actor, if the engine has one for it
  std::uint32_t channels_opened = 0;
  std::uint32_t births = 0;
  std::uint32_t incoming = 0;      ///< channels and holds whose reading end is here
  std::uint32_t list_position = 0; ///< in its domain's list of living, or of ended agents
  bool buried = false; ///< to be freed unless somebody has opened a channel to it meanwhile

  /// Asks the processor to fetch what a lambda's arrival, or an event, will need soon.
  void prefetch_for_arrival() const {
    __builtin_prefetch(this);
    __builtin_prefetch(&path);
  }
  void prefetch_for_event() const {
    const auto* object = reinterpret_cast<const char*>(agent);
    __builtin_prefetch(object);
    __builtin_prefetch(object + 64);
    __builtin_prefetch(&path);
    __builtin_prefetch(&events);
    mailbox.prefetch_front();
  }

  [[nodiscard]] bool alive() const { return state == CellState::alive; }

  /// The instant of what happens to it next: an event, or its exit through the boundary. An event
  /// at the exit time is not reached any more.
  [[nodiscard]] Instant next_instant() const {
    const Instant exit = Instant::before(exit_time);
    return mailbox.empty() ? exit : std::min(exit, mailbox.front_instant());
  }
  [[nodiscard]] double next_time() const {
    return mailbox.empty() ? exit_time : std::min(exit_time, mailbox.front_time());
  }
  [[nodiscard]] bool exits_next() const { return next_time() >= exit_time; }
};

void link_outgoing(Channel& channel);
void unlink_outgoing(Channel& channel);

} // namespace detail
} // namespace stos
