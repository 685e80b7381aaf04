#pragma once

#include "libstos/base/result.hpp"
#include "store/log_folder.hpp"
#include "store/log_records.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stos {

struct WriteAheadLogLimits {
  /// A file that is larger is followed by a new one.
  std::uint64_t segment_bytes = 64 << 20;
  /// Where all files are larger than so many times what counts in them, plus a segment, they are
  /// written anew.
  std::uint64_t waste_max = 2;
};

/// The disk of a node that takes part in groups which agree on logs: what all of them must never
/// forget, in one sequence of files, with one fsync for all that is appended at a time.
///
/// A crash may tear what was being appended: the torn end is cut off when the log is opened again,
/// and what append() has returned for is there. A record that is damaged while whole ones lie
/// behind it is no torn end: then open() fails and names the file and the place. A damaged last
/// record cannot be told from a torn one; that a node has lost what it had acknowledged is found
/// out by the group (raft/fsm.hpp).
///
/// What no longer counts (entries in a snapshot, entries that others took the place of) is removed
/// by writing what counts into a new file, beside the old ones, which are removed afterwards.
///
/// Errors:  io_error with file, place and what to do. After a failed append() nothing of it counts,
///          and it may be tried again when there is room; where what has been written cannot be
///          taken back, or fsync has failed, all later ones fail until the log is opened again.
/// Owns:    the folder, and what counts, in memory: entries and snapshots are shared with the
/// groups. Threads: none inside. One thread at a time. Source:  torn ends, and damage in the
/// middle: Alagappan et al., "Protocol-aware recovery for
///          consensus-based storage" (FAST 2018); a failed fsync: Rebello et al., "Can applications
///          recover from fsync failures?" (USENIX ATC 2020).
class WriteAheadLog {
public:
  using Limits = WriteAheadLogLimits;

  /// Reads all that is there; an empty folder is an empty log.
  [[nodiscard]] static Result<WriteAheadLog> open(std::unique_ptr<LogFolder> folder,
                                                  Limits limits = {});

  /// What each group is to begin with.
  [[nodiscard]] const detail::LogState& state() const { return state_; }

  /// Bytes of a torn end that open() has cut off.
  [[nodiscard]] std::uint64_t torn_bytes() const { return torn_bytes_; }

  /// When it returns, all of it is on the disk; a crash before that leaves all or nothing of it.
  [[nodiscard]] Result<void> append(std::vector<detail::LogChange> changes);

  /// The group is gone from this node.
  [[nodiscard]] Result<void> forget(raft::GroupId group) {
    return append({detail::LogChange{group, std::nullopt}});
  }

  /// Of all files, in bytes.
  [[nodiscard]] std::uint64_t size() const;

private:
  struct Segment {
    std::uint64_t number = 0;
    std::uint64_t size = 0;
  };

  WriteAheadLog(std::unique_ptr<LogFolder> folder, Limits limits)
      : folder_(std::move(folder)), limits_(limits) {}

  [[nodiscard]] Result<void> read_all();
  [[nodiscard]] Result<void> find_segments();
  [[nodiscard]] Result<void> drop_outdated();
  [[nodiscard]] Result<void> read_segment(Segment& segment, bool is_last);
  [[nodiscard]] Result<void> cut(Segment& segment, std::uint64_t size);
  [[nodiscard]] Result<void> write(std::span<const detail::LogChange> changes);
  [[nodiscard]] Error take_back(const Error& why);
  void write_anew_if_worth_it();
  [[nodiscard]] Result<std::uint64_t> write_all_that_counts(const std::string& name,
                                                            std::uint64_t number);
  [[nodiscard]] std::uint64_t bytes_that_count() const;

  std::unique_ptr<LogFolder> folder_;
  Limits limits_;
  std::vector<Segment> segments_; // in order; the last one is appended to
  detail::LogState state_;
  std::vector<std::byte> buffer_;
  std::uint64_t torn_bytes_ = 0;
  std::uint64_t next_count_at_ = 0; // of the size: then what counts is added up again
  std::optional<Error> broken_;
};

} // namespace stos
