#include "store/redis_store.hpp"

#include "libstos/base/exact_text.hpp"
#include "store/keep.hpp"
#include "store/packing.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <random>
#include <thread>
#include <utility>

namespace stos::detail {
namespace {

constexpr const char* format_key = "stos:format";
constexpr const char* cuts_key = "stos:cuts";
constexpr const char* number_key = "stos:number";
constexpr const char* pending_key = "stos:pending";
constexpr const char* lock_key = "stos:lock";
constexpr std::string_view chunk_prefix = "stos:chunk:";
constexpr const char* format = "libstos cuts 2";

constexpr std::size_t batch_keys = 1'000;              // asked for, or removed, at once
constexpr std::size_t chunks_ahead = 64;               // fetched, or sent, at once
constexpr std::chrono::milliseconds between_looks{20}; // at the lock of another writer

std::string chunk_key(const ContentHash& name) {
  return std::string(chunk_prefix) + name.to_string();
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string random_token() {
  std::random_device random;
  std::string token;
  for (int i = 0; i < 4; ++i)
    token += std::to_string(random()) + ".";
  return token;
}

RedisConnection::Words words_of(const std::vector<std::string>& command) {
  return {command.begin(), command.end()};
}

} // namespace

RedisStore::RedisStore(const RedisAddress& address, const StoreLimits& limits)
    : CutStore(address.shown()), address_(address), limits_(limits), token_(random_token()) {}

Error RedisStore::failed(const std::string& what) const {
  return {Errc::io_error, place() + ": " + what};
}

Result<std::unique_ptr<CutStore>> RedisStore::open(const std::string& place, Access access,
                                                   const StoreLimits& limits) {
  const Result<RedisAddress> address = RedisAddress::parse(place);
  if (!address)
    return address.error();
  std::unique_ptr<RedisStore> store(new RedisStore(*address, limits));
  if (const Result<void> good = store->check_format(access); !good)
    return good.error();
  return std::unique_ptr<CutStore>(std::move(store));
}

Result<RedisConnection*> RedisStore::connection() {
  if (connection_ && connection_->usable())
    return connection_.get();
  Result<std::unique_ptr<RedisConnection>> opened =
      RedisConnection::open(address_, limits_.answer_s);
  if (!opened)
    return opened.error();
  connection_ = *std::move(opened);
  return connection_.get();
}

Result<RedisReply> RedisStore::ask(const RedisConnection::Words& command) {
  const Result<RedisConnection*> server = connection();
  if (!server)
    return server.error();
  return (*server)->ask(command);
}

Result<void> RedisStore::check_format(Access access) {
  if (access == Access::write)
    if (const Result<RedisReply> set = ask({"SET", format_key, format, "NX"}); !set)
      return set.error();
  const Result<RedisReply> told = ask({"GET", format_key});
  if (!told)
    return told.error();
  if (told->text && *told->text != format)
    return failed(
        "stos:format in it is of another version of libstos, which stored cuts in another "
        "way, or of another program: use another database");
  return {};
}

// ---- reading
// --------------------------------------------------------------------------------------

Result<RedisStore::Read> RedisStore::read_cuts() {
  Result<RedisReply> all = ask({"HGETALL", cuts_key});
  if (!all)
    return all.error();
  Read read;
  for (std::size_t i = 0; i + 1 < all->parts.size(); i += 2) {
    const std::uint64_t number = number_of(all->parts[i].text.value_or(""));
    std::string bytes = std::move(all->parts[i + 1].text).value_or("");
    auto record = coder().read_cut(bytes_of(bytes), number, WithManifest::no);
    if (record)
      read.cuts.push_back({*std::move(record), std::move(bytes)});
    else
      read.damaged.push_back(number);
  }
  std::sort(read.cuts.begin(), read.cuts.end(), [](const Found& a, const Found& b) {
    return a.record.entry.number < b.record.entry.number;
  });
  std::sort(read.damaged.begin(), read.damaged.end());
  return read;
}

Result<std::vector<KeptCut>> RedisStore::complete_cuts() {
  Result<Read> read = read_cuts();
  if (!read)
    return read.error();
  std::vector<KeptCut> cuts;
  for (Found& found : read->cuts)
    cuts.push_back(std::move(found.record));
  return cuts;
}

// Those that are there; their records are not looked at beyond what they say of themselves.
Result<RedisStore::Heads> RedisStore::find(const std::vector<ContentHash>& names) {
  const Result<RedisConnection*> server = connection();
  if (!server)
    return server.error();
  const std::string last = std::to_string(head_bytes - 1);
  Heads found;
  for (std::size_t first = 0; first < names.size(); first += batch_keys) {
    const std::size_t end = std::min(names.size(), first + batch_keys);
    for (std::size_t i = first; i < end; ++i) {
      const std::string key = chunk_key(names[i]);
      (*server)->add({"GETRANGE", key, "0", last});
    }
    const Result<std::vector<RedisReply>> heads = (*server)->answers();
    if (!heads)
      return heads.error();
    for (std::size_t i = first; i < end; ++i)
      if (const auto head =
              read_head_only(bytes_of((*heads)[i - first].text.value_or("")), names[i]))
        found.emplace(names[i], *head);
  }
  return found;
}

Result<CutStore::Contents> RedisStore::list() {
  found_.reset();
  fetched_.clear();
  Result<Read> read = read_cuts();
  if (!read)
    return read.error();
  std::vector<KeptCut> cuts;
  for (const Found& found : read->cuts)
    cuts.push_back(found.record);
  const std::set<ContentHash> names = names_of(cuts);
  const Result<Heads> there = find({names.begin(), names.end()});
  if (!there)
    return there.error();
  Contents contents;
  for (const std::uint64_t number : read->damaged)
    contents.damage.push_back(damaged_cut(number));
  sort_out(
      cuts,
      [&there](const ContentHash& name) {
        return there->count(name) == 0 ? " is missing" : nullptr;
      },
      contents);
  found_.emplace();
  for (Found& cut : read->cuts)
    (*found_)[cut.record.entry.number] = std::move(cut);
  return contents;
}

Result<CutStore::Manifest> RedisStore::manifest(std::uint64_t number) {
  if (!found_)
    if (const Result<Contents> contents = list(); !contents)
      return contents.error();
  const auto found = found_->find(number);
  if (found == found_->end())
    return failed("there is no cut #" + std::to_string(number));
  auto record = coder().read_cut(bytes_of(found->second.bytes), number, WithManifest::yes);
  if (!record)
    return failed("cut #" + std::to_string(number) + " is not as it was written");
  return manifest_of(*std::move(record));
}

// The records of those that are there.
Result<RedisStore::Records> RedisStore::fetch(const std::vector<ContentHash>& names) {
  const Result<RedisConnection*> server = connection();
  if (!server)
    return server.error();
  for (const ContentHash& name : names) {
    const std::string key = chunk_key(name);
    (*server)->add({"GET", key});
  }
  Result<std::vector<RedisReply>> replies = (*server)->answers();
  if (!replies)
    return replies.error();
  Records records;
  for (std::size_t i = 0; i < names.size(); ++i)
    if ((*replies)[i].text)
      records[names[i]] = *std::move((*replies)[i].text);
  return records;
}

// A cut's chunks are asked for in their order: so the next ones are fetched with it.
Result<void> RedisStore::fetch_from(const ContentHash& name) {
  std::vector<ContentHash> names = {name};
  const auto is_it = [&name](const KeptChunk& chunk) { return chunk.name == name; };
  if (found_)
    for (const auto& [number, cut] : *found_) {
      const std::vector<KeptChunk>& chunks = cut.record.chunks;
      auto chunk = std::find_if(chunks.begin(), chunks.end(), is_it);
      if (chunk == chunks.end())
        continue;
      names.clear();
      for (; chunk != chunks.end() && names.size() < 2 * chunks_ahead; ++chunk) {
        names.push_back(chunk->name);
        if (chunk->base)
          names.push_back(*chunk->base);
      }
      break;
    }
  Result<Records> records = fetch(names);
  if (!records)
    return records.error();
  fetched_ = *std::move(records);
  return {};
}

Result<std::vector<std::byte>> RedisStore::chunk_record(const ContentHash& name) {
  if (fetched_.count(name) == 0)
    if (const Result<void> fetched = fetch_from(name); !fetched)
      return fetched.error();
  const auto found = fetched_.find(name);
  if (found == fetched_.end())
    return failed("there is no chunk " + name.to_string());
  const auto bytes = bytes_of(found->second);
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

// ---- writing
// --------------------------------------------------------------------------------------

Result<void> RedisStore::lock() {
  const std::string expiry_ms = std::to_string(static_cast<std::int64_t>(limits_.lock_s * 1e3));
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(limits_.lock_wait_s);
  for (;;) {
    const Result<RedisReply> set = ask({"SET", lock_key, token_, "NX", "PX", expiry_ms});
    if (!set)
      return set.error();
    if (!set->nothing)
      return {};
    if (std::chrono::steady_clock::now() >= deadline)
      return failed("another writer has had it for " + short_text(limits_.lock_wait_s) +
                    " s: wait for its end, or use another place");
    std::this_thread::sleep_for(between_looks);
  }
}

// If the server is lost, the lock ends by itself.
void RedisStore::unlock() {
  if (connection_ && connection_->usable())
    (void)if_locked({{"DEL", lock_key}});
}

// A transaction that is executed if the lock is still this writer's, whose time begins anew.
Result<RedisReply> RedisStore::if_locked(const Commands& commands) {
  const Result<RedisConnection*> server = connection();
  if (!server)
    return server.error();
  const Error lock_lost = failed("the writer was silent for more than " +
                                 short_text(limits_.lock_s) + " s, and has lost its turn");
  (*server)->add({"WATCH", lock_key});
  (*server)->add({"GET", lock_key});
  const Result<std::vector<RedisReply>> holder = (*server)->answers();
  if (!holder)
    return holder.error();
  if (holder->back().text != token_) {
    (void)ask({"UNWATCH"});
    return lock_lost;
  }
  const std::string expiry_ms = std::to_string(static_cast<std::int64_t>(limits_.lock_s * 1e3));
  (*server)->add({"MULTI"});
  (*server)->add({"PEXPIRE", lock_key, expiry_ms});
  for (const std::vector<std::string>& command : commands)
    (*server)->add(words_of(command));
  (*server)->add({"EXEC"});
  Result<std::vector<RedisReply>> replies = (*server)->answers();
  if (!replies)
    return replies.error();
  if (replies->back().nothing)
    return lock_lost;
  return std::move(replies->back());
}

Result<CutStore::Written> RedisStore::write(const CutLabel& label, const EncodedCut& cut,
                                            std::uint32_t keep) {
  found_.reset();
  fetched_.clear();
  if (const Result<void> locked = lock(); !locked)
    return locked.error();
  Result<Written> written = write_locked(label, cut, keep);
  unlock();
  return written;
}

Result<CutStore::Written> RedisStore::write_locked(const CutLabel& label, const EncodedCut& cut,
                                                   std::uint32_t keep) {
  // The server may be another one than at the last time, or an empty one.
  if (const Result<void> good = check_format(Access::write); !good)
    return good.error();
  const Result<std::vector<KeptCut>> before = complete_cuts();
  if (!before)
    return before.error();
  const Result<RedisReply> pending = ask({"GET", pending_key});
  if (!pending)
    return pending.error();
  if (!pending->nothing) // a cut that was never completed
    if (const Result<void> swept = sweep(names_of(*before)); !swept)
      return swept.error();
  if (const Result<RedisReply> noted = if_locked({{"SET", pending_key, "1"}}); !noted)
    return noted.error();
  Written written;
  Packing packing(cut, label.lineage, *before, coder(), written);
  if (const Result<void> put = put_chunks(cut, packing); !put)
    return put.error();
  if (const Result<void> completed = complete(label, cut, packing.stored(), *before, written);
      !completed)
    return completed.error();
  if (const Result<void> removed = remove_old(label, keep, written); !removed)
    written.warning = "older cuts were not removed: " + removed.error().context;
  return written;
}

// Those that are there, with their bases.
Result<RedisStore::Heads> RedisStore::find_whole(const EncodedCut& cut) {
  std::vector<ContentHash> names;
  for (const EncodedCut::Chunk& chunk : cut.chunks)
    names.push_back(chunk.name);
  Result<Heads> there = find(names);
  if (!there)
    return there;
  std::set<ContentHash> bases;
  for (const auto& [name, head] : *there)
    if (head.base)
      bases.insert(*head.base);
  const Result<Heads> bases_there = find({bases.begin(), bases.end()});
  if (!bases_there)
    return bases_there;
  std::erase_if(*there, [&bases_there](const auto& each) {
    return each.second.base && bases_there->count(*each.second.base) == 0;
  });
  return there;
}

Result<void> RedisStore::put_chunks(const EncodedCut& cut, Packing& packing) {
  const Result<Heads> there = find_whole(cut);
  if (!there)
    return there.error();
  while (!packing.done()) {
    const Result<void> put = put_some_chunks(cut, *there, packing);
    if (!put)
      return put;
    if (const Result<RedisReply> renewed = if_locked({}); !renewed)
      return renewed.error();
  }
  return {};
}

// As many as are sent at once.
Result<void> RedisStore::put_some_chunks(const EncodedCut& cut, const Heads& there,
                                         Packing& packing) {
  const std::size_t first = packing.stored().size();
  const std::size_t last = std::min(cut.chunks.size(), first + chunks_ahead);
  std::vector<ContentHash> bases;
  for (std::size_t i = first; i < last; ++i)
    if (there.count(cut.chunks[i].name) == 0)
      if (const std::optional<ContentHash> base = packing.base_of(cut.chunks[i]))
        bases.push_back(*base);
  const Result<Records> base_records = fetch(bases);
  if (!base_records)
    return base_records.error();
  const Result<RedisConnection*> server = connection();
  if (!server)
    return server.error();
  for (std::size_t i = first; i < last; ++i) {
    const EncodedCut::Chunk& chunk = packing.next();
    if (const auto found = there.find(chunk.name); found != there.end()) {
      packing.pass(found->second);
      continue;
    }
    const std::optional<ContentHash> base = packing.base_of(chunk);
    const auto record = base ? base_records->find(*base) : base_records->end();
    const std::string key = chunk_key(chunk.name);
    const std::string packed = text_of(packing.pack(
        record != base_records->end() ? bytes_of(record->second) : std::span<const std::byte>()));
    (*server)->add({"SET", key, packed});
  }
  if (const Result<std::vector<RedisReply>> put = (*server)->answers(); !put)
    return put.error();
  return {};
}

Result<void> RedisStore::complete(const CutLabel& label, const EncodedCut& cut,
                                  const std::vector<KeptChunk>& chunks,
                                  const std::vector<KeptCut>& before, Written& written) {
  const Result<RedisReply> last = ask({"GET", number_key});
  if (!last)
    return last.error();
  CutEntry entry;
  static_cast<CutLabel&>(entry) = label;
  entry.bytes = bytes_of_chunks(cut);
  entry.number = number_of(last->text.value_or("0"));
  for (const KeptCut& each : before)
    entry.number = std::max(entry.number, each.entry.number);
  written.number = ++entry.number;

  const std::string record = text_of(coder().cut_record(entry, chunks, cut.manifest));
  const std::vector<std::uint64_t> replaced = replaced_by(label, before);
  Commands commands = {{"SET", number_key, std::to_string(entry.number)},
                       {"HSET", cuts_key, std::to_string(entry.number), record}};
  for (const std::uint64_t number : replaced)
    commands.push_back({"HDEL", cuts_key, std::to_string(number)});
  if (const Result<RedisReply> completed = if_locked(commands); !completed)
    return completed.error();
  written.bytes_new += cut.manifest.size();
  written.bytes_stored += record.size();
  written.cuts_removed = replaced.size();
  return {};
}

Result<void> RedisStore::remove_old(const CutLabel& label, std::uint32_t keep, Written& written) {
  Result<std::vector<KeptCut>> cuts = complete_cuts();
  if (!cuts)
    return cuts.error();
  const std::vector<std::uint64_t> old = beyond(keep, label.lineage, *cuts);
  Commands commands;
  for (const std::uint64_t number : old)
    commands.push_back({"HDEL", cuts_key, std::to_string(number)});
  if (!commands.empty())
    if (const Result<RedisReply> removed = if_locked(commands); !removed)
      return removed.error();
  if (!old.empty() || written.cuts_removed > 0)
    if (const Result<void> swept = sweep(names_of(without(old, *std::move(cuts)))); !swept)
      return swept;
  written.cuts_removed += old.size();
  if (const Result<RedisReply> done = if_locked({{"DEL", pending_key}}); !done)
    return done.error();
  return {};
}

// Removes all chunks but the wanted ones.
Result<void> RedisStore::sweep(const std::set<ContentHash>& wanted) {
  std::set<std::string> wanted_keys;
  for (const ContentHash& name : wanted)
    wanted_keys.insert(chunk_key(name));
  const std::string pattern = std::string(chunk_prefix) + "*";
  std::string cursor = "0";
  do {
    const Result<RedisReply> keys =
        ask({"SCAN", cursor, "MATCH", pattern, "COUNT", std::to_string(batch_keys)});
    if (!keys)
      return keys.error();
    if (keys->parts.size() != 2)
      return failed("the server gives no list of its keys");
    std::vector<std::string> unwanted;
    for (const RedisReply& key : keys->parts[1].parts)
      if (key.text && wanted_keys.count(*key.text) == 0)
        unwanted.push_back(*key.text);
    if (const Result<void> removed = remove_chunks(unwanted); !removed)
      return removed;
    cursor = keys->parts[0].text.value_or("0");
  } while (cursor != "0");
  return {};
}

Result<void> RedisStore::remove_chunks(const std::vector<std::string>& keys) {
  std::vector<std::string> command = {"DEL"};
  command.insert(command.end(), keys.begin(), keys.end());
  if (keys.empty())
    return {};
  if (const Result<RedisReply> removed = if_locked({command}); !removed)
    return removed.error();
  return {};
}

} // namespace stos::detail
