#include "libstos/service/coordination/versioned_map.hpp"

#include <algorithm>

namespace stos::coordination {
namespace {

using Outcome = Answer::Outcome;

Answer refused(Outcome outcome, std::string why) {
  Answer answer;
  answer.outcome = outcome;
  answer.why = std::move(why);
  return answer;
}

std::size_t bytes_of(const Change& change) {
  constexpr std::size_t others = 16;
  return change.entry.key.size() + change.entry.value.size() + others;
}

bool is_of(const std::string& key, const Request& request) {
  return request.is_prefix ? key.starts_with(request.name) : key == request.name;
}

} // namespace

std::optional<Answer> VersionedMap::objection(const Request& request) const {
  if (!request.expected)
    return std::nullopt;
  const auto entry = entries_.find(request.name);
  const std::uint64_t has = entry == entries_.end() ? 0 : entry->second.revision;
  if (has == *request.expected)
    return std::nullopt;
  Answer answer = refused(
      Outcome::conflict,
      "key " + request.name +
          (has == 0 ? " has no value" : " has revision " + std::to_string(has)) +
          ", expected was " +
          (*request.expected == 0 ? "no value" : "revision " + std::to_string(*request.expected)));
  if (has != 0)
    answer.entries.push_back({request.name, entry->second.bytes, has});
  answer.revision = has;
  return answer;
}

Answer VersionedMap::put(const Request& request) {
  if (std::optional<Answer> problem = objection(request))
    return *std::move(problem);
  const auto before = entries_.find(request.name);
  const std::size_t old_bytes =
      before == entries_.end() ? 0 : request.name.size() + before->second.bytes.size();
  const std::size_t bytes = bytes_ - old_bytes + request.name.size() + request.value.size();
  if (before == entries_.end() && entries_.size() >= entries_max)
    return refused(Outcome::full,
                   "the map has " + std::to_string(entries_.size()) + " keys, which is the limit");
  if (bytes > bytes_max)
    return refused(Outcome::full, "keys and values would have " + std::to_string(bytes) +
                                      " bytes together, the limit is " + std::to_string(bytes_max));
  bytes_ = bytes;
  entries_[request.name] = {request.value, ++revision_};
  note({{request.name, request.value, revision_}, false});
  Answer answer;
  answer.revision = revision_;
  return answer;
}

Answer VersionedMap::remove(const Request& request) {
  if (std::optional<Answer> problem = objection(request))
    return *std::move(problem);
  const auto entry = entries_.find(request.name);
  if (entry == entries_.end())
    return refused(Outcome::not_there, "key " + request.name + " has no value");
  bytes_ -= request.name.size() + entry->second.bytes.size();
  entries_.erase(entry);
  note({{request.name, {}, ++revision_}, true});
  Answer answer;
  answer.revision = revision_;
  return answer;
}

Answer VersionedMap::propose(const Request& request) {
  if (!entries_.contains(request.name))
    if (Answer answer = put(request); answer.outcome != Outcome::done)
      return answer;
  return get(request.name);
}

Answer VersionedMap::get(const std::string& key) const {
  const auto entry = entries_.find(key);
  if (entry == entries_.end()) {
    Answer answer = refused(Outcome::not_there, "key " + key + " has no value");
    answer.revision = revision_;
    return answer;
  }
  Answer answer;
  answer.revision = revision_;
  answer.entries.push_back({key, entry->second.bytes, entry->second.revision});
  return answer;
}

Answer VersionedMap::list(const std::string& prefix) const {
  Answer answer;
  answer.revision = revision_;
  std::size_t bytes = 0;
  for (auto entry = entries_.lower_bound(prefix);
       entry != entries_.end() && entry->first.starts_with(prefix); ++entry) {
    bytes += entry->first.size() + entry->second.bytes.size();
    if (bytes > answer_bytes_max)
      return refused(Outcome::full, "what begins with \"" + prefix + "\" has more than " +
                                        std::to_string(answer_bytes_max) + " bytes");
    answer.entries.push_back({entry->first, entry->second.bytes, entry->second.revision});
  }
  return answer;
}

Answer VersionedMap::changes(const Request& request) const {
  Answer answer;
  answer.revision = std::max(revision_, request.after);
  const std::uint64_t forgotten = revision_ - changes_.size();
  if (request.after < forgotten) {
    answer.outcome = Outcome::compacted;
    answer.revision = forgotten;
    answer.why = "changes are known from revision " + std::to_string(forgotten + 1) +
                 " on, those after " + std::to_string(request.after) +
                 " are not any more; wanted: read the values anew, and go on from there";
    return answer;
  }
  std::size_t bytes = 0;
  for (std::size_t i = request.after - forgotten; i < changes_.size(); ++i) {
    if (!is_of(changes_[i].entry.key, request))
      continue;
    bytes += bytes_of(changes_[i]);
    if (bytes > answer_bytes_max && !answer.changes.empty()) {
      answer.revision = changes_[i].entry.revision - 1;
      return answer;
    }
    answer.changes.push_back(changes_[i]);
  }
  return answer;
}

void VersionedMap::note(Change change) {
  changes_bytes_ += bytes_of(change);
  changes_.push_back(std::move(change));
  while (changes_.size() > changes_max ||
         (changes_bytes_ > changes_bytes_max && changes_.size() > 1)) {
    changes_bytes_ -= bytes_of(changes_.front());
    changes_.pop_front();
  }
}

void VersionedMap::write(BytesWriter& out) const {
  out.varint(revision_);
  out.varint(entries_.size());
  for (const auto& [key, value] : entries_) {
    out.text(key);
    out.text(value.bytes);
    out.varint(value.revision);
  }
  out.varint(changes_.size());
  for (const Change& change : changes_) {
    out.text(change.entry.key);
    out.text(change.entry.value);
    out.u8(change.is_removal ? 1 : 0);
  }
}

VersionedMap VersionedMap::read(BytesReader& in) {
  constexpr std::size_t least_bytes = 3;
  VersionedMap map;
  map.revision_ = in.varint();
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left) {
    std::string key = in.text();
    Value value;
    value.bytes = in.text();
    value.revision = in.varint();
    map.bytes_ += key.size() + value.bytes.size();
    map.entries_[std::move(key)] = std::move(value);
  }
  const std::size_t changes = in.count(least_bytes);
  if (changes > map.revision_)
    in.fail();
  for (std::size_t i = 0; i < changes && in.ok(); ++i) {
    Change change;
    change.entry.key = in.text();
    change.entry.value = in.text();
    change.entry.revision = map.revision_ - changes + i + 1;
    change.is_removal = in.u8() == 1;
    map.changes_bytes_ += bytes_of(change);
    map.changes_.push_back(std::move(change));
  }
  return map;
}

} // namespace stos::coordination
