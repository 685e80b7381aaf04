#include "actors/agent_transaction.hpp"

#include "libstos/base/hash.hpp"
#include "libstos/service/keyed/agent_group.hpp"

#include <atomic>
#include <exception>
#include <random>

namespace stos {

using keyed::AgentGroup;
using keyed::Answer;
using keyed::Ask;
using keyed::Committed;
using keyed::Outcome;
using keyed::Participant;
using keyed::TransactionId;

namespace {

/// Another one for each transaction, of all processes.
std::uint64_t new_number() {
  static const std::uint64_t of_process = [] {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
  }();
  static std::atomic<std::uint64_t> count = 0;
  return mix64(of_process ^ mix64(++count));
}

detail::HostDoor::Question for_home(const TransactionId& transaction, Ask::Kind kind,
                                    std::vector<std::byte> body) {
  return {{}, kind, std::move(body), transaction.home};
}

/// What a participant does; an exception is its error.
template <class F>
Result<void> guarded(F f) {
  try {
    return f();
  } catch (const std::exception& e) {
    return Error{Errc::io_error, e.what()};
  } catch (...) {
    return Error{Errc::io_error, "an exception that is no std::exception"};
  }
}

} // namespace

keyed::Transaction AgentTransaction::made() const {
  keyed::Transaction transaction;
  transaction.id = keyed::transaction_id(steps_, new_number());
  transaction.steps = steps_;
  for (const Participant* const participant : participants_)
    transaction.outsiders.push_back(participant->name());
  return transaction;
}

Committed AgentTransaction::commit() const {
  if (!participants_.empty())
    return commit_with_participants();
  return Committed(door_->wait(made(), patience_));
}

std::future<Committed> AgentTransaction::commit_future() const {
  if (!participants_.empty())
    return std::async(std::launch::async, [self = *this] { return self.commit(); });
  const auto promise = std::make_shared<std::promise<Committed>>();
  std::future<Committed> future = promise->get_future();
  door_->ask(made(), patience_,
             [promise](Answer answer) { promise->set_value(Committed(std::move(answer))); });
  return future;
}

// The record is opened first: a participant that is in doubt would otherwise be told that nothing
// will come of the transaction before it has begun.
Committed AgentTransaction::commit_with_participants() const {
  keyed::Transaction transaction = made();
  if (const Result<void> right = check(transaction); !right)
    return Committed(Answer::refused(Outcome::bad_request, 0, right.error().context));
  const TransactionId id = transaction.id;
  BytesWriter order;
  write(keyed::TransactionOrder(keyed::Prepare{id, true, {}}), order);
  Answer answer = door_->wait(for_home(id, Ask::Kind::transact, order.take()), patience_);
  if (answer.outcome == Outcome::timeout)
    answer = Answer::refused(Outcome::aborted, 0, "no answer in time from its home");
  if (answer.outcome != Outcome::done)
    return Committed(std::move(answer));
  const auto tell_first = [&](std::size_t count, bool is_committed) {
    for (std::size_t i = 0; i < count; ++i) // what fails is in doubt, and settled later
      static_cast<void>(detail::tell(*door_, *participants_[i], id, is_committed, patience_));
  };
  for (std::size_t i = 0; i < participants_.size(); ++i) {
    const Result<void> vote = guarded([&] { return participants_[i]->prepare(id); });
    if (vote)
      continue;
    static_cast<void>(detail::is_committed(*door_, id, patience_)); // it is not, for good
    tell_first(i + 1, false);
    return Committed(Answer::refused(Outcome::failed, 0,
                                     transaction.outsiders[i] + ": " + vote.error().context));
  }
  transaction.has_begun = true;
  answer = door_->wait(std::move(transaction), patience_);
  bool done = answer.outcome == Outcome::done;
  if (answer.outcome == Outcome::timeout || answer.outcome == Outcome::no_leader) {
    const Result<bool> decided = detail::is_committed(*door_, id, patience_);
    if (!decided)
      return Committed(Answer::refused(Outcome::timeout, 0, decided.error().context));
    done = *decided;
    answer =
        done ? Answer{Outcome::done, 0, {}, keyed::encode(std::vector<std::vector<std::byte>>{})}
             : Answer::refused(Outcome::aborted, 0, "no answer in time");
  }
  tell_first(participants_.size(), done);
  return Committed(std::move(answer));
}

namespace detail {

Result<bool> is_committed(HostDoor& door, const TransactionId& transaction,
                          std::chrono::milliseconds patience) {
  const Answer answer = door.wait(
      for_home(transaction, Ask::Kind::item, AgentGroup::decide_item(transaction)), patience);
  if (const auto decided = AgentGroup::how_decided(answer))
    return *decided != AgentGroup::Decided::aborted;
  return Error{Errc::try_later, "how a transaction has ended is not to be found out: " +
                                    std::string(to_string(answer.outcome))};
}

Result<void> tell(HostDoor& door, Participant& participant, const TransactionId& transaction,
                  bool is_committed, std::chrono::milliseconds patience) {
  const Result<void> told = guarded([&] {
    return is_committed ? participant.commit(transaction) : participant.abort(transaction);
  });
  if (told && is_committed)
    door.ask(for_home(transaction, Ask::Kind::item,
                      AgentGroup::confirm_item(transaction, participant.name())),
             patience, [](const Answer&) {});
  return told;
}

} // namespace detail
} // namespace stos
