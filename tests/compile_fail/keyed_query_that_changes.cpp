// expect: stos: this agent type lists a query that it does not answer
#include "libstos/service/keyed/agent_types.hpp"

struct Balance {};
struct Account {
  static constexpr std::string_view name = "account";
  using Queries = stos::keyed::Queries<Balance>;
  using Commands = stos::keyed::Commands<>;
  int cents = 0;
  int query(const Balance&) { return cents++; } // not const
};

void add(stos::keyed::AgentTypes& types) { types.add<Account>(); }
