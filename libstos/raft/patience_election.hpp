#pragma once

#include "libstos/base/random.hpp"
#include "libstos/raft/election.hpp"

#include <cstdint>

namespace stos::raft {

/// The election of the Raft paper (`raft`): a node campaigns when it has heard of no leader for
/// longer than its patience, which is random each time, between one and two election timeouts. So
/// one node mostly comes first, and has won before the next one loses its patience.
///
/// Source: Raft paper, section 5.2.
class PatienceElection final : public Election {
public:
  PatienceElection(std::uint32_t election_ticks, std::uint64_t seed);

  void tick(const Electorate& electorate) override;
  void leader_heard(NodeId leader) override;
  void vote_given() override { begin(); }
  void hear(NodeId /*from*/, ElectionMessage /*message*/,
            const Electorate& /*electorate*/) override {}
  [[nodiscard]] ElectionOutput take_output() override;

private:
  void begin();

  std::uint32_t election_ticks_;
  RandomStream random_;
  std::uint32_t patience_ = 0; // ticks that are left
  bool campaign_ = false;
};

} // namespace stos::raft
