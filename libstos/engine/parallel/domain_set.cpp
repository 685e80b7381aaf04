#include "libstos/engine/parallel/domain_set.hpp"

#include "libstos/engine/parallel/partition.hpp"
#include "libstos/engine/parallel/rewiring.hpp"
#include "libstos/world/each_lambda.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace stos::detail {

DomainSet::DomainSet(World& world, std::size_t domains, Runners::Schedule schedule,
                     AgentBindings* bindings, DomainBoard::Patience patience)
    : DomainSet(world, std::exchange(world.setup.effects, {}), domains, 0, std::move(schedule),
                bindings, patience) {}

DomainSet::DomainSet(World& world, const Effects& own, std::size_t domains, std::size_t links,
                     Runners::Schedule schedule, AgentBindings* bindings,
                     DomainBoard::Patience patience, Start start)
    : world_(world), board_(domains, links, std::move(schedule), patience),
      stops_(world, board_, domains_) {
  for (const DomainIndex i : Indices<DomainIndex>(domains))
    domains_.push_back(std::make_unique<Domain>(i, world, board_, bindings));
  if (links == 0)
    board_.when_all_stand_still([this](const Instant& next) { return all_stand_still(next); });
  if (const auto resumption = std::exchange(world.resumption, nullptr))
    distribute(*resumption, start);
  else
    distribute(own, start);
}

void DomainSet::place_in_domains(const std::vector<Cell*>& cells,
                                 const std::vector<Channel*>& channels, Start start) {
  const std::vector<DomainIndex> domain_of = partition(cells, channels, domains_.size(), 0);
  for (std::size_t i = 0; i < cells.size(); ++i)
    cells[i]->group = domain_of[i];
  const Channel* held_back = start == Start::as_seems_best && !cells.empty()
                                 ? channel_without_way(channels, cells.front()->world->space)
                                 : nullptr;
  const bool entangled = start == Start::as_seems_best && is_entangled(channels);
  if (held_back != nullptr)
    together_for_ = describe_distance(*held_back->to, *held_back, held_back->from().id, 0);
  else if (entangled)
    together_for_ = "many agents hear others far away";
  if (held_back != nullptr || entangled) {
    for (Cell* cell : cells)
      cell->group = DomainIndex(0);
  }
  divided_ = std::any_of(cells.begin(), cells.end(),
                         [](const Cell* cell) { return cell->group != DomainIndex(0); });
}

void DomainSet::take_in(const std::vector<Channel*>& opened, const std::vector<Channel*>& held) {
  for (Channel* channel : opened) {
    channel->group = channel->from().group;
    if (channel->group != channel->to->group)
      Domain::leave_copy_of_source(*channel);
    domain_of(*channel->to).adopt(*channel);
  }
  for (Channel* hold : held) {
    hold->group = hold->far_course().holder->group;
    domain_of(*hold->to).adopt(*hold);
  }
}

void DomainSet::distribute(const Effects& initial, Start start) {
  const Effects::Changes& changes = initial.changes();
  place_in_domains(changes.born, changes.opened, start);
  for (Cell* cell : changes.born)
    domain_of(*cell).adopt(*cell);
  take_in(changes.opened, changes.held);
  for_each_lambda(initial, [this](Closure& lambda) { domain_of(*lambda.to).adopt(lambda); });
  for (Channel* channel : changes.closed)
    domain_of(*channel->to).drop(*channel);
  for (Cell* cell : changes.born)
    domain_of(*cell).place_first(*cell);
}

// An agent that has departed stays in the first domain: it does nothing any more.
void DomainSet::distribute(const Resumption& world, Start start) {
  place_in_domains(world.agents, world.opened, start);
  for (const auto* cells : {&world.departed, &world.agents})
    for (Cell* cell : *cells)
      domain_of(*cell).resume(*cell);
  take_in(world.opened, world.held);
  for (Channel* channel : world.retired)
    domain_of(*channel->to).resume_retired(*channel);
  for (const auto& [lambda, absorption] : world.lambdas)
    domain_of(*lambda->to).resume(*lambda, absorption);
  for (Cell* cell : world.agents)
    domain_of(*cell).place_first(*cell);
}

bool DomainSet::all_stand_still(const Instant& next) {
  return *stops_.all_stand_still(next, latest()) == Stops::Then::look_anew;
}

