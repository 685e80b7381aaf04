#include "examples/interplanetary/contact_plan.hpp"
#include "published_system.hpp"

#include <catch2/catch.hpp>

using namespace interplanetary;

namespace {

LinkId link_of(const char* from, const char* to) {
  for (std::size_t i = 0; i < published().links.size(); ++i)
    if (published().links[i].from == mobile(from) && published().links[i].to == mobile(to))
      return static_cast<LinkId>(i);
  FAIL("no link from " << from << " to " << to);
  return {};
}

} // namespace

TEST_CASE("a transmission is planned into one contact, and as early as it fits") {
  ContactPlan plan(published(), link_of("Perseverance", "MRO"));
  double t = seconds_at(2026, 3, 1);
  for (int i = 0; i < 20; ++i) {
    const auto start = plan.next_start(t, 120.0);
    REQUIRE(start.has_value());
    CHECK(*start >= t);
    for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0})
      CHECK(plan.is_open(*start + share * 119.0));
    t = *start + 120.0;
  }
}

TEST_CASE("a plan answers as one that is asked for the first time") {
  ContactPlan plan(published(), link_of("TGO", "Canberra"));
  for (double t = 0.0; t < 30.0 * seconds_per_day; t += 3571.0) {
    ContactPlan fresh(published(), link_of("TGO", "Canberra"));
    const auto known = plan.next_start(t, 600.0);
    const auto found = fresh.next_start(t, 600.0);
    REQUIRE(known.has_value() == found.has_value());
    if (known)
      CHECK(*known == Approx(*found).margin(contact_resolution_s).epsilon(0.0));
  }
}

TEST_CASE("what fits into no contact is refused, whatever it is asked next") {
  ContactPlan plan(published(), link_of("Perseverance", "MRO"));
  const double t = seconds_at(2026, 3, 1);
  CHECK_FALSE(plan.next_start(t, 7200.0).has_value()); // longer than any pass
  CHECK(plan.next_start(t, 60.0).has_value());
}

TEST_CASE("nothing is planned between Mars and Earth in conjunction") {
  ContactPlan plan(published(), link_of("MRO", "Madrid"));
  CHECK_FALSE(plan.next_start(seconds_at(2026, 1, 8), 1.0).has_value());
  CHECK(plan.next_start(seconds_at(2026, 2, 8), 1.0).has_value());
}
