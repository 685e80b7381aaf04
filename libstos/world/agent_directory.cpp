#include "libstos/world/agent_directory.hpp"

#include "libstos/world/cell.hpp"

#include <utility>

namespace stos::detail {

// The low bits of the hash have chosen the table.
std::size_t AgentDirectory::place_of(const Table& table, AgentId id) {
  return (hash(id) / tables) & (table.entries.size() - 1);
}

void AgentDirectory::put(Table& table, const Entry& entry) {
  const std::size_t mask = table.entries.size() - 1;
  std::size_t i = place_of(table, entry.id);
  while (table.entries[i].cell != nullptr)
    i = (i + 1) & mask;
  table.entries[i] = entry;
}

void AgentDirectory::grow(Table& table) {
  constexpr std::size_t least = 16;
  const std::size_t size = table.entries.empty() ? least : 2 * table.entries.size();
  const std::vector<Entry> old = std::exchange(table.entries, std::vector<Entry>(size));
  for (const Entry& entry : old)
    if (entry.cell != nullptr)
      put(table, entry);
}

void AgentDirectory::insert(AgentId id, Cell& cell) {
  Table& table = table_of(id);
  const Lock lock(table);
  if (4 * (table.used + 1) > 3 * table.entries.size())
    grow(table);
  ++table.used;
  put(table, {id, &cell});
}

void AgentDirectory::erase(AgentId id) {
  Table& table = table_of(id);
  const Lock lock(table);
  if (table.entries.empty())
    return;
  const std::size_t mask = table.entries.size() - 1;
  std::size_t hole = place_of(table, id);
  while (table.entries[hole].cell != nullptr && table.entries[hole].id != id)
    hole = (hole + 1) & mask;
  if (table.entries[hole].cell == nullptr)
    return;
  --table.used;
  // An entry without a gap before it may have been pushed away from a place at or before the hole.
  for (std::size_t i = (hole + 1) & mask; table.entries[i].cell != nullptr; i = (i + 1) & mask) {
    const std::size_t wanted = place_of(table, table.entries[i].id);
    if (((i - wanted) & mask) >= ((i - hole) & mask)) {
      table.entries[hole] = table.entries[i];
      hole = i;
    }
  }
  table.entries[hole] = {};
}

Cell* AgentDirectory::find(AgentId id) const {
  const Table& table = table_of(id);
  const Lock lock(table);
  return find_in(table, id);
}

std::optional<DomainIndex> AgentDirectory::domain_of(AgentId id) const {
  const Table& table = table_of(id);
  const Lock lock(table);
  const Cell* cell = find_in(table, id);
  return cell == nullptr ? std::nullopt : std::optional(cell->group.domain());
}

Cell* AgentDirectory::find_in(const Table& table, AgentId id) {
  if (table.entries.empty())
    return nullptr;
  const std::size_t mask = table.entries.size() - 1;
  for (std::size_t i = place_of(table, id); table.entries[i].cell != nullptr; i = (i + 1) & mask)
    if (table.entries[i].id == id)
      return table.entries[i].cell;
  return nullptr;
}

std::size_t AgentDirectory::size() const {
  std::size_t sum = 0;
  for (const Table& table : tables_) {
    const Lock lock(table);
    sum += table.used;
  }
  return sum;
}

} // namespace stos::detail
