#include "actors/service/agent_disk.hpp"

#include "libstos/raft/fsm.hpp"
#include "store/log_folder.hpp"

#include <utility>

namespace stos::detail {
namespace {

// A group of one's own, which is none: its only member is the host.
constexpr raft::GroupId owner_group{0};

Error failed(const std::string& folder, const Error& why) {
  return {why.code, "agents.folder " + folder + ": " + why.context};
}

} // namespace

Result<AgentDisk> AgentDisk::open(const std::string& folder) {
  Result<std::unique_ptr<LogFolder>> files = FileLogFolder::open(folder);
  if (!files)
    return failed(folder, files.error());
  Result<WriteAheadLog> log = WriteAheadLog::open(*std::move(files));
  if (!log)
    return failed(folder, log.error());
  AgentDisk disk(*std::move(log), folder);
  disk.found_.insert(disk.log_.state().begin(), disk.log_.state().end());
  if (disk.found_.empty())
    return disk;
  const auto owner = disk.found_.find(owner_group);
  if (owner == disk.found_.end() || !owner->second.snapshot ||
      owner->second.snapshot->configuration.voters.size() != 1)
    return failed(folder, {Errc::bad_config, "these are not the replicas of a host; give it a "
                                             "folder of its own"});
  disk.owner_ = owner->second.snapshot->configuration.voters.front();
  disk.found_.erase(owner);
  return disk;
}

Result<void> AgentDisk::persist(raft::NodeId owner, std::vector<keyed::Node::Change> changes) {
  std::vector<LogChange> all;
  if (!owner_)
    all.push_back(
        {owner_group,
         raft::Persist{std::nullopt, raft::Fsm::first_state({{owner}, {}, {}}).snapshot, {}}});
  for (auto& [group, what] : changes)
    all.push_back({group, std::move(what)});
  if (const Result<void> appended = log_.append(std::move(all)); !appended)
    return failed(folder_, appended.error());
  owner_ = owner;
  return {};
}

} // namespace stos::detail
