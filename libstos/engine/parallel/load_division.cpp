#include "libstos/engine/parallel/load_division.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace stos::detail {
namespace {

constexpr double slack = 0.02;       // of the load to be divided, for the sake of a wider gap
constexpr double nearer = 0.25;      // than before is too near
constexpr double worth_while = 0.94; // of what the busiest domain has now

std::size_t longest_side(std::span<const LoadedAgent> agents) {
  std::size_t longest = 0;
  double length = -1;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto [low, high] = std::minmax_element(
        agents.begin(), agents.end(), [axis](const LoadedAgent& a, const LoadedAgent& b) {
          return a.place[axis] < b.place[axis];
        });
    const double side = high->place[axis] - low->place[axis];
    if (side > length)
      std::tie(longest, length) = std::tuple(axis, side);
  }
  return longest;
}

double sum_of_loads(std::span<const LoadedAgent> agents) {
  return std::accumulate(agents.begin(), agents.end(), 0.0,
                         [](double sum, const LoadedAgent& agent) { return sum + agent.load; });
}

// How many of a sorted row make up `share` of its load, or nearly so where there is a wider gap.
std::size_t place_to_cut(std::span<const LoadedAgent> row, std::size_t axis, double share) {
  const double sum = sum_of_loads(row);
  const auto for_each_cut = [&](auto&& visit) {
    double left = 0;
    for (std::size_t i = 0; i < row.size(); left += row[i++].load)
      visit(i, std::abs(left - share * sum));
  };
  double least = sum;
  for_each_cut([&](std::size_t, double error) { least = std::min(least, error); });
  const double error_max = std::max(least, slack * sum);
  std::size_t cut = 0;
  auto best = std::tuple(-1.0, 0.0); // gap, negative error
  for_each_cut([&](std::size_t i, double error) {
    if (error > error_max)
      return;
    const double gap = i == 0 ? 0 : row[i].place[axis] - row[i - 1].place[axis];
    if (const auto here = std::tuple(gap, -error); here > best)
      std::tie(best, cut) = std::tuple(here, i);
  });
  return cut;
}

// The domain that each part goes to: together they keep as many agents as a greedy choice can.
std::vector<DomainIndex> domains_for(std::span<const LoadedAgent> agents, std::size_t domains) {
  struct Overlap {
    std::size_t agents = 0, part = 0;
    DomainIndex domain;
  };
  std::vector<Overlap> overlaps(domains * domains);
  for (std::size_t i = 0; i < overlaps.size(); ++i)
    overlaps[i] = {0, i / domains, DomainIndex(i % domains)};
  for (const LoadedAgent& agent : agents)
    ++overlaps[agent.part * domains + agent.cell->group.number()].agents;
  std::stable_sort(overlaps.begin(), overlaps.end(),
                   [](const Overlap& a, const Overlap& b) { return a.agents > b.agents; });
  std::vector<DomainIndex> domain_of(domains);
  std::vector<bool> has_one(domains);
  PerDomain<bool> is_taken(domains);
  for (const Overlap& each : overlaps)
    if (!has_one[each.part] && !is_taken[each.domain]) {
      domain_of[each.part] = each.domain;
      has_one[each.part] = is_taken[each.domain] = true;
    }
  return domain_of;
}

template <class PartOf>
double greatest_load(std::span<const LoadedAgent> agents, std::size_t parts, PartOf&& part_of) {
  std::vector<double> loads(parts);
  for (const LoadedAgent& agent : agents)
    loads[part_of(agent)] += agent.load;
  return *std::max_element(loads.begin(), loads.end());
}

} // namespace

void partition_by_load(std::span<LoadedAgent> agents, std::size_t first, std::size_t parts) {
  if (parts == 1 || agents.empty()) {
    for (LoadedAgent& agent : agents)
      agent.part = first;
    return;
  }
  const std::size_t axis = longest_side(agents);
  std::sort(agents.begin(), agents.end(), [axis](const LoadedAgent& a, const LoadedAgent& b) {
    return std::tuple(a.place[axis], a.cell->id) < std::tuple(b.place[axis], b.cell->id);
  });
  const std::size_t left = parts / 2;
  const double share = static_cast<double>(left) / static_cast<double>(parts);
  const std::size_t cut = place_to_cut(agents, axis, share);
  partition_by_load(agents.first(cut), first, left);
  partition_by_load(agents.subspan(cut), first + left, parts - left);
}

void LoadDivision::note() {
  events_.clear();
  for_each_agent([this](const Cell& cell) { events_.push_back({cell.id, cell.events}); });
  std::sort(events_.begin(), events_.end());
}

