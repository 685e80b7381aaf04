// A cut of another build of the program: what its classes and lambdas are made of is compared with
// what they are made of here.

#include "actors/run/named_cut.hpp"
#include "tests/image/meadow.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;
using Catch::Matchers::Contains;
using detail::Cell;
using detail::Cut;

namespace {

/// Why a cut cannot be gone on from, in a program that has another meadow; empty if it can.
std::string refusal(const Cut& cut) {
  Meadow here;
  {
    const auto scope = here.set_up();
    set_up_meadow([](auto&...) {});
  }
  World& world = here.world();
  const std::vector<Cell*>& agents = world.setup.effects.changes().born;
  std::string why;
  try {
    detail::require_same_fields(cut, "the cut", world, agents);
  } catch (const UsageError& problem) {
    why = problem.what();
  }
  world.drop_set_up();
  return why;
}

} // namespace

TEST_CASE("a cut of another build is refused where a class or a lambda is made of other things") {
  Meadow meadow;
  const Cut cut = cut_of(meadow, [](auto&...) {});
  REQUIRE(cut.classes.size() == 2);
  REQUIRE_FALSE(cut.lambdas.empty());
  CHECK(refusal(cut).empty());

  for (std::size_t i = 0; i < cut.classes.size(); ++i) {
    Cut other = cut;
    std::string& fields = other.classes[i].fields;
    INFO(fields);
    CHECK_THAT(fields, Contains(": "));
    fields += ", more: int";
    CHECK_THAT(refusal(other), Contains("the cut is of a build in which class " +
                                        other.classes[i].name + " was made of other things") &&
                                   Contains(", more: int; here it is made of "));
    fields.clear(); // it could not be shown there
    CHECK(refusal(other).empty());
  }
  Cut other = cut;
  other.lambdas.front().fields = "12345 bytes captured, 23456 in all";
  CHECK_THAT(refusal(other), Contains("lambda ") && Contains("12345 bytes captured, 23456 in all"));
}

TEST_CASE("what an agent is made of are the names and types of its fields") {
  Meadow meadow;
  const Cut cut = cut_of(meadow, [](auto&...) {});
  std::string all;
  for (const Cut::Type& type : cut.classes)
    all += type.fields + "; ";
  CHECK_THAT(all, Contains("heard: int"));
  CHECK_THAT(all, Contains("prey: stos::ChannelWriter<"));
}
