#include "store/cut_store.hpp"

#include "libstos/base/exact_text.hpp"
#include "libstos/base/plain_text.hpp"
#include "store/lmdb_store.hpp"
#include "store/memory_store.hpp"
#include "store/redis_store.hpp"

#include <algorithm>
#include <set>

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

Result<detail::Cut> read_cut(CutStore& store, const CutEntry& entry) {
  const auto failed = [&entry](const std::string& why) {
    return Error{Errc::io_error, "cut " + to_string(entry) + " cannot be read: " + why};
  };
  const Result<std::vector<std::byte>> manifest = store.manifest(entry.number);
  if (!manifest)
    return failed(manifest.error().context);
  Result<detail::Cut> cut = detail::decode_cut(
      *manifest, [&store](const ContentHash& name) { return store.chunk(name); });
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
