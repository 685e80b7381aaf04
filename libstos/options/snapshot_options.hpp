#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stos {

/// When cuts of a run are taken, where they lie, and which one a run goes on from.
///
/// Plain values. The defaults below are the product's defaults; `config/stos.yaml` documents each
/// of them for users, and the loader in `config/` is the only place that checks the ranges. No
/// option here changes which events happen (the determinism contract), but `from` with `branch`.
///
/// Units:   the suffix of each name; `_s` is seconds.
/// Threads: none inside.
/// Owns:    its strings.
struct SnapshotOptions {
  /// Laboratory times at which the run is cut; in any order. Those that are not within the run are
  /// passed over. At most 1,000,000.
  std::vector<double> at_s;

  /// Again and again: the pause from the beginning, or from the cut before, to the next one.
  struct Interval {
    double s = 0;         ///< 1e-9 to 1e12
    bool is_wall = false; ///< of wall-clock time, and not of laboratory time

    friend bool operator==(const Interval&, const Interval&) = default;
  };
  std::optional<Interval> every;

  /// One cut more, where a signal ends the run early. Default false.
  bool at_exit = false;

  /// Where complete cuts lie: a folder, `redis://[:PASSWORD@]HOST:PORT/DB`, or `memory:NAME` in
  /// this process. Empty: nowhere, and only their state digests are told.
  std::string path = "snapshots";

  /// So many cuts of a run are kept, the latest ones. 0 keeps all. 0 to 1,000,000.
  std::uint32_t keep = 3;

  /// true: a cut that cannot be taken or stored ends the run. Default false: it is told.
  bool is_required = false;

  /// The cut that the run goes on from, `PLACE[@TIME]` or `PLACE[@#NUMBER]`; the latest one there
  /// without a time. Empty: it begins with its set-up.
  std::string from;

  /// true: it may go on from a cut of another build of the program, if that has all classes and
  /// lambdas that are in it. Default false.
  bool from_other_build = false;

  /// The name of a run that goes on from a cut of another one and may differ from it: other
  /// provided constants, another seed for agents that are born from now on. Empty: it is the same
  /// run. 1 to 64 of `A-Z a-z 0-9 _ . -`.
  std::string branch;

  /// Nothing is run: the agents of this cut, named as in `from`, are printed. Empty: no.
  std::string show;

  /// Of these, the one of this id or name, and those of this class. Empty: all.
  std::string shown_agent;
  std::string shown_type;

  /// Nothing is run: says where the cuts in these two places differ. None, or two.
  std::vector<std::string> diverge;

  friend bool operator==(const SnapshotOptions&, const SnapshotOptions&) = default;

  [[nodiscard]] bool wants_cuts() const { return !at_s.empty() || every || at_exit; }
};

} // namespace stos
