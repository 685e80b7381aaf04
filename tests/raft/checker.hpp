#pragma once

#include "libstos/base/hash.hpp"
#include "libstos/raft/fsm.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace stos::test {

/// Looks at all that the nodes of one group do, and says the first thing that must not be.
///
/// Source: Raft paper, figure 3 (election safety, log matching, leader completeness, state machine
///         safety); reads and acknowledged entries: linearizability of a log (Herlihy and Wing
///         1990), where what takes effect is ordered by the log itself.
class Checker {
public:
  /// Empty while all is well.
  [[nodiscard]] const std::string& violation() const { return violation_; }

  /// A node leads in a term.
  void leads(raft::NodeId node, const raft::Fsm& fsm) {
    const auto [at, is_new] = leaders_.emplace(fsm.term().value, node);
    if (at->second != node)
      fail("nodes " + to_string(at->second) + " and " + to_string(node) + " lead in term " +
           to_string(fsm.term()));
    if (!is_new)
      return;
    ++elections_;
    const raft::Log& log = fsm.log();
    // What was committed in a later term than this one need not be there.
    for (std::uint64_t i = log.snapshot_index().value; i < committed_.size(); ++i)
      if (committed_in_[i] < fsm.term() && log.term_at({i + 1}) != raft::Term{committed_[i].term})
        fail("node " + to_string(node) + " leads in term " + to_string(fsm.term()) +
             " without entry " + std::to_string(i + 1) + ", which is committed");
  }

  /// A node writes entries behind the one before the first.
  void writes(raft::NodeId node, const std::vector<raft::EntryPtr>& entries,
              std::optional<raft::Term> before) {
    for (const raft::EntryPtr& entry : entries) {
      const Line line{before.value_or(raft::Term{}).value, hash_of(*entry)};
      const auto [at, is_new] = lines_.emplace(mix64(entry->term.value) + entry->index.value, line);
      if (at->second.hash != line.hash || (before && at->second.term != line.term))
        fail("node " + to_string(node) + " has another entry " + to_string(entry->index) +
             " of term " + to_string(entry->term) + " than there was");
      before = entry->term;
    }
  }

  /// A node applies an entry, and knows of this term.
  void applies(raft::NodeId node, const raft::Entry& entry, raft::Term known) {
    const std::size_t place = entry.index.value - 1;
    const Line line{entry.term.value, hash_of(entry)};
    if (place > committed_.size())
      fail("node " + to_string(node) + " applies entry " + to_string(entry.index) +
           " before the one ahead of it");
    else if (place == committed_.size()) {
      committed_.push_back(line);
      committed_in_.push_back(known);
      digests_.push_back(mix64(digest_up_to(place) + line.hash));
    } else if (committed_[place].hash != line.hash || committed_[place].term != line.term)
      fail("node " + to_string(node) + " applies another entry " + to_string(entry.index) +
           " than there was");
  }

  /// What the states of all have to be that have applied so much.
  [[nodiscard]] std::uint64_t digest_up_to(std::uint64_t index) const {
    return index == 0 ? 0 : digests_[std::min<std::uint64_t>(index, digests_.size()) - 1];
  }
  void has_state(raft::NodeId node, std::uint64_t index, std::uint64_t digest) {
    if (index > committed_.size() || digest_up_to(index) != digest)
      fail("node " + to_string(node) + " has a snapshot up to entry " + std::to_string(index) +
           " that is none of this log");
  }

  // ---- clients
  // -----------------------------------------------------------------------------------

  /// What a client that asks now has to see: all that any client has been told.
  [[nodiscard]] std::uint64_t told() const { return told_; }

  /// A client is told that its command stands in the log there.
  void acknowledges(raft::EntryId id) {
    if (id.index.value > committed_.size() || committed_[id.index.value - 1].term != id.term.value)
      fail("entry " + to_string(id.index) + " is acknowledged, and is not committed");
    told_ = std::max(told_, id.index.value);
    ++acknowledged_;
  }

  /// A client that has asked when `told` was so much is answered from a state with so much applied.
  void reads(raft::NodeId node, std::uint64_t told_when_asked, std::uint64_t applied) {
    if (applied < told_when_asked)
      fail("node " + to_string(node) + " answers a read with all up to entry " +
           std::to_string(applied) + ", but a client knows of entry " +
           std::to_string(told_when_asked));
    told_ = std::max(told_, applied);
    ++reads_;
  }

  void fail(std::string text) {
    if (violation_.empty())
      violation_ = std::move(text);
  }

  [[nodiscard]] std::uint64_t elections() const { return elections_; }
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::uint64_t answered_reads() const { return reads_; }
  [[nodiscard]] std::uint64_t committed() const { return committed_.size(); }

private:
  struct Line {
    std::uint64_t term; ///< of the entry that is committed; of the one before in lines_
    std::uint64_t hash;
  };

  static std::uint64_t hash_of(const raft::Entry& entry) {
    std::uint64_t hash = mix64(entry.term.value + mix64(static_cast<std::uint64_t>(entry.kind)));
    for (const std::byte byte : entry.data)
      hash = mix64(hash + std::to_integer<std::uint64_t>(byte));
    return hash;
  }

  std::string violation_;
  std::map<std::uint64_t, raft::NodeId> leaders_; // by term
  std::unordered_map<std::uint64_t, Line> lines_; // by term and index
  std::vector<Line> committed_;
  std::vector<raft::Term> committed_in_; // or an earlier one
  std::vector<std::uint64_t> digests_;
  std::uint64_t told_ = 0;
  std::uint64_t elections_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t reads_ = 0;
};

} // namespace stos::test
