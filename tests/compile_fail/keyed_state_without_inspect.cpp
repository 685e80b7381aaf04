// expect: stos: the state of an agent type is kept on other nodes
#include "libstos/service/keyed/agent_types.hpp"

#include <string>

struct Account {
  static constexpr std::string_view name = "account";
  using Queries = stos::keyed::Queries<>;
  using Commands = stos::keyed::Commands<>;
  std::string owner;
};

void add(stos::keyed::AgentTypes& types) { types.add<Account>(); }
