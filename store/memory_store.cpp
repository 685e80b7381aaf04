#include "store/memory_store.hpp"

#include "store/keep.hpp"
#include "store/packing.hpp"

#include <mutex>
#include <span>
#include <utility>

namespace stos::detail {

struct MemoryStore::Shelf {
  using Bytes = std::shared_ptr<const std::vector<std::byte>>;

  std::mutex mutex;
  std::uint64_t last_number = 0;
  std::vector<KeptCut> cuts;           // by number
  std::map<ContentHash, Bytes> chunks; // their records

  [[nodiscard]] std::span<const std::byte> record(const ContentHash& name) const {
    const auto found = chunks.find(name);
    return found != chunks.end() ? std::span<const std::byte>(*found->second)
                                 : std::span<const std::byte>();
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
  Shelf& shelf = *shelf_;
  Written written;
  Packing packing(cut, label.lineage, shelf.cuts, coder(), written);
  while (!packing.done()) {
    const ContentHash name = packing.next().name;
    if (const auto there = read_head_only(shelf.record(name), name)) {
      packing.pass(*there);
      continue;
    }
    const std::optional<ContentHash> base = packing.base_of(packing.next());
    shelf.chunks[name] = std::make_shared<const std::vector<std::byte>>(
        packing.pack(base ? shelf.record(*base) : std::span<const std::byte>()));
  }
  written.bytes_new += cut.manifest.size();
  written.bytes_stored += cut.manifest.size();

  const std::vector<std::uint64_t> replaced = replaced_by(label, shelf.cuts);
  KeptCut record;
  static_cast<CutLabel&>(record.entry) = label;
  written.number = record.entry.number = ++shelf.last_number;
  record.entry.bytes = bytes_of_chunks(cut);
  record.chunks = packing.stored();
  record.manifest = cut.manifest;
  shelf.cuts = without(replaced, std::move(shelf.cuts));
  shelf.cuts.push_back(std::move(record));
  const std::vector<std::uint64_t> old = beyond(keep, label.lineage, shelf.cuts);
  shelf.cuts = without(old, std::move(shelf.cuts));
  written.cuts_removed = replaced.size() + old.size();
  const std::set<ContentHash> wanted = names_of(shelf.cuts);
  std::erase_if(shelf.chunks,
                [&wanted](const auto& chunk) { return wanted.count(chunk.first) == 0; });
  return written;
}

Result<CutStore::Contents> MemoryStore::list() {
  const std::lock_guard lock(shelf_->mutex);
  found_ = std::make_shared<Shelf>();
  found_->cuts = shelf_->cuts;
  found_->chunks = shelf_->chunks;
  Contents contents;
  for (const KeptCut& cut : found_->cuts)
    contents.cuts.push_back(cut.entry);
  return contents;
}

Result<CutStore::Manifest> MemoryStore::manifest(std::uint64_t number) {
  if (!found_)
    (void)list();
  for (const KeptCut& cut : found_->cuts)
    if (cut.entry.number == number)
      return manifest_of(cut);
  return Error{Errc::io_error, place() + ": there is no cut #" + std::to_string(number)};
}

Result<std::vector<std::byte>> MemoryStore::chunk_record(const ContentHash& name) {
  if (!found_)
    (void)list();
  const auto found = found_->chunks.find(name);
  if (found == found_->chunks.end())
    return Error{Errc::io_error, place() + ": there is no chunk " + name.to_string()};
  return *found->second;
}

} // namespace stos::detail
