#include "evaluation.hpp"

#include "ephemeris.hpp"
#include "visibility.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <sstream>
#include <string_view>

namespace interplanetary {
namespace {

constexpr double minute_s = 60.0;
constexpr double hour_s = 3600.0;

/// From centre to centre, over all time.
struct PublishedRange {
  std::string_view from;
  std::string_view to;
  double min_s;
  double max_s;
};

// Mars: from 0.372 au (perihelic opposition) to 2.68 au (aphelic conjunction). Moon: 356,371 km to
// 406,720 km between the years 1500 and 2500 (Meeus, "Mathematical Astronomy Morsels").
constexpr std::array published_ranges{PublishedRange{"Earth", "Mars", 3.0 * 60.0, 22.4 * 60.0},
                                      PublishedRange{"Earth", "Moon", 1.188, 1.36}};

std::string light_time_text(double seconds) {
  std::ostringstream out;
  out << std::fixed;
  if (seconds < 2.0 * minute_s)
    out << std::setprecision(3) << seconds << " s";
  else
    out << std::setprecision(2) << seconds / minute_s << " min";
  return out.str();
}

MobileId outermost_parent(const SolarSystem& system, MobileId id) {
  while (const auto up = parent(system, id))
    id = *up;
  return id;
}

} // namespace

std::vector<DeliveredBundle> delivered_bundles(const Scenario& scenario,
                                               const std::vector<CraftLog>& crafts) {
  const auto name = [&](MobileId id) { return scenario.system[id].name; };
  std::vector<DeliveredBundle> all;
  for (const auto& log : crafts)
    for (const auto& delivery : log.deliveries) {
      const Bundle& bundle = delivery.bundle;
      const Flow& flow = scenario[bundle.name.flow];
      DeliveredBundle entry{flow.name,
                            name(flow.source),
                            name(delivery.destination()),
                            bundle.created_s,
                            delivery.received_s(),
                            flow.bundle_bytes,
                            {}};
      for (std::uint32_t i = 0; i < bundle.hop_count; ++i) {
        const HopRecord& hop = bundle.hops[i];
        entry.hops.push_back({name(hop.from), name(hop.to), hop.sent_s, hop.received_s});
      }
      all.push_back(std::move(entry));
    }
  return all;
}

std::string bundle_account(const std::vector<CraftLog>& crafts) {
  std::uint64_t created = 0, delivered = 0, expired = 0, sent = 0, damaged = 0;
  for (const auto& log : crafts) {
    created += log.created;
    delivered += log.deliveries.size();
    expired += log.expired;
    sent += log.sent;
    damaged += log.damaged;
  }
  std::ostringstream out;
  out << created << " bundles: " << delivered << " delivered, " << expired << " expired, "
      << created - delivered - expired << " still under way; " << sent << " transmissions, "
      << damaged << " of them damaged and repeated\n";
  return out.str();
}

std::string craft_table(const Scenario& scenario, const std::vector<CraftLog>& crafts,
                        double until_s) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(1);
  out << std::left << std::setw(26) << "node" << std::right << std::setw(8) << "created"
      << std::setw(10) << "sent" << std::setw(12) << "received" << std::setw(12) << "expired"
      << std::setw(12) << "on air" << std::setw(12) << "peak store" << '\n';
  for (const auto& log : crafts)
    out << std::left << std::setw(26) << scenario.system[log.craft].name << std::right
        << std::setw(8) << log.created << std::setw(10) << log.sent << std::setw(12) << log.received
        << std::setw(12) << log.expired << std::setw(10) << 100.0 * log.on_air_s / until_s << " %"
        << std::setw(12) << readable_size(log.peak_bytes) << '\n';
  return out.str();
}

LightTimeCheck check_light_times(const Scenario& scenario, const LightTimes& measured) {
  const auto& from = scenario.system[measured.from];
  const auto& to = scenario.system[measured.to];
  std::ostringstream out;
  out << from.name << " - " << to.name << ": ";
  if (measured.samples.empty())
    return {true, out.str() + "nothing measured"};

  double min_s = measured.samples.front().second, max_s = min_s, error_s = 0.0;
  for (const auto& [sent_s, took_s] : measured.samples) {
    min_s = std::min(min_s, took_s);
    max_s = std::max(max_s, took_s);
    const double right_s = light_time_s(scenario.system, measured.from, measured.to, sent_s);
    error_s = std::max(error_s, std::abs(took_s - right_s));
  }
  // Receding ends stretch the tolerances by their speed, below 1e-3.
  const double tolerance_s = 1.001 * (from.chord_tolerance_ls + to.chord_tolerance_ls);
  bool passed = error_s <= tolerance_s;
  out << light_time_text(min_s) << " to " << light_time_text(max_s);
  for (const auto& range : published_ranges)
    if (range.from == from.name && range.to == to.name) {
      passed = passed && min_s >= range.min_s && max_s <= range.max_s;
      out << " (published: " << light_time_text(range.min_s) << " to "
          << light_time_text(range.max_s) << ")";
    }
  out << ", " << measured.samples.size() << " beacons, at most " << std::fixed
      << std::setprecision(2) << 1e3 * error_s
      << " ms off the ephemeris (allowed: " << 1e3 * tolerance_s
      << " ms): " << (passed ? "ok" : "WRONG");
  return {passed, out.str()};
}

Curve light_time_curve(const Scenario& scenario, const LightTimes& measured) {
  return {"light time " + scenario.system[measured.from].name + " - " +
              scenario.system[measured.to].name,
          measured.samples};
}

std::vector<Outage> conjunctions(const Scenario& scenario, double until_s) {
  const auto earth = scenario.system.find("Earth");
  const auto mars = scenario.system.find("Mars");
  std::vector<Outage> all;
  if (!earth || !mars)
    return all;
  bool before = false;
  for (double t = 0.0; t < until_s; t += hour_s) {
    const bool now =
        sun_separation_deg(scenario.system, *earth, *mars, t) < scenario.sun_keep_out_deg;
    if (now && !before)
      all.push_back({"Mars in conjunction", t, t});
    if (now)
      all.back().until_s = std::min(t + hour_s, until_s);
    before = now;
  }
  return all;
}

std::vector<Curve> distances_from_sun(const Scenario& scenario, double from_s, double until_s) {
  constexpr int pieces = 60;
  const auto& system = scenario.system;
  std::vector<Curve> curves;
  for (std::size_t i = 0; i < system.mobiles.size(); ++i) {
    const auto id = static_cast<MobileId>(i);
    const auto& name = system[id].name;
    const auto& planet = system[outermost_parent(system, id)].name;
    if (planet != "Earth" && planet != "Mars")
      continue;
    Curve curve{name, {}, name == planet};
    for (int k = 0; k <= pieces; ++k) {
      const double t = from_s + (until_s - from_s) * k / pieces;
      curve.points.emplace_back(t, length(position_ls(system, id, t)));
    }
    curves.push_back(std::move(curve));
  }
  return curves;
}

} // namespace interplanetary
