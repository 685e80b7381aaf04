#pragma once

#include "config/yaml_tree.hpp"
#include "libstos/base/result.hpp"
#include "programs/stos/experiment/plan.hpp"

#include <string>

namespace stos::program {

/// What a description of an experiment means (`file` stands for it in error texts):
///
///   parameters:                         # options of the program, or keys of its configuration
///     --arrivals: [1.8, 2.1, 2.4]       # these; one value is a list of one
///     --clerks: {from: 2, to: 4, steps: 3, whole: true}
///   design: grid                        # or list, uniform, latin_hypercube
///   points: 20                          # of a random design, whose parameters may be {from, to};
///                                       # of a list: [{--arrivals: 1.8, --clerks: 3}, ...]
///   replications: 10                    # of each point
///   seed: 1                             # where all seeds of runs, and random points, come from
///   common_random_numbers: true         # equal replications of all points have one seed
///   workers: 0                          # of each run, or of each of its nodes; 0 is serial
///   nodes: 1                            # of each run
///   timeout: 10 min                     # of each run
///   confidence: 0.95
///   outcomes:                           # NAME: RULE, where agents report on the topic NAME; or
///     wait: mean                        # {topic: TOPIC, rule: RULE}
///   series:
///     ill: {topic: ill, rule: running_sum, every: 1 s, until: 30 s}
///
/// Only `parameters` or `points` has to be there. Fails with Errc::bad_config and
/// `file:line: what was seen; allowed: ...`, and tells about the first mistake only.
[[nodiscard]] Result<ExperimentPlan> plan_of(const std::string& file, const YamlTree& tree);

} // namespace stos::program
