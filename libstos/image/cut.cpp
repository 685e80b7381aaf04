#include "libstos/image/cut.hpp"

#include "libstos/image/agent_image.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace stos::detail {
namespace {

Cut::Departed departed(const Cell& cell) {
  return {cell.id, cell.ops->type_id, cell.state == CellState::dead};
}

void add_departed(const Cell& cell, std::vector<Cut::Departed>& all) {
  for (const Channel* c = cell.outgoing; c != nullptr; c = c->next_outgoing)
    if (!c->closed && !c->to->alive())
      all.push_back(departed(*c->to));
  cell.mailbox.for_each([&all](const Lambda& lambda, double) {
    const auto& references = static_cast<const Closure&>(lambda).references;
    if (references != nullptr)
      for (const CarriedReference& carried : *references)
        if (!carried.hold->to->alive())
          all.push_back(departed(*carried.hold->to));
  });
}

} // namespace

RunDigest Cut::state_digest() const {
  RunDigest sum;
  for (std::size_t i = 0; i < images.size(); ++i)
    sum.add_hash(hash_bytes(image(i), images[i].agent.value));
  for (const Departed& each : departed)
    sum.add_hash(mix64(each.agent.value + mix64(each.type_id + (each.died ? 1 : 0))));
  std::uint64_t hash = std::bit_cast<std::uint64_t>(time);
  for (const std::uint64_t count : {counters.agents_born, counters.agents_died, counters.sent,
                                    counters.absorbed, counters.in_flight, counters.dropped,
                                    std::bit_cast<std::uint64_t>(counters.last_event_time),
                                    counters.digest.value(), counters.values.value()})
    hash = mix64(hash) + count;
  sum.add_hash(hash);
  for (const Report& report : reports)
    sum.add_hash(hash_of(report));
  return sum;
}

Result<Cut> take_cut(World& world, const WorldAtStop& stop) {
  Cut cut;
  cut.time = stop.time;
  cut.counters = stop.counters;
  cut.reports = stop.reports;
  std::sort(cut.reports.begin(), cut.reports.end(), is_earlier_report);
  std::vector<Cell*> agents = stop.agents;
  std::sort(agents.begin(), agents.end(),
            [](const Cell* a, const Cell* b) { return a->id < b->id; });
  BlockPool pool(world.depot());
  ImageWriter writer(world, pool);
  for (Cell* cell : agents) {
    cut.images.push_back({cell->id, cut.bytes.size()});
    if (auto why = writer.write(*cell, cut.bytes))
      return Error{Errc::not_supported, describe(*cell) + " cannot be saved: " + *why};
    add_departed(*cell, cut.departed);
  }
  std::sort(cut.departed.begin(), cut.departed.end());
  cut.departed.erase(std::unique(cut.departed.begin(), cut.departed.end()), cut.departed.end());
  return cut;
}

} // namespace stos::detail
