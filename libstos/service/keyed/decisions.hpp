#pragma once

#include "libstos/service/keyed/transaction.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stos::keyed {

/// What a group has decided about the transactions whose home it is.
///
/// A record is opened before anything is prepared, once (its order bears a Stamp). As long as it is
/// open, anybody may have it aborted; then it is removed, so *no record means: aborted*. If the
/// coordinator is the first, the transaction is committed, for good, and the record stays until all
/// participants have done what was tried. So a participant that asks gets the same answer as all
/// others, and each that asks before there is a decision makes one: none waits for a coordinator
/// that is gone, and nothing needs to be kept of what was aborted.
///
/// Threads: none inside. Replicated, as a part of AgentGroup.
/// Limits:  `records_max`; an outsider that never confirms keeps its record for ever.
/// Source:  two-phase commit with presumed abort: Mohan, Lindsay and Obermarck, "Transaction
///          management in the R* distributed database management system" (1986); a decision that
///          is agreed on, so that it does not block: Gray and Lamport, "Consensus on transaction
///          commit" (2006).
class Decisions {
public:
  static constexpr std::size_t records_max = 10'000;

  struct Record {
    bool is_committed = false;
    std::vector<Id> agents; ///< of a committed one: not all have done it yet; none: all have
    std::vector<std::string> outsiders; ///< likewise: these have not yet
  };
  using Records = std::map<TransactionId, Record>;

  [[nodiscard]] bool is_full() const { return records_.size() >= records_max; }
  void open(const TransactionId& id) { records_.try_emplace(id); }

  /// Whether the transaction is committed now.
  bool commit(const Commit& commit);
  /// Aborts the transaction if it is open. Whether it is committed.
  bool abort(const TransactionId& id);

  /// All agents of a committed one have done it; or this outsider has.
  void confirm_agents(const TransactionId& id);
  void confirm(const TransactionId& id, std::string_view outsider);

  [[nodiscard]] const Records& records() const { return records_; }

  void insert(const TransactionId& id, Record record) {
    records_.insert_or_assign(id, std::move(record));
  }
  void merge(Decisions& other) { records_.merge(other.records_); }
  void remove(Range range);

private:
  void end_if_over(Records::iterator at);

  Records records_;
};

void write(const Decisions::Record& record, BytesWriter& out);
[[nodiscard]] Decisions::Record read_record(BytesReader& in);

} // namespace stos::keyed
