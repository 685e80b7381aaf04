// expect: stos: this agent type does not list such a query or command
#include "libstos/service/keyed/calls.hpp"

struct Deposit {
  int cents = 0;
};
struct Withdraw {
  int cents = 0;
};
struct Account {
  static constexpr std::string_view name = "account";
  using Queries = stos::keyed::Queries<>;
  using Commands = stos::keyed::Commands<Deposit>;
  int cents = 0;
  int command(const Deposit& deposit) { return cents += deposit.cents; }
};

auto call() { return stos::keyed::command_call<Account>("q", "a", Withdraw{1}); }
