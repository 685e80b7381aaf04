#pragma once

#include "libstos/base/result.hpp"
#include "programs/stos/experiment/tables.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace stos::program {

/// What must be the same when an experiment goes on, each as a hash or any text.
struct ExperimentIdentity {
  std::string plan;          ///< the description
  std::string program;       ///< the bytes of the program
  std::string arguments;     ///< of the program, the same in all runs
  std::string configuration; ///< STOS_ variables, and the file that STOS_CONFIG names

  friend bool operator==(const ExperimentIdentity&, const ExperimentIdentity&) = default;
};

// The journal of an experiment is what has been done, so that it is not done again: a first line
// that says of which experiment, and a line for each run that has ended, in any order. Each line
// begins with a hash of its rest. What follows the first line that is not whole was being written
// when the machine stopped, and counts as not done.

[[nodiscard]] std::string journal_header(const ExperimentIdentity& identity);
[[nodiscard]] std::string journal_line(const ExperimentPlan& plan, std::size_t run,
                                       const RunResult& result);

struct JournalContent {
  Results results;
  std::size_t bytes = 0; ///< of the text, up to the last line that is whole; 0: not even the header
};

/// Reads a journal; `name` stands for the file in error texts. An empty text, or a torn header, is
/// a journal without lines. Fails with Errc::bad_argument if it is none, or of another experiment,
/// and says what differs.
[[nodiscard]] Result<JournalContent> read_journal(const std::string& name, std::string_view text,
                                                  const ExperimentIdentity& identity,
                                                  const ExperimentPlan& plan);

} // namespace stos::program
