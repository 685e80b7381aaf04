#pragma once

#include "libstos/base/duration_histogram.hpp"
#include "libstos/service/keyed/answer.hpp"
#include "libstos/service/keyed/quotas.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace stos::keyed {

/// What became of the calls of one kind that callers on a node have made.
struct CallsStatus {
  static constexpr std::size_t outcomes = static_cast<std::size_t>(Outcome::try_later) + 1;

  std::array<std::uint64_t, outcomes> results{}; ///< by Outcome
  DurationHistogram durations;                   ///< until the answer

  void add(Outcome outcome, double duration_s) {
    ++results[static_cast<std::size_t>(outcome)];
    durations.add(duration_s);
  }

  friend bool operator==(const CallsStatus&, const CallsStatus&) = default;
};

/// Everything that can be seen of one host of replicated agents at one moment, for an exporter.
/// Counters begin with the host and never go back.
struct HostingStatus {
  std::string node;

  CallsStatus commands;
  CallsStatus queries;
  CallsStatus transactions;

  std::uint64_t nodes = 0;          ///< that host agents, as this one knows
  std::uint64_t groups_settled = 0; ///< as this node knows: that are where they are to be,
  std::uint64_t groups_moving = 0;  ///< and others
  std::uint64_t leads = 0;          ///< replicas here: of groups that this node leads,
  std::uint64_t follows = 0;        ///< of groups with another leader,
  std::uint64_t leaderless = 0;     ///< of groups without one, as far as is known here
  std::uint64_t agents = 0;         ///< of the groups that this node leads
  std::uint64_t kept = 0;           ///< likewise: those that are kept for transactions

  std::uint64_t leader_changes = 0; ///< times this node has begun to lead a group
  std::uint64_t splits = 0;         ///< of groups that it leads; likewise:
  std::uint64_t merges = 0;
  std::uint64_t callbacks_waiting = 0; ///< with side effects, that are not done yet

  /// On the node that leads the group of quotas, those that are used most.
  std::vector<std::pair<std::string, QuotaUsage>> quotas;

  friend bool operator==(const HostingStatus&, const HostingStatus&) = default;
};

} // namespace stos::keyed
