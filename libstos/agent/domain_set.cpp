#include "libstos/agent/domain_set.hpp"

#include "libstos/agent/rewiring.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>

namespace stos::detail {

DomainSet::DomainSet(World& world, std::size_t domains, std::function<void(std::size_t)> schedule,
                     AgentBindings* bindings, DomainBoard::Patience patience)
    : DomainSet(world, std::exchange(world.setup.effects, {}), domains, 0, std::move(schedule),
                bindings, patience) {}

DomainSet::DomainSet(World& world, const Effects& own, std::size_t domains, std::size_t links,
                     std::function<void(std::size_t)> schedule, AgentBindings* bindings,
                     DomainBoard::Patience patience)
    : board_(domains, links, std::move(schedule), patience) {
  for (std::size_t i = 0; i < domains; ++i)
    domains_.push_back(std::make_unique<Domain>(i, world, board_, bindings));
  distribute(own);
}

void DomainSet::distribute(const Effects& initial) {
  std::vector<Cell*> cells = initial.changes().born;
  partition(cells.begin(), cells.end(), 0, domains_.size());
  for (Cell* cell : initial.changes().born)
    domains_[cell->domain]->adopt(*cell);
  for (Channel* channel : initial.changes().opened) {
    channel->group = channel->from().domain;
    if (channel->group != channel->to->domain)
      Domain::leave_copy_of_source(*channel);
    domains_[channel->to->domain]->adopt(*channel);
  }
  for (Channel* hold : initial.changes().held) {
    hold->group = hold->far_course().holder->domain;
    domains_[hold->to->domain]->adopt(*hold);
  }
  for (auto* lambda = initial.first_lambda; lambda != nullptr;) {
    auto* next = static_cast<Closure*>(lambda->next);
    domains_[lambda->to->domain]->adopt(*lambda);
    lambda = next;
  }
  for (Channel* channel : initial.changes().closed)
    domains_[channel->to->domain]->drop(*channel);
  for (Cell* cell : initial.changes().born)
    domains_[cell->domain]->place_first(*cell);
}

void DomainSet::divide_anew(std::span<const Assignment> assignment) {
  const Instant next = board_.next_of_all();
  Rewiring rewiring(*this);
  for (const auto& [cell, domain] : assignment)
    if (cell->domain != domain)
      rewiring.move(*cell, domain);
  rewiring.finish(next.absorption);
}

double DomainSet::highest_clock() const {
  double highest = Instant::beginning().absorption;
  for (std::size_t i = 0; i < size(); ++i)
    highest = std::max(highest, board_.clock(i));
  return highest;
}

std::vector<DomainLoad> DomainSet::loads() const {
  std::vector<DomainLoad> loads;
  for (std::size_t i = 0; i < size(); ++i)
    loads.push_back(board_.load(i));
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
  for (const auto& domain : domains_) {
    sum.add(domain->engine_counters());
  }
  sum.wakeups = board_.wakeups();
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

std::vector<TraceRecord> DomainSet::trace() const {
  std::vector<TraceRecord> all;
  for (const auto& domain : domains_)
    all.insert(all.end(), domain->execution().trace.begin(), domain->execution().trace.end());
  return all;
}

std::vector<Report> DomainSet::take_reports() {
  std::vector<Report> all;
  for (const auto& domain : domains_) {
    std::vector<Report>& some = domain->execution().reports();
    std::move(some.begin(), some.end(), std::back_inserter(all));
    some.clear();
  }
  return all;
}

namespace {

// Where to cut a sorted row: of few agents, in the widest gap not far from the fair place, since
// distance between domains is what lets them run independently. Among many there is always somebody
// who is far enough away to go on, so that an equal share counts for more.
std::vector<Cell*>::iterator widest_gap(std::vector<Cell*>::iterator begin,
                                        std::vector<Cell*>::iterator fair,
                                        std::vector<Cell*>::iterator end, std::size_t axis) {
  const auto size = end - begin;
  const auto slack = size <= 64 ? size / 4 : 0;
  auto best = fair;
  double widest = -1;
  for (std::ptrdiff_t i = 0; i <= 2 * slack; ++i) {
    const auto here = fair + (i % 2 == 0 ? i / 2 : -(i + 1) / 2); // the fairest first
    if (here <= begin || here >= end)
      continue;
    const double gap = (*here)->path.anchor()[axis] - (*(here - 1))->path.anchor()[axis];
    if (gap > widest)
      std::tie(best, widest) = std::tuple(here, gap);
  }
  return best;
}

} // namespace

void partition(std::vector<Cell*>::iterator begin, std::vector<Cell*>::iterator end,
               std::size_t first, std::size_t domains) {
  if (domains == 1 || begin == end) {
    for (auto cell = begin; cell != end; ++cell)
      (*cell)->domain = static_cast<std::uint16_t>(first);
    return;
  }
  std::size_t longest = 1;
  double length = -1;
  for (std::size_t axis = 1; axis < 4; ++axis) {
    const auto [low, high] = std::minmax_element(begin, end, [axis](const Cell* a, const Cell* b) {
      return a->path.anchor()[axis] < b->path.anchor()[axis];
    });
    const double side = (*high)->path.anchor()[axis] - (*low)->path.anchor()[axis];
    if (side > length)
      std::tie(longest, length) = std::tuple(axis, side);
  }
  const std::size_t left = domains / 2;
  const auto fair = begin + (end - begin) * static_cast<std::ptrdiff_t>(left) /
                                static_cast<std::ptrdiff_t>(domains);
  std::sort(begin, end, [longest](const Cell* a, const Cell* b) {
    return std::tuple(a->path.anchor()[longest], a->id) <
           std::tuple(b->path.anchor()[longest], b->id);
  });
  const auto middle = widest_gap(begin, fair, end, longest);
  partition(begin, middle, first, left);
  partition(middle, end, first + left, domains - left);
}

} // namespace stos::detail
