#include "actors/run/trace_file.hpp"

#include "libstos/base/usage_error.hpp"

#include <cerrno>
#include <cstring>
#include <new>

namespace stos::detail {
namespace {

Error cannot_write(const std::string& path, const char* why) {
  return {Errc::io_error, "cannot write the trace to " + path + ": " + why};
}

} // namespace

void add_trace_before(const World& world, std::vector<TraceRecord>& records) {
  records.insert(records.begin(), world.trace_before.begin(), world.trace_before.end());
}

TraceFile::TraceFile(const RunOptions& options) : path_(options.trace_path) {
  if (path_.empty())
    return;
  errno = 0;
  file_.open(path_, std::ios::binary);
  if (!file_)
    throw UsageError(cannot_write(path_, std::strerror(errno)));
}

std::optional<Error> TraceFile::write_all(std::vector<TraceRecord> records) {
  if (path_.empty())
    return std::nullopt;
  try {
    errno = 0;
    file_ << format_trace(std::move(records));
    file_.close();
    if (!file_)
      return cannot_write(path_, std::strerror(errno));
  } catch (const std::bad_alloc&) {
    return cannot_write(path_, "out of memory");
  }
  return std::nullopt;
}

} // namespace stos::detail