double DomainSet::latest() const {
  double latest = Instant::beginning().absorption;
  for (const auto& domain : domains_)
    latest = std::max(latest, domain->execution().latest());
  return latest;
}

void DomainSet::divide_anew(std::span<const Assignment> assignment) {
  Rewiring rewiring(*this);
  for (const auto& [cell, domain] : assignment)
    if (cell->group != domain)
      rewiring.move(*cell, domain);
  rewiring.finish(stops_.least());
}

bool DomainSet::bring_together() {
  std::vector<Assignment> all;
  for (const auto& domain : domains_)
    domain->for_each_agent([&](Cell& cell) { all.push_back({&cell, DomainIndex(0)}); });
  divide_anew(all);
  const bool changed = divided_;
  are_divided(false);
  return changed;
}

void DomainSet::are_divided(bool divided) {
  if (!divided_)
    events_together_ += events() - events_then_;
  events_then_ = events();
  divided_ = divided;
}

// @pre a stop, or the end
std::uint64_t DomainSet::events() const {
  std::uint64_t sum = 0;
  for (const auto& domain : domains_)
    sum += domain->execution().counters.absorbed;
  return sum;
}

// Agents whose events are over are there as well, in no order that matters.
bool DomainSet::divide_in_space() {
  std::vector<Cell*> cells;
  std::vector<Channel*> channels;
  for (const auto& domain : domains_)
    domain->for_each_agent([&](Cell& cell) {
      cells.push_back(&cell);
      for (IncomingChannel* c = cell.mailbox.first_channel(); c != nullptr; c = c->next_incoming)
        if (auto& channel = static_cast<Channel&>(*c);
            !channel.detached && !channel.is_hold() && !board_.is_link(channel.group))
          channels.push_back(&channel);
    });
  if (cells.empty())
    return false;
  const std::vector<DomainIndex> domain_of = partition(cells, channels, size(), stops_.least());
  std::vector<Assignment> assignment;
  bool divided = false;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    assignment.push_back({cells[i], domain_of[i]});
    divided = divided || domain_of[i] != DomainIndex(0);
  }
  if (divided) {
    divide_anew(assignment);
    are_divided(true);
  }
  return divided;
}

double DomainSet::highest_clock() const {
  double highest = Instant::beginning().absorption;
  for (const DomainIndex i : all())
    highest = std::max(highest, board_.clock(i));
  return highest;
}

std::vector<DomainLoad> DomainSet::loads() const {
  std::vector<DomainLoad> loads;
  for (const DomainIndex i : all())
    loads.push_back(board_.loads().of(i));
  return loads;
}

RunCounters DomainSet::counters() const {
  RunCounters sum;
  for (const auto& domain : domains_)
    sum.add(domain->execution().counters);
  return sum;
}

EngineCounters DomainSet::engine_counters() const {
  EngineCounters sum;
  for (const auto& domain : domains_)
    sum.add(domain->engine_counters());
  sum.wakeups = board_.wakeups();
  sum.workers = board_.workers();
  if (size() > 1)
    sum.events_together = events_together_ + (divided_ ? 0 : events() - events_then_);
  if (sum.held_back.agent.empty())
    sum.held_back.agent = together_for_;
  return sum;
}

std::optional<Failure> DomainSet::failure() const {
  std::optional<Failure> earliest;
  for (const auto& domain : domains_) {
    const auto& failure = domain->execution().failure();
    if (failure && (!earliest || failure->key < earliest->key))
      earliest = failure;
  }
  return earliest;
}

namespace {

// Those of one agent and time are all of one domain, in their order.
template <class Line, class OfDomain>
std::vector<Line> take_of_all(const std::vector<std::unique_ptr<Domain>>& domains,
                              OfDomain of_domain) {
  std::vector<Line> all;
  for (const auto& domain : domains)
    std::ranges::move(std::exchange(of_domain(domain->execution()), {}), std::back_inserter(all));
  return all;
}

} // namespace

std::vector<TraceRecord> DomainSet::take_trace() {
  return take_of_all<TraceRecord>(
      domains_, [](Execution & of) -> auto& { return of.trace; });
}

std::vector<Report> DomainSet::take_reports() {
  return take_of_all<Report>(
      domains_, [](Execution & of) -> auto& { return of.reports(); });
}

std::vector<Report> DomainSet::take_records() {
  return take_of_all<Report>(
      domains_, [](Execution & of) -> auto& { return of.records(); });
}

} // namespace stos::detail
