#include "libstos/cluster/gateway/agents_elsewhere.hpp"

#include <vector>

namespace stos::detail {

AgentsElsewhere::~AgentsElsewhere() {
  records_.for_each([this](AgentId, Cell* cell) { cell->destroy(pool_); });
}

void AgentsElsewhere::adopt(Cell& cell) {
  cell.state = CellState::elsewhere;
  records_.put(cell.id, &cell);
}

Cell& AgentsElsewhere::record_of(AgentId id, const AgentOps& ops, Group group, World& world) {
  Cell* cell = records_.find(id);
  if (cell == nullptr) {
    cell = &Cell::create_without_agent(world, pool_, ops);
    cell->id = id;
    cell->group = group;
    cell->state = CellState::elsewhere;
    records_.put(id, cell);
  }
  return *cell;
}

void AgentsElsewhere::release(Cell& cell) {
  if (--cell.incoming > 0)
    return;
  records_.take(cell.id);
  cell.destroy(pool_);
}

void AgentsElsewhere::drop_unused() {
  std::vector<Cell*> unused;
  records_.for_each([&unused](AgentId, Cell* cell) {
    if (cell->incoming == 0)
      unused.push_back(cell);
  });
  for (Cell* cell : unused) {
    records_.take(cell->id);
    cell->destroy(pool_);
  }
}

} // namespace stos::detail
