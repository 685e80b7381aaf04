#include "libstos/agent/simulation.hpp"
#include "tests/code/closure_twins.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <typeinfo>

namespace stos::test {
namespace {

detail::Closure* twin_of_two_files() {
  return detail::make_closure<detail::Portability::portable, AgentBase>(
      nullptr, [n = 2](AgentBase&) { static_cast<void>(n); });
}

struct TwinAgent : Agent<TwinAgent, ForwardSimulation<Minkowski<3>, ShuffledDomains>> {};
[[maybe_unused]] TwinAgent* make_agent() { return new TwinAgent; }

} // namespace

detail::Closure* make_other_twin() { return twin_of_two_files(); }
std::uint64_t other_twin_agent_id() { return hash_text(typeid(TwinAgent).name()); }

} // namespace stos::test
