// Accounts by name, whose balances survive the loss of a machine: `stos run -n 3 account alice 100`
// has each node put so much into one account, and says what is on it then.

#include "libstos/stos.hpp"

#include <cstdint>
#include <iostream>
#include <string>

using namespace stos;

struct Balance {}; // a query

struct Deposit { // a command
  std::int64_t cents = 0;
};

struct Account {
  static constexpr std::string_view name = "account";
  using Queries = keyed::Queries<Balance>;
  using Commands = keyed::Commands<Deposit>;

  std::int64_t cents = 0;

  std::int64_t query(const Balance&) const { return cents; }
  std::int64_t command(const Deposit& deposit) { return cents += deposit.cents; }
};

int main(int argc, char** argv) {
  std::string owner = "alice";
  std::int64_t cents = 100;
  return run_main(
      argc, argv, "Puts money into an account that nodes of a cluster keep together.",
      [&](CommandLine& cli) {
        cli.option("owner", owner, "whose account it is");
        cli.option("cents", cents, "what is put into it");
      },
      [&](const RunOptions&) {
        keyed::AgentTypes types;
        types.add<Account>();
        ReplicatedAgents agents(std::move(types));
        static_cast<void>(agents.put_quota("bank", 1'000));
        const auto balance = agents.command<Account>("bank", owner, Deposit{cents});
        if (!balance) {
          std::cerr << "account: " << balance.error() << '\n';
          return 1;
        }
        std::cout << owner << " has " << *balance << " cents\n";
        return 0;
      });
}
