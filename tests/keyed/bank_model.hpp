#pragma once

#include "libstos/service/keyed/agent_group.hpp"
#include "support/linearizability.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

namespace stos::test {

// ---- agents
// ----------------------------------------------------------------------------------------

struct Count {};
struct Put {
  std::int64_t cents = 0;
  std::uint64_t number = 0; ///< another one for each that is sent
};
struct Drop {};

/// Whose cents are moved by transactions.
struct Purse {
  static constexpr std::string_view name = "purse";
  using Queries = keyed::Queries<Count>;
  using Commands = keyed::Commands<Put, Drop>;

  std::int64_t cents = 0;

  [[nodiscard]] std::int64_t query(const Count&) const { return cents; }
  std::int64_t command(const Put& put) noexcept { return cents += put.cents; }
  void command(const Drop&) {
    cents = -1;
    throw std::runtime_error("it has a hole");
  }
};

// ---- what clients ask of a few purses
// --------------------------------------------------------------

constexpr std::size_t purses = 3;

struct BankInput {
  enum class Kind {
    transfer, ///< a transaction: from one purse to another one, which may come to be with it
    audit,    ///< a transaction: queries of all
    fail,     ///< a transaction whose last command throws
    touch,    ///< a command for one purse that adds nothing
    look      ///< a query of one purse
  };

  Kind kind = Kind::look;
  std::size_t from = 0;
  std::size_t to = 0;
  std::int64_t cents = 0;
};

/// Nothing: there was no such agent, or all was refused.
using BankOutput = std::optional<std::vector<std::int64_t>>;

struct BankModel {
  using State = std::array<std::optional<std::int64_t>, purses>; ///< nothing: it is not active

  static State initial() { return {}; }

  static std::optional<State> step(const State& state, const BankInput& input,
                                   const BankOutput* output) {
    using Kind = BankInput::Kind;
    State next = state;
    BankOutput answer = std::vector<std::int64_t>{};
    const auto put = [&](std::size_t purse, std::int64_t cents) {
      next[purse] = next[purse].value_or(0) + cents;
      answer->push_back(*next[purse]);
    };
    const auto look = [&](std::size_t purse) {
      if (!state[purse])
        answer.reset();
      else if (answer)
        answer->push_back(*state[purse]);
    };
    switch (input.kind) {
      case Kind::transfer:
        put(input.from, -input.cents);
        put(input.to, input.cents);
        break;
      case Kind::touch: put(input.from, 0); break;
      case Kind::fail: answer.reset(); break;
      case Kind::look: look(input.from); break;
      case Kind::audit:
        for (std::size_t purse = 0; purse < purses; ++purse)
          look(purse);
    }
    if (output != nullptr && *output != answer)
      return std::nullopt;
    return next;
  }
};

using BankOperation = Operation<BankInput, BankOutput>;

} // namespace stos::test
