#include "store/cut_store.hpp"

#include "libstos/base/exact_text.hpp"
#include "libstos/base/plain_text.hpp"
#include "store/lmdb_store.hpp"
#include "store/memory_store.hpp"
#include "store/records.hpp"
#include "store/redis_store.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <set>
#include <span>
#include <thread>
#include <utility>

namespace stos {
namespace {

constexpr std::size_t lines_shown = 20;

std::string size_text(std::uint64_t bytes) {
  PlainText text;
  text.precision(3);
  if (bytes < 1'000)
    text << bytes << " B";
  else if (bytes < 1'000'000)
    text << static_cast<double>(bytes) / 1e3 << " kB";
  else if (bytes < 1'000'000'000)
    text << static_cast<double>(bytes) / 1e6 << " MB";
  else
    text << static_cast<double>(bytes) / 1e9 << " GB";
  return text.str();
}

// "\n  ..." for each; of many the last ones.
std::string lines(const std::vector<std::string>& each) {
  std::string text;
  std::size_t first = 0;
  if (each.size() > lines_shown) {
    first = each.size() - lines_shown;
    text += "\n  (" + std::to_string(first) + " more)";
  }
  for (std::size_t i = first; i < each.size(); ++i)
    text += "\n  " + each[i];
  return text;
}

std::string listing(const CutStore::Contents& contents) {
  std::vector<std::string> cuts;
  for (const CutEntry& entry : contents.cuts)
    cuts.push_back(to_string(entry));
  std::string text = cuts.empty() ? "; there is no cut in it" : "; there are:" + lines(cuts);
  if (!contents.damage.empty())
    text += (cuts.empty() ? ", and damaged are:" : "\nDamaged are:") + lines(contents.damage);
  return text;
}

std::string described(const CutChoice& choice) {
  std::string text = "no cut";
  if (choice.number)
    text += " #" + std::to_string(*choice.number);
  if (!choice.run.empty())
    text += " of the run " + choice.run;
  if (choice.time)
    text += " at t = " + exact_text(*choice.time) + " s";
  return text;
}

} // namespace

Result<std::unique_ptr<CutStore>> CutStore::open(const std::string& place, Access access,
                                                 const StoreLimits& limits) {
  if (place.starts_with("memory:"))
    return std::unique_ptr<CutStore>(std::make_unique<detail::MemoryStore>(place.substr(7)));
  if (place.starts_with("redis:"))
    return detail::RedisStore::open(place, access, limits);
  if (const std::size_t scheme = place.find("://"); scheme != std::string::npos)
    return Error{Errc::bad_argument, "there are no stores of cuts at " + place.substr(0, scheme) +
                                         "://; there are folders, redis:// and memory:"};
  return detail::LmdbStore::open(place, access, limits);
}

CutStore::CutStore(std::string place)
    : place_(std::move(place)), coder_(std::make_unique<detail::RecordCoder>()) {}

CutStore::~CutStore() = default;

Result<std::vector<std::byte>> CutStore::chunk(const ContentHash& name) {
  const auto damaged = [this](const ContentHash& which) {
    return Error{Errc::io_error,
                 place_ + ": chunk " + which.to_string() + " is not as it was written"};
  };
  const Result<std::vector<std::byte>> record = chunk_record(name);
  if (!record)
    return record.error();
  const auto head = detail::read_head(*record, name);
  std::optional<std::vector<std::byte>> base;
  if (head && head->base) {
    const Result<std::vector<std::byte>> base_record = chunk_record(*head->base);
    if (!base_record)
      return base_record.error();
    base = coder_->read_chunk(*base_record, *head->base);
    if (!base)
      return damaged(*head->base);
  }
  auto content = coder_->read_chunk(
      *record, name, base ? std::span(std::as_const(*base)) : std::span<const std::byte>());
  if (!content)
    return damaged(name);
  return *std::move(content);
}

Result<CutEntry> pick(const CutStore& store, const CutStore::Contents& contents,
                      const CutChoice& choice) {
  const CutEntry* picked = nullptr;
  std::set<std::string> runs;
  for (const CutEntry& entry : contents.cuts) {
    if ((choice.number && entry.number != *choice.number) ||
        (choice.time && entry.time != *choice.time) ||
        (!choice.run.empty() && entry.run != choice.run))
      continue;
    runs.insert(entry.run);
    if (picked == nullptr || picked->number < entry.number)
      picked = &entry;
  }
  if (picked == nullptr)
    return Error{Errc::bad_argument, store.place() + ": " + described(choice) + listing(contents)};
  if (choice.time && runs.size() > 1)
    return Error{Errc::bad_argument,
                 store.place() + ": several runs have a cut at t = " + exact_text(*choice.time) +
                     " s: name the run, or the number of the cut" + listing(contents)};
  return *picked;
}

namespace {

// Reads chunks in their order on a thread of its own, a few ahead of who takes them.
class ChunksAhead {
public:
  ChunksAhead(CutStore& store, std::vector<ContentHash> names)
      : store_(store), names_(std::move(names)), reading_([this] { read_all(); }) {}
  ChunksAhead(const ChunksAhead&) = delete;
  ChunksAhead& operator=(const ChunksAhead&) = delete;
  ~ChunksAhead() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
      changed_.notify_all();
    }
    reading_.join();
  }

  Result<std::vector<std::byte>> take(const ContentHash& name) {
    std::unique_lock lock(mutex_);
    if (taken_ == names_.size() || names_[taken_] != name)
      return Error{Errc::io_error, store_.place() + ": chunk " + name.to_string() +
                                       " is not the next one in the cut's record"};
    changed_.wait(lock, [this] { return !read_.empty(); });
    Result<std::vector<std::byte>> chunk = std::move(read_.front());
    read_.pop_front();
    ++taken_;
    changed_.notify_all();
    return chunk;
  }

private:
  void read_all() {
    constexpr std::size_t ahead_max = 32;
    for (const ContentHash& name : names_) {
      Result<std::vector<std::byte>> chunk = read(name);
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return is_over_ || read_.size() < ahead_max; });
      if (is_over_)
        return;
      read_.push_back(std::move(chunk));
      changed_.notify_all();
    }
  }

