#include "examples/interplanetary/report.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace interplanetary;
using Catch::Matchers::Contains;

namespace {

DeliveredBundle bundle(const char* flow, double created_s, double delay_s) {
  return {flow,
          "Rover",
          "Madrid",
          created_s,
          created_s + delay_s,
          1e6,
          {{"Rover", "MRO", created_s, created_s + 1.0},
           {"MRO", "Madrid", created_s + 1.0, created_s + delay_s}}};
}

const std::vector<DeliveredBundle> four{bundle("b", 0, 10), bundle("a", 5, 600),
                                        bundle("a", 1, 800), bundle("a", 2, 100)};
const PictureFrame year{"A <year> & more", 2461041.5, 0.0, 365.0 * 86400.0};

} // namespace

TEST_CASE("delays are summed up by route") {
  const auto routes = route_delays(four);
  REQUIRE(routes.size() == 2);
  CHECK(routes[0].flow == "a");
  CHECK(routes[0].bundles == 3);
  CHECK(routes[0].bytes == 3e6);
  CHECK(routes[0].min_s == 100.0);
  CHECK(routes[0].median_s == 600.0);
  CHECK(routes[0].mean_s == 500.0);
  CHECK(routes[0].max_s == 800.0);
  CHECK(routes[1].median_s == 10.0);
  CHECK_THAT(delay_table(routes), Contains("8.3 min") && Contains("10.00 s"));
}

TEST_CASE("the order in which records arrive changes no byte of a report") {
  auto shuffled = four;
  std::reverse(shuffled.begin(), shuffled.end());
  CHECK(bundles_csv(shuffled) == bundles_csv(four));
  CHECK(delay_svg(year, shuffled, {}, {}) == delay_svg(year, four, {}, {}));
  CHECK(delay_table(route_delays(shuffled)) == delay_table(route_delays(four)));
}

TEST_CASE("the CSV has a heading and quotes what needs it") {
  auto odd = bundle("say \"hi\", twice", 1.5, 2.25);
  const auto csv = bundles_csv({odd});
  CHECK_THAT(csv, Catch::Matchers::StartsWith(
                      "flow,source,destination,created_s,delivered_s,delay_s,bytes,hops,path\n"));
  CHECK_THAT(csv,
             Contains("\"say \"\"hi\"\", twice\",Rover,Madrid,1.500,3.750,2.250,1000000,2,Rover > "
                      "MRO > Madrid\n"));
}

TEST_CASE("pictures are well-formed, even of nothing") {
  for (const auto& svg : {delay_svg(year, four, {{"light", {{0.0, 300.0}, {1e7, 900.0}}}},
                                    {{"conjunction", 0.0, 1e6}}),
                          delay_svg(year, {}, {}, {}), spacetime_svg(year, {}, four)}) {
    CHECK_THAT(svg, Catch::Matchers::StartsWith("<svg ") && Catch::Matchers::EndsWith("</svg>\n"));
    CHECK_THAT(svg, Contains("A &lt;year&gt; &amp; more"));
    CHECK_THAT(svg, !Contains("nan") && !Contains("inf"));
  }
}

TEST_CASE("sizes, durations and dates read well") {
  CHECK(readable_size(2e4) == "20.0 kB");
  CHECK(readable_size(5.84e8) == "584.0 MB");
  CHECK(readable_size(1.09e9) == "1.1 GB");
  CHECK(readable_duration(1.25) == "1.25 s");
  CHECK(readable_duration(750) == "12.5 min");
  CHECK(readable_duration(3.0 * 3600) == "3.0 h");
  CHECK(readable_duration(21.0 * 86400) == "21.0 d");
  CHECK(calendar_date(2461041.5, 0.0) == "2026-01-01");
  CHECK(calendar_date(2461041.5, 59.0 * 86400) == "2026-03-01");
}
