#pragma once

/// All of the toolbox for models. Its names are short, so programs that have no use for it do not
/// get them with libstos/stos.hpp.

#include "libstos/base/weighted_choice.hpp"
#include "libstos/model/combined.hpp"
#include "libstos/model/graph.hpp"
#include "libstos/model/grid.hpp"
#include "libstos/model/habitat.hpp"
#include "libstos/model/owned.hpp"
#include "libstos/model/process_agent.hpp"
#include "libstos/model/resource.hpp"
#include "libstos/model/series.hpp"
#include "libstos/model/statistics.hpp"
#include "libstos/model/store.hpp"
#include "libstos/model/synchronous_agent.hpp"
