#pragma once

#include "libstos/base/errc.hpp"
#include "store/descriptor.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stos::detail {

/// A file that is written while the run goes on.
///
/// A run that goes on from a cut writes again what the file has up to there, and, as it is the same
/// run, what comes behind: what is there already, and is right, stays untouched, so that a reader
/// who follows the file sees each line once. From the first byte that differs the file is written
/// anew. A pipe or a device cannot be read back: it gets all that is appended.
///
/// Threads: none inside.
class LineFile {
public:
  /// Opens the file, or makes it. Throws UsageError (io_error) if it cannot be written to.
  /// `what` it is, for texts.
  LineFile(const char* what, const std::string& path);

  /// What the file is to have next. Says what has failed; after that there is no more to append.
  [[nodiscard]] std::optional<Error> append(std::string_view text);

  /// What the file has beyond what was appended is of another run.
  [[nodiscard]] std::optional<Error> end();

private:
  [[nodiscard]] std::size_t same_as_there(std::string_view text);
  [[nodiscard]] std::optional<Error> cut_off();
  [[nodiscard]] Error cannot_write(int number) const;

  const char* what_;
  std::string path_;
  Descriptor file_;
  std::uint64_t size_ = 0;       // of what was appended
  bool has_more_there_ = false;  // behind that, of what can be read back
  bool can_be_read_back_ = true; // a regular file
};

} // namespace stos::detail
