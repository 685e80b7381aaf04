#include "libstos/image/cut.hpp"

#include "libstos/base/huge_pages.hpp"
#include "libstos/base/prefetch.hpp"
#include "libstos/image/agent_image.hpp"
#include "libstos/image/agent_view.hpp"
#include "libstos/world/counters_bytes.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <string_view>
#include <unordered_map>
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
void put_in_order(const std::vector<Cell*>& agents,
                  std::vector<std::pair<AgentId, Cell*>>& with_ids) {
  with_ids.clear();
  reserve_large(with_ids, agents.size());
  for (Cell* cell : agents)
    with_ids.emplace_back(cell->id, cell);
  std::sort(with_ids.begin(), with_ids.end());
}

// Of several huge pages: the first and the last one do not lie in it as a whole.
constexpr std::size_t bytes_of_a_piece = std::size_t{16} << 20;
constexpr std::size_t bytes_of_an_image = std::size_t{16} << 10; // next to all are smaller
constexpr std::size_t bytes_of_most_images = 320;                // as in a lattice

// Appends images to a cut, piece after piece.
class ImagesWriter {
public:
  ImagesWriter(Cut& cut, std::size_t agents, std::vector<Cut::Piece>& spare)
      : cut_(cut), bytes_expected_(bytes_of_an_image + agents * bytes_of_most_images),
        spare_(spare) {}

  // Where the next image is to be written to.
  BytesWriter& next() {
    if (!out_ || out_->size() + bytes_of_an_image > piece_.capacity()) {
      finish();
      begin();
    }
    begin_ = out_->size();
    return *out_;
  }

  // It was that of this agent. False if it is too large.
  [[nodiscard]] bool add(AgentId agent) {
    if (out_->size() > std::numeric_limits<std::uint32_t>::max())
      return false;
    cut_.images.push_back({agent, static_cast<std::uint32_t>(cut_.pieces.size()),
                           static_cast<std::uint32_t>(begin_),
                           static_cast<std::uint32_t>(out_->size() - begin_)});
    return true;
  }

  // After the last one.
  void finish() {
    if (!out_)
      return;
    out_.reset();
    cut_.pieces.push_back(std::exchange(piece_, {}));
  }

private:
  void begin() {
    if (spare_.empty()) {
      reserve_large(piece_, std::min(bytes_of_a_piece, bytes_expected_));
    } else {
      piece_ = std::move(spare_.back());
      spare_.pop_back();
      piece_.clear();
    }
    out_.emplace(piece_);
  }

  Cut& cut_;
  std::size_t bytes_expected_;
  std::vector<Cut::Piece>& spare_;
  Cut::Piece piece_;
  std::optional<BytesWriter> out_; // into piece_
  std::size_t begin_ = 0;          // of the image
};

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

// Puts the lines of all parts together, and what the records of the trace point to: the names in a
// part of another node, and those of a world that has gone on from a cut, do not stay.
class LinesOfAll {
public:
  explicit LinesOfAll(const World& world)
      : names_are_of_cut_(world.streamed_before.names_in_trace != nullptr) {}

  void add(Streamed& part) {
    if (names_are_of_cut_ || part.names_in_trace != nullptr)
      for (TraceRecord& record : part.trace)
        record.type = kept(record.type);
    append(all_.trace, part.trace);
    append(all_.records, part.records);
    kept_of_.clear();
  }

  [[nodiscard]] Streamed take() {
    all_.names_in_trace = std::move(names_);
    return std::move(all_);
  }

private:
  const char* kept(const char* name) {
    const char*& kept = kept_of_[name];
    if (kept != nullptr)
      return kept;
    const auto there = std::ranges::find(*names_, std::string_view(name));
    kept = (there != names_->end() ? *there : names_->emplace_back(name)).c_str();
    return kept;
  }

  bool names_are_of_cut_;
  Streamed all_;
  std::shared_ptr<std::deque<std::string>> names_ = std::make_shared<std::deque<std::string>>();
  std::unordered_map<const char*, const char*> kept_of_; // of one part
};

} // namespace

void Cut::add_image(AgentId agent, std::span<const std::byte> image) {
  if (pieces.empty())
    pieces.emplace_back();
  else if (pieces.back().size() + image.size() > bytes_of_a_piece)
    reserve_large(pieces.emplace_back(), bytes_of_a_piece);
  Piece& piece = pieces.back();
  constexpr std::size_t bytes_of_a_small_world = std::size_t{1} << 20;
  if (piece.size() + image.size() > bytes_of_a_small_world)
    reserve_large(piece, bytes_of_a_piece);
  images.push_back({agent, static_cast<std::uint32_t>(pieces.size() - 1),
                    static_cast<std::uint32_t>(piece.size()),
                    static_cast<std::uint32_t>(image.size())});
  piece.insert(piece.end(), image.begin(), image.end());
}

std::uint64_t Cut::bytes() const {
  std::uint64_t sum = 0;
  for (const Place& place : images)
    sum += place.size;
  return sum;
}

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
  if (stop_is_wanted)
    sum.add_hash(mix64(1));
  return sum;
}

CutMemory CutMemory::for_agents(std::size_t agents) {
  CutMemory memory;
  reserve_large(memory.images, agents);
  memory.images.resize(agents);
  reserve_large(memory.agents, agents);
  memory.agents.resize(agents);
  for (std::size_t left = agents * bytes_of_most_images; left > 0;) {
    Cut::Piece& piece = memory.pieces.emplace_back();
    reserve_large(piece, std::min(bytes_of_a_piece, left + bytes_of_an_image));
    piece.resize(std::min(left, bytes_of_a_piece));
    left -= piece.size();
  }
  return memory;
}

