#pragma once

#include "libstos/raft/fsm.hpp"
#include "libstos/service/keyed/ask.hpp"
#include "libstos/service/keyed/state_machine.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace stos::keyed {

/// One node's replica of a state machine, above one group of raft: it puts what is asked for into
/// the log, applies what is committed, and answers whoever waits.
///
/// What is asked between two calls of flush() goes in one entry, and all questions in one read. A
/// question is answered by the leader once it is sure that it still leads and has applied all that
/// had been answered before (raft::Fsm::read); nothing of it goes into the log.
///
/// Effects are those of entries of the leader's own term, on the node that leads in that term:
/// there is one at most, so no effect happens twice; those of entries that a dying leader has not
/// applied are lost.
///
/// Threads: none inside.
/// Limits:  an entry has at most `items_max` items or about `bytes_max` bytes; then there is
/// another.
class Replica {
public:
  static constexpr std::size_t items_max = 4'096;
  static constexpr std::size_t bytes_max = 256 << 10;

  /// Who is to be answered; no node: it is not to be known.
  struct Waiter {
    raft::NodeId from;
    std::uint64_t caller = 0;
    std::uint64_t number = 0;
  };

  struct Output {
    std::vector<std::pair<raft::NodeId, Reply>> replies;
    std::vector<Effect> effects;
  };

  explicit Replica(std::unique_ptr<StateMachine> machine) : machine_(std::move(machine)) {}

  // ---- on the leader; on other nodes, the next flush() says who leads
  // ------------------------------------

  void propose(std::vector<std::byte> item, Waiter waiter);
  void ask(std::vector<std::byte> question, Waiter waiter);

  /// Hands all that was asked over to the log.
  void flush(raft::Fsm& fsm, Time now, Output& output);

  // ---- on all
  // ---------------------------------------------------------------------------------------

  /// Fails if a snapshot makes no sense: then this node cannot go on.
  [[nodiscard]] Result<void> apply(const raft::Apply& what, raft::Fsm& fsm, Output& output);

  /// Makes a snapshot, if at least so many entries were applied since the last one.
  void compact(raft::Fsm& fsm, std::uint64_t entries);

  /// Asks for all that the group has agreed on up to now, on any node; take_recent() says once, for
  /// each time, that it is applied. Asking again while it is under way changes nothing.
  void refresh(raft::Fsm& fsm);
  [[nodiscard]] bool take_recent() { return std::exchange(is_recent_, false); }

  [[nodiscard]] bool is_empty() const { return items_.empty() && questions_.empty(); }
  [[nodiscard]] raft::LogIndex applied() const { return applied_; }
  [[nodiscard]] StateMachine& machine() { return *machine_; }
  [[nodiscard]] const StateMachine& machine() const { return *machine_; }

private:
  using Asked = std::pair<std::vector<std::byte>, Waiter>;
  struct Read {
    std::optional<raft::LogIndex> needs;
    std::vector<Asked> questions;
  };

  void flush_items(raft::Fsm& fsm, Time now, Output& output);
  void flush_questions(raft::Fsm& fsm, Output& output);
  void apply(const raft::Entry& entry, raft::Fsm& fsm, Output& output);
  void answer_reads(Output& output);
  void lose_proposals_up_to(raft::LogIndex index, Output& output);
  static void refuse(const std::vector<Asked>& asked, const Answer& answer, Output& output);
  static void reply(Waiter to, Answer answer, Output& output);

  std::unique_ptr<StateMachine> machine_;
  raft::LogIndex applied_;
  std::vector<Asked> items_;
  std::vector<Asked> questions_;
  std::map<raft::EntryId, std::vector<Waiter>> proposals_; // in the order of their items
  std::map<std::uint64_t, Read> reads_;
  std::uint64_t last_read_ = 0;
  std::uint64_t refresh_ = 0;   // the read of a refresh()
  std::uint64_t refreshes_ = 0; // calls since then: a read may be lost
  bool is_recent_ = false;
};

} // namespace stos::keyed
