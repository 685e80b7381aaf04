#include "actors/node/node_disk.hpp"

#include "store/log_folder.hpp"

#include <utility>

namespace stos::detail {

namespace {

Error failed(const std::string& folder, const Error& why) {
  return {why.code, "cluster.log " + folder + ": " + why.context};
}

} // namespace

Result<NodeDisk> NodeDisk::open(const std::string& folder, const std::string& cluster,
                                const std::string& node) {
  Result<NodeDisk> disk = open(folder);
  if (!disk || !disk->memory_)
    return disk;
  if (const Result<void> own = disk->memory_->check(cluster, node); !own)
    return failed(folder, own.error());
  return disk;
}

Result<NodeDisk> NodeDisk::open(const std::string& folder) {
  Result<std::unique_ptr<LogFolder>> files = FileLogFolder::open(folder);
  if (!files)
    return failed(folder, files.error());
  Result<WriteAheadLog> log = WriteAheadLog::open(*std::move(files));
  if (!log)
    return failed(folder, log.error());
  Result<std::optional<NodeMemory>> memory = NodeMemory::read(log->state());
  if (!memory)
    return failed(folder, memory.error());
  return NodeDisk(*std::move(log), *std::move(memory));
}

Result<void> NodeDisk::persist(std::vector<ToPersist> all) {
  std::vector<LogChange> changes;
  for (ToPersist& each : all)
    changes.push_back({each.group, std::move(each.what)});
  return changes.empty() ? Result<void>() : log_.append(std::move(changes));
}

} // namespace stos::detail
