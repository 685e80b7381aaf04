#pragma once

#include "libstos/base/ids.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace stos::detail {

class Cell;

/// Finds the agents of one node by their ids.
///
/// An entry is good while an open channel, or a hold, leads to the agent: these keep its record
/// from being freed.
///
/// Threads: all functions may be called from any thread. The ids are divided among many small
///          tables, each with a lock that is held for a few instructions.
/// Memory:  16 bytes an entry; at least 3/8 of the entries are used once there are many.
/// Source:  linear probing with removal by shifting back, Knuth, "The Art of Computer Programming",
///          vol. 3, section 6.4, algorithm R.
class AgentDirectory {
public:
  AgentDirectory() = default;
  AgentDirectory(const AgentDirectory&) = delete;
  AgentDirectory& operator=(const AgentDirectory&) = delete;

  /// @pre no entry of `id`
  void insert(AgentId id, Cell& cell);

  /// Does nothing if there is no such entry.
  void erase(AgentId id);

  /// Null if there is no such agent.
  [[nodiscard]] Cell* find(AgentId id) const;

  /// The domain of the agent, also while its own thread may free its record at any time.
  [[nodiscard]] std::optional<DomainIndex> domain_of(AgentId id) const;

  [[nodiscard]] std::size_t size() const;

  /// Calls `visit(cell)` for each entry, in no particular order. It must not come back here.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Table& table : tables_) {
      const Lock lock(table);
      for (const Entry& entry : table.entries)
        if (entry.cell != nullptr)
          visit(*entry.cell);
    }
  }

private:
  struct Entry {
    AgentId id;
    Cell* cell = nullptr;
  };
  struct alignas(64) Table {
    mutable std::atomic_flag busy;
    std::vector<Entry> entries; // a power of two
    std::size_t used = 0;
  };
  class Lock {
  public:
    explicit Lock(const Table& table) : table_(table) {
      while (table_.busy.test_and_set(std::memory_order_acquire))
        ;
    }
    ~Lock() { table_.busy.clear(std::memory_order_release); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

  private:
    const Table& table_;
  };

  static constexpr std::size_t tables = 64;

  static std::uint64_t hash(AgentId id) { return mix64(id.value); }
  static std::size_t place_of(const Table& table, AgentId id);
  [[nodiscard]] static Cell* find_in(const Table& table, AgentId id);
  static void put(Table& table, const Entry& entry);
  static void grow(Table& table);

  [[nodiscard]] Table& table_of(AgentId id) { return tables_[hash(id) % tables]; }
  [[nodiscard]] const Table& table_of(AgentId id) const { return tables_[hash(id) % tables]; }

  std::array<Table, tables> tables_;
};

} // namespace stos::detail
