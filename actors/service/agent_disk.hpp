#pragma once

#include "libstos/base/result.hpp"
#include "libstos/service/keyed/node.hpp"
#include "store/write_ahead_log.hpp"

#include <map>
#include <string>
#include <vector>

namespace stos::detail {

/// Where a host keeps its replicas, and under which id: the folder of `agents.folder`.
///
/// Threads: none inside. One thread at a time.
/// Errors:  io_error, bad_config: with the folder, what was seen, and what to do.
class AgentDisk {
public:
  /// Makes the folder if it is not there. Fails if another process has it, or if it is damaged.
  [[nodiscard]] static Result<AgentDisk> open(const std::string& folder);

  /// The host whose replicas these are; none if it is new.
  [[nodiscard]] raft::NodeId owner() const { return owner_; }

  /// What was there. Once.
  [[nodiscard]] std::map<raft::GroupId, raft::Recovered> take_found() { return std::move(found_); }

  /// When it returns, all of it is on the disk. The first time, `owner` is written, too.
  [[nodiscard]] Result<void> persist(raft::NodeId owner, std::vector<keyed::Node::Change> changes);

private:
  AgentDisk(WriteAheadLog log, std::string folder)
      : log_(std::move(log)), folder_(std::move(folder)) {}

  WriteAheadLog log_;
  std::string folder_;
  raft::NodeId owner_;
  std::map<raft::GroupId, raft::Recovered> found_;
};

} // namespace stos::detail
