#include "libstos/raft/patience_election.hpp"

#include <utility>

namespace stos::raft {

PatienceElection::PatienceElection(std::uint32_t election_ticks, std::uint64_t seed)
    : election_ticks_(election_ticks), random_(seed) {
  begin();
}

void PatienceElection::begin() { patience_ = election_ticks_ + 1 + random_.below(election_ticks_); }

void PatienceElection::leader_heard(NodeId /*leader*/) { begin(); }

void PatienceElection::tick(const Electorate& /*electorate*/) {
  if (--patience_ > 0)
    return;
  campaign_ = true;
  begin();
}

ElectionOutput PatienceElection::take_output() { return {std::exchange(campaign_, false), {}}; }

} // namespace stos::raft
