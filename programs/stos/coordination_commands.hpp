#pragma once

#include <string>
#include <vector>

namespace stos::program {

/// `stos lock NAME -- COMMAND`: holds a lock of a cluster while a command runs. `stos lock list`:
/// who holds which. See Subcommand::run.
int lock(const std::vector<std::string>& words);

/// `stos kv get|put|delete|cas|propose|list|watch`: the values that a cluster shares.
int kv(const std::vector<std::string>& words);

/// An exit code of both: the answer is no. There is no such key, it has another revision, or the
/// lock is not to be had in that time.
inline constexpr int exit_no = 3;
/// Of `stos lock`: the lease has ended while the command ran.
inline constexpr int exit_lease_lost = 4;

} // namespace stos::program
