#include "actors/trace_file.hpp"

#include "libstos/base/usage_error.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace stos::detail {

void write_trace(const RunOptions& options, std::vector<TraceRecord> records) {
  if (options.trace_path.empty())
    return;
  std::ofstream file(options.trace_path);
  file << format_trace(std::move(records));
  file.flush();
  if (!file)
    throw UsageError(Errc::io_error, "cannot write the trace to " + options.trace_path + ": " +
                                         std::strerror(errno));
}

} // namespace stos::detail
