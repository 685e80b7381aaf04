#include "libstos/raft/election.hpp"

#include "libstos/raft/bully_election.hpp"
#include "libstos/raft/patience_election.hpp"

namespace stos::raft {

std::unique_ptr<Election> make_election(const Options& options) {
  switch (options.election) {
    case ElectionKind::raft: break;
    case ElectionKind::bully:
      return std::make_unique<BullyElection>(options.self, options.election_ticks, options.seed);
  }
  return std::make_unique<PatienceElection>(options.election_ticks, options.seed);
}

} // namespace stos::raft
