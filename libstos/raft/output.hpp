#pragma once

#include "libstos/raft/entry.hpp"
#include "libstos/raft/message.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace stos::raft {

/// What became of a read.
struct ReadResult {
  std::uint64_t id = 0;
  /// It may be answered from any state in which all up to here was applied. Nothing: this node
  /// does not know any more; ask again.
  std::optional<LogIndex> index;
};

/// What is to be done to the user's state, in this order.
struct Apply {
  SnapshotPtr snapshot; ///< takes the place of the whole state
  std::vector<EntryPtr> entries;
  std::vector<ReadResult> reads;

  [[nodiscard]] bool empty() const { return !snapshot && entries.empty() && reads.empty(); }
};

/// What a step has led to. Persist, then send, then apply: nothing of an output may be sent or
/// applied before all that it has to persist is on the disk. So what is on the disk by then already
/// counts as being there.
///
/// If it cannot be persisted, the node has to stop, as if it had crashed before.
struct Output {
  Persist to_persist;
  std::vector<Message> to_send;
  Apply to_apply;

  [[nodiscard]] bool empty() const {
    return to_persist.empty() && to_send.empty() && to_apply.empty();
  }
};

} // namespace stos::raft
