#pragma once

#include "libstos/base/result.hpp"
#include "libstos/cluster/view/node_core.hpp"
#include "store/write_ahead_log.hpp"

#include <optional>
#include <string>
#include <vector>

namespace stos::detail {

/// Where a node keeps what it must never forget: the folder of `cluster.log`.
///
/// Threads: none inside. One thread at a time.
/// Errors:  io_error, bad_config: with the folder, what was seen, and what to do.
class NodeDisk {
public:
  /// Makes the folder if it is not there. Fails if another process has it, if it is damaged, or if
  /// it is that of another node or cluster.
  [[nodiscard]] static Result<NodeDisk> open(const std::string& folder, const std::string& cluster,
                                             const std::string& node);

  /// Of whichever node.
  [[nodiscard]] static Result<NodeDisk> open(const std::string& folder);

  /// What it was; nothing if it is new. Once.
  [[nodiscard]] std::optional<NodeMemory> take_memory() { return std::move(memory_); }

  /// When it returns, all of it is on the disk.
  [[nodiscard]] Result<void> persist(std::vector<ToPersist> all);

private:
  NodeDisk(WriteAheadLog log, std::optional<NodeMemory> memory)
      : log_(std::move(log)), memory_(std::move(memory)) {}

  WriteAheadLog log_;
  std::optional<NodeMemory> memory_;
};

} // namespace stos::detail
