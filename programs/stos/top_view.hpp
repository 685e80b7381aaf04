#pragma once

#include "libstos/cluster/status/node_status.hpp"

#include <span>
#include <string>
#include <vector>

namespace stos::program {

/// What to compare `now` with: of each node its status at the last look, or, if it has said nothing
/// new since, the one that was compared then.
///
/// Threads: none inside.
[[nodiscard]] std::vector<NodeStatus> statuses_before(std::span<const NodeStatus> now,
                                                      std::span<const NodeStatus> last,
                                                      std::span<const NodeStatus> before_last);

/// The cluster as a table for a terminal: a line of totals, a line for each node, who sends how
/// much to whom, and agents by type and node; for each simulation in `now`.
///
/// Rates are differences of a node's counters between `before` and `now`, by its own clock; what
/// was not there before, or has begun anew since, has none and shows a dash. Lag is how far a
/// node's latest event is behind that of the node that is furthest; age, how much older its status
/// is than the youngest one, by the clocks of the nodes.
///
/// Returns at most `rows` lines of at most `columns` characters, each with its line break, in
/// ASCII. What does not fit is left out: nodes last, and a line says how many; columns from the
/// right. Names are cut at 16 characters, and what is not printable in them is shown as `?`.
///
/// Order:   of `now`: by simulation and node, as take_news() keeps it.
/// Units:   see the titles.
/// Threads: none inside.
[[nodiscard]] std::string draw_top(std::span<const NodeStatus> now,
                                   std::span<const NodeStatus> before, int columns, int rows);

/// The same for scripts, whole: one JSON object in one line, with a line break. Numbers that JSON
/// does not have (an end that is not known, a rate that cannot be told) are null.
[[nodiscard]] std::string top_as_json(std::span<const NodeStatus> now,
                                      std::span<const NodeStatus> before);

} // namespace stos::program