  Result<std::vector<std::byte>> read(const ContentHash& name) {
    try {
      return store_.chunk(name);
    } catch (const std::exception& problem) { // there is no memory for it
      return Error{Errc::internal, problem.what()};
    }
  }

  CutStore& store_;
  const std::vector<ContentHash> names_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Result<std::vector<std::byte>>> read_;
  std::size_t taken_ = 0;
  bool is_over_ = false;
  std::thread reading_; // the last one: it begins when all others are there
};

} // namespace

Result<detail::Cut> read_cut(CutStore& store, const CutEntry& entry) {
  const auto failed = [&entry](const std::string& why) {
    return Error{Errc::io_error, "cut " + to_string(entry) + " cannot be read: " + why};
  };
  Result<CutStore::Manifest> manifest = store.manifest(entry.number);
  if (!manifest)
    return failed(manifest.error().context);
  ChunksAhead chunks(store, std::move(manifest->chunks));
  Result<detail::Cut> cut = detail::decode_cut(
      manifest->bytes, [&chunks](const ContentHash& name) { return chunks.take(name); });
  if (!cut && cut.error().code == Errc::bad_message)
    return failed(store.place() + ": " + cut.error().context);
  if (!cut)
    return failed(cut.error().context);
  return cut;
}

std::string to_string(const CutEntry& entry) {
  return "#" + std::to_string(entry.number) + "  t = " + exact_text(entry.time) + " s  run " +
         entry.run + ", " + std::to_string(entry.agents) + " agents, " + size_text(entry.bytes) +
         ", state " + entry.state_digest;
}

} // namespace stos
