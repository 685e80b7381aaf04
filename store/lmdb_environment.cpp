#include "store/lmdb_environment.hpp"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
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

// Which folders are open in this process: LMDB loses its locks if a file is opened twice. A folder
// is here until its file is closed, which is after the last one who uses it has left.
struct OpenFolders {
  std::mutex mutex;
  std::condition_variable closed;
  std::map<LmdbEnvironment::Folder, std::weak_ptr<LmdbEnvironment>> environments;
};

OpenFolders& open_folders() {
  // Never destroyed: a store may live until the very end of the program.
  static OpenFolders& folders = *new OpenFolders;
  return folders;
}

Error failed(int error) {
  if (error == EACCES || error == EPERM)
    return {Errc::io_error, "no permission for data.mdb and lock.mdb in it"};
  return {Errc::io_error, lmdb_text(error)};
}

MDB_val to_value(std::string_view text) { return {text.size(), const_cast<char*>(text.data())}; }

// LMDB maps lock.mdb, and writing to a part of it that the disk has no room for ends the process.
int reserve_lock_file(const std::string& path) {
  constexpr off_t bytes = 16'384; // LMDB wants 8 kB, and takes what is there
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0)
    return errno;
  const int error = ::fallocate(descriptor, 0, 0, bytes) == 0 ? 0 : errno;
  ::close(descriptor);
  return error == EOPNOTSUPP ? 0 : error;
}

} // namespace

Result<std::shared_ptr<LmdbEnvironment>> LmdbEnvironment::of(const std::string& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0)
    return failed(errno);
  const Folder key{status.st_dev, status.st_ino};
  OpenFolders& folders = open_folders();
  std::unique_lock lock(folders.mutex);
  for (;;) {
    const auto known = folders.environments.find(key);
    if (known == folders.environments.end())
      break;
    if (std::shared_ptr<LmdbEnvironment> open = known->second.lock()) {
      if (open->broken_) {
        lock.unlock(); // this may be its last owner
        return Error{Errc::io_error,
                     "after an error it cannot be opened anew as long as it is read"};
      }
      return open;
    }
    folders.closed.wait(lock); // another thread is about to close it
  }
  std::shared_ptr<LmdbEnvironment> opened(new LmdbEnvironment);
  if (const int error = opened->open(folder); error != 0)
    return failed(error);
  opened->folder_ = key;
  folders.environments[key] = opened;
  return opened;
}

int LmdbEnvironment::open(const std::string& folder) {
  const std::string file = folder + "/data.mdb";
  const bool writable =
      ::access(folder.c_str(), W_OK) == 0 && (::access(file.c_str(), W_OK) == 0 || errno == ENOENT);
  if (writable)
    if (const int error = reserve_lock_file(folder + "/lock.mdb"); error != 0)
      return error;
  int error = ENOMEM;
  for (std::size_t bytes = map_bytes_wanted; bytes >= map_bytes_min && error == ENOMEM;
       bytes /= 2) {
    error = mdb_env_create(&environment_);
    if (error == 0)
      error = mdb_env_set_mapsize(environment_, bytes);
    if (error == 0)
      error = mdb_env_open(environment_, folder.c_str(), MDB_NOTLS | (writable ? 0u : MDB_RDONLY),
                           0666);
    if (error != 0) {
      mdb_env_close(environment_);
      environment_ = nullptr;
    }
  }
  if (error == 0)
    (void)mdb_reader_check(environment_, nullptr); // forgets readers that were killed
  return error;
}

LmdbEnvironment::~LmdbEnvironment() {
  if (environment_ == nullptr)
    return;
  OpenFolders& folders = open_folders();
  {
    const std::lock_guard lock(folders.mutex);
    mdb_env_close(environment_);
    folders.environments.erase(folder_);
  }
  folders.closed.notify_all();
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
