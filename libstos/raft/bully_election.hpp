#pragma once

#include "libstos/base/random.hpp"
#include "libstos/raft/election.hpp"

#include <cstdint>
#include <vector>

namespace stos::raft {

/// The bully algorithm (`bully`): the highest id that lives is to lead.
///
/// A node that misses a leader, or hears of one with a lower id than its own, sends *election* to
/// all voters with higher ids. Such a node answers *OK* and holds an election of its own. Without
/// an OK in time, the node names itself: it sends *coordinator* to all, and campaigns if no
/// node leads. A leader that hears *coordinator* of a higher node hands over to it as soon as its
/// log is complete there.
///
/// What the algorithm takes for granted and a network does not give is that a node which says that
/// it takes over does so. A higher node that was to lead and has not within two timeouts (its log
/// is behind, or it hears no other node) is *passed over* until a leader is heard of again.
///
/// Units:  ticks: an OK may take half an election timeout.
/// Source: Garcia-Molina, "Elections in a distributed computing system", IEEE Transactions on
///         Computers C-31 (1982); the names of the messages are those of the design of the
///         DistributedAlgorithmNode.
class BullyElection final : public Election {
public:
  BullyElection(NodeId self, std::uint32_t election_ticks, std::uint64_t seed);

  void tick(const Electorate& electorate) override;
  void leader_heard(NodeId leader) override;
  void vote_given() override {}
  void hear(NodeId from, ElectionMessage message, const Electorate& electorate) override;
  [[nodiscard]] ElectionOutput take_output() override;
  [[nodiscard]] std::optional<NodeId> preferred() const override;

private:
  enum class State {
    content,  ///< a node leads, or may soon
    asking,   ///< for an OK of a higher node
    deferring ///< to a higher node, which is to lead soon
  };

  void begin_election(const Electorate& electorate);
  void name_self(const Electorate& electorate);
  void defer_to(NodeId higher);
  void wait(State state, std::uint32_t ticks);
  [[nodiscard]] std::uint32_t random_ticks();
  [[nodiscard]] bool is_passed_over(NodeId node) const;

  NodeId self_;
  std::uint32_t election_ticks_;
  RandomStream random_;
  State state_ = State::content;
  std::uint32_t left_ = 0;      // ticks of this state
  std::uint32_t silence_ = 0;   // ticks without a leader
  NodeId leader_;               // heard of last
  std::optional<NodeId> named_; // the coordinator
  std::vector<NodeId> deferred_to_;
  std::vector<NodeId> passed_over_;
  ElectionOutput output_;
};

} // namespace stos::raft
