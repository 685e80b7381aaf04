#include "libstos/cluster/agents_elsewhere.hpp"

namespace stos::detail {

AgentsElsewhere::~AgentsElsewhere() {
  for (const auto& [id, cell] : records_)
    cell->destroy(pool_);
}

void AgentsElsewhere::adopt(Cell& cell) {
  cell.state = CellState::elsewhere;
  records_.emplace(cell.id, &cell);
}

Cell& AgentsElsewhere::record_of(AgentId id, const AgentOps& ops, std::uint16_t group,
                                 World& world) {
  Cell*& cell = records_[id];
  if (cell == nullptr) {
    cell = &Cell::create_without_agent(world, pool_, ops);
    cell->id = id;
    cell->domain = group;
    cell->state = CellState::elsewhere;
  }
  return *cell;
}

Cell* AgentsElsewhere::find(AgentId id) const {
  const auto found = records_.find(id);
  return found == records_.end() ? nullptr : found->second;
}

void AgentsElsewhere::lead_no_more_to(Cell& cell) {
  if (--cell.incoming > 0)
    return;
  records_.erase(cell.id);
  cell.destroy(pool_);
}

void AgentsElsewhere::drop_unused() {
  std::erase_if(records_, [this](const auto& record) {
    if (record.second->incoming > 0)
      return false;
    record.second->destroy(pool_);
    return true;
  });
}

} // namespace stos::detail
