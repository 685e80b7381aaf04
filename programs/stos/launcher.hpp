#pragma once

#include "programs/stos/launch_options.hpp"

namespace stos::program {

/// Runs one process for each node of a cluster on this machine, from the first start to the last
/// end, and returns the exit code of `stos run`.
///
/// Each node learns who it is from its environment: STOS_DISTRIBUTED=true, STOS_CLUSTER_NODE,
/// STOS_CLUSTER_ADDRESS, STOS_CLUSTER_PEERS (all addresses) and STOS_CLUSTER_NODES. Each line that
/// it writes goes out with its name in front, standard output and standard error apart. Unless only
/// the first node is shown, a line on standard error says where `stos top` finds them, once the
/// first of them is a node: the user cannot know which ports were free. At the end it says which
/// processes have ended well without ever becoming a node.
///
/// All signals that would end this process are passed on to all nodes; the second SIGINT kills
/// them. A node that a signal has ended, while more than half of all are left, is lost: they go on
/// without it, and if they end well, so does this. When a node fails in another way, or SIGINT,
/// SIGTERM, SIGHUP or SIGQUIT has come, the StopPlan brings the others to an end. When a node finds
/// its port taken in the meantime, all start again with other ports, a few times at most. When the
/// reader of the output is gone, nodes get SIGTERM.
///
/// Returns the largest exit code of all nodes (128 + s for signal s); at least 124 when the time
/// was over, as timeout(1) does; 127 or 126 when the program cannot be started; 1 when there are no
/// ports; at least 1 when not all output could be written.
///
/// Threads: call it from the main thread of a process without others. It changes the signal mask
///          for good, and leaves no child behind, also if it is killed.
[[nodiscard]] int launch(const LaunchOptions& options);

} // namespace stos::program
