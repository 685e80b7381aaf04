#pragma once

#include "libstos/base/result.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

struct MDB_env;
struct MDB_txn;

namespace stos::detail {

/// An LMDB file that is open. LMDB allows that once in a process, so all that use a folder at a
/// time share one.
///
/// Threads: any number at a time, each with transactions of its own.
class LmdbEnvironment {
public:
  /// Opens data.mdb in the folder, to be written to if that is permitted. @pre LMDB may be let at
  /// what is in it, or it is not there
  [[nodiscard]] static Result<std::shared_ptr<LmdbEnvironment>> of(const std::string& folder);

  ~LmdbEnvironment();
  LmdbEnvironment(const LmdbEnvironment&) = delete;
  LmdbEnvironment& operator=(const LmdbEnvironment&) = delete;

  /// After an error that LMDB does not get over: once it is closed, of() opens the file anew.
  void set_broken() { broken_ = true; }

  [[nodiscard]] MDB_env* get() const { return environment_; }

  using Folder = std::pair<std::uint64_t, std::uint64_t>; ///< device and number of it

private:
  LmdbEnvironment() = default;
  [[nodiscard]] int open(const std::string& folder);

  MDB_env* environment_ = nullptr;
  Folder folder_;
  std::atomic<bool> broken_ = false;
};

/// A transaction; it is undone unless it was committed.
///
/// Threads: one that writes belongs to the thread that has begun it.
class LmdbTransaction {
public:
  enum class Kind { read, write };

  /// Fails with LMDB's text.
  [[nodiscard]] static Result<LmdbTransaction> begin(std::shared_ptr<LmdbEnvironment> environment,
                                                     Kind kind);
  LmdbTransaction(LmdbTransaction&& other) noexcept;
  LmdbTransaction& operator=(LmdbTransaction&& other) noexcept;
  ~LmdbTransaction();

  /// Of the state that is read.
  [[nodiscard]] std::uint64_t number() const;

  // Each returns LMDB's error number, 0 if there was none.

  [[nodiscard]] int put(std::string_view key, std::span<const std::byte> value);
  [[nodiscard]] int remove(std::string_view key); ///< one that may not be there
  /// The value is good until the next put() or remove(). Not there: MDB_NOTFOUND
  [[nodiscard]] int get(std::string_view key, std::span<const std::byte>& value);
  /// Visits all records whose keys begin so, in their order, until the visitor says false. The
  /// visitor changes nothing.
  using Visitor = std::function<bool(std::string_view key, std::span<const std::byte> value)>;
  [[nodiscard]] int visit(std::string_view prefix, const Visitor& visitor);
  [[nodiscard]] int commit();

private:
  LmdbTransaction(std::shared_ptr<LmdbEnvironment> environment, MDB_txn* transaction,
                  unsigned int database)
      : environment_(std::move(environment)), transaction_(transaction), database_(database) {}

  std::shared_ptr<LmdbEnvironment> environment_;
  MDB_txn* transaction_;
  unsigned int database_;
};

/// LMDB's text, or the system's.
[[nodiscard]] std::string lmdb_text(int error);

} // namespace stos::detail
