#pragma once

#include "libstos/engine/parallel/domain_set.hpp"

#include <cstddef>
#include <vector>

namespace stos::detail {

/// What has to be put right around agents that have moved to other domains, or nodes: the bounds
/// that channels and holds give their readers' domains, their groups and courses, the sums of the
/// mailboxes, the places in the tiers, and all clocks.
///
/// All of it happens at a stop, see Stops: no domain executes anything, and nothing is under way,
/// here or between nodes. A domain's clock is a promise for its agents of then, and an agent
/// that comes from elsewhere may be behind it. So all clocks of the whole cluster go back together
/// to the time of its earliest event, which all nodes have been told: no agent, wherever it is now,
/// has an event before that, and what is sent later on is caused by those events. What was done on
/// the strength of the higher clocks stays right: an agent that has gone further than that was let
/// go since nothing could reach it before, which is a fact of spacetime and holds wherever the
/// others are executed. The floor and what was lifted are below all events, and stay.
///
/// Threads: none inside; the one that Stops names.
class Rewiring {
public:
  explicit Rewiring(DomainSet& set);

  /// An end of `channel`, which leads to an agent that is and stays here, is about to change: its
  /// domain, its node, or where its source is. Has no effect the second time.
  void loosen(Channel& channel);

  /// The same for one that leads to its agent only from now on, or did so without bounds.
  void note(Channel& channel);

  /// Its reader is about to leave, or it is to be freed. @pre not loosened
  void forget(Channel& channel);

  /// The agent goes to another domain of this node.
  void move(Cell& cell, DomainIndex domain);

  /// The agent leaves the node. @pre nothing leads to it any more
  void take_out(Cell& cell);

  /// The agent is to be put into its domain, once its channels are there.
  void put_in(Cell& cell);

  /// Puts everything right. The group of each channel from elsewhere, and of each hold, is set;
  /// the others have a source here, which is found by from(). @pre no event is before `least`
  void finish(double least);

  /// The domain that an agent from another node had best go to: that of a neighbour, as
  /// long as the domains stay about equal in size.
  [[nodiscard]] DomainIndex domain_near(const Cell* neighbour);

private:
  [[nodiscard]] bool is_here(const Cell& cell) const { return !set_.board().is_link(cell.group); }
  void connect(Channel& channel) const;
  void reads_anew(Cell& cell);
  void move_retired();

  DomainSet& set_;
  std::vector<Channel*> channels_; // loosened
  std::vector<Cell*> readers_;     // of theirs
  std::vector<Cell*> newcomers_;
  PerDomain<std::size_t> agents_; // in each domain, those to come among them
};

} // namespace stos::detail
