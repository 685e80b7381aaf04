#pragma once

/// All that a program needs: agents, simulations, thread pools, options, what models
/// are made of, and the ties to CAF.

#include "actors/citizen.hpp"
#include "actors/cluster_node.hpp"
#include "actors/thread_pool.hpp"
#include "config/command_line.hpp"
#include "config/program.hpp"
#include "libstos/agent/simulation.hpp"
#include "libstos/base/portable_math.hpp"
#include "libstos/base/weighted_choice.hpp"
#include "libstos/model/graph.hpp"
#include "libstos/model/grid.hpp"
#include "libstos/model/habitat.hpp"
#include "libstos/model/process_agent.hpp"
#include "libstos/model/resource.hpp"
#include "libstos/model/series.hpp"
#include "libstos/model/statistics.hpp"
#include "libstos/model/store.hpp"
#include "libstos/model/synchronous_agent.hpp"
#include "libstos/spacetime/boost.hpp"
