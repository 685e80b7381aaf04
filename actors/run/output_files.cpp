#include "actors/run/output_files.hpp"

#include "libstos/base/usage_error.hpp"

#include <cerrno>
#include <cstring>
#include <new>

namespace stos::detail {

OutputFiles::OutputFiles(const RunOptions& options)
    : summary_("summary", options.summary_path),
      observations_("observations", options.observations_path),
      reports_("table of reports", options.reports_path) {}

OutputFiles::File::File(const char* what, const std::string& path) : what_(what), path_(path) {
  if (path_.empty())
    return;
  errno = 0;
  file_.open(path_, std::ios::binary);
  if (!file_)
    throw UsageError(cannot_write(std::strerror(errno)));
}

Error OutputFiles::File::cannot_write(const char* why) const {
  return {Errc::io_error, std::string("cannot write the ") + what_ + " to " + path_ + ": " + why};
}

std::optional<Error> OutputFiles::File::write(const std::function<std::string()>& text) {
  if (path_.empty())
    return std::nullopt;
  try {
    errno = 0;
    file_ << text();
    file_.close();
    if (!file_)
      return cannot_write(std::strerror(errno));
  } catch (const std::bad_alloc&) {
    return cannot_write("out of memory");
  }
  return std::nullopt;
}

} // namespace stos::detail
