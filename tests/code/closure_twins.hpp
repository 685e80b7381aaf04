#pragma once

#include "libstos/code/closure.hpp"

#include <cstdint>

namespace stos::test {

// Two source files have an unnamed namespace each, with a lambda and a class of agents in it that
// have the same names in both.
detail::Closure* make_twin();
detail::Closure* make_other_twin();
std::uint64_t twin_agent_id();
std::uint64_t other_twin_agent_id();

} // namespace stos::test
