#include "tests/keyed/bank_clients.hpp"

#include <algorithm>
#include <numeric>

namespace stos::test {

using Kind = BankInput::Kind;
using keyed::Outcome;

namespace {

constexpr std::uint64_t patience_ms = 1'500;

std::int64_t sum_of(const std::vector<std::int64_t>& cents) {
  return std::accumulate(cents.begin(), cents.end(), std::int64_t{0});
}

bool is_transaction(Kind kind) { return kind != Kind::touch && kind != Kind::look; }

} // namespace

BankClients::BankClients(keyed::AgentTypes& types, std::string& trouble) : trouble_(trouble) {
  types.add<Purse>().after_command<Put>([this](const keyed::AfterCommand<Purse, Put>& x) {
    if (!effects_.insert(x.command.number).second)
      trouble_ =
          "an effect of a transaction has happened twice: " + std::to_string(x.command.number);
  });
}

void BankClients::act(std::size_t node, keyed::Node& core, keyed::Time now, std::uint64_t& moments,
                      RandomStream& random) {
  for (Client& client : clients_) {
    if (client.node != node || client.call || !random.bernoulli(0.5))
      continue;
    begin_another_bank();
    client.bank = banks_.size() - 1;
    client.operation = banks_.back().size();
    const BankInput input = any_input(random);
    banks_.back().push_back({input, std::nullopt, ++moments, BankOperation::never});
    client.call = send(input, core, now, random);
  }
}

/// Many operations without an answer make a history hard to check: then others take the place of
/// these purses.
void BankClients::begin_another_bank() {
  constexpr std::ptrdiff_t unanswered_max = 8; // those under way count, too
  const auto unanswered = std::ranges::count_if(banks_.back(), [](const BankOperation& operation) {
    return !operation.output && operation.input.kind == Kind::transfer;
  });
  if (unanswered >= unanswered_max)
    banks_.emplace_back();
}

BankInput BankClients::any_input(RandomStream& random) {
  const double kind = random.uniform();
  BankInput input;
  input.kind = kind < 0.5    ? Kind::transfer
               : kind < 0.8  ? Kind::audit
               : kind < 0.85 ? Kind::fail
               : kind < 0.9  ? Kind::touch
                             : Kind::look;
  input.from = random.below(purses);
  input.to = (input.from + 1 + random.below(purses - 1)) % purses;
  input.cents = input.kind == Kind::transfer ? ++cents_ : 0;
  return input;
}

std::uint64_t BankClients::send(const BankInput& input, keyed::Node& core, keyed::Time now,
                                RandomStream& random) {
  const std::string bank = std::to_string(banks_.size()) + ".";
  const auto key = [&](std::size_t purse) { return bank + std::to_string(purse); };
  const auto put = [&](std::size_t purse, std::int64_t cents) {
    return keyed::command_call<Purse>("q", key(purse), Put{cents, ++puts_});
  };
  keyed::Transaction transaction;
  switch (input.kind) {
    case Kind::touch: return core.call(put(input.from, 0), patience_ms, now);
    case Kind::look:
      return core.call(keyed::query_call<Purse>("q", key(input.from), Count{}), patience_ms, now);
    case Kind::transfer:
      transaction.steps = {put(input.from, -input.cents), put(input.to, input.cents)};
      break;
    case Kind::fail:
      transaction.steps = {put(input.from, -1'000'000),
                           keyed::command_call<Purse>("q", key(input.to), Drop{})};
      break;
    case Kind::audit:
      for (std::size_t purse = 0; purse < purses; ++purse)
        transaction.steps.push_back(keyed::query_call<Purse>("q", key(purse), Count{}));
  }
  transaction.id = keyed::transaction_id(transaction.steps, random());
  return core.transact(std::move(transaction), patience_ms, now);
}

void BankClients::hear(std::size_t node, const keyed::Reply& reply, std::uint64_t& moments) {
  for (Client& client : clients_)
    if (client.node == node && client.call == reply.number) {
      client.call.reset();
      BankOperation& operation = banks_[client.bank][client.operation];
      operation.returned = ++moments;
      note(operation, reply.answer);
      return;
    }
}

void BankClients::note(BankOperation& operation, const keyed::Answer& answer) {
  const Kind kind = operation.input.kind;
  switch (answer.outcome) {
    case Outcome::done:
      if (is_transaction(kind)) {
        const keyed::Committed committed(answer);
        std::vector<std::int64_t> cents;
        for (std::size_t i = 0; i < committed.size(); ++i)
          cents.push_back(committed.reply<std::int64_t>(i).value_or(-1));
        if (kind == Kind::audit && (cents.size() != purses || sum_of(cents) != 0))
          trouble_ = "an audit has found " + std::to_string(sum_of(cents)) + " cents in " +
                     std::to_string(cents.size()) + " purses";
        ++(kind == Kind::audit ? audits_ : transfers_);
        operation.output = std::move(cents);
      } else {
        operation.output = std::vector{*keyed::Replied<std::int64_t>(answer)};
      }
      break;
    case Outcome::failed:
    case Outcome::agent_not_found: operation.output = BankOutput(); break;
    case Outcome::timeout: break;
    case Outcome::locked:
    case Outcome::aborted:
    case Outcome::no_leader:
    case Outcome::quota_not_found: // nothing was done
      ++refusals_;
      if (kind == Kind::touch) // unless a copy of it is on its way
        break;
      operation.input.kind = Kind::fail;
      operation.output = BankOutput();
      break;
    default:
      trouble_ = "an answer of a transaction that none should be: " +
                 std::string(to_string(answer.outcome)) + " " + answer.text;
  }
}

void BankClients::crashed(std::size_t node) {
  for (Client& client : clients_)
    if (client.node == node)
      client.call.reset(); // it never hears of it
}

std::string BankClients::check() const {
  for (const std::vector<BankOperation>& all : banks_) {
    std::vector<BankOperation> history;
    for (const BankOperation& operation : all) // what only looks and was not answered says nothing
      if (operation.output || operation.input.kind == Kind::transfer ||
          operation.input.kind == Kind::touch)
        history.push_back(operation);
    if (is_linearizable<BankModel>(history))
      continue;
    std::string text = "what was done with purses is not serializable:";
    for (const BankOperation& operation : history) {
      static constexpr const char* kinds[] = {"transfer", "audit", "fail", "touch", "look"};
      text.append("\n  " + std::to_string(operation.called) + "-");
      text.append(operation.output ? std::to_string(operation.returned) : "?");
      text.append(" ").append(kinds[static_cast<std::size_t>(operation.input.kind)]);
      text.append(" " + std::to_string(operation.input.from) + " " +
                  std::to_string(operation.input.to) + " " + std::to_string(operation.input.cents) +
                  " ->");
      if (operation.output && *operation.output)
        for (const std::int64_t cents : **operation.output)
          text.append(" " + std::to_string(cents));
      else
        text.append(operation.output ? " refused" : " ?");
    }
    return text;
  }
  return {};
}

} // namespace stos::test
