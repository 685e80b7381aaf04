#pragma once

#include <caf/type_id.hpp>

#include <cstdint>
#include <string>

namespace stos {

/// Where in spacetime an agent sent something to an ordinary actor from.
struct SpacetimeStamp {
  std::uint64_t agent = 0; ///< AgentId::value
  double local_time_s = 0; ///< the agent's own clock
  double t_s = 0;          ///< laboratory time
  double x = 0, y = 0, z = 0;

  friend bool operator==(const SpacetimeStamp&, const SpacetimeStamp&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, SpacetimeStamp& s) {
  return f.object(s).fields(f.field("agent", s.agent), f.field("local_time_s", s.local_time_s),
                            f.field("t_s", s.t_s), f.field("x", s.x), f.field("y", s.y),
                            f.field("z", s.z));
}

/// Looks for an agent of a simulation that runs: a request to any node of its cluster. The answer
/// is the agent's handle (`caf::actor`), or an error that says what there is not. See find_agent().
struct FindAgent {
  std::string simulation;  ///< its name; empty: the only one there is
  std::string name;        ///< see name_agent(); empty: by its id
  std::uint64_t agent = 0; ///< AgentId::value

  friend bool operator==(const FindAgent&, const FindAgent&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, FindAgent& x) {
  return f.object(x).fields(f.field("simulation", x.simulation), f.field("name", x.name),
                            f.field("agent", x.agent));
}

} // namespace stos

/// Our type ids lie 500 above CAF's first one for users, out of the way of the application's own.
CAF_BEGIN_TYPE_ID_BLOCK(stos, caf::first_custom_type_id + 500)
CAF_ADD_TYPE_ID(stos, (stos::SpacetimeStamp))
CAF_ADD_TYPE_ID(stos, (stos::FindAgent))
CAF_END_TYPE_ID_BLOCK(stos)

namespace stos {

/// Registers CAF's core types and ours: once, before the first actor system of the process (after
/// the application's own blocks, as CAF wants it). Simulations without a system call it themselves.
void init_caf_types();

} // namespace stos