void CutMemory::take_back(Cut&& cut) {
  append(pieces, cut.pieces);
  if (images.capacity() < cut.images.capacity())
    images = std::move(cut.images);
}

void CutMemory::take_back(CutMemory&& rest) {
  append(pieces, rest.pieces);
  if (images.capacity() < rest.images.capacity())
    images = std::move(rest.images);
  if (agents.capacity() < rest.agents.capacity())
    agents = std::move(rest.agents);
}

Result<CutPart> take_part_of_cut(World& world, const WorldAtStop& stop, CutMemory& memory) {
  CutPart part;
  Cut& cut = part.cut;
  cut.time = stop.time;
  cut.counters = stop.counters;
  for (const std::span<const Report> reports : stop.reports)
    cut.reports.insert(cut.reports.end(), reports.begin(), reports.end());
  auto [observations, stop_is_wanted] = world.observers.memory();
  cut.observations = std::move(observations);
  cut.stop_is_wanted = stop_is_wanted;
  cut.images = std::exchange(memory.images, {});
  cut.images.clear();
  reserve_large(cut.images, stop.agents.size());
  put_in_order(stop.agents, memory.agents);
  const auto& agents = memory.agents;
  BlockPool pool(world.depot());
  ImageWriter writer(world, pool);
  ImagesWriter images(cut, agents.size(), memory.pieces);
  constexpr std::size_t ahead = 8; // until it is in the cache
  for (std::size_t i = 0; i < agents.size(); ++i) {
    if (i + 2 * ahead < agents.size())
      prefetch(agents[i + 2 * ahead].second, lines_of_record);
    if (i + ahead < agents.size())
      agents[i + ahead].second->prefetch_visit();
    Cell* cell = agents[i].second;
    auto why = writer.write(*cell, images.next());
    if (!why && !images.add(cell->id))
      why = "it has more than 4 GB";
    if (why)
      return Error{Errc::not_supported, describe(*cell) + " cannot be saved: " + *why};
    add_those_led_to(*cell, part.leads_to);
  }
  images.finish();
  memory.pieces.resize(std::min(memory.pieces.size(), cut.pieces.size()));
  for (const auto& [id, cell] : writer.classes())
    cut.classes.push_back({id, cell->ops->type_name, fields_of(world, *cell)});
  for (const auto& [id, ops] : writer.lambdas())
    cut.lambdas.push_back({id, ops->name, fields_of(*ops)});
  sort_and_make_unique(part.leads_to);
  for (const Cell* cell : stop.ended)
    cut.departed.push_back({cell->id, cell->ops->type_id, cell->state == CellState::dead});
  return part;
}

Cut join(const World& world, std::vector<CutPart> parts) {
  Cut whole;
  whole.counters = world.counters_before;
  whole.reports = world.setup.reports;
  LinesOfAll lines(world);
  std::vector<Observation> seen;
  std::vector<AgentId> led_to;
  for (CutPart& part : parts) {
    Cut& cut = part.cut;
    whole.time = cut.time;
    whole.counters.add(cut.counters);
    append(whole.reports, cut.reports);
    add_observations(seen, std::move(cut.observations));
    whole.stop_is_wanted = whole.stop_is_wanted || cut.stop_is_wanted;
    lines.add(cut.streamed);
    append(whole.departed, cut.departed);
    append(whole.classes, cut.classes);
    append(whole.lambdas, cut.lambdas);
    append(whole.names, cut.names);
    led_to.insert(led_to.end(), part.leads_to.begin(), part.leads_to.end());
  }
  whole.streamed = lines.take();
  whole.observations = world.observers.seen_before();
  append(whole.observations, seen);
  std::sort(whole.reports.begin(), whole.reports.end(), is_earlier_report);
  sort_and_make_unique(led_to);
  sort_and_make_unique(whole.departed);
  sort_and_make_unique(whole.classes);
  sort_and_make_unique(whole.lambdas);
  sort_and_make_unique(whole.names);
  std::erase_if(whole.departed, [&led_to](const Cut::Departed& each) {
    return !std::binary_search(led_to.begin(), led_to.end(), each.agent);
  });
  for (CutPart& part : parts) {
    if (whole.images.empty()) {
      whole.images = std::move(part.cut.images);
      whole.pieces = std::move(part.cut.pieces);
      continue;
    }
    const auto first = static_cast<std::uint32_t>(whole.pieces.size());
    const auto middle = static_cast<std::ptrdiff_t>(whole.images.size());
    for (Cut::Place place : part.cut.images) {
      place.piece += first;
      whole.images.push_back(place);
    }
    append(whole.pieces, part.cut.pieces);
    std::inplace_merge(whole.images.begin(), whole.images.begin() + middle, whole.images.end(),
                       [](const auto& a, const auto& b) { return a.agent < b.agent; });
  }
  return whole;
}

Result<Cut> take_cut(World& world, const WorldAtStop& stop) {
  CutMemory memory;
  Result<CutPart> part = take_part_of_cut(world, stop, memory);
  if (!part)
    return part.error();
  std::vector<CutPart> parts;
  parts.push_back(*std::move(part));
  return join(world, std::move(parts));
}

} // namespace stos::detail
