#pragma once

#include "libstos/base/result.hpp"
#include "programs/stos/experiment/journal.hpp"
#include "store/descriptor.hpp"
#include "store/file_lock.hpp"

#include <optional>
#include <string>

namespace stos::program {

/// The folder of an experiment: its journal, what is under way, and in the end its tables.
///
/// Owns:    a lock on it, so that no other process works on it at the same time.
/// Threads: one.
class ExperimentFolder {
public:
  /// Makes the folder, or goes on with what is in it. Fails if it is another experiment's, if
  /// another process works on it, or with Errc::io_error.
  [[nodiscard]] static Result<ExperimentFolder>
  open(const std::string& path, const ExperimentIdentity& identity, const ExperimentPlan& plan);

  /// The runs that have ended; add() keeps another one, for good.
  [[nodiscard]] const Results& results() const { return results_; }
  [[nodiscard]] Result<void> add(const ExperimentPlan& plan, std::size_t run, RunResult result);

  /// Forgets the runs that have failed, so that they are run again.
  void forget_failed();

  /// Where a run under way writes the file `ending`.
  [[nodiscard]] std::string file_of_run(std::size_t run, const std::string& ending) const;

  /// Writes a file of that name, whole or not at all.
  [[nodiscard]] Result<void> write(const std::string& name, const std::string& text) const;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::size_t torn_bytes() const { return torn_bytes_; } ///< that were dropped

private:
  ExperimentFolder(std::string path, detail::FileLock lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  detail::FileLock lock_;
  detail::Descriptor journal_;
  Results results_;
  std::size_t torn_bytes_ = 0;
};

/// All of a file; Errc::io_error if it cannot be read.
[[nodiscard]] Result<std::string> text_of_file(const std::string& path);

} // namespace stos::program
