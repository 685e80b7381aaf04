#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace stos::program {

/// Runs a command in a process group of its own, with this process's standard input and output, and
/// with `variables` added to its environment. SIGINT, SIGTERM and SIGHUP to this process are passed
/// on to the group.
///
/// `may_go_on` is asked some twenty times a second. When it says no, the group gets SIGTERM, and a
/// second later SIGKILL.
///
/// Returns the exit code of the command, as shells have it: 128 and the signal that has ended it;
/// 126 or 127 if it cannot be started, with `name: error: text` on standard error.
///
/// Threads: it owns SIGINT, SIGTERM and SIGHUP of the process as long as it runs.
int run_while(const std::string& name, const std::vector<std::string>& command,
              const std::vector<std::pair<std::string, std::string>>& variables,
              const std::function<bool()>& may_go_on);

} // namespace stos::program
