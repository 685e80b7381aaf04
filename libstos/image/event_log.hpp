#pragma once

#include "libstos/causal/event_key.hpp"
#include "libstos/code/value_tree.hpp"
#include "libstos/image/agent_image.hpp"
#include "libstos/world/world.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stos::detail {

/// What a run has done, event by event, to be compared with another run of the same world.
///
/// Of each event it keeps who has absorbed what, and a hash of what came of it: the agent's members
/// and random stream, how it turned, what it sent, closed, bore and reported. Of one event, if it
/// is told which, it keeps all of that for people to read.
///
/// Memory:  about 80 bytes an event.
/// Threads: one at a time.
class EventLog {
public:
  struct Event {
    EventKey key;
    AgentId agent;
    const AgentOps* ops;
    const ClosureOps* lambda;
    std::uint64_t outcome; ///< the hash

    [[nodiscard]] bool is_same_as(const Event& other) const {
      return key == other.key && agent == other.agent;
    }
    [[nodiscard]] bool is_before(const Event& other) const {
      return key != other.key ? key < other.key : agent < other.agent;
    }
  };

  /// `world` is the one that is run; it outlives this.
  explicit EventLog(World& world) : world_(world), saver_(world, pool_) {}

  /// To keep in full, too.
  void look_out_for(const Event& event) { wanted_ = event; }

  /// For World::after_event.
  void add(const EventSeen& seen);

  /// All events, in the order of the world: by key, on whichever node and thread each was executed.
  [[nodiscard]] std::vector<Event> take_events();

  /// The event that was to be kept, if it has happened.
  [[nodiscard]] const std::optional<ValueTree>& kept() const { return kept_; }

private:
  [[nodiscard]] std::uint64_t outcome_of(const EventSeen& seen);
  [[nodiscard]] ValueTree view(const EventSeen& seen) const;

  World& world_;
  BlockPool pool_{world_.depot()};
  MemberSaver saver_;
  std::vector<std::byte> bytes_; // of one event
  std::vector<Event> events_;
  std::optional<Event> wanted_;
  std::optional<ValueTree> kept_;
};

/// The first event, in the order of the world, of which two runs tell different things.
struct FirstDifference {
  std::optional<EventLog::Event> a; ///< null: it has only happened in B
  std::optional<EventLog::Event> b;
};
[[nodiscard]] std::optional<FirstDifference>
first_difference(const std::vector<EventLog::Event>& a, const std::vector<EventLog::Event>& b);

/// For people: "agent 7 (Walker) absorbs Walker::walk()::{lambda#1} of agent 3, channel 1, sequence
/// 12, at 10.5 s".
[[nodiscard]] std::string describe(const EventLog::Event& event);

} // namespace stos::detail
