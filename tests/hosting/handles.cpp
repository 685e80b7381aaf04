#include "actors/replicated_agent_handle.hpp"
#include "tests/hosting/made_up_host.hpp"

#include <caf/init_global_meta_objects.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch.hpp>

using namespace stos;
using namespace stos::test;

struct HowMuch {};
template <class Inspector>
bool inspect(Inspector& f, HowMuch& x) {
  return f.object(x).fields();
}
struct Earn {
  std::int64_t cents = 0;
};
template <class Inspector>
bool inspect(Inspector& f, Earn& x) {
  return f.object(x).fields(f.field("cents", x.cents));
}
struct Lose {};
template <class Inspector>
bool inspect(Inspector& f, Lose& x) {
  return f.object(x).fields();
}

CAF_BEGIN_TYPE_ID_BLOCK(hosting_test, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(hosting_test, (HowMuch))
CAF_ADD_TYPE_ID(hosting_test, (Earn))
CAF_ADD_TYPE_ID(hosting_test, (Lose))
CAF_END_TYPE_ID_BLOCK(hosting_test)

namespace {

// Before main(): an application's own types come before those of libstos.
const bool types_are_known = [] {
  caf::init_global_meta_objects<caf::id_block::hosting_test>();
  return true;
}();

struct Purse {
  static constexpr std::string_view name = "purse";
  using Queries = keyed::Queries<HowMuch>;
  using Commands = keyed::Commands<Earn, Lose>;

  std::int64_t cents = 0;

  std::int64_t query(const HowMuch&) const { return cents; }
  std::int64_t command(const Earn& earn) { return cents += earn.cents; }
  void command(const Lose&) { cents = 0; }
};

} // namespace

TEST_CASE("an agent is an actor that can be requested", "[hosting]") {
  REQUIRE(types_are_known);
  keyed::AgentTypes types;
  types.add<Purse>();
  ReplicatedAgents agents(std::move(types), RunOptions{});
  REQUIRE(agents.put_quota("q", 10));
  const caf::actor purse = agent_handle<Purse>(agents.system(), agents, "q", "mine");
  caf::scoped_actor self(agents.system());
  const auto fails = [](const caf::error& problem) { FAIL(to_string(problem)); };
  self->request(purse, caf::infinite, HowMuch{})
      .receive([](std::int64_t) { FAIL("it is not there yet"); },
               [](const caf::error& problem) {
                 CHECK_THAT(to_string(problem), Catch::Contains("agent_not_found"));
               });
  self->request(purse, caf::infinite, Earn{7})
      .receive([](std::int64_t sum) { CHECK(sum == 7); }, fails);
  self->request(purse, caf::infinite, HowMuch{})
      .receive([](std::int64_t sum) { CHECK(sum == 7); }, fails);
  self->request(purse, caf::infinite, Lose{}).receive([] {}, fails);
  CHECK(*agents.query<Purse>("q", "mine", HowMuch{}) == 0);
}
