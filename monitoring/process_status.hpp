#pragma once

#include "libstos/base/result.hpp"
#include "libstos/cluster/status/node_status.hpp"

#include <cstdint>
#include <string>

namespace stos {

namespace detail {

/// What Linux says about a process, as it says it: see proc(5).
struct ProcessFiles {
  std::string stat;             ///< /proc/PID/stat
  std::string limits;           ///< /proc/PID/limits
  std::string system_stat;      ///< /proc/stat
  std::uint64_t open_files = 0; ///< entries of /proc/PID/fd
  double ticks_per_second = 100;
  std::uint64_t page_bytes = 4096;
};

/// Fails with Errc::io_error and what could not be found where.
[[nodiscard]] Result<ProcessStatus> parse_process(const ProcessFiles& files);

} // namespace detail

/// What this process needs just now; `memory_limit_bytes` is copied. A few files of /proc are read,
/// which takes some tens of microseconds.
///
/// Threads: any.
/// Errors:  Errc::io_error, where /proc is not mounted or not that of Linux.
[[nodiscard]] Result<ProcessStatus> read_process(std::uint64_t memory_limit_bytes);

} // namespace stos
