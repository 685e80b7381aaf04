#pragma once

#include "libstos/raft/configuration.hpp"
#include "libstos/raft/message.hpp"
#include "libstos/raft/options.hpp"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace stos::raft {

/// Who votes, as far as this node knows, and whether it may lead itself: a node that is to leave
/// may, as long as that is not committed.
struct Electorate {
  const Configuration& configuration;
  bool includes_self = false;
};

/// What a module of elections wants.
struct ElectionOutput {
  bool campaign = false; ///< this node is to ask for votes now
  std::vector<std::pair<NodeId, ElectionMessage>> to_send;
};

/// Says when this node is to campaign for the lead of a group.
///
/// That is all it decides. A node leads once a majority has voted for it, and a vote needs a log
/// that has all that is committed: so whatever a module does, loses or invents, there is one leader
/// a term, and nothing is lost. What a module decides is who leads, and how soon.
///
/// Order:   a tick at a time; what the output says is done at once. A node that leads goes on
///          ticking, and says `leader_heard` of itself.
/// Units:   ticks.
/// Threads: none inside.
class Election {
public:
  virtual ~Election() = default;

  /// Time passes.
  virtual void tick(const Electorate& electorate) = 0;

  /// The leader of the newest term, maybe this node itself, was heard of.
  virtual void leader_heard(NodeId leader) = 0;

  /// This node has voted for another one.
  virtual void vote_given() = 0;

  virtual void hear(NodeId from, ElectionMessage message, const Electorate& electorate) = 0;

  /// What is wanted since the last call.
  [[nodiscard]] virtual ElectionOutput take_output() = 0;

  /// Who should lead, if this module has an opinion: a leader hands over to that node when it can.
  [[nodiscard]] virtual std::optional<NodeId> preferred() const { return std::nullopt; }
};

/// The module of options.election.
[[nodiscard]] std::unique_ptr<Election> make_election(const Options& options);

} // namespace stos::raft
