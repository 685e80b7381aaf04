#include "store/lmdb_environment.hpp"

#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <mutex>
#include <utility>

#if MDB_VERSION_MAJOR != 0 || MDB_VERSION_MINOR != 9
#error "lmdb_pages.cpp reads the files of LMDB 0.9"
#endif

namespace stos::detail {
namespace {

// Address space, not memory; a file grows as needed.
constexpr std::size_t map_bytes_wanted = std::size_t{1} << 40;
constexpr std::size_t map_bytes_min = std::size_t{1} << 26;

// Which folders are open in this process: LMDB loses its locks if a file is opened twice.
struct OpenFolders {
  using Key = std::pair<dev_t, ino_t>;
  std::mutex mutex;
  std::map<Key, std::weak_ptr<LmdbEnvironment>> environments;
};

OpenFolders& open_folders() {
  static OpenFolders folders;
  return folders;
}

Error failed(int error) {
  if (error == EACCES || error == EPERM)
    return {Errc::io_error, "no permission for data.mdb and lock.mdb in it"};
  return {Errc::io_error, lmdb_text(error)};
}

MDB_val to_value(std::string_view text) { return {text.size(), const_cast<char*>(text.data())}; }

} // namespace

Result<std::shared_ptr<LmdbEnvironment>> LmdbEnvironment::of(const std::string& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0)
    return failed(errno);
  OpenFolders& folders = open_folders();
  const std::lock_guard lock(folders.mutex);
  std::weak_ptr<LmdbEnvironment>& known = folders.environments[{status.st_dev, status.st_ino}];
  if (std::shared_ptr<LmdbEnvironment> open = known.lock()) {
    if (open->broken_)
      return Error{Errc::io_error, "after an error it cannot be opened anew as long as it is read"};
    return open;
  }
  const std::string file = folder + "/data.mdb";
  const bool writable =
      ::access(folder.c_str(), W_OK) == 0 && (::access(file.c_str(), W_OK) == 0 || errno == ENOENT);
  std::shared_ptr<LmdbEnvironment> opened(new LmdbEnvironment);
  int error = 0;
  for (std::size_t bytes = map_bytes_wanted; bytes >= map_bytes_min; bytes /= 2) {
    error = mdb_env_create(&opened->environment_);
    if (error == 0)
      error = mdb_env_set_mapsize(opened->environment_, bytes);
    if (error == 0)
      error = mdb_env_open(opened->environment_, folder.c_str(),
                           MDB_NOTLS | (writable ? 0u : MDB_RDONLY), 0666);
    if (error == 0)
      break;
    mdb_env_close(opened->environment_);
    opened->environment_ = nullptr;
    if (error != ENOMEM)
      break;
  }
  if (error != 0)
    return failed(error);
  (void)mdb_reader_check(opened->environment_, nullptr); // forgets readers that were killed
  known = opened;
  return opened;
}

LmdbEnvironment::~LmdbEnvironment() {
  if (environment_ != nullptr)
    mdb_env_close(environment_);
}

Result<LmdbTransaction> LmdbTransaction::begin(std::shared_ptr<LmdbEnvironment> environment,
                                               Kind kind) {
  MDB_txn* transaction = nullptr;
  int error =
      mdb_txn_begin(environment->get(), nullptr, kind == Kind::read ? MDB_RDONLY : 0, &transaction);
  if (error != 0)
    return failed(error);
  MDB_dbi database = 0;
  error = mdb_dbi_open(transaction, nullptr, 0, &database);
  if (error != 0) {
    mdb_txn_abort(transaction);
    return failed(error);
  }
  return LmdbTransaction(std::move(environment), transaction, database);
}

LmdbTransaction::LmdbTransaction(LmdbTransaction&& other) noexcept
    : environment_(std::move(other.environment_)),
      transaction_(std::exchange(other.transaction_, nullptr)), database_(other.database_) {}

LmdbTransaction& LmdbTransaction::operator=(LmdbTransaction&& other) noexcept {
  std::swap(environment_, other.environment_);
  std::swap(transaction_, other.transaction_);
  std::swap(database_, other.database_);
  return *this;
}

LmdbTransaction::~LmdbTransaction() {
  if (transaction_ != nullptr)
    mdb_txn_abort(transaction_);
}

std::uint64_t LmdbTransaction::number() const { return mdb_txn_id(transaction_); }

int LmdbTransaction::put(std::string_view key, std::span<const std::byte> value) {
  MDB_val k = to_value(key);
  MDB_val v{value.size(), const_cast<std::byte*>(value.data())};
  return mdb_put(transaction_, database_, &k, &v, 0);
}

int LmdbTransaction::remove(std::string_view key) {
  MDB_val k = to_value(key);
  const int error = mdb_del(transaction_, database_, &k, nullptr);
  return error == MDB_NOTFOUND ? 0 : error;
}

int LmdbTransaction::get(std::string_view key, std::span<const std::byte>& value) {
  MDB_val k = to_value(key);
  MDB_val v{};
  const int error = mdb_get(transaction_, database_, &k, &v);
  if (error == 0)
    value = {static_cast<const std::byte*>(v.mv_data), v.mv_size};
  return error;
}

int LmdbTransaction::visit(std::string_view prefix, const Visitor& visitor) {
  MDB_cursor* cursor = nullptr;
  int error = mdb_cursor_open(transaction_, database_, &cursor);
  if (error != 0)
    return error;
  MDB_val k = to_value(prefix);
  MDB_val v{};
  error = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
  for (; error == 0; error = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
    const std::string_view key(static_cast<const char*>(k.mv_data), k.mv_size);
    if (!key.starts_with(prefix) ||
        !visitor(key, {static_cast<const std::byte*>(v.mv_data), v.mv_size}))
      break;
  }
  mdb_cursor_close(cursor);
  return error == MDB_NOTFOUND ? 0 : error;
}

int LmdbTransaction::commit() { return mdb_txn_commit(std::exchange(transaction_, nullptr)); }

std::string lmdb_text(int error) {
  switch (error) {
    case MDB_MAP_FULL: return "no address space left for it (ulimit -v): LMDB maps its whole file";
    case MDB_READERS_FULL: return "more than 126 programs read it at a time";
    case ENOMEM: return "no address space for it (ulimit -v), or out of memory";
    case ENOSPC: return "the disk that it lies on is full: make room, or keep fewer cuts";
    case EDQUOT: return "the disk quota is used up: make room, or keep fewer cuts";
    default: return mdb_strerror(error);
  }
}

} // namespace stos::detail
