#include "actors/replicated_agent_handle.hpp"
#include "tests/hosting/made_up_host.hpp"

#include <caf/init_global_meta_objects.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <thread>

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
struct Close {
  bool at_once = true;
};
template <class Inspector>
bool inspect(Inspector& f, Close& x) {
  return f.object(x).fields(f.field("at_once", x.at_once));
}

CAF_BEGIN_TYPE_ID_BLOCK(hosting_test, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(hosting_test, (HowMuch))
CAF_ADD_TYPE_ID(hosting_test, (Earn))
CAF_ADD_TYPE_ID(hosting_test, (Lose))
CAF_ADD_TYPE_ID(hosting_test, (Close))
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
  using Commands = keyed::Commands<Earn, Lose, Close>;

  std::int64_t cents = 0;

  std::int64_t query(const HowMuch&) const { return cents; }
  std::int64_t command(const Earn& earn) { return cents += earn.cents; }
  void command(const Lose&) { cents = 0; }
  std::int64_t command(const Close& leave, keyed::CommandContext& context) {
    if (leave.at_once)
      context.deactivate();
    else
      context.on_tick(keyed::OnTick::deactivate_after_idle(1));
    return cents;
  }
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

namespace {

struct Watching {
  Watching() : agents(types(), options()), self(agents.system()) {
    REQUIRE(types_are_known);
    REQUIRE(agents.put_quota("q", 10));
  }

  static keyed::AgentTypes types() {
    keyed::AgentTypes types;
    types.add<Purse>();
    return types;
  }
  static RunOptions options() {
    RunOptions options;
    options.agents.tick_s = 0.1;
    return options;
  }
  template <class Command>
  void tell(const Command& command) {
    if (const auto done = agents.command<Purse>("q", "mine", command); !done)
      FAIL(done.error());
  }
  std::string end_of(const caf::actor& handle) {
    std::string why;
    self->receive([&](const caf::down_msg& down) {
      CHECK(down.source == handle.address());
      CHECK(down.reason == caf::exit_reason::user_shutdown);
      why = to_string(down.reason);
    });
    return why;
  }

  ReplicatedAgents agents;
  caf::scoped_actor self;
};

} // namespace

TEST_CASE_METHOD(Watching, "an actor that monitors an agent hears when it is deactivated",
                 "[hosting]") {
  tell(Earn{7});
  const caf::actor purse = agent_handle<Purse>(agents.system(), agents, "q", "mine");
  const caf::actor other = agent_handle<Purse>(agents.system(), agents, "q", "other");
  self->monitor(purse);
  self->monitor(other);
  // It has answered, so its end is one, whenever it is looked at first.
  self->request(purse, caf::infinite, HowMuch{}).receive([](std::int64_t) {}, [](caf::error&) {});
  tell(Close{false});
  CHECK_THAT(end_of(purse), Catch::Contains("idle"));
  // It has been there, and gone, between two looks.
  self->request(other, caf::infinite, Earn{1}).receive([](std::int64_t) {}, [](caf::error&) {});
  self->request(other, caf::infinite, Close{}).receive([](std::int64_t) {}, [](caf::error&) {});
  CHECK_THAT(end_of(other), Catch::Contains("its own callback"));
}

TEST_CASE_METHOD(Watching, "the end of an agent that is there again is heard of", "[hosting]") {
  tell(Earn{7});
  const caf::actor purse = agent_handle<Purse>(agents.system(), agents, "q", "mine");
  self->monitor(purse);
  self->request(purse, caf::infinite, HowMuch{}).receive([](std::int64_t) {}, [](caf::error&) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(1'500)); // it was looked at
  tell(Close{});
  tell(Earn{1});
  CHECK_THAT(end_of(purse), Catch::Contains("its own callback"));
  CHECK(*agents.query<Purse>("q", "mine", HowMuch{}) == 1);
}
