#pragma once

#include "actors/run/line_file.hpp"
#include "libstos/engine/execution.hpp"
#include "libstos/world/record_format.hpp"
#include "libstos/world/streamed.hpp"
#include "libstos/world/world.hpp"
#include "store/records.hpp"

#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stos::detail {

/// The lines of what agents record.
struct RecordLines {
  using Line = Report;

  explicit RecordLines(const RunOptions& options)
      : path(options.records_path), format(record_format_of(path)) {}

  static double time_of(const Report& line) { return line.time; }
  static bool is_earlier(const Report& a, const Report& b) { return is_earlier_report(a, b); }
  [[nodiscard]] std::string_view header() const { return header_of(format); }
  [[nodiscard]] std::string text_of(std::span<const Report> lines) const;

  static constexpr const char* what = "records";
  static constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  std::string path;
  RecordFormat format;
};

/// The lines of a trace.
struct TraceLines {
  using Line = TraceRecord;

  explicit TraceLines(const RunOptions& options)
      : path(options.trace_path), most(options.trace_events_max) {}

  static double time_of(const TraceRecord& line) { return line.point[0]; }
  static bool is_earlier(const TraceRecord& a, const TraceRecord& b) {
    return stos::is_earlier(a, b);
  }
  [[nodiscard]] static std::string_view header() { return header_of_trace(); }
  [[nodiscard]] static std::string text_of(std::span<const TraceRecord> lines) {
    return lines_of_trace(lines);
  }

  static constexpr const char* what = "trace";
  std::string path;
  std::uint64_t most; ///< lines of the file, but for the header
};

/// Lines that agents make, from one node's engine to the file on the first node.
///
/// At a stop of the world each node takes what is new here, and puts it into its part of the cut
/// there. Once the cut is complete, the first node writes the text of it to the file: in the order
/// of time and agent, each line once, as no earlier time comes back. A part that is lost with its
/// cut comes again with the next one, so each node keeps what it has until it hears that a cut
/// behind it is complete. The text is part of the cut: a run that goes on from there writes the
/// same file, on any node.
///
/// Memory:  what is new since the last complete cut; and on a first node whose run is cut, all
/// text,
///          compressed.
/// Threads: take() and since_last_cut() by the engine's, forget() by the run's actor, the others by
///          one thread at a time; they may run at once.
template <class Lines>
class LineStream {
public:
  using Line = typename Lines::Line;

  /// Where the run begins. `before` and `later` is what it goes on from, if it does.
  struct Beginning {
    bool is_first = true;    ///< this node writes the file
    bool may_be_cut = false; ///< the text is kept
    double time = Instant::beginning().absorption;
    StreamedTexts before = {};
    std::vector<Line> later = {};
    std::uint64_t joined_lines = 0;
  };

  /// Throws UsageError if the file cannot be written to.
  LineStream(const RunOptions& options, Beginning beginning);

  /// Whether a file is named.
  [[nodiscard]] bool is_wanted() const { return !lines_.path.empty(); }

  void take(std::vector<Line> lines);
  [[nodiscard]] std::vector<Line> since_last_cut() const;

  /// What is before `time` is in the hands of the first node.
  void forget(double time);

  /// So many were taken here.
  [[nodiscard]] std::uint64_t count() const;

  // On the first node.

  /// The lines of all nodes before `time`, some of which it may have already, become text. Returns
  /// those that are no earlier.
  std::vector<Line> join(double time, std::vector<Line> lines);

  /// All text up to the time of the last join(), and the number of its lines. @pre may_be_cut
  [[nodiscard]] const StreamedTexts& text() const { return text_; }
  [[nodiscard]] std::uint64_t joined_lines() const { return joined_lines_; }

  /// What was joined may be written. Says what has failed, once.
  [[nodiscard]] std::optional<Error> release();

  /// The run is over. `lines` are those of other nodes that were not joined before. Nothing is
  /// written that comes after a failure; nor, if the run was ended at another time in each domain,
  /// what was not released before.
  [[nodiscard]] std::optional<Error> end(std::vector<Line> lines,
                                         const std::optional<Failure>& failure);

private:
  void write_again(const StreamedTexts& texts);
  void add(std::vector<Line> lines);
  void add_text(std::string text);
  [[nodiscard]] std::vector<Line> take_all();

  const Lines lines_;
  const bool may_be_cut_;
  std::optional<LineFile> file_;
  RecordCoder coder_;
  double joined_; // everything before it
  std::uint64_t joined_lines_ = 0;
  StreamedTexts text_;
  std::vector<std::string> waiting_; // for the cut to be complete
  bool has_failed_ = false;          // to write
  std::optional<Error> untold_;      // why, if it was at the very beginning

  mutable std::mutex mutex_;
  std::vector<Line> taken_; // those of one agent in their order
  std::uint64_t count_ = 0; // of all that were
};

extern template class LineStream<RecordLines>;
extern template class LineStream<TraceLines>;

} // namespace stos::detail
