#pragma once

#include "store/cut_store.hpp"
#include "store/records.hpp"
#include "store/redis_connection.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace stos::detail {

class Packing;

/// A store on a Redis server, in one of its databases.
///
/// Keys:    stos:format; stos:cuts, a hash from numbers to records of cuts; stos:chunk:NAME;
///          stos:number, the last one; stos:pending, as long as chunks may lie there that no cut
///          refers to; stos:lock, the writer's, which expires if the writer is silent for
///          `lock_s`. What completes a cut or removes anything is a transaction that fails if the
///          lock is not the writer's any more.
/// Errors:  when the server is lost, a call fails; the next one connects anew.
class RedisStore : public CutStore {
public:
  [[nodiscard]] static Result<std::unique_ptr<CutStore>>
  open(const std::string& place, Access access, const StoreLimits& limits);

  Result<Written> write(const CutLabel& label, const EncodedCut& cut, std::uint32_t keep) override;
  Result<Contents> list() override;
  Result<Manifest> manifest(std::uint64_t number) override;

private:
  using Commands = std::vector<std::vector<std::string>>;
  using Heads = std::map<ContentHash, KeptChunk>;
  using Records = std::map<ContentHash, std::string>; // as they came from the server
  // A cut's record, and as it came from the server.
  struct Found {
    KeptCut record;
    std::string bytes;
  };
  struct Read {
    std::vector<Found> cuts; // by number
    std::vector<std::uint64_t> damaged;
  };

  RedisStore(const RedisAddress& address, const StoreLimits& limits);

  Result<RedisConnection*> connection();
  Result<RedisReply> ask(const RedisConnection::Words& command);
  Result<void> check_format(Access access);
  Result<Read> read_cuts();
  Result<std::vector<KeptCut>> complete_cuts();
  Result<Heads> find(const std::vector<ContentHash>& names);
  Result<Heads> find_whole(const EncodedCut& cut);
  Result<Records> fetch(const std::vector<ContentHash>& names);
  Result<std::vector<std::byte>> chunk_record(const ContentHash& name) override;
  Result<void> fetch_from(const ContentHash& name);

  Result<void> lock();
  void unlock();
  Result<RedisReply> if_locked(const Commands& commands);
  Result<void> put_chunks(const EncodedCut& cut, Packing& packing);
  Result<void> put_some_chunks(const EncodedCut& cut, const Heads& there, Packing& packing);
  Result<void> complete(const CutLabel& label, const EncodedCut& cut,
                        const std::vector<KeptChunk>& chunks, const std::vector<KeptCut>& before,
                        Written& written);
  Result<void> sweep(const std::set<ContentHash>& wanted);
  Result<void> remove_chunks(const std::vector<std::string>& keys);
  Result<Written> write_locked(const CutLabel& label, const EncodedCut& cut, std::uint32_t keep);
  Result<void> remove_old(const CutLabel& label, std::uint32_t keep, Written& written);
  [[nodiscard]] Error failed(const std::string& what) const;

  RedisAddress address_;
  StoreLimits limits_;
  std::string token_; ///< in the lock, when it is this writer's
  std::unique_ptr<RedisConnection> connection_;
  std::optional<std::map<std::uint64_t, Found>> found_; ///< by the last list()
  Records fetched_; ///< chunks that were asked for ahead of their turn
};

} // namespace stos::detail
