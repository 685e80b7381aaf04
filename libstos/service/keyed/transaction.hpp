#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"
#include "libstos/service/keyed/answer.hpp"
#include "libstos/service/keyed/calls.hpp"
#include "libstos/service/keyed/id.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace stos::keyed {

/// Names a transaction, and says where its record is: in the group that owns the hash `home`, as if
/// it were an agent. That group alone decides (decisions.hpp).
struct TransactionId {
  std::uint64_t home = 0;
  std::uint64_t number = 0; ///< another one for each transaction, ever

  friend auto operator<=>(const TransactionId&, const TransactionId&) = default;
};

/// Commands and queries for any agents that are done together, or not at all.
struct Transaction {
  static constexpr std::size_t steps_max = 1'000;
  static constexpr std::size_t outsiders_max = 100;

  TransactionId id;
  std::vector<Call> steps; ///< those for one agent are done in this order
  /// Who takes part and is no agent, by names: the record stays until each has confirmed its end.
  std::vector<std::string> outsiders;
  bool has_begun = false; ///< its record was opened already
};

/// With its home where the first agent is, in the order of ids.
[[nodiscard]] TransactionId transaction_id(const std::vector<Call>& steps, std::uint64_t number);

/// Fails with bad_argument if there is nothing to be done, too much, or an id is wrong.
[[nodiscard]] Result<void> check(const Transaction& transaction);

// ---- what the groups are told
// ----------------------------------------------------------------------

/// "Try this, and keep the agent for the transaction until you hear how it has ended."
struct Prepare {
  TransactionId transaction;
  bool begins = false;     ///< its record is opened, too: this goes to its home
  std::vector<Call> steps; ///< of one agent; none: only the record is opened

  friend bool operator==(const Prepare&, const Prepare&) = default;
};

/// "All are prepared." The record becomes a committed one, if it is still there.
struct Commit {
  TransactionId transaction;
  std::vector<Id> agents;
  std::vector<std::string> outsiders;

  friend bool operator==(const Commit&, const Commit&) = default;
};

/// What is done once, under a Stamp.
using TransactionOrder = std::variant<Prepare, Commit>;

void write(const TransactionId& id, BytesWriter& out);
[[nodiscard]] TransactionId read_transaction_id(BytesReader& in);
void write(const TransactionOrder& order, BytesWriter& out);
[[nodiscard]] TransactionOrder read_transaction_order(BytesReader& in);

/// Replies as the one reply of an answer.
[[nodiscard]] std::vector<std::byte> encode(const std::vector<std::vector<std::byte>>& replies);
/// Nothing, if these bytes are none.
[[nodiscard]] std::optional<std::vector<std::vector<std::byte>>>
decode_replies(std::span<const std::byte> bytes);

// ---- what the user gets
// ----------------------------------------------------------------------------

namespace detail {

template <class A, class X>
struct StepReplyOf {
  using type = CommandReply<A, X>;
};
template <class A, class X>
requires QueryWithContext<A, X> || QueryAlone<A, X>
struct StepReplyOf<A, X> {
  using type = QueryReply<A, X>;
};

} // namespace detail

/// What agents of class A reply to a query or a command of class X.
template <class A, class X>
using StepReply = typename detail::StepReplyOf<A, X>::type;

/// What became of a transaction: it was committed, and these are the replies; or why it was not.
///
/// After `timeout` alone it is open whether it was. All else says that nothing was done: what a
/// step was answered (the text says which), `locked` if an agent was kept by other transactions for
/// all the time that was given, `aborted` if it took too long.
class Committed {
public:
  explicit Committed(Answer answer);

  explicit operator bool() const { return answer_.outcome == Outcome::done; }
  [[nodiscard]] std::size_t size() const { return replies_.size(); } ///< 0 if it was not

  /// What the step of this number (from 0) was replied; nothing if it is of another class, or there
  /// is none.
  template <class A, class X>
  [[nodiscard]] std::optional<StepReply<A, X>> reply_to(std::size_t step) const {
    return reply<StepReply<A, X>>(step);
  }
  template <class R>
  [[nodiscard]] std::optional<R> reply(std::size_t step) const {
    if (step >= replies_.size())
      return std::nullopt;
    BytesReader in(replies_[step]);
    std::optional<R> read = load_new<R>(in);
    return in.at_end() ? std::move(read) : std::nullopt;
  }

  [[nodiscard]] Outcome outcome() const { return answer_.outcome; }
  [[nodiscard]] const std::string& text() const { return answer_.text; }
  /// For people: the outcome, and what else there is to say.
  [[nodiscard]] std::string error() const;
  /// @pre rate_limit_reached
  [[nodiscard]] std::uint64_t retry_after_ms() const { return answer_.number; }

private:
  Answer answer_;
  std::vector<std::vector<std::byte>> replies_;
};

} // namespace stos::keyed
