#include "store/lmdb_store.hpp"

#include "libstos/base/bytes.hpp"
#include "store/keep.hpp"
#include "store/packing.hpp"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace stos::detail {
namespace {

constexpr std::string_view format_key = "f";
constexpr std::string_view pending_key = "p";
constexpr std::string_view cut_prefix = "e";
constexpr std::string_view chunk_prefix = "c";
constexpr std::string_view format = "libstos cuts 2";

constexpr const char* foreign_file =
    "data.mdb in it is of another program, or damaged: use another folder";
constexpr const char* foreign_format =
    "data.mdb in it was written by another version of libstos, which stored cuts in another way: "
    "go on from its cuts with that version, or use another folder";

constexpr std::size_t batch_bytes = std::size_t{32} << 20; // of chunks in a transaction
constexpr std::uint64_t full_below_bytes = 1 << 20;        // as good as nothing left on a disk

std::string text_of(int error) { return std::generic_category().message(error); }

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

void append_number(std::string& key, std::uint64_t number) { // the highest byte first: in order
  for (int shift = 56; shift >= 0; shift -= 8)
    key += static_cast<char>(number >> shift & 0xff);
}

std::uint64_t number_at(std::string_view key) {
  std::uint64_t number = 0;
  for (const char byte : key.substr(0, 8))
    number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

std::string cut_key(std::uint64_t number) {
  std::string key(cut_prefix);
  append_number(key, number);
  return key;
}

std::string chunk_key(const ContentHash& name) {
  std::string key(chunk_prefix);
  append_number(key, name.high);
  append_number(key, name.low);
  return key;
}

std::optional<std::uint64_t> number_in(std::string_view key) {
  if (key.size() != 9 || !key.starts_with(cut_prefix))
    return std::nullopt;
  return number_at(key.substr(1));
}

std::optional<ContentHash> name_in(std::string_view key) {
  if (key.size() != 17 || !key.starts_with(chunk_prefix))
    return std::nullopt;
  return ContentHash{number_at(key.substr(1)), number_at(key.substr(9))};
}

} // namespace

// data.mdb, open to be read.
class LmdbStore::DataFile {
public:
  // Null, and errno says why, if that cannot be.
  static std::unique_ptr<DataFile> open(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
      return nullptr;
    return std::unique_ptr<DataFile>(new DataFile(descriptor));
  }
  ~DataFile() { ::close(descriptor_); }
  DataFile(const DataFile&) = delete;
  DataFile& operator=(const DataFile&) = delete;

