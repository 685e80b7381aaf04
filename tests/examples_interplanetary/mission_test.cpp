#include "examples/interplanetary/evaluation.hpp"
#include "examples/interplanetary/mission.hpp"
#include "examples/interplanetary/visibility.hpp"
#include "published_system.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>

using namespace interplanetary;

namespace {

constexpr double until_s = 30.0 * seconds_per_day; // Mars leaves the conjunction on the 21st day

MissionRecord fly(const Scenario& scenario, std::uint32_t workers, std::uint64_t seed = 1) {
  stos::RunOptions options;
  options.workers = workers;
  options.seed = seed;
  options.progress = stos::ProgressMode::never;
  return run_mission(scenario, until_s, options);
}

const MissionRecord& month() {
  static const MissionRecord record = fly(published(), 0);
  return record;
}

} // namespace

TEST_CASE("a month has one digest and one report under any engine") {
  const auto csv = bundles_csv(delivered_bundles(published(), month().crafts));
  for (const std::uint32_t workers : {1u, 2u, 3u}) {
    INFO(workers << " workers");
    const auto record = fly(published(), workers);
    CHECK(record.summary.digest.to_string() == month().summary.digest.to_string());
    CHECK(bundles_csv(delivered_bundles(published(), record.crafts)) == csv);
  }
}

TEST_CASE("another seed damages other bundles") {
  CHECK(fly(published(), 0, 2).summary.digest.to_string() != month().summary.digest.to_string());
}

TEST_CASE("every hop takes the light time and leaves while its link is open") {
  const auto& scenario = published();
  std::size_t hops = 0;
  for (const auto& log : month().crafts)
    for (const auto& delivery : log.deliveries) {
      const Bundle& bundle = delivery.bundle;
      double before_s = bundle.created_s;
      for (std::uint32_t i = 0; i < bundle.hop_count; ++i, ++hops) {
        const HopRecord& hop = bundle.hops[i];
        const double right_s = light_time_s(scenario.system, hop.from, hop.to, hop.sent_s);
        const double tolerance_s = 1.001 * (scenario.system[hop.from].chord_tolerance_ls +
                                            scenario.system[hop.to].chord_tolerance_ls);
        CHECK(hop.received_s - hop.sent_s == Approx(right_s).margin(tolerance_s).epsilon(0.0));
        CHECK(link_state(scenario.system, scenario.sun_keep_out_deg, hop.from, hop.to,
                         hop.sent_s - 0.01)
                  .open);
        CHECK(hop.sent_s > before_s);
        before_s = hop.received_s;
      }
    }
  CHECK(hops > 1000);
}

TEST_CASE("no craft sends two bundles at a time, and none faster than its link") {
  const auto& scenario = published();
  std::map<MobileId, std::map<double, double>> last_bits; // by sender: when, and how long it took
  for (const auto& log : month().crafts)
    for (const auto& delivery : log.deliveries)
      for (std::uint32_t i = 0; i < delivery.bundle.hop_count; ++i) {
        const HopRecord& hop = delivery.bundle.hops[i];
        for (const Link& link : scenario.links)
          if (link.from == hop.from && link.to == hop.to)
            last_bits[hop.from][hop.sent_s] =
                8.0 * scenario[delivery.bundle.name.flow].bundle_bytes / link.rate_bit_s;
      }
  for (const auto& [sender, times] : last_bits) {
    double before_s = 0.0;
    for (const auto& [sent_s, took_s] : times) {
      CHECK(sent_s - took_s > before_s - 1e-3);
      before_s = sent_s;
    }
  }
}

TEST_CASE("a bundle arrives once, and what does not arrive is accounted for") {
  std::set<BundleName> arrived;
  std::uint64_t created = 0, delivered = 0;
  for (const auto& log : month().crafts) {
    created += log.created;
    delivered += log.deliveries.size();
    for (const auto& delivery : log.deliveries)
      CHECK(arrived.insert(delivery.bundle.name).second);
  }
  CHECK(created > 1400);
  CHECK(delivered > 0.9 * static_cast<double>(created));
  CHECK_THAT(bundle_account(month().crafts),
             Catch::Matchers::StartsWith(std::to_string(created) +
                                         " bundles: " + std::to_string(delivered) + " delivered"));
}

TEST_CASE("without damage every transmission is the only one") {
  auto scenario = published();
  scenario.damaged_share = 0.0;
  std::uint64_t sent = 0, hops = 0;
  for (const auto& log : fly(scenario, 0).crafts) {
    CHECK(log.damaged == 0);
    sent += log.sent;
    for (const auto& delivery : log.deliveries)
      hops += delivery.bundle.hop_count;
  }
  CHECK(sent >= hops);
  CHECK(sent - hops < 100); // on the way, or at a relay
}

TEST_CASE("during the conjunction Mars stores, and commands expire") {
  for (const auto& log : month().crafts) {
    const auto& name = published().system[log.craft].name;
    if (name == "TGO")
      CHECK(log.peak_bytes > 5e8);
    if (name == "Goldstone" || name == "Madrid")
      CHECK(log.expired > 10);
  }
}

TEST_CASE("the measured light times pass their check, and shifted ones do not") {
  REQUIRE(month().light_times.size() == 2);
  for (auto times : month().light_times) {
    const auto check = check_light_times(published(), times);
    INFO(check.text);
    CHECK(check.passed);
    CHECK(times.samples.size() > 115);
    for (auto& sample : times.samples)
      sample.second += 0.01;
    CHECK_FALSE(check_light_times(published(), times).passed);
  }
}

TEST_CASE("light times outside the published range fail even where the orbits agree with them") {
  auto scenario = published();
  auto& mars = scenario.system.mobiles[static_cast<std::size_t>(mobile("Mars"))];
  std::get<PlanetOrbit>(mars.motion).semi_major_axis_au.at_j2000 = 2.0;
  LightTimes times{mobile("Earth"), mobile("Mars"), {}};
  times.samples.emplace_back(0.0, light_time_s(scenario.system, times.from, times.to, 0.0));
  const auto check = check_light_times(scenario, times);
  INFO(check.text);
  CHECK_FALSE(check.passed);
}

TEST_CASE("the conjunction of January 2026 is shaded") {
  const auto all = conjunctions(published(), 365.0 * seconds_per_day);
  REQUIRE(all.size() == 1);
  CHECK(all[0].until_s == Approx(seconds_at(2026, 1, 21)).margin(2.0 * seconds_per_day));
}
