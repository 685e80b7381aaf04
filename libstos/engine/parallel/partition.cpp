#include "libstos/engine/parallel/partition.hpp"

#include "libstos/engine/parallel/clusters.hpp"
#include "libstos/world/world.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <unordered_map>

namespace stos::detail {
namespace {

struct Placed {
  std::array<double, 3> place; // of its cluster, so that it goes where that goes
  std::uint32_t index;         // among the agents
  std::uint32_t cluster;       // the index of its first agent
};

std::array<double, 3> place_of(const Cell& cell, double time) {
  const Point p = cell.path.position(std::max(time, cell.path.anchor()[0]));
  return {p[1], p[2], p[3]};
}

double distance_along(const Channel& channel, double time, const Space& space) {
  const auto at = [time](const Cell& cell) {
    return cell.path.position(std::max(time, cell.path.anchor()[0]));
  };
  return space.distance(at(channel.from()), at(*channel.to));
}

using Row = std::span<Placed>;

std::tuple<std::size_t, double> longest_side(Row row) {
  std::size_t longest = 0;
  double length = -1;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto [low, high] =
        std::minmax_element(row.begin(), row.end(), [axis](const Placed& a, const Placed& b) {
          return a.place[axis] < b.place[axis];
        });
    if (const double side = high->place[axis] - low->place[axis]; side > length)
      std::tie(longest, length) = std::tuple(axis, side);
  }
  return {longest, length};
}

double spacing(Row row) {
  std::array<double, 3> sides{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto [low, high] =
        std::minmax_element(row.begin(), row.end(), [axis](const Placed& a, const Placed& b) {
          return a.place[axis] < b.place[axis];
        });
    sides[axis] = high->place[axis] - low->place[axis];
  }
  return spacing_of(row.size(), sides);
}

// Puts those into one cluster that a short channel connects, unless that makes clusters too large
// to be divided.
void keep_together(Row row, std::span<Cell* const> agents, std::span<Channel* const> channels,
                   std::size_t domains, double time) {
  const Space& space = agents.front()->world->space;
  const double shortest = short_part_of_spacing * spacing(row);
  const auto is_short = [&](const Channel* channel) {
    return !channel->is_hold() && !channel->closed &&
           distance_along(*channel, time, space) < shortest;
  };
  const std::size_t stride = channels.size() / channels_to_look_at + 1;
  bool some = false;
  for (std::size_t i = 0; i < channels.size() && !some; i += stride)
    some = is_short(channels[i]);
  if (!some)
    return;
  std::unordered_map<const Cell*, std::uint32_t> index_of;
  index_of.reserve(agents.size());
  for (std::uint32_t i = 0; i < agents.size(); ++i)
    index_of.emplace(agents[i], i);
  Clusters clusters(agents.size());
  for (const Channel* channel : channels)
    if (is_short(channel)) {
      const auto from = index_of.find(&channel->from());
      const auto to = index_of.find(channel->to);
      if (from != index_of.end() && to != index_of.end())
        clusters.join(from->second, to->second);
    }
  if (2 * domains * clusters.largest() > agents.size())
    return;
  for (Placed& each : row) // still in the order of the agents
    each.cluster = clusters.find(each.index);
  for (Placed& each : row)
    each.place = row[each.cluster].place;
}

// Where to cut a sorted row: of few agents, in the widest gap not far from the fair place, since
// distance between domains is what lets them run independently. Among many there is always an
// agent far enough away to go on, so that an equal share counts for more: the nearest gap will do.
// Nothing is cut where there is none.
std::size_t place_to_cut(Row row, std::size_t fair, std::size_t axis) {
  constexpr std::size_t few = 64;
  const std::size_t slack = row.size() / 4;
  std::size_t best = fair;
  double widest = 0;
  for (std::size_t i = 0; i <= 2 * slack; ++i) {
    const std::size_t here = i % 2 == 0 ? fair + i / 2 : fair - (i + 1) / 2; // the fairest first
    if (here == 0 || here >= row.size() || here > fair + slack)
      continue;
    const double gap = row[here].place[axis] - row[here - 1].place[axis];
    if (gap > widest)
      std::tie(best, widest) = std::tuple(here, gap);
    if (widest > 0 && row.size() > few)
      break;
  }
  return best;
}

void bisect(Row row, std::size_t first, std::size_t domains, std::vector<DomainIndex>& domain_of) {
  if (domains == 1 || row.empty()) {
    for (const Placed& each : row)
      domain_of[each.index] = DomainIndex(first);
    return;
  }
  const auto [axis, length] = longest_side(row);
  if (!(length > 0)) { // all in one place
    bisect(row, first, 1, domain_of);
    return;
  }
  const std::size_t left = domains / 2;
  std::sort(row.begin(), row.end(), [axis = axis](const Placed& a, const Placed& b) {
    return std::tuple(a.place[axis], a.cluster, a.index) <
           std::tuple(b.place[axis], b.cluster, b.index);
  });
  const std::size_t cut = place_to_cut(row, row.size() * left / domains, axis);
  bisect(row.first(cut), first, left, domain_of);
  bisect(row.subspan(cut), first + left, domains - left, domain_of);
}

} // namespace

std::vector<DomainIndex> partition(std::span<Cell* const> agents,
                                   std::span<Channel* const> channels, std::size_t domains,
                                   double time) {
  std::vector<DomainIndex> domain_of(agents.size());
  std::vector<Placed> row;
  row.reserve(agents.size());
  for (std::uint32_t i = 0; i < agents.size(); ++i)
    row.push_back({place_of(*agents[i], time), i, i});
  if (!row.empty() && domains > 1)
    keep_together(row, agents, channels, domains, time);
  bisect(row, 0, domains, domain_of);
  return domain_of;
}

bool is_entangled(std::span<Channel* const> channels) {
  constexpr double remote_max = 0.2;
  const std::size_t stride = channels.size() / channels_to_look_at + 1;
  double looks = 0;
  double remote = 0;
  for (std::size_t i = 0; i < channels.size(); i += stride) {
    looks += 1;
    remote += channels[i]->from().group != channels[i]->to->group ? 1 : 0;
  }
  return remote > remote_max * looks;
}

const Channel* channel_without_way(std::span<Channel* const> channels, const Space& space) {
  const std::size_t stride = channels.size() / channels_to_look_at + 1;
  for (std::size_t i = 0; i < channels.size(); i += stride) {
    const Channel& channel = *channels[i];
    const Cell& from = channel.from();
    if (from.group != channel.to->group && !channel.closed && from.ops->reaction_time == 0 &&
        !(from.path.at_rest() && channel.to->path.at_rest() &&
          light_cone::resting_distance(from.path, channel.to->path, space) > 0))
      return &channel;
  }
  return nullptr;
}

} // namespace stos::detail
