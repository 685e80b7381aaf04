// Where two cuts differ, in words.

#include "libstos/image/cut_difference.hpp"

#include "libstos/image/record_bytes.hpp"
#include "tests/image/meadow.hpp"

using namespace stos;
using namespace stos::test;
using Catch::Contains;
using Catch::StartsWith;
using detail::Cut;
using detail::CutDifference;

namespace {

using Change = std::function<void(Rabbit&, Rabbit&, Fox&)>;

struct Compared {
  CutDifference difference;
  std::vector<std::string> lines;
};

Compared compared(const Change& in_a, const Change& in_b) {
  Meadow one;
  Meadow other;
  const Cut a = cut_of(one, in_a);
  const Cut b = cut_of(other, in_b);
  const CutDifference difference = compare(a, b);
  CHECK(difference.empty() == (a.state_digest() == b.state_digest()));
  const auto world_a = restored(one, a);
  const auto world_b = restored(other, b);
  return {difference, describe(difference, *world_a, *world_b, a.time)};
}

Compared compared(const Cut& a, const Cut& b) {
  Meadow meadow;
  const CutDifference difference = compare(a, b);
  CHECK_FALSE(difference.empty());
  CHECK_FALSE(a.state_digest() == b.state_digest());
  const auto world_a = restored(meadow, a);
  const auto world_b = restored(meadow, b);
  return {difference, describe(difference, *world_a, *world_b, a.time)};
}

const Change nothing = [](auto&...) {};

using Lines = std::vector<std::string>;

} // namespace

TEST_CASE("cuts of equal runs do not differ") {
  const Compared same = compared(nothing, nothing);
  CHECK(same.difference.empty());
  CHECK(same.lines.empty());
}

TEST_CASE("of agents that differ, the first one is named, with its fields") {
  const Compared found = compared(
      [](Rabbit&, Rabbit& two, Fox& fox) {
        two.meals[1].weight = 3.5;
        two.found["stones"] = 2;
        two.seen.erase(two.seen.begin());
        fox.heard = 9;
      },
      [](Rabbit&, Rabbit& two, Fox&) { two.meals[1].weight = 3.25; });
  REQUIRE(found.difference.agent.has_value());
  CHECK(found.difference.agent->id == AgentId{2});
  CHECK(found.difference.of_world.empty());
  const std::string who = "agent 2 (stos::test::Rabbit): members.";
  CHECK(found.lines == Lines{who + "meals[1].weight is 3.5 in A, 3.25 in B",
                             who + "found.stones is in A only: 2",
                             who + "seen has 1 element in A, 2 in B",
                             who + R"(seen[0] is in B only: {"key": "fox", "value": 1})"});
}

TEST_CASE("a lambda that waits in one cut only is a difference") {
  const Compared found =
      compared(nothing, [](Rabbit&, Rabbit&, Fox& fox) { fox.after(8, [](Fox&) {}); });
  REQUIRE(found.difference.agent.has_value());
  CHECK(found.difference.agent->id == AgentId{3});
  const std::string who = "agent 3 (stos::test::Fox): ";
  REQUIRE(found.lines.size() == 6);
  CHECK_THAT(found.lines[0], StartsWith(who + "digest is \"0x"));
  CHECK(found.lines[1] == who + "timers_set is 4 in A, 5 in B");
  CHECK(found.lines[2] == who + "waiting has 3 elements in A, 4 in B");
  CHECK(found.lines[3] == who + "waiting[0].sequence is 3 in A, 4 in B");
  CHECK_THAT(found.lines[4], StartsWith(who + "waiting[1] is in B only: {\"absorption\": 8.18") &&
                                 Contains("\"kind\": \"timer\""));
  CHECK(found.lines[5] == "counters.sent is 9 in A, 10 in B");
}

TEST_CASE("an agent that lives in one cut only is a difference") {
  const Compared found = compared([](auto&...) { new Rabbit({0, 5, 5}); }, nothing);
  REQUIRE(found.difference.agent.has_value());
  CHECK(found.difference.agent->id == AgentId{4});
  CHECK(found.difference.agent->is_in_a);
  CHECK_FALSE(found.difference.agent->is_in_b);
  CHECK(found.lines == Lines{"agent 4 (stos::test::Rabbit) lives in A only",
                             "agents is 4 in A, 3 in B", "counters.agents_born is 4 in A, 3 in B"});
}

TEST_CASE("counters that differ are named") {
  Meadow meadow;
  const Cut a = cut_of(meadow, nothing);
  Cut b = a;
  ++b.counters.dropped;
  const Compared found = compared(a, b);
  CHECK_FALSE(found.difference.agent.has_value());
  CHECK(found.lines == Lines{"counters.dropped is 0 in A, 1 in B"});
}

TEST_CASE("the first report that differs is named") {
  Meadow meadow;
  const Cut a = cut_of(meadow, nothing);
  Cut b = a;
  REQUIRE(b.reports.size() == 1);
  b.reports[0].value.assign(2, std::byte{0xab});
  const std::string in_a = "report 1 is of agent 1 at 1.1547005383792517 s on \"hopped\" "
                           "(0x9a9999999999b93f) in A, and ";
  CHECK(compared(a, b).lines ==
        Lines{in_a + "of agent 1 at 1.1547005383792517 s on \"hopped\" (0xabab) in B"});
  b.reports.clear();
  CHECK(compared(a, b).lines == Lines{in_a + "missing, since there are 0 in B"});
}

TEST_CASE("an agent that has ended in one cut only is a difference") {
  Meadow meadow;
  const Cut a = cut_of(meadow, nothing);
  BytesReader image(a.image(0));
  const std::uint64_t type_id = detail::read_record_name(image).type_id;
  Cut b = a;
  b.departed.push_back({AgentId{70}, type_id, true});
  CHECK(
      compared(a, b).lines ==
      Lines{"agent 70 (stos::test::Rabbit) has ended, and something still leads to it, in B only"});
  Cut c = b;
  c.departed[0].died = false;
  CHECK(compared(b, c).lines == Lines{"agent 70 (stos::test::Rabbit) has died in A, and has "
                                      "reached its boundary in B"});
}

TEST_CASE("the two sides of a difference can have names") {
  Meadow meadow;
  const Cut a = cut_of(meadow, nothing);
  Cut b = a;
  b.time = 6;
  CHECK(compare(a, b, {"run 1", "run 2"}).of_world == Lines{"time is 5 in run 1, 6 in run 2"});
}
