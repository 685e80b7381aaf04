// expect: stos: this agent type lists a command that it does not take
#include "libstos/service/keyed/agent_types.hpp"

struct Deposit {
  int cents = 0;
};
struct Account {
  static constexpr std::string_view name = "account";
  using Queries = stos::keyed::Queries<>;
  using Commands = stos::keyed::Commands<Deposit>;
  int cents = 0;
};

void add(stos::keyed::AgentTypes& types) { types.add<Account>(); }
