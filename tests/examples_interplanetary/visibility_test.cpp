#include "examples/interplanetary/visibility.hpp"
#include "published_system.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

using namespace interplanetary;

namespace {

constexpr double keep_out_deg = 3.0;

std::vector<Contact> contacts(const char* from, const char* to, double from_s, double until_s) {
  std::vector<Contact> all;
  double t = from_s;
  while (t < until_s) {
    const auto contact =
        next_contact(published().system, keep_out_deg, mobile(from), mobile(to), t, until_s);
    if (!contact)
      break;
    all.push_back(*contact);
    t = contact->closes_s + contact_resolution_s;
  }
  return all;
}

double open_share(const std::vector<Contact>& all, double span_s) {
  double open_s = 0.0;
  for (const auto& contact : all)
    open_s += contact.closes_s - contact.opens_s;
  return open_s / span_s;
}

bool is_open(const char* from, const char* to, double t_s) {
  return link_state(published().system, keep_out_deg, mobile(from), mobile(to), t_s).open;
}

} // namespace

TEST_CASE("a sphere hides what is behind it and nothing else") {
  const Vector3 center{10, 0, 0};
  CHECK(occulted({0, 0, 0}, {20, 0, 0}, center, 1.0));
  CHECK_FALSE(occulted({0, 0, 0}, {8, 0, 0}, center, 1.0));
  CHECK_FALSE(occulted({12, 0, 0}, {20, 0, 0}, center, 1.0));
  CHECK_FALSE(occulted({0, 1.1, 0}, {20, 1.1, 0}, center, 1.0));
}

TEST_CASE("the three complexes of the DSN see Mars nearly always") {
  const double from_s = seconds_at(2026, 4, 1);
  const double span_s = 60.0 * seconds_per_day;
  int seen = 0;
  int looks = 0;
  for (double t = from_s; t < from_s + span_s; t += 600.0, ++looks)
    seen += is_open("Curiosity", "Goldstone", t) || is_open("Curiosity", "Canberra", t) ||
            is_open("Curiosity", "Madrid", t);
  // From Mars' surface, Earth is up for somewhat less than half of the sol.
  CHECK(seen > 0.40 * looks);
  CHECK(seen < 0.52 * looks);

  int earth_sees_mars = 0;
  for (double t = from_s; t < from_s + span_s; t += 600.0)
    for (const char* site : {"Goldstone", "Canberra", "Madrid"})
      if (elevation_deg(published().system, mobile(site),
                        position_ls(published().system, mobile("Mars"), t), t) > 10.0) {
        ++earth_sees_mars;
        break;
      }
  CHECK(earth_sees_mars > 0.95 * looks);
}

TEST_CASE("Voyager 1, far north, stays up longer in the north than in Canberra") {
  const double span_s = 30.0 * seconds_per_day;
  const double goldstone = open_share(contacts("Voyager 1", "Goldstone", 0.0, span_s), span_s);
  const double canberra = open_share(contacts("Voyager 1", "Canberra", 0.0, span_s), span_s);
  CHECK(goldstone == Approx(0.48).margin(0.03));
  CHECK(canberra == Approx(0.38).margin(0.03));
}

TEST_CASE("a Mars orbiter passes a rover a few times a sol for minutes") {
  const double span_s = 100.0 * 88775.244;
  const auto passes = contacts("Perseverance", "MRO", 0.0, span_s);
  CHECK(passes.size() > 150);
  CHECK(passes.size() < 400);
  for (const auto& pass : passes)
    CHECK(pass.closes_s - pass.opens_s < 15.0 * 60.0);
}

TEST_CASE("contacts agree with looking every ten seconds") {
  for (const auto& [from, to] : {std::pair{"Perseverance", "TGO"},
                                 {"MRO", "Goldstone"},
                                 {"Madrid", "LRO"},
                                 {"Queqiao-2", "Canberra"}}) {
    INFO(from << " -> " << to);
    const double from_s = seconds_at(2026, 3, 1);
    const double until_s = from_s + 4.0 * seconds_per_day;
    const auto all = contacts(from, to, from_s, until_s);
    REQUIRE_FALSE(all.empty());
    std::size_t next = 0;
    for (double t = from_s; t < until_s; t += 10.0) {
      while (next < all.size() && all[next].closes_s <= t)
        ++next;
      const bool planned = next < all.size() && all[next].opens_s <= t;
      if (planned != is_open(from, to, t)) {
        // Only within a resolution of a true edge may the plan be more cautious than the truth.
        CHECK_FALSE(planned);
        CHECK((!is_open(from, to, t - contact_resolution_s) ||
               !is_open(from, to, t + contact_resolution_s)));
      }
    }
  }
}

TEST_CASE("a link's state holds as long as it says") {
  for (const auto& [from, to] :
       {std::pair{"Curiosity", "Odyssey"}, {"TGO", "Madrid"}, {"LRO", "Goldstone"}})
    for (double t = 0.0; t < 10.0 * seconds_per_day; t += 4999.0) {
      const auto state = link_state(published().system, keep_out_deg, mobile(from), mobile(to), t);
      for (const double share : {0.25, 0.5, 0.75, 0.999})
        CHECK(is_open(from, to, t + share * state.holds_s) == state.open);
    }
}

TEST_CASE("around conjunction nothing gets through between Mars and Earth") {
  CHECK(contacts("Curiosity", "Madrid", seconds_at(2026, 1, 2), seconds_at(2026, 1, 16)).empty());
  CHECK_FALSE(
      contacts("Curiosity", "Madrid", seconds_at(2026, 2, 10), seconds_at(2026, 2, 12)).empty());
}

TEST_CASE("the far side of the Moon sees its relay but never the Earth") {
  const auto& system = published().system;
  for (double t = 0.0; t < 60.0 * seconds_per_day; t += 3600.0)
    CHECK(elevation_deg(system, mobile("Chang'e 4"), position_ls(system, mobile("Earth"), t), t) <
          -20.0);
  const double span_s = 30.0 * seconds_per_day;
  CHECK(open_share(contacts("Chang'e 4", "Queqiao-2", 0.0, span_s), span_s) > 0.7);
}
