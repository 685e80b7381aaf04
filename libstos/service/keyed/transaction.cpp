#include "libstos/service/keyed/transaction.hpp"

#include "libstos/base/hash.hpp"

#include <algorithm>
#include <span>

namespace stos::keyed {
namespace {

enum class Kind : std::uint8_t { prepare, commit };

void write_prepare(const Prepare& prepare, BytesWriter& out) {
  write(prepare.transaction, out);
  out.u8(prepare.begins ? 1 : 0);
  out.varint(prepare.steps.size());
  for (const Call& step : prepare.steps) {
    out.u8(step.is_command ? 1 : 0);
    write(step, out);
  }
}

Prepare read_prepare(BytesReader& in) {
  constexpr std::size_t least_bytes_of_step = 6;
  Prepare prepare;
  prepare.transaction = read_transaction_id(in);
  prepare.begins = in.u8() != 0;
  for (std::size_t left = in.count(least_bytes_of_step); left > 0 && in.ok(); --left) {
    const bool is_command = in.u8() != 0;
    prepare.steps.push_back(read_call(in, is_command));
    if (prepare.steps.back().id != prepare.steps.front().id)
      in.fail();
  }
  return prepare;
}

void write_commit(const Commit& commit, BytesWriter& out) {
  write(commit.transaction, out);
  out.varint(commit.agents.size());
  for (const Id& id : commit.agents)
    write(id, out);
  out.varint(commit.outsiders.size());
  for (const std::string& name : commit.outsiders)
    out.text(name);
}

Commit read_commit(BytesReader& in) {
  constexpr std::size_t least_bytes_of_id = 3;
  Commit commit;
  commit.transaction = read_transaction_id(in);
  for (std::size_t left = in.count(least_bytes_of_id); left > 0 && in.ok(); --left)
    commit.agents.push_back(read_id(in));
  for (std::size_t left = in.count(1); left > 0 && in.ok(); --left)
    commit.outsiders.push_back(in.text());
  return commit;
}

} // namespace

TransactionId transaction_id(const std::vector<Call>& steps, std::uint64_t number) {
  const auto first = std::ranges::min_element(steps, {}, &Call::id);
  return {first == steps.end() ? mix64(number) : hash_of(first->id), number};
}

Result<void> check(const Transaction& transaction) {
  const auto limit = [](std::size_t count, std::size_t most, const char* what) {
    return Error{Errc::bad_argument, "a transaction has " + std::to_string(count) + " " + what +
                                         "; at most " + std::to_string(most) + " are allowed"};
  };
  const auto& [id, steps, outsiders, has_begun] = transaction;
  if (steps.empty() && outsiders.empty())
    return Error{Errc::bad_argument, "a transaction has nothing to do"};
  if (steps.size() > Transaction::steps_max)
    return limit(steps.size(), Transaction::steps_max, "steps");
  if (outsiders.size() > Transaction::outsiders_max)
    return limit(outsiders.size(), Transaction::outsiders_max, "participants");
  for (const Call& step : steps)
    if (Result<void> right = check(step.id); !right)
      return right;
  for (const std::string& name : outsiders)
    if (name.empty() || name.size() > Id::part_bytes_max)
      return Error{Errc::bad_argument, "the name of a participant has " +
                                           std::to_string(name.size()) + " bytes; wanted: 1 to " +
                                           std::to_string(Id::part_bytes_max)};
  return {};
}

// ---- as bytes
// --------------------------------------------------------------------------------------

void write(const TransactionId& id, BytesWriter& out) {
  out.u64(id.home);
  out.u64(id.number);
}

TransactionId read_transaction_id(BytesReader& in) {
  TransactionId id;
  id.home = in.u64();
  id.number = in.u64();
  return id;
}

void write(const TransactionOrder& order, BytesWriter& out) {
  if (const auto* const prepare = std::get_if<Prepare>(&order)) {
    out.u8(static_cast<std::uint8_t>(Kind::prepare));
    write_prepare(*prepare, out);
  } else {
    out.u8(static_cast<std::uint8_t>(Kind::commit));
    write_commit(std::get<Commit>(order), out);
  }
}

TransactionOrder read_transaction_order(BytesReader& in) {
  switch (static_cast<Kind>(in.u8())) {
    case Kind::prepare: return read_prepare(in);
    case Kind::commit: return read_commit(in);
  }
  in.fail();
  return Prepare{};
}

std::vector<std::byte> encode(const std::vector<std::vector<std::byte>>& replies) {
  BytesWriter out;
  out.varint(replies.size());
  for (const std::vector<std::byte>& reply : replies) {
    out.varint(reply.size());
    out.raw(reply);
  }
  return out.take();
}

std::optional<std::vector<std::vector<std::byte>>>
decode_replies(std::span<const std::byte> bytes) {
  BytesReader in(bytes);
  std::vector<std::vector<std::byte>> replies;
  for (std::size_t left = in.count(1); left > 0 && in.ok(); --left) {
    const std::span<const std::byte> reply = in.raw(in.count(1));
    replies.emplace_back(reply.begin(), reply.end());
  }
  if (!in.at_end())
    return std::nullopt;
  return replies;
}

// ---- what the user gets
// ----------------------------------------------------------------------------

Committed::Committed(Answer answer) : answer_(std::move(answer)) {
  if (answer_.outcome != Outcome::done)
    return;
  if (auto replies = decode_replies(answer_.reply))
    replies_ = *std::move(replies);
  else
    answer_ = Answer::refused(Outcome::failed, 0, "the replies make no sense");
}

std::string Committed::error() const {
  std::string text(to_string(answer_.outcome));
  if (!answer_.text.empty())
    text.append(": ").append(answer_.text);
  return text;
}

} // namespace stos::keyed
