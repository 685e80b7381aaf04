#include "mission.hpp"

#include "body.hpp"
#include "craft.hpp"

#include <map>
#include <set>

namespace interplanetary {
namespace {

std::set<MobileId> with_radio(const Scenario& scenario) {
  std::set<MobileId> ids;
  for (const Link& link : scenario.links)
    ids.insert({link.from, link.to});
  return ids;
}

void begin_beacon(const SolarSystem& system, const std::map<MobileId, Body*>& bodies,
                  const char* from, const char* to) {
  const auto find = [&](const char* name) -> Body* {
    const auto id = system.find(name);
    return id && bodies.contains(*id) ? bodies.at(*id) : nullptr;
  };
  Body* source = find(from);
  Body* target = find(to);
  if (source != nullptr && target != nullptr)
    source->begin_beacon(*target);
}

/// Creates all agents. The simulation owns and deletes them.
void populate(const Network& network) {
  const Scenario& scenario = network.scenario;
  const auto radios = with_radio(scenario);
  std::map<MobileId, Body*> bodies;
  std::map<MobileId, Craft*> crafts;
  for (std::size_t i = 0; i < scenario.system.mobiles.size(); ++i) {
    const auto id = static_cast<MobileId>(i);
    if (radios.contains(id))
      crafts[id] = new Craft(network, id);
    else
      bodies[id] = new Body(scenario.system, id);
  }
  for (std::size_t i = 0; i < scenario.links.size(); ++i) {
    const Link& link = scenario.links[i];
    crafts.at(link.from)->connect(static_cast<LinkId>(i), *crafts.at(link.to));
  }
  begin_beacon(scenario.system, bodies, "Earth", "Mars");
  begin_beacon(scenario.system, bodies, "Earth", "Moon");
}

} // namespace

MissionRecord run_mission(const Scenario& scenario, double until_s,
                          const stos::RunOptions& options) {
  const Network network{.scenario = scenario};
  DeepSpace simulation(options);
  {
    const auto scope = simulation.set_up();
    simulation.provide(network);
    simulation.provide(scenario.system);
    populate(network);
  }
  MissionRecord record;
  record.summary = simulation.run(until_s);
  record.crafts = craft_logs(record.summary.reports);
  record.light_times = light_times(record.summary.reports);
  return record;
}

} // namespace interplanetary
