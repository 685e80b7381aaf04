#pragma once

/// All that a program needs: agents, simulations, thread pools, options, and the ties to CAF. What
/// models are made of is in libstos/model/all.hpp.

#include "actors/citizen.hpp"
#include "actors/cluster_node.hpp"
#include "actors/replicated_agents.hpp"
#include "actors/thread_pool.hpp"
#include "config/command_line.hpp"
#include "config/program.hpp"
#include "libstos/agent/simulation.hpp"
#include "libstos/base/portable_math.hpp"
#include "libstos/spacetime/boost.hpp"