const LoadDivision::Noted* LoadDivision::find(const std::vector<Noted>& notes, AgentId agent) {
  const auto found = std::lower_bound(notes.begin(), notes.end(), Noted{agent, 0});
  return found != notes.end() && found->agent == agent ? &*found : nullptr;
}

// Agents that have done nothing count a little, for the memory and the sweeps that they take.
std::vector<LoadedAgent>
LoadDivision::loaded_agents(double time, std::span<const double> seconds_per_event) const {
  std::vector<LoadedAgent> agents;
  for_each_agent([&](Cell& cell) {
    const Noted* noted = find(events_, cell.id);
    const std::uint32_t events = cell.events - (noted != nullptr ? noted->value : 0);
    const Point place = cell.path.position(std::max(time, cell.path.anchor()[0]));
    agents.push_back({&cell,
                      {place[1], place[2], place[3]},
                      static_cast<double>(events) * seconds_per_event[cell.group.number()],
                      0});
  });
  constexpr double idle = 1e-3; // of the average
  const double least = idle * sum_of_loads(agents) / static_cast<double>(agents.size());
  for (LoadedAgent& agent : agents)
    agent.load += least;
  return agents;
}

// Where agents move, or are born by others, those who belong together are known by their domains
// rather than by their places.
bool LoadDivision::is_settled() const {
  bool settled = true;
  for_each_agent(
      [&](const Cell& cell) { settled = settled && cell.path.at_rest() && !cell.id.is_child(); });
  return settled;
}

double LoadDivision::shortest_way_between() const {
  const Space& space = set_.domain(DomainIndex(0)).execution().world().space;
  double shortest = Instant::never().absorption;
  for_each_agent([&](const Cell& cell) {
    for (const IncomingChannel* c = cell.mailbox.first_channel(); c != nullptr;
         c = c->next_incoming)
      if (const auto& channel = static_cast<const Channel&>(*c);
          !channel.detached && !channel.is_hold() && !set_.board().is_link(channel.group) &&
          channel.from().group != cell.group)
        shortest = std::min(shortest, CausalMailbox::lookahead_of(channel, cell.path, space));
  });
  return shortest;
}

// Domains that are much nearer to each other than before would wait for each other all the time.
bool LoadDivision::brings_domains_together(std::span<const Assignment> assignment) const {
  const double before = shortest_way_between();
  std::vector<Group> domains;
  for (const Assignment& each : assignment) {
    domains.push_back(each.cell->group);
    each.cell->group = each.domain;
  }
  const double afterwards = shortest_way_between();
  for (std::size_t i = 0; i < assignment.size(); ++i)
    assignment[i].cell->group = domains[i];
  return afterwards < nearer * before;
}

// A domain that has promised for ever that nothing happens in it could not take part: see
// DomainSet::divide_anew.
bool LoadDivision::divide(std::span<const double> seconds_per_event) {
  former_.clear();
  const double time = set_.stops().least();
  if (!std::isfinite(set_.highest_clock()) || !is_settled())
    return false;
  std::vector<LoadedAgent> agents = loaded_agents(time, seconds_per_event);
  partition_by_load(agents, 0, set_.size());
  const auto domain_of = [](const LoadedAgent& agent) { return agent.cell->group.number(); };
  const auto part_of = [](const LoadedAgent& agent) { return agent.part; };
  if (!(greatest_load(agents, set_.size(), part_of) <
        worth_while * greatest_load(agents, set_.size(), domain_of)))
    return false;
  const std::vector<DomainIndex> domains = domains_for(agents, set_.size());
  std::vector<Assignment> assignment;
  for (const LoadedAgent& agent : agents)
    if (const DomainIndex domain = domains[agent.part]; domain != agent.cell->group)
      assignment.push_back({agent.cell, domain});
  if (brings_domains_together(assignment))
    return false;
  for (const Assignment& each : assignment)
    former_.push_back({each.cell->id, static_cast<std::uint32_t>(each.cell->group.number())});
  std::sort(former_.begin(), former_.end());
  set_.divide_anew(assignment);
  return true;
}

void LoadDivision::take_back() {
  if (!std::isfinite(set_.highest_clock()))
    return;
  std::vector<Assignment> assignment;
  for_each_agent([&](Cell& cell) {
    if (const Noted* former = find(former_, cell.id))
      assignment.push_back({&cell, DomainIndex(former->value)});
  });
  set_.divide_anew(assignment);
}

} // namespace stos::detail
