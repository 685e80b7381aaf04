#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stos {

/// Whether this node takes part in the jobs of its cluster: scripts of users, which it runs as
/// child processes with the rights of its own user. See docs/jobs.md.
///
/// Plain values. Units: the suffix of each name; `_s` is seconds on the clock.
struct JobsOptions {
  /// Scripts run here, of any user whose certificate may command. Default false: this node runs
  /// none; it can be asked for jobs all the same.
  bool enabled = false;

  /// So many parts run here at a time. 0 to 1,024; 0: as many as there are processors.
  std::uint32_t slots = 0;

  /// Languages beside `python` and `sh`, or other commands for these: NAME=COMMAND. The words of
  /// the command are split at blanks, and the script's path comes behind them. At most 100.
  std::vector<std::string> languages;

  /// Where the folders of scripts that run are made. Default empty: in that for temporary files
  /// (TMPDIR, or /tmp).
  std::string folder;

  /// No part gets more than this, whatever its job wants. `time_max_s`: 0.1 to 604,800;
  /// `memory_max_bytes`: 16 MiB to 1 TiB, of each process.
  double time_max_s = 604'800;
  std::uint64_t memory_max_bytes = std::uint64_t{64} << 30;

  friend bool operator==(const JobsOptions&, const JobsOptions&) = default;
};

} // namespace stos
