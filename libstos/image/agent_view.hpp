#pragma once

#include "libstos/code/naming_inspector.hpp"
#include "libstos/code/value_tree.hpp"
#include "libstos/image/cut.hpp"
#include "libstos/world/world.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

/// Shows agents to people: who they are, where they are, what their `inspect` names, whom they can
/// write to, and what waits for them in the order of its keys.
///
/// The world stands at a laboratory time: a run has stopped there, or it was made by restore() and
/// has not gone on yet. All that an image of the agent holds is in its view, and nothing else, so
/// agents of equal images have equal views.
///
/// Format: `agent` (the id as a text, since it has more digits than many readers of JSON keep),
///         `name`, if it has one, `class`, `time`, `position`, `velocity`, `local_time`, what was
///         counted, `members`, `channels`, `waiting`. Where the members cannot be shown, `problem`
///         says why.
/// Threads: none inside.
class AgentViewer {
public:
  /// The name of an agent, empty if it has none.
  using NameOf = std::function<std::string(AgentId)>;

  AgentViewer(World& world, double time, NameOf name_of = {})
      : world_(world), time_(time), name_of_(std::move(name_of)), pool_(world.depot()),
        context_(world, pool_) {}

  /// @pre the agent lives
  [[nodiscard]] ValueTree view(Cell& cell);

  /// Its `members` alone, and `problem`; of the fields, the types instead of the values.
  [[nodiscard]] ValueTree view_types(Cell& cell);

  /// What has come of an event: what the agent has become, and what it has done.
  [[nodiscard]] ValueTree view(const EventSeen& seen);

private:
  void view_place(const Cell& cell, ValueTree& view) const;
  void view_members(Cell& cell, ValueTree& view,
                    NamingInspector::Shows shows = NamingInspector::Shows::values);
  [[nodiscard]] ValueTree view_waiting(const Cell& cell) const;

  World& world_;
  double time_;
  NameOf name_of_;
  BlockPool pool_;
  EventContext context_;
  Transfer transfer_{Transfer::Kind::save};
};

/// What the bytes of an agent's members are made of, for people and to be compared between two
/// builds: the names of the fields as its `inspect` gives them, with their types, "energy: double,
/// age: int". Empty if they cannot be shown. Cost: next to nothing, however large they are.
[[nodiscard]] std::string fields_of(World& world, Cell& cell);

/// Likewise of a class of lambdas: how much it captures, and how large it is with its arguments.
/// What it captures has no names.
[[nodiscard]] std::string fields_of(const ClosureOps& ops);

/// The names that agents have in `cut`, of which it keeps a copy; of several of one agent, the
/// first.
[[nodiscard]] AgentViewer::NameOf names_in(const Cut& cut);

/// The agent of a world that restore() has made, and that has not gone on yet; null if it has none
/// of this id.
[[nodiscard]] Cell* find_restored(const World& world, AgentId agent);

} // namespace stos::detail
