#pragma once

#include "libstos/base/result.hpp"
#include "libstos/raft/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace stos::keyed {

/// Finds out who begins the replicated agents of a cluster, on hosts that all see the same views
/// (who belongs to the cluster, by epochs): all that begin have to begin with the same list of
/// founders, whatever happens meanwhile.
///
/// Each host says its word to all others, again and again. When all members of a view have said
/// theirs in this view and no list is known, all hosts of the view are the list, and the host
/// *pledges* it. When all members have pledged one list in one view, each begins. So if a host has
/// begun, all members of its view have pledged its list, and those of them that are in the next
/// view hold on to it: the list of the latest epoch that is heard of counts. A host that hears of
/// one that has begun begins, too; if it is not in the list, as one that comes later.
///
/// Order:   members that are no hosts yet are waited for.
/// Threads: none inside.
class Founding {
public:
  /// What a host says of itself.
  struct Word {
    raft::NodeId host;
    std::uint64_t epoch = 0; ///< of the view in which it says so
    bool has_begun = false;
    std::uint64_t pledged_in = 0;       ///< epoch; 0 if it has pledged nothing
    std::vector<raft::NodeId> founders; ///< that it has pledged, or has begun with
    bool is_over = false;               ///< it would end, but for those that need it still

    friend bool operator==(const Word&, const Word&) = default;
  };

  /// One that has found its replicas on its disk has begun before, and is whom others ask.
  Founding(raft::NodeId self, bool has_begun);

  /// A view is there: of these members, `own` being this host's.
  void enter(std::uint64_t epoch, std::vector<raft::NodeId> members, raft::NodeId own);

  void hear(raft::NodeId member, const Word& word);

  /// This host has nothing more to do for itself; all_are_over() says whether that is so of all in
  /// the view that were heard of.
  void end() { word_.is_over = true; }
  [[nodiscard]] bool all_are_over() const;

  [[nodiscard]] const Word& word() const { return word_; }
  [[nodiscard]] bool has_begun() const { return word_.has_begun; }

private:
  void step();
  void begin(std::vector<raft::NodeId> founders);
  [[nodiscard]] bool all_have_spoken() const;
  void pledge();

  Word word_;
  std::vector<raft::NodeId> members_; // of the view
  raft::NodeId own_;
  std::map<raft::NodeId, Word> heard_; // by member, this host's own left out
};

[[nodiscard]] std::vector<std::byte> encode(const Founding::Word& word);

/// Reads any bytes. Fails with bad_message.
[[nodiscard]] Result<Founding::Word> decode_word(std::span<const std::byte> bytes);

} // namespace stos::keyed
