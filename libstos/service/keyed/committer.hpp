#pragma once

#include "libstos/service/keyed/agent_group.hpp"
#include "libstos/service/keyed/ask.hpp"
#include "libstos/service/keyed/transaction.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace stos::keyed {

/// Coordinates transactions: two phases, between groups that each agree on a log.
///
/// First, the record is opened at the transaction's home (Decisions), together with what its first
/// agent is to do. Then one agent after the other is prepared, in the order of their ids: so those
/// who wait for agents that other transactions keep never wait in a circle. If all are prepared,
/// the home is told to commit; its answer is the decision, and the caller's. Then all agents are
/// told, and the home that they have done it, so that it forgets the record.
///
/// If an agent refuses, all that were prepared are let go, and the record is removed.
///
/// Nothing depends on the coordinator once it has begun. If it is gone, the leaders of the groups
/// with agents that are prepared find that they have been for too long, have their home decide, and
/// go on; the leader of the home tells the agents that have not heard of a commitment
/// (Node::keep_transactions()).
///
/// Threads: none inside.
class Committer {
public:
  using Then = std::function<void(const Answer&)>;
  /// Brings this to the leader of the group that owns the hash, and the answer back, by `until_ms`;
  /// nothing: by some time.
  using Bring = std::function<void(std::uint64_t hash, Ask::Kind kind, std::vector<std::byte> body,
                                   std::optional<std::uint64_t> until_ms, Then then)>;

  explicit Committer(Bring bring) : bring_(std::move(bring)) {}

  /// `then` gets what became of it, as Committed reads it. @pre check(transaction)
  void begin(Transaction transaction, std::uint64_t until_ms, Then then);

private:
  /// What one agent is to do.
  struct Part {
    Id agent;
    std::uint64_t hash = 0;
    std::vector<std::size_t> steps;
  };
  struct Run {
    Transaction transaction;
    std::vector<Part> parts; ///< in the order of their ids
    std::size_t prepared = 0;
    std::vector<std::vector<std::byte>> replies; ///< by step
    std::uint64_t until_ms = 0;
    Then then;
  };
  using RunPtr = std::shared_ptr<Run>; // shared by those who wait for its answers

  void prepare_next(const RunPtr& run);
  void prepared(const RunPtr& run, const Answer& answer);
  void abort(const RunPtr& run, const Answer& why);
  void commit(const RunPtr& run);
  void ask_how_decided(const RunPtr& run);
  void committed(const RunPtr& run, bool is_done_by_all);
  void let_go(const RunPtr& run, std::size_t parts);
  void tell_committed(const RunPtr& run);

  Bring bring_;
};

} // namespace stos::keyed
