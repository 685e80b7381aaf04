#pragma once

#include "actors/service/host_door.hpp"
#include "libstos/base/result.hpp"
#include "libstos/service/keyed/calls.hpp"
#include "libstos/service/keyed/participant.hpp"
#include "libstos/service/keyed/transaction.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace stos {

/// Commands and queries for any replicated agents that are done together, or not at all, as if at
/// one moment; made by ReplicatedAgents::transaction():
/// @code
///   const keyed::Committed done = agents.transaction()
///                                     .command<Account>("bank", "alice", Withdraw{100})
///                                     .command<Account>("bank", "bob", Deposit{100})
///                                     .commit();
///   if (done)
///     std::cout << "alice has " << *done.reply_to<Account, Withdraw>(0);
///   else
///     std::cout << done.error(); // such as "failed: bank/account/alice: there is not enough"
/// @endcode
/// What a callback throws is its agent's refusal: then nothing is done. Callbacks are called twice,
/// first to try.
///
/// Until it is decided, the agents are kept for the transaction. What others want of them waits for
/// as long as it may, then it is answered with `locked`. If the transaction takes longer than five
/// seconds it may be aborted; if this process dies, it is over after about as long. Transactions
/// prepare agents in the order of their ids, so none waits for another one in a circle.
///
/// Threads: one at a time; commit_future() does not wait.
class AgentTransaction {
public:
  AgentTransaction(std::shared_ptr<detail::HostDoor> door, std::chrono::milliseconds patience)
      : door_(std::move(door)), patience_(patience) {}

  // Those for the same agent are done in the order in which they were added.

  template <class A, class C>
  AgentTransaction& command(std::string quota, std::string key, const C& command) {
    return add(keyed::command_call<A>(std::move(quota), std::move(key), command));
  }
  /// An agent that is not active refuses: `agent_not_found`.
  template <class A, class Q>
  AgentTransaction& query(std::string quota, std::string key, const Q& query) {
    return add(keyed::query_call<A>(std::move(quota), std::move(key), query));
  }
  /// As command_call() and query_call() make it.
  AgentTransaction& add(keyed::Call step) {
    steps_.push_back(std::move(step));
    return *this;
  }

  /// It votes before all agents, those that were added first before others, and has five seconds in
  /// all. It has to be there until the transaction is over.
  AgentTransaction& participant(keyed::Participant& participant) {
    participants_.push_back(&participant);
    return *this;
  }

  /// Does all of it, or nothing, and waits; participants are called by this thread. If it was not
  /// done, this may be called again.
  [[nodiscard]] keyed::Committed commit() const;

  /// The same, without waiting. If there are participants, a thread begins for them, and the
  /// future's destructor waits for it.
  [[nodiscard]] std::future<keyed::Committed> commit_future() const;

private:
  [[nodiscard]] keyed::Transaction made() const;
  [[nodiscard]] keyed::Committed commit_with_participants() const;

  std::shared_ptr<detail::HostDoor> door_;
  std::chrono::milliseconds patience_;
  std::vector<keyed::Call> steps_;
  std::vector<keyed::Participant*> participants_;
};

namespace detail {

/// Whether it is committed; if it is under way, it is aborted. Fails with try_later if its group
/// does not answer.
[[nodiscard]] Result<bool> is_committed(HostDoor& door, const keyed::TransactionId& transaction,
                                        std::chrono::milliseconds patience);

/// Tells a participant how the transaction has ended, and the record that it knows.
[[nodiscard]] Result<void> tell(HostDoor& door, keyed::Participant& participant,
                                const keyed::TransactionId& transaction, bool is_committed,
                                std::chrono::milliseconds patience);

} // namespace detail
} // namespace stos
