#pragma once

#include "actors/run/line_stream.hpp"
#include "libstos/image/cut.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace stos::detail {

/// The files of a run that are written while it goes on, on one of its nodes: its trace, and what
/// agents record. See LineStream, which each of them is.
class OutputStreams {
public:
  enum class Text { is_kept, is_dropped }; ///< once it is in the file; what is cut needs it

  /// Before the run begins, with its set-up or with the cut that it goes on from. The first node
  /// opens the files: throws UsageError if one cannot be written to.
  OutputStreams(World& world, bool is_first, Text text);

  [[nodiscard]] bool are_wanted() const { return records_.is_wanted() || trace_.is_wanted(); }

  /// At a stop: what is new, out of the engine.
  void take(const WorldAtStop& stop);

  /// What was in no complete cut yet, for this node's part of one, or for the first node at the
  /// end.
  [[nodiscard]] Streamed since_last_cut() const;

  /// A cut is complete.
  void forget(double time);

  /// On the first node: what the nodes' parts of a cut have, joined, becomes what the cut has.
  void join(double time, Streamed& of_cut);

  /// The same without a cut, where there is one node only.
  void join(double time);

  /// On the first node: what was joined goes to the files. Says what has failed, once.
  [[nodiscard]] std::optional<Error> release();

  /// The run is over: what is left in the engine.
  void take_rest(std::vector<TraceRecord> trace, std::vector<Report> records) {
    trace_.take(std::move(trace));
    records_.take(std::move(records));
  }

  /// Records of the trace: of this node in this run, and before the cut that it has gone on from.
  [[nodiscard]] std::uint64_t trace_records() const { return trace_.count(); }
  [[nodiscard]] std::uint64_t trace_records_before() const { return trace_records_before_; }

  /// On the first node, with what the others have that is in no cut. See LineStream::end().
  [[nodiscard]] std::optional<Error> end(Streamed of_others, const std::optional<Failure>& failure);

private:
  const std::uint64_t trace_records_before_;
  LineStream<TraceLines> trace_;
  LineStream<RecordLines> records_;
};

} // namespace stos::detail
