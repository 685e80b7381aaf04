#include "libstos/image/cut.hpp"

#include "libstos/base/prefetch.hpp"
#include "libstos/image/agent_image.hpp"
#include "libstos/world/counters_bytes.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace stos::detail {
namespace {

template <class T>
void sort_and_make_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

constexpr std::size_t lines_of_record = (sizeof(Cell) + 63) / 64;

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

// By their ids, which are looked up once.
std::vector<Cell*> in_order(const std::vector<Cell*>& agents) {
  std::vector<std::pair<AgentId, Cell*>> with_ids;
  with_ids.reserve(agents.size());
  for (Cell* cell : agents)
    with_ids.emplace_back(cell->id, cell);
  std::sort(with_ids.begin(), with_ids.end());
  std::vector<Cell*> ordered;
  ordered.reserve(agents.size());
  for (const auto& [id, cell] : with_ids)
    ordered.push_back(cell);
  return ordered;
}

void add_those_led_to(const Cell& cell, std::vector<AgentId>& all) {
  for (const Channel* c = cell.outgoing; c != nullptr; c = c->next_outgoing)
    if (!c->closed && !c->to->alive())
      all.push_back(c->to->id);
  cell.mailbox.for_each([&all](const Lambda& lambda, double) {
    const auto& references = static_cast<const Closure&>(lambda).references;
    if (references != nullptr)
      for (const CarriedReference& carried : *references)
        if (!carried.hold->to->alive())
          all.push_back(carried.hold->to->id);
  });
}

} // namespace

RunDigest Cut::state_digest() const {
  RunDigest sum;
  for (std::size_t i = 0; i < images.size(); ++i)
    sum.add_hash(hash_bytes(image(i), images[i].agent.value));
  for (const Departed& each : departed)
    sum.add_hash(mix64(each.agent.value + mix64(each.type_id + (each.died ? 1 : 0))));
  BytesWriter counted;
  counted.f64(time);
  write_counters(counters, counted);
  sum.add_hash(hash_bytes(counted.bytes(), 0));
  for (const Report& report : reports)
    sum.add_hash(hash_of(report));
  return sum;
}

Result<CutPart> take_part_of_cut(World& world, const WorldAtStop& stop,
                                 std::vector<std::byte> memory) {
  CutPart part;
  Cut& cut = part.cut;
  cut.bytes = std::move(memory);
  cut.bytes.clear();
  cut.time = stop.time;
  cut.counters = stop.counters;
  cut.reports = stop.reports;
  cut.trace = stop.trace;
  const std::vector<Cell*> agents = in_order(stop.agents);
  BlockPool pool(world.depot());
  ImageWriter writer(world, pool);
  cut.images.reserve(agents.size());
  constexpr std::size_t some = 1000;
  constexpr std::size_t ahead = 8; // until it is in the cache
  BytesWriter out(cut.bytes);
  for (std::size_t i = 0; i < agents.size(); ++i) {
    if (i + 2 * ahead < agents.size())
      prefetch(agents[i + 2 * ahead], lines_of_record);
    if (i + ahead < agents.size())
      agents[i + ahead]->prefetch_visit();
    Cell* cell = agents[i];
    if (i == some) // the others are much like them
      cut.bytes.reserve(out.size() / some * agents.size() / 10 * 11);
    cut.images.push_back({cell->id, out.size()});
    if (auto why = writer.write(*cell, out))
      return Error{Errc::not_supported, describe(*cell) + " cannot be saved: " + *why};
    add_those_led_to(*cell, part.leads_to);
  }
  out.finish();
  for (const auto& [id, ops] : writer.classes())
    cut.classes.push_back({id, ops->type_name});
  for (const auto& [id, ops] : writer.lambdas())
    cut.lambdas.push_back({id, ops->name});
  sort_and_make_unique(part.leads_to);
  for (const Cell* cell : stop.ended)
    cut.departed.push_back({cell->id, cell->ops->type_id, cell->state == CellState::dead});
  return part;
}

Cut join(const World& world, std::vector<CutPart> parts) {
  Cut whole;
  whole.counters = world.counters_before;
  whole.reports = world.setup.reports;
  whole.trace = world.trace_before;
  whole.names_in_trace = world.names_in_trace;
  std::vector<AgentId> led_to;
  for (CutPart& part : parts) {
    Cut& cut = part.cut;
    whole.time = cut.time;
    whole.counters.add(cut.counters);
    append(whole.reports, cut.reports);
    append(whole.trace, cut.trace);
    append(whole.departed, cut.departed);
    append(whole.classes, cut.classes);
    append(whole.lambdas, cut.lambdas);
    append(whole.names, cut.names);
    led_to.insert(led_to.end(), part.leads_to.begin(), part.leads_to.end());
  }
  std::sort(whole.reports.begin(), whole.reports.end(), is_earlier_report);
  std::sort(whole.trace.begin(), whole.trace.end(), is_earlier);
  sort_and_make_unique(led_to);
  sort_and_make_unique(whole.departed);
  sort_and_make_unique(whole.classes);
  sort_and_make_unique(whole.lambdas);
  sort_and_make_unique(whole.names);
  std::erase_if(whole.departed, [&led_to](const Cut::Departed& each) {
    return !std::binary_search(led_to.begin(), led_to.end(), each.agent);
  });
  if (parts.size() == 1) { // in order already
    whole.bytes = std::move(parts.front().cut.bytes);
    whole.images = std::move(parts.front().cut.images);
    return whole;
  }
  std::vector<std::pair<AgentId, std::span<const std::byte>>> images;
  for (const CutPart& part : parts)
    for (std::size_t i = 0; i < part.cut.images.size(); ++i)
      images.emplace_back(part.cut.images[i].agent, part.cut.image(i));
  std::sort(images.begin(), images.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [agent, bytes] : images) {
    whole.images.push_back({agent, whole.bytes.size()});
    whole.bytes.insert(whole.bytes.end(), bytes.begin(), bytes.end());
  }
  return whole;
}

Result<Cut> take_cut(World& world, const WorldAtStop& stop) {
  Result<CutPart> part = take_part_of_cut(world, stop);
  if (!part)
    return part.error();
  std::vector<CutPart> parts;
  parts.push_back(*std::move(part));
  return join(world, std::move(parts));
}

} // namespace stos::detail
