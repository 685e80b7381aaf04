#pragma once

#include "libstos/base/content_hash.hpp"
#include "libstos/world/report.hpp"
#include "libstos/world/trace.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace stos::detail {

/// A part of the text of a file, compressed by the node that writes it: only that one looks into
/// it.
struct StreamedText {
  ContentHash name; ///< of the bytes
  std::vector<std::byte> bytes;
};

/// In the order of the file.
using StreamedTexts = std::vector<std::shared_ptr<const StreamedText>>;

/// What a run, up to a cut of it, has for the files that are written while it goes on: its trace,
/// and what agents record (Agent::record()).
///
/// Of one node's part of a cut: the lines that are new since the last complete cut. Of a whole cut:
/// the text of all lines before its time, and the few lines that are no earlier than it, as agents
/// of the set-up are born then.
struct Streamed {
  std::vector<TraceRecord> trace;
  std::vector<Report> records;
  StreamedTexts traced;
  StreamedTexts recorded;
  std::uint64_t trace_records = 0; ///< before the cut; the text has fewer if there is a limit

  /// What records of the trace point to, if those are not the names of the program's own types.
  std::shared_ptr<const std::deque<std::string>> names_in_trace;
};

} // namespace stos::detail
