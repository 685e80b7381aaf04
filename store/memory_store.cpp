#include "store/memory_store.hpp"

#include "store/keep.hpp"

#include <mutex>

namespace stos::detail {

struct MemoryStore::Shelf {
  using Bytes = std::shared_ptr<const std::vector<std::byte>>;

  std::mutex mutex;
  std::uint64_t last_number = 0;
  std::map<std::uint64_t, StoredCut> cuts; // without manifests
  std::map<std::uint64_t, Bytes> manifests;
  std::map<ContentHash, Bytes> chunks;

  [[nodiscard]] std::vector<StoredCut> records() const {
    std::vector<StoredCut> all;
    for (const auto& [number, record] : cuts)
      all.push_back(record);
    return all;
  }
  void remove(const std::vector<std::uint64_t>& numbers) {
    for (const std::uint64_t number : numbers) {
      cuts.erase(number);
      manifests.erase(number);
    }
  }
};

namespace {

// The one place where named stores of the process are known.
std::shared_ptr<MemoryStore::Shelf> shelf_of(const std::string& name) {
  if (name.empty())
    return std::make_shared<MemoryStore::Shelf>();
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<MemoryStore::Shelf>> shelves;
  const std::lock_guard lock(mutex);
  std::shared_ptr<MemoryStore::Shelf>& shelf = shelves[name];
  if (!shelf)
    shelf = std::make_shared<MemoryStore::Shelf>();
  return shelf;
}

} // namespace

MemoryStore::MemoryStore(const std::string& name)
    : CutStore("memory:" + name), shelf_(shelf_of(name)) {}

Result<CutStore::Written> MemoryStore::write(const CutLabel& label, const EncodedCut& cut,
                                             std::uint32_t keep) {
  const std::lock_guard lock(shelf_->mutex);
  Written written;
  written.chunks = cut.chunks.size();
  written.bytes_new = cut.manifest.size();
  for (const EncodedCut::Chunk& chunk : cut.chunks) {
    Shelf::Bytes& bytes = shelf_->chunks[chunk.name];
    if (bytes)
      continue;
    bytes = std::make_shared<const std::vector<std::byte>>(chunk.bytes);
    ++written.chunks_new;
    written.bytes_new += chunk.bytes.size();
  }
  written.bytes_stored = written.bytes_new;

  StoredCut record;
  static_cast<CutLabel&>(record.entry) = label;
  written.number = record.entry.number = ++shelf_->last_number;
  record.entry.bytes = bytes_of_chunks(cut);
  for (const EncodedCut::Chunk& chunk : cut.chunks)
    record.chunks.push_back(chunk.name);
  const std::vector<std::uint64_t> replaced = replaced_by(label, shelf_->records());
  shelf_->remove(replaced);
  shelf_->cuts[written.number] = std::move(record);
  shelf_->manifests[written.number] = std::make_shared<const std::vector<std::byte>>(cut.manifest);

  const std::vector<std::uint64_t> old = beyond(keep, label.lineage, shelf_->records());
  shelf_->remove(old);
  written.cuts_removed = replaced.size() + old.size();
  const std::set<ContentHash> wanted = names_of(shelf_->records());
  std::erase_if(shelf_->chunks,
                [&wanted](const auto& chunk) { return wanted.count(chunk.first) == 0; });
  return written;
}

Result<CutStore::Contents> MemoryStore::list() {
  const std::lock_guard lock(shelf_->mutex);
  found_ = std::make_shared<Shelf>();
  found_->cuts = shelf_->cuts;
  found_->manifests = shelf_->manifests;
  found_->chunks = shelf_->chunks;
  Contents contents;
  for (const auto& [number, record] : found_->cuts)
    contents.cuts.push_back(record.entry);
  return contents;
}

Result<std::vector<std::byte>> MemoryStore::manifest(std::uint64_t number) {
  if (!found_)
    (void)list();
  const auto found = found_->manifests.find(number);
  if (found == found_->manifests.end())
    return Error{Errc::io_error, place() + ": there is no cut #" + std::to_string(number)};
  return *found->second;
}

Result<std::vector<std::byte>> MemoryStore::chunk(const ContentHash& name) {
  if (!found_)
    (void)list();
  const auto found = found_->chunks.find(name);
  if (found == found_->chunks.end())
    return Error{Errc::io_error, place() + ": there is no chunk " + name.to_string()};
  return *found->second;
}

} // namespace stos::detail
