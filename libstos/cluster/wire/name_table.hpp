#pragma once

#include "libstos/base/hash.hpp"
#include "libstos/base/ids.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace stos::detail {

/// Names a channel wherever its ends are: its source, and its number there.
struct ChannelName {
  AgentId source;
  ChannelNumber number;

  friend bool operator==(ChannelName, ChannelName) = default;
};

/// Where a name goes in a table: names that come one after the other lie side by side, eight in a
/// group, and the groups anywhere. So a walk through agents in the order of their ids, or through
/// the channels of an agent, seldom waits for memory.
inline std::size_t place_of(AgentId id) {
  return std::size_t{mix64(id.value / 8) << 3 | (id.value & 7)};
}
inline std::size_t place_of(ChannelName name) {
  const std::uint64_t number = name.number.value;
  return std::size_t{mix64(name.source.value + mix64(number / 8)) << 3 | (number & 7)};
}

/// What there is to know of agents or channels by their names, where there may be millions of them
/// for a moment. `Value{}` stands for nothing: it is what names have that are not in the table.
///
/// Cost:    all functions for one name O(1); nothing is allocated for each of them.
/// Memory:  the size of name and value for each, times at most 4; nothing to speak of once the
///          table is empty again.
/// Threads: none inside.
/// Source:  linear probing with removal by shifting back, Knuth, "The Art of Computer Programming",
///          vol. 3, section 6.4, algorithm R.
template <class Name, class Value>
class NameTable {
public:
  [[nodiscard]] std::size_t size() const { return used_; }
  [[nodiscard]] bool empty() const { return used_ == 0; }

  /// Room for `names` in all.
  void reserve(std::size_t names) {
    if (2 * names > entries_.size())
      enlarge(2 * names);
  }

  [[nodiscard]] Value find(Name name) const {
    return entries_.empty() ? Value{} : entries_[index_of(name)].value;
  }

  /// Instead of what was there before. @pre value != Value{}
  void put(Name name, const Value& value) {
    if (2 * (used_ + 1) > entries_.size())
      enlarge(2 * (used_ + 1));
    Entry& entry = entries_[index_of(name)];
    if (entry.value == Value{})
      ++used_;
    entry = {name, value};
  }

  /// What the name had; it has nothing any more.
  Value take(Name name) {
    if (entries_.empty())
      return {};
    const std::size_t index = index_of(name);
    const Value value = entries_[index].value;
    if (value == Value{})
      return value;
    close_gap(index);
    if (--used_ == 0 && entries_.size() > kept_when_empty)
      entries_ = {};
    return value;
  }

  /// Calls visit(name, value) for all, in no particular order. It must not change the table.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Entry& entry : entries_)
      if (entry.value != Value{})
        visit(entry.name, entry.value);
  }

private:
  struct Entry {
    Name name{};
    Value value{};
  };
  static constexpr std::size_t kept_when_empty = 1024;

  // Of the name, or where it would go. At least half of the entries are free.
  [[nodiscard]] std::size_t index_of(Name name) const {
    const std::size_t mask = entries_.size() - 1;
    std::size_t i = place_of(name) & mask;
    while (entries_[i].value != Value{} && entries_[i].name != name)
      i = (i + 1) & mask;
    return i;
  }

  void enlarge(std::size_t entries) {
    std::size_t size = std::max<std::size_t>(16, entries_.size());
    while (size < entries)
      size *= 2;
    const std::vector<Entry> old = std::exchange(entries_, std::vector<Entry>(size));
    for (const Entry& entry : old)
      if (entry.value != Value{})
        entries_[index_of(entry.name)] = entry;
  }

  // An entry that follows without a gap may have been pushed away from a place at or before it.
  void close_gap(std::size_t gap) {
    const std::size_t mask = entries_.size() - 1;
    for (std::size_t i = (gap + 1) & mask; entries_[i].value != Value{}; i = (i + 1) & mask)
      if (((i - place_of(entries_[i].name)) & mask) >= ((i - gap) & mask)) {
        entries_[gap] = entries_[i];
        gap = i;
      }
    entries_[gap] = {};
  }

  std::vector<Entry> entries_; // a power of two
  std::size_t used_ = 0;
};

} // namespace stos::detail
