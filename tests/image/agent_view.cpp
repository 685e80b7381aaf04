// Agents as JSON, with the names of their fields.

#include "libstos/image/agent_view.hpp"

#include "tests/image/meadow.hpp"

#include <stdexcept>

using namespace stos;
using namespace stos::test;
using Catch::Contains;
using Catch::StartsWith;
using detail::AgentViewer;
using detail::Cut;

namespace {

/// The views of all agents of a cut.
std::vector<ValueTree> views_of(World& world, double time) {
  std::vector<ValueTree> views;
  AgentViewer viewer(world, time);
  for (detail::Cell* cell : world.resumption->agents)
    views.push_back(viewer.view(*cell));
  return views;
}

std::vector<ValueTree> views_of_meadow() {
  Meadow meadow;
  const Cut cut = cut_of(meadow, [](auto&...) {});
  return views_of(*restored(meadow, cut), cut.time);
}

std::string json_of(const ValueTree& view, const char* field) {
  const ValueTree* value = view.find(field);
  return value == nullptr ? "" : to_json(*value);
}

/// Cannot be shown: somebody has to say why.
class Shy : public Agent<Shy, Meadow> {
public:
  Shy() = default;
  explicit Shy(int how_much) : how(how_much) {}
  int how = 0;
  int told = 7;

  template <class Inspector>
  friend bool inspect(Inspector& f, Shy& x) {
    if (f.has_human_readable_format() && x.how == 1)
      throw std::runtime_error("it is too shy");
    if (f.has_human_readable_format() && x.how == 2)
      static_cast<void>(x.random());
    return f.object(x).fields(f.field("how", x.how)) &&
           (!f.has_human_readable_format() || x.how != 3) &&
           f.object(x).fields(f.field("told", x.told));
  }
};

} // namespace

TEST_CASE("the members of an agent are shown with the names of their fields") {
  const auto views = views_of_meadow();
  REQUIRE(views.size() == 3);
  CHECK(json_of(views[0], "members") ==
        R"({"energy":0.1,"mood":0,"name":"Flopsy \"\ufffd\"",)"
        R"("meals":[{"what":"grass","weight":1.5,"note":"wet"},)"
        R"({"what":"clover","weight":2,"note":null}],)"
        R"("found":{"carrots":3,"holes":-1},"by_day":{"1":0.5,"2":"inf"},)"
        R"("burrows":[{"key":[1,2],"value":"x"}],)"
        R"("seen":[{"key":"fox","value":1},{"key":"fox","value":2}],)"
        R"("numbers":[4,5],"pair":[7,"seven"],"tuple":[true,0.1],)"
        R"("either":{"alternative":1,"value":"text"},"place":[1,2.5,-0],"queue":[1,2],)"
        R"("hidden":{"what":"nut","weight":3,"note":null},"largest":18446744073709551615,)"
        R"("home":[1,2,3],"friend_of":"9","raw":"0x02010000",)"
        R"("to_fox":{"channel":1,"to":"3"},"to_others":[{"channel":2,"to":"2"}],)"
        R"("none":null,"no_reference":null})");
}

TEST_CASE("an agent is shown where it is at the time of the cut, with whom it can write to") {
  const auto views = views_of_meadow();
  const ValueTree& rabbit = views[0];
  CHECK_THAT(to_json(rabbit),
             StartsWith(R"({"agent":"1","class":"stos::test::Rabbit","time":5,)"
                        R"("position":[2.5,0,0],"velocity":[0.5,0,0],"local_time":4.33)"));
  CHECK(json_of(rabbit, "events") == "1");
  CHECK(json_of(rabbit, "timers_set") == "2");
  CHECK(json_of(rabbit, "reports") == "1");
  CHECK(json_of(rabbit, "channels") ==
        R"([{"number":1,"to":"3","class":"stos::test::Fox","next_sequence":2},)"
        R"({"number":2,"to":"2","class":"stos::test::Rabbit","next_sequence":1}])");
  CHECK(json_of(rabbit, "problem").empty());
  CHECK(rabbit.find("random")->text.size() == 18);
}

