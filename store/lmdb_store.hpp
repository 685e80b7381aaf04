#pragma once

#include "store/cut_store.hpp"
#include "store/file_lock.hpp"
#include "store/lmdb_environment.hpp"
#include "store/lmdb_pages.hpp"
#include "store/records.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace stos::detail {

class Packing;

/// A store in a folder: data.mdb and lock.mdb of LMDB, and writer.lock.
///
/// What is read is read from the file itself, with every byte checked (see LmdbPages), while a
/// transaction of LMDB keeps other processes from using its pages anew. LMDB is let at the tree
/// only to write, after a look through all pages.
///
/// Records: "f" the format, "e" and a number a cut, "c" and a name a chunk, "p" as long as chunks
///          may lie there that no cut refers to.
class LmdbStore : public CutStore {
public:
  [[nodiscard]] static Result<std::unique_ptr<CutStore>>
  open(const std::string& folder, Access access, const StoreLimits& limits);
  ~LmdbStore() override;

  Result<Written> write(const CutLabel& label, const EncodedCut& cut, std::uint32_t keep) override;
  Result<Contents> list() override;
  Result<Manifest> manifest(std::uint64_t number) override;

private:
  struct Place {
    std::uint64_t offset = 0;
    std::uint32_t size = 0;
  };
  // A state of the file, with what is right in it.
  struct View {
    std::map<std::uint64_t, Place> cuts;
    std::map<ContentHash, Place> chunks;
    Contents contents;
    std::optional<std::vector<std::byte>> format;
    std::size_t records = 0;    ///< of any kind, also what cannot be read
    bool pages_damaged = false; ///< what leads to the records
  };
  // What keeps a state as it is while it is read.
  struct Pin {
    std::optional<FileLock> lock;
    std::optional<LmdbTransaction> transaction;
  };
  class DataFile;

  LmdbStore(const std::string& folder, const StoreLimits& limits);

  Result<void> open_to_read();
  Result<void> open_to_write();
  Result<void> check_pages();
  Result<void> begin_format();
  Result<Pin> pin();
  Result<View> look();
  View look_at(const LmdbMeta& meta) const;
  void sort_out(View& view, const LmdbContents& found) const;

  Result<std::vector<std::byte>> chunk_record(const ContentHash& name) override;

  Result<void> put_chunks(Packing& packing);
  static std::optional<KeptChunk> find_right(LmdbTransaction& transaction, const ContentHash& name);
  Result<void> complete(const CutLabel& label, const EncodedCut& cut,
                        const std::vector<KeptChunk>& chunks, const std::vector<KeptCut>& before,
                        Written& written);
  Result<void> remove_old(std::uint64_t lineage, std::uint32_t keep, Written& written);
  Result<void> sweep_if_needed(const std::vector<KeptCut>& cuts);
  int sweep(LmdbTransaction& transaction, const std::set<ContentHash>& wanted) const;
  Result<std::vector<KeptCut>> complete_cuts();
  Result<LmdbTransaction> begin_write();
  Result<void> commit(LmdbTransaction& transaction);

  [[nodiscard]] Error failed(const std::string& what) const;
  [[nodiscard]] Error failed(int error);

  std::string folder_;
  StoreLimits limits_;
  std::unique_ptr<DataFile> file_;
  std::shared_ptr<LmdbEnvironment> environment_; ///< null if LMDB is not let at the file
  std::optional<Pin> pin_;
  std::optional<View> view_; ///< by the last list()
};

} // namespace stos::detail