  [[nodiscard]] std::uint64_t size() const {
    struct stat status {};
    return ::fstat(descriptor_, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  }

  [[nodiscard]] ReadableFile readable() const {
    return {size(),
            [this](std::uint64_t offset, std::span<std::byte> to) { return read(offset, to); }};
  }

  [[nodiscard]] bool read(std::uint64_t offset, std::span<std::byte> to) const {
    while (!to.empty()) {
      const ssize_t size = ::pread(descriptor_, to.data(), to.size(), static_cast<off_t>(offset));
      if (size < 0 && errno == EINTR)
        continue;
      if (size <= 0)
        return false;
      to = to.subspan(static_cast<std::size_t>(size));
      offset += static_cast<std::uint64_t>(size);
    }
    return true;
  }

  /// Empty if it is not all there.
  [[nodiscard]] std::vector<std::byte> read(const Place& place) const {
    const std::uint64_t end = size();
    if (place.offset > end || place.size > end - place.offset)
      return {};
    std::vector<std::byte> bytes(place.size);
    if (!read(place.offset, bytes))
      bytes.clear();
    return bytes;
  }

private:
  explicit DataFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

LmdbStore::LmdbStore(const std::string& folder, const StoreLimits& limits)
    : CutStore(folder), folder_(folder), limits_(limits) {}

LmdbStore::~LmdbStore() = default;

Error LmdbStore::failed(const std::string& what) const {
  return {Errc::io_error, "the store of cuts in " + folder_ + ": " + what};
}

Error LmdbStore::failed(int error) {
  // LMDB calls it an error of the disk if less was written than there was.
  struct statvfs disk {};
  if (error == EIO && ::statvfs(folder_.c_str(), &disk) == 0 &&
      disk.f_bavail * disk.f_frsize < full_below_bytes)
    error = ENOSPC;
  if (environment_ && error != ENOSPC && error != MDB_MAP_FULL)
    environment_->set_broken();
  environment_.reset();
  return failed(lmdb_text(error));
}

// ---- opening
// --------------------------------------------------------------------------------------

Result<std::unique_ptr<CutStore>> LmdbStore::open(const std::string& folder, Access access,
                                                  const StoreLimits& limits) {
  std::unique_ptr<LmdbStore> store(new LmdbStore(folder, limits));
  if (folder.empty())
    return Error{Errc::bad_argument, "a store of cuts wants a place: a folder, "
                                     "redis://HOST:PORT/DB or memory:NAME"};
  const Result<void> opened =
      access == Access::write ? store->open_to_write() : store->open_to_read();
  if (!opened)
    return opened.error();
  return std::unique_ptr<CutStore>(std::move(store));
}

Result<void> LmdbStore::open_to_read() {
  struct stat status {};
  if (::stat(folder_.c_str(), &status) != 0)
    return failed(errno == ENOENT ? "there is no such folder" : text_of(errno));
  if (!S_ISDIR(status.st_mode))
    return failed("it is a file, wanted is a folder");
  file_ = DataFile::open(folder_ + "/data.mdb");
  if (!file_)
    return failed(errno == ENOENT ? "there is none, as no data.mdb is in it"
                                  : "data.mdb: " + text_of(errno));
  return {};
}

Result<void> LmdbStore::open_to_write() {
  struct stat status {};
  if (::stat(folder_.c_str(), &status) == 0 && !S_ISDIR(status.st_mode))
    return failed("it is a file, wanted is a folder");
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error)
    return failed("the folder cannot be made: " + error.message());
  if (::access(folder_.c_str(), W_OK | X_OK) != 0)
    return failed("it cannot be written to: " + text_of(errno));
  // So that no other writer makes the file at the same time.
  const Result<FileLock> lock =
      FileLock::take(folder_ + "/writer.lock", FileLock::Kind::exclusive, limits_.lock_wait_s);
  if (!lock)
    return failed(lock.error().context);
  file_ = DataFile::open(folder_ + "/data.mdb");
  if (!file_ && errno != ENOENT)
    return failed("data.mdb: " + text_of(errno));
  const bool is_new = !file_ || file_->size() == 0;
  if (!is_new)
    if (const Result<void> good = check_pages(); !good)
      return good;
  const Result<void> begun = begin_format();
  if (!begun && is_new) { // there must not be half a file
    environment_.reset();
    ::unlink((folder_ + "/data.mdb").c_str());
  }
  return begun;
}

// LMDB may be let at the file.
Result<void> LmdbStore::check_pages() {
  if (::access((folder_ + "/data.mdb").c_str(), W_OK) != 0)
    return failed("data.mdb cannot be written to: " + text_of(errno));
  const ReadableFile file = file_->readable();
  const LmdbMetas metas = read_lmdb_metas(file);
  std::string damage = obstacle_to_open(file, metas);
  if (damage.empty()) { // no process writes to it now
    const LmdbContents found =
        look_through(file, *metas[metas[0]->transaction > metas[1]->transaction ? 0 : 1]);
    const auto is_format = [](const LmdbContents::Record& record) {
      return record.key == format_key;
    };
    const bool has_format = std::any_of(found.records.begin(), found.records.end(), is_format);
    if (!has_format && !(found.records.empty() && found.damage.empty()))
      return failed(foreign_file);
    if (!found.damage.empty())
      damage = found.damage.front();
  }
  if (!damage.empty())
    return failed("data.mdb is damaged, and is not written to: " + damage +
                  ". What is right in it can still be read; write to another folder");
  return {};
}

Result<void> LmdbStore::begin_format() {
  Result<LmdbTransaction> transaction = begin_write();
  if (!transaction)
    return transaction.error();
  if (!file_)
    file_ = DataFile::open(folder_ + "/data.mdb");
  if (!file_)
    return failed("data.mdb: " + text_of(errno));
  std::span<const std::byte> told;
  const int error = transaction->get(format_key, told);
  if (error == 0) {
    if (!std::ranges::equal(told, bytes_of(format)))
      return failed(foreign_format);
    return {};
  }
  if (error != MDB_NOTFOUND)
    return failed(error);
  if (const int put = transaction->put(format_key, bytes_of(format)); put != 0)
    return failed(put);
  return commit(*transaction);
}

// ---- reading
// --------------------------------------------------------------------------------------

Result<LmdbStore::Pin> LmdbStore::pin() {
  Pin pinned;
  const ReadableFile file = file_->readable();
  if (obstacle_to_open(file, read_lmdb_metas(file)).empty()) {
    if (!environment_)
      if (Result<std::shared_ptr<LmdbEnvironment>> opened = LmdbEnvironment::of(folder_))
        environment_ = *std::move(opened);
    if (environment_) {
      Result<LmdbTransaction> transaction =
          LmdbTransaction::begin(environment_, LmdbTransaction::Kind::read);
      if (!transaction)
        return failed(transaction.error().context);
      pinned.transaction = *std::move(transaction);
      return pinned;
    }
  }
  // LMDB must not, or has no permission to, keep writers off. Where they have never been there is
  // no such lock.
  const std::string path = folder_ + "/writer.lock";
  if (::access(path.c_str(), F_OK) != 0)
    return pinned;
  Result<FileLock> lock = FileLock::take(path, FileLock::Kind::shared, limits_.lock_wait_s);
  if (!lock)
    return failed(lock.error().context);
  pinned.lock.emplace(*std::move(lock));
  return pinned;
}

Result<LmdbStore::View> LmdbStore::look() {
  const ReadableFile file = file_->readable();
  const LmdbMetas metas = read_lmdb_metas(file);
  const std::string obstacle = obstacle_to_open(file, metas);
  std::vector<LmdbMeta> states; // the newest one first
  for (const std::optional<LmdbMeta>& meta : metas)
    if (meta)
      states.push_back(*meta);
  if (states.size() == 2 && states[0].transaction < states[1].transaction)
    std::swap(states[0], states[1]);
  // A pinned state is read, whatever has become the newest one since. The one before it stays as it
  // is, too: LMDB does not use its pages anew as long as the next one is the oldest that is read.
  if (pin_->transaction) {
    const std::uint64_t number = pin_->transaction->number();
    std::erase_if(states, [number](const LmdbMeta& meta) { return meta.transaction > number; });
    if (states.empty() || states.front().transaction != number)
      return failed("it is written to too fast to be read");
  }
  if (states.empty())
    return failed("data.mdb: " + obstacle);
  View view = look_at(states.front());
  if (states.size() > 1 && (view.pages_damaged || !obstacle.empty())) {
    View before = look_at(states.back());
    if (before.contents.cuts.size() > view.contents.cuts.size()) {
      before.contents.damage = std::move(view.contents.damage);
      view = std::move(before);
    }
  }
  if (!obstacle.empty())
    view.contents.damage.push_back("data.mdb: " + obstacle);
  return view;
}

LmdbStore::View LmdbStore::look_at(const LmdbMeta& meta) const {
  const LmdbContents found = look_through(file_->readable(), meta);
  View view;
  sort_out(view, found);
  view.pages_damaged = !found.damage.empty();
  view.records = found.records.size() + found.damage.size();
  for (const std::string& damage : found.damage)
    view.contents.damage.push_back("data.mdb: " + damage);
  return view;
}

// Finds which cuts are right: their own records, and all chunks that they refer to.
void LmdbStore::sort_out(View& view, const LmdbContents& found) const {
  std::set<ContentHash> damaged;
  std::vector<KeptCut> cuts;
  for (const LmdbContents::Record& record : found.records) {
    const Place place{record.offset, record.size};
    if (record.key == format_key) {
      view.format = file_->read(place);
    } else if (const auto name = name_in(record.key)) {
      if (read_head(file_->read(place), *name))
        view.chunks[*name] = place;
      else
        damaged.insert(*name);
    } else if (const auto number = number_in(record.key)) {
      auto cut = coder().read_cut(file_->read(place), *number, WithManifest::no);
      if (cut) {
        view.cuts[*number] = place;
        cuts.push_back(*std::move(cut));
      } else {
        view.contents.damage.push_back(damaged_cut(*number));
      }
    }
  }
  std::sort(cuts.begin(), cuts.end(),
            [](const KeptCut& a, const KeptCut& b) { return a.entry.number < b.entry.number; });
  const auto wrong_with = [&](const ContentHash& name) -> const char* {
    if (view.chunks.count(name) != 0)
      return nullptr;
    return damaged.count(name) != 0 ? " is not as it was written" : " is missing";
  };
  detail::sort_out(cuts, wrong_with, view.contents);
}

Result<CutStore::Contents> LmdbStore::list() {
  view_.reset();
  pin_.reset();
  // The meta of the pinned state is written over when two newer ones are complete; then again.
  constexpr int tries = 5;
  for (int i = 0;; ++i) {
    Result<Pin> pinned = pin();
    if (!pinned)
      return pinned.error();
    pin_.emplace(*std::move(pinned));
    Result<View> view = look();
    if (view) {
      if (view->contents.cuts.empty()) {
        if (!view->format && view->records > 0)
          return failed(foreign_file);
        if (view->format && !std::ranges::equal(*view->format, bytes_of(format)))
          return failed(foreign_format);
      }
      view_ = *std::move(view);
      return view_->contents;
    }
    pin_.reset();
    if (i + 1 == tries)
      return view.error();
  }
}

Result<CutStore::Manifest> LmdbStore::manifest(std::uint64_t number) {
  if (!view_)
    if (const Result<Contents> contents = list(); !contents)
      return contents.error();
  const auto found = view_->cuts.find(number);
  if (found == view_->cuts.end())
    return failed("there is no cut #" + std::to_string(number));
  std::optional<KeptCut> record =
      coder().read_cut(file_->read(found->second), number, WithManifest::yes);
  if (!record)
    return failed("cut #" + std::to_string(number) + " is not as it was written");
  return manifest_of(*std::move(record));
}

Result<std::vector<std::byte>> LmdbStore::chunk_record(const ContentHash& name) {
  if (!view_)
    if (const Result<Contents> contents = list(); !contents)
      return contents.error();
  const auto found = view_->chunks.find(name);
  if (found == view_->chunks.end())
    return failed("there is no chunk " + name.to_string());
  return file_->read(found->second);
}

// ---- writing
// --------------------------------------------------------------------------------------

Result<LmdbTransaction> LmdbStore::begin_write() {
  if (!environment_) {
    Result<std::shared_ptr<LmdbEnvironment>> opened = LmdbEnvironment::of(folder_);
    if (!opened)
      return failed(opened.error().context);
    environment_ = *std::move(opened);
  }
  Result<LmdbTransaction> transaction =
      LmdbTransaction::begin(environment_, LmdbTransaction::Kind::write);
  if (!transaction)
    return failed(transaction.error().context);
  return transaction;
}

Result<void> LmdbStore::commit(LmdbTransaction& transaction) {
  if (const int error = transaction.commit(); error != 0)
    return failed(error);
  return {};
}

Result<CutStore::Written> LmdbStore::write(const CutLabel& label, const EncodedCut& cut,
                                           std::uint32_t keep) {
  view_.reset(); // what it has pinned must not keep pages from being used anew
  pin_.reset();
  const Result<FileLock> lock =
      FileLock::take(folder_ + "/writer.lock", FileLock::Kind::exclusive, limits_.lock_wait_s);
  if (!lock)
    return failed(lock.error().context);
  const Result<std::vector<KeptCut>> before = complete_cuts();
  if (!before)
    return before.error();
  if (const Result<void> swept = sweep_if_needed(*before); !swept)
    return swept.error();
  Written written;
  Packing packing(cut, label.lineage, *before, coder(), written);
  if (const Result<void> put = put_chunks(packing); !put)
    return put.error();
  if (const Result<void> completed = complete(label, cut, packing.stored(), *before, written);
      !completed)
    return completed.error();
  if (const Result<void> removed = remove_old(label.lineage, keep, written); !removed)
    written.warning = "older cuts were not removed: " + removed.error().context;
  return written;
}

Result<void> LmdbStore::put_chunks(Packing& packing) {
  while (!packing.done()) {
    Result<LmdbTransaction> transaction = begin_write();
    if (!transaction)
      return transaction.error();
    if (const int error = transaction->put(pending_key, {}); error != 0)
      return failed(error);
    for (std::size_t batch = 0; !packing.done() && batch < batch_bytes;) {
      const ContentHash name = packing.next().name;
      if (const std::optional<KeptChunk> there = find_right(*transaction, name)) {
        packing.pass(*there);
        continue;
      }
      std::span<const std::byte> base_record;
      if (const std::optional<ContentHash> base = packing.base_of(packing.next()))
        (void)transaction->get(chunk_key(*base), base_record); // without it, it is stored whole
      const std::vector<std::byte> record = packing.pack(base_record);
      if (const int error = transaction->put(chunk_key(name), record); error != 0)
        return failed(error);
      batch += record.size();
    }
    if (const Result<void> committed = commit(*transaction); !committed)
      return committed;
  }
  return {};
}

// A chunk that is there as it was written, and so is its base.
std::optional<KeptChunk> LmdbStore::find_right(LmdbTransaction& transaction,
                                               const ContentHash& name) {
  const auto find = [&transaction](const ContentHash& wanted) {
    std::span<const std::byte> record;
    return transaction.get(chunk_key(wanted), record) == 0 ? read_head(record, wanted)
                                                           : std::nullopt;
  };
  const std::optional<KeptChunk> found = find(name);
  return found && found->base && !find(*found->base) ? std::nullopt : found;
}

Result<void> LmdbStore::complete(const CutLabel& label, const EncodedCut& cut,
                                 const std::vector<KeptChunk>& chunks,
                                 const std::vector<KeptCut>& before, Written& written) {
  Result<LmdbTransaction> transaction = begin_write();
  if (!transaction)
    return transaction.error();
  CutEntry entry;
  static_cast<CutLabel&>(entry) = label;
  entry.bytes = bytes_of_chunks(cut);
  const int last = transaction->visit(cut_prefix, [&entry](std::string_view key, auto) {
    entry.number = std::max(entry.number, number_in(key).value_or(0));
    return true;
  });
  if (last != 0)
    return failed(last);
  written.number = ++entry.number;
  const std::vector<std::uint64_t> replaced = replaced_by(label, before);
  for (const std::uint64_t number : replaced)
    if (const int error = transaction->remove(cut_key(number)); error != 0)
      return failed(error);
  written.cuts_removed = replaced.size();
  const std::vector<std::byte> record = coder().cut_record(entry, chunks, cut.manifest);
  if (const int error = transaction->put(cut_key(entry.number), record); error != 0)
    return failed(error);
  if (const int error = transaction->put(pending_key, {}); error != 0) // see remove_old()
    return failed(error);
  written.bytes_new += cut.manifest.size();
  written.bytes_stored += record.size();
  return commit(*transaction);
}

Result<void> LmdbStore::remove_old(std::uint64_t lineage, std::uint32_t keep, Written& written) {
  Result<std::vector<KeptCut>> cuts = complete_cuts();
  if (!cuts)
    return cuts.error();
  Result<LmdbTransaction> transaction = begin_write();
  if (!transaction)
    return transaction.error();
  const std::vector<std::uint64_t> old = beyond(keep, lineage, *cuts);
  for (const std::uint64_t number : old)
    if (const int error = transaction->remove(cut_key(number)); error != 0)
      return failed(error);
  if (!old.empty() || written.cuts_removed > 0)
    if (const int error = sweep(*transaction, names_of(without(old, *std::move(cuts)))); error != 0)
      return failed(error);
  if (const int error = transaction->remove(pending_key); error != 0)
    return failed(error);
  if (const Result<void> committed = commit(*transaction); !committed)
    return committed;
  written.cuts_removed += old.size();
  return {};
}

// Chunks of a cut that was never completed.
Result<void> LmdbStore::sweep_if_needed(const std::vector<KeptCut>& cuts) {
  Result<LmdbTransaction> transaction = begin_write();
  if (!transaction)
    return transaction.error();
  std::span<const std::byte> there;
  const int pending = transaction->get(pending_key, there);
  if (pending == MDB_NOTFOUND)
    return {};
  if (pending != 0)
    return failed(pending);
  if (const int error = sweep(*transaction, names_of(cuts)); error != 0)
    return failed(error);
  return commit(*transaction);
}

int LmdbStore::sweep(LmdbTransaction& transaction, const std::set<ContentHash>& wanted) const {
  std::vector<std::string> unwanted;
  int error = transaction.visit(chunk_prefix, [&](std::string_view key, auto) {
    const std::optional<ContentHash> name = name_in(key);
    if (!name || wanted.count(*name) == 0)
      unwanted.emplace_back(key);
    return true;
  });
  for (auto key = unwanted.begin(); error == 0 && key != unwanted.end(); ++key)
    error = transaction.remove(*key);
  return error;
}

// Those whose records are right, by number. What is damaged stays as it is. @pre the writer's lock
Result<std::vector<KeptCut>> LmdbStore::complete_cuts() {
  Result<LmdbTransaction> transaction = begin_write();
  if (!transaction)
    return transaction.error();
  std::vector<KeptCut> cuts;
  const int error =
      transaction->visit(cut_prefix, [&](std::string_view key, std::span<const std::byte> record) {
        if (const std::optional<std::uint64_t> number = number_in(key))
          if (auto cut = coder().read_cut(record, *number, WithManifest::no))
            cuts.push_back(*std::move(cut));
        return true;
      });
  if (error != 0)
    return failed(error);
  return cuts;
}

} // namespace stos::detail
