#pragma once

#include "libstos/cluster/wire/name_table.hpp"
#include "libstos/world/world.hpp"

#include <cstddef>

namespace stos::detail {

/// The records that stand in for agents of other nodes: what channels and references of this node
/// lead to. All they say is who it is, and over which link it is reached (Cell::group).
///
/// Threads: none inside; the gateway owns it. Domains read what does not change.
/// Owns:    the records: each for as long as a channel or a hold of this node leads there.
class AgentsElsewhere {
public:
  explicit AgentsElsewhere(BlockPool& pool) : pool_(pool) {}
  ~AgentsElsewhere();
  AgentsElsewhere(const AgentsElsewhere&) = delete;
  AgentsElsewhere& operator=(const AgentsElsewhere&) = delete;

  /// Takes the record of an agent that the set-up has made here, too. Without the agent.
  void adopt(Cell& cell);

  /// The record of `id`, a new one if there is none.
  [[nodiscard]] Cell& record_of(AgentId id, const AgentOps& ops, Group group, World& world);

  /// The record of `id`, null if there is none.
  [[nodiscard]] Cell* find(AgentId id) const { return records_.find(id); }

  /// One more channel or hold leads to `cell`; one less.
  static void retain(Cell& cell) { ++cell.incoming; }
  void release(Cell& cell);

  /// Lets go of records that nothing leads to.
  void drop_unused();

  [[nodiscard]] std::size_t size() const { return records_.size(); }

private:
  BlockPool& pool_;
  NameTable<AgentId, Cell*> records_;
};

} // namespace stos::detail
