#include "libstos/engine/parallel/other_domains.hpp"

#include <algorithm>
#include <cmath>

namespace stos::detail {
namespace {

constexpr double infinity = Instant::never().absorption;

// As ChannelCourse::cut_distance, where the distance changes: the place in Cut::moving.
double place_among_moving(std::size_t index) { return -1 - static_cast<double>(index); }
std::size_t own_among_moving(double cut_distance) {
  return static_cast<std::size_t>(-1 - cut_distance);
}

} // namespace

OtherDomains::OtherDomains(DomainIndex own, const World& world, DomainBoard& board)
    : own_(own), world_(world), board_(board),
      clocks_(board.size(), Instant::beginning().absorption), cuts_(board.size()) {}

bool OtherDomains::look() {
  bool moved = false;
  for (const Group i : clocks_.indices())
    if (i != own_) {
      const double clock = std::max({board_.clock(i), board_.floor().absorption, board_.lifted()});
      moved |= clock > clocks_[i] && !cuts_[i].empty();
      clocks_[i] = std::max(clocks_[i], clock);
    }
  return moved;
}

bool OtherDomains::lift() {
  const double least = board_.least_time();
  bool lifted = false;
  for (const Group i : clocks_.indices())
    if (i != own_ && clocks_[i] < least) {
      clocks_[i] = least;
      lifted |= !cuts_[i].empty();
    }
  return lifted;
}

void OtherDomains::find_bound(std::size_t agents, double next) {
  agents_ = agents;
  find_bound(next);
}

void OtherDomains::find_bound(double next) {
  bound_ = infinity;
  for (const Group i : cuts_.indices())
    if (i != own_) {
      if (!(cuts_[i].bound > next))
        cuts_[i].bound = bound_of(cuts_[i], clocks_[i]);
      bound_ = std::min(bound_, cuts_[i].bound);
    }
}

// Where sources move, it goes through all of their channels, and takes their box anew.
double OtherDomains::bound_of(Cut& cut, double clock) const {
  double bound = infinity;
  if (!cut.distances.empty())
    bound = light_cone::arrival_bound(clock, cut.distances.least());
  if (std::isfinite(clock)) {
    cut.boxed = {};
    cut.boxed_at = clock;
    cut.speed_max = 0;
  }
  for (const Channel* channel : cut.moving) {
    bound = std::min(bound, bound_of(*channel, clock));
    take_into_box(cut, *channel);
  }
  return bound;
}

// A source emits no earlier than at the clock, and after its last turn.
void OtherDomains::take_into_box(Cut& cut, const Channel& channel) const {
  if (channel.source_path == nullptr || !std::isfinite(cut.boxed_at))
    return;
  const Trajectory& source = *channel.source_path;
  cut.boxed.include(source.position(std::max(cut.boxed_at, source.anchor()[0])));
  cut.speed_max = std::max(cut.speed_max, source.velocity().speed());
}

// How far light has to travel at least, from anything that sources of the cut emit at `clock` or
// later: those that move have got no further from their box than their speed lets them, and what
// they emit from elsewhere later on lies within the light cone of where they are now.
double OtherDomains::distance(const Cut& cut, double clock, const Point& place) const {
  double distance = cut.distances.empty() ? infinity : cut.sources.distance(place, world_.space);
  if (cut.moving.empty())
    return distance;
  if (cut.unknown > 0 || !std::isfinite(cut.boxed_at) || !std::isfinite(clock))
    return 0;
  constexpr double margin = 1 + 0x1p-40;
  const double gone = margin * cut.speed_max * (clock - cut.boxed_at);
  return std::max(0.0, std::min(distance, cut.boxed.distance(place, world_.space) - gone));
}

// Holds for the worldlines as they are. A turn of the source is an event after its clock; one of
// the reader is an event of this domain, and has the bound taken anew.
double OtherDomains::bound_of(const Channel& channel, double clock) const {
  const double reaction = light_cone::arrival_bound(clock, channel.reaction_time());
  if (channel.source_path == nullptr || !std::isfinite(clock))
    return reaction;
  const Trajectory& source = *channel.source_path;
  return std::max(reaction,
                  light_cone::absorption_bound(source, std::max(clock, source.anchor()[0]),
                                               channel.to->path, world_.space));
}

double OtherDomains::free_until(const Cell& cell, double time) const {
  const Point place = cell.path.position(time);
  double until = infinity;
  for (const Group i : cuts_.indices()) {
    const Cut& cut = cuts_[i];
    if (i == own_ || cut.empty())
      continue;
    until = std::min(until, light_cone::influence_bound(
                                clocks_[i], distance(cut, clocks_[i], place), place, agents_));
  }
  return until;
}

void OtherDomains::add(Channel& channel) {
  ++version_;
  if (channel.group == own_)
    return;
  Cut& cut = cuts_[channel.group];
  const double clock = clocks_[channel.group];
  if (CausalMailbox::is_moving(channel, channel.to->path)) {
    channel.far_course().cut_distance = place_among_moving(cut.moving.size());
    cut.moving.push_back(&channel);
    cut.bound = std::min(cut.bound, bound_of(channel, clock));
    cut.unknown += channel.source_path == nullptr ? 1 : 0;
    take_into_box(cut, channel);
  } else {
    const double distance = channel.far_course().cut_distance =
        CausalMailbox::lookahead_of(channel, channel.to->path, world_.space);
    cut.distances.add(distance);
    cut.sources.include(channel.source_path->anchor());
    cut.bound = std::min(cut.bound, light_cone::arrival_bound(clock, distance));
  }
  bound_ = std::min(bound_, cut.bound);
}

void OtherDomains::remove(Channel& channel) {
  if (channel.group == own_)
    return;
  Cut& cut = cuts_[channel.group];
  const double distance = channel.far_course().cut_distance;
  if (distance < 0) {
    Channel* last = cut.moving.back();
    cut.moving[own_among_moving(distance)] = last;
    last->far_course().cut_distance = distance;
    cut.moving.pop_back();
    cut.unknown -= channel.source_path == nullptr ? 1 : 0;
    return;
  }
  cut.distances.remove(distance);
  if (cut.distances.empty())
    cut.sources = {};
}

void OtherDomains::begin_anew(double least) {
  ++version_;
  std::fill(clocks_.begin(), clocks_.end(), least);
  find_bound(infinity);
}

// Only a clock that has moved on since the last look can be of use.
PerGroup<double> OtherDomains::needed_for(double next, const Cell* cell) const {
  PerGroup<double> needed(clocks_.size(), DomainBoard::Needs::no_matter());
  for (const Group i : cuts_.indices()) {
    const Cut& cut = cuts_[i];
    if (i == own_ || cut.empty() || next < cut.bound)
      continue;
    double lookahead = std::isfinite(clocks_[i]) ? cut.bound - clocks_[i] : 0;
    if (cell != nullptr)
      lookahead = std::max(lookahead, distance(cut, clocks_[i], cell->path.position(next)));
    needed[i] = std::max(next - lookahead, clocks_[i]);
  }
  return needed;
}

} // namespace stos::detail