TEST_CASE("what an agent has decided upon and has not done yet is shown") {
  CHECK_THAT(json_of(views_of_meadow()[2], "pending_turns"),
             StartsWith(R"([{"local_time":5.3)") && Contains(R"("velocity":[0,0.25,0]}])"));
}

TEST_CASE("what waits for an agent is shown in the order in which it is due") {
  const auto views = views_of_meadow();
  const ValueTree& timer = views[0].find("waiting")->children.at(0);
  CHECK(json_of(timer, "kind") == R"("timer")");
  CHECK(json_of(timer, "due") == "9");
  CHECK_THAT(json_of(timer, "lambda"), Contains("set_up_meadow()::"));

  const auto& waiting = views[2].find("waiting")->children;
  REQUIRE(waiting.size() == 3); // the first one is the turn that is decided upon
  CHECK(json_of(waiting[1], "kind") == R"("channel")");
  CHECK(json_of(waiting[1], "source") == R"("1")");
  CHECK(json_of(waiting[1], "channel") == "1");
  CHECK(json_of(waiting[1], "sequence") == "0");
  CHECK_THAT(json_of(waiting[1], "absorption"), StartsWith("17.56758775328"));
  CHECK_THAT(json_of(waiting[1], "emission"), StartsWith("[1.15470053837925"));
  CHECK(json_of(waiting[1], "captured") == R"("0x03000000")");
  CHECK(json_of(waiting[1], "arguments") == R"(["here",[1,2]])");
  CHECK(json_of(waiting[1], "references").empty());
  CHECK(json_of(waiting[2], "sequence") == "1");
  CHECK_THAT(json_of(waiting[2], "references"),
             StartsWith(R"([{"reference":"0x)") && Contains(R"("to":"2"}])"));
}

TEST_CASE("an agent in a run that has stopped is shown as the one in the cut") {
  Meadow meadow;
  std::vector<ValueTree> live;
  meadow.resource().looked_at = [&live](World& world, const WorldAtStop& stop) {
    AgentViewer viewer(world, stop.time);
    for (detail::Cell* cell : stop.agents)
      live.push_back(viewer.view(*cell));
  };
  const Cut cut = cut_of(meadow, [](auto&...) {});
  const auto world = restored(meadow, cut);
  const auto views = views_of(*world, cut.time);
  REQUIRE(live.size() == views.size());
  for (std::size_t i = 0; i < live.size(); ++i)
    CHECK(to_json(live[i]) == to_json(views[i]));
}

TEST_CASE("an agent that has a name is shown with it") {
  Meadow meadow;
  Cut cut = cut_of(meadow, [](auto&...) {});
  cut.names = {{"Reynard", AgentId{3}}};
  const auto world = restored(meadow, cut);
  AgentViewer viewer(*world, cut.time, names_in(cut));
  CHECK_THAT(to_json(viewer.view(*detail::find_restored(*world, AgentId{3}))),
             StartsWith(R"({"agent":"3","name":"Reynard","class":)"));
  CHECK_THAT(to_json(viewer.view(*detail::find_restored(*world, AgentId{2}))),
             StartsWith(R"({"agent":"2","class":)"));
  CHECK(detail::find_restored(*world, AgentId{4}) == nullptr);
}

TEST_CASE("what cannot be shown of an agent is said, with the rest of it") {
  Meadow meadow;
  const Cut cut = cut_of(meadow, [](auto&...) {
    for (int how = 0; how < 4; ++how)
      new Shy(how);
  });
  const auto world = restored(meadow, cut);
  const auto views = views_of(*world, cut.time);
  REQUIRE(views.size() == 7);
  CHECK(json_of(views[3], "members") == R"({"how":0,"told":7})");
  CHECK(json_of(views[3], "problem").empty());
  CHECK(json_of(views[4], "members") == "null");
  CHECK(json_of(views[4], "problem") == R"("it is too shy")");
  CHECK_THAT(json_of(views[5], "problem"), Contains("draw from the random stream of agent 6"));
  CHECK(json_of(views[6], "members") == R"({"how":3})");
  CHECK(json_of(views[6], "problem") == R"("its inspect has failed")");
  CHECK(json_of(views[6], "waiting") == "[]");
}
