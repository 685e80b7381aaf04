#include "libstos/image/cut_difference.hpp"

#include "libstos/base/exact_text.hpp"
#include "libstos/base/hexadecimal.hpp"
#include "libstos/code/code_registry.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace stos::detail {
namespace {

// Goes through both in the order of ids.
void compare_agents(const Cut& a, const Cut& b, CutDifference& found) {
  std::size_t in_a = 0;
  std::size_t in_b = 0;
  while (in_a < a.images.size() || in_b < b.images.size()) {
    const bool has_a = in_a < a.images.size();
    const bool has_b = in_b < b.images.size();
    const bool is_a = has_a && (!has_b || a.images[in_a].agent <= b.images[in_b].agent);
    const bool is_b = has_b && (!has_a || b.images[in_b].agent <= a.images[in_a].agent);
    if (!is_a || !is_b || !std::ranges::equal(a.image(in_a), b.image(in_b))) {
      if (found.agents++ == 0)
        found.agent = {is_a ? a.images[in_a].agent : b.images[in_b].agent, is_a, is_b};
    }
    in_a += is_a ? 1 : 0;
    in_b += is_b ? 1 : 0;
  }
}

ValueTree tree_of_world(const Cut& cut) {
  ValueTree tree = ValueTree::empty_object();
  const RunCounters& c = cut.counters;
  tree.add("time", ValueTree::of_number(cut.time));
  tree.add("agents", ValueTree::of_number(std::uint64_t{cut.images.size()}));
  ValueTree& counters = tree.add("counters", ValueTree::empty_object());
  for (const auto& [name, count] :
       {std::pair("agents_born", c.agents_born), std::pair("agents_died", c.agents_died),
        std::pair("sent", c.sent), std::pair("absorbed", c.absorbed),
        std::pair("in_flight", c.in_flight), std::pair("dropped", c.dropped)})
    counters.add(name, ValueTree::of_number(count));
  counters.add("last_event_time", ValueTree::of_number(c.last_event_time));
  counters.add("digest", ValueTree::of_text(c.digest.to_string()));
  counters.add("values", ValueTree::of_text(c.values.to_string()));
  return tree;
}

std::string describe(const Cut::Departed& each) {
  const AgentOps* ops = find_agent_type(each.type_id);
  return "agent " + std::to_string(each.agent.value) +
         (ops == nullptr ? "" : std::string(" (") + ops->type_name + ")");
}

// Of two lists in order, the first element that is in one only.
void compare_departed(const Cut& a, const Cut& b, const SideNames& names,
                      std::vector<std::string>& found) {
  const auto [in_a, in_b] = std::ranges::mismatch(a.departed, b.departed);
  const bool ends_a = in_a == a.departed.end();
  const bool ends_b = in_b == b.departed.end();
  if (ends_a && ends_b)
    return;
  if (!ends_a && !ends_b && in_a->agent == in_b->agent) {
    const auto end = [](const Cut::Departed& each) {
      return each.died ? "has died" : "has reached its boundary";
    };
    found.push_back(describe(*in_a) + " " + end(*in_a) + " in " + names.a + ", and " + end(*in_b) +
                    " in " + names.b +
                    (in_a->type_id == in_b->type_id ? "" : ", as " + describe(*in_b)));
    return;
  }
  const bool is_a = !ends_a && (ends_b || *in_a < *in_b);
  found.push_back(describe(is_a ? *in_a : *in_b) +
                  " has ended, and something still leads to it, in " + (is_a ? names.a : names.b) +
                  " only");
}

std::string describe(const Report& report) {
  return "of agent " + std::to_string(report.agent.value) + " at " + exact_text(report.time) +
         " s on \"" + report.topic + "\" (0x" + hexadecimal(report.value) + ")";
}

void compare_reports(const Cut& a, const Cut& b, const SideNames& names,
                     std::vector<std::string>& found) {
  const auto is_same = [](const Report& x, const Report& y) {
    return x.topic == y.topic && x.agent == y.agent && x.time == y.time && x.ordinal == y.ordinal &&
           x.value == y.value;
  };
  const auto [in_a, in_b] = std::ranges::mismatch(a.reports, b.reports, is_same);
  if (in_a == a.reports.end() && in_b == b.reports.end())
    return;
  const auto text = [](auto report, const std::vector<Report>& all) {
    return report == all.end() ? "missing, since there are " + std::to_string(all.size())
                               : describe(*report);
  };
  found.push_back("report " + std::to_string(in_a - a.reports.begin() + 1) + " is " +
                  text(in_a, a.reports) + " in " + names.a + ", and " + text(in_b, b.reports) +
                  " in " + names.b);
}

} // namespace

CutDifference compare(const Cut& a, const Cut& b, const SideNames& names) {
  CutDifference found;
  compare_agents(a, b, found);
  found.of_world = differences(tree_of_world(a), tree_of_world(b), names);
  compare_departed(a, b, names, found.of_world);
  compare_reports(a, b, names, found.of_world);
  return found;
}

std::vector<std::string> describe(const CutDifference& difference, World& world_a, World& world_b,
                                  double time, const SideNames& names,
                                  const AgentViewer::NameOf& name_of) {
  std::vector<std::string> lines;
  if (difference.agent) {
    Cell* a = find_restored(world_a, difference.agent->id);
    Cell* b = find_restored(world_b, difference.agent->id);
    const std::string who = a != nullptr || b != nullptr
                                ? describe(a != nullptr ? *a : *b)
                                : "agent " + std::to_string(difference.agent->id.value);
    if (difference.agent->is_in_a != difference.agent->is_in_b) {
      lines.push_back(who + " lives in " + (difference.agent->is_in_a ? names.a : names.b) +
                      " only");
    } else if (a != nullptr && b != nullptr) {
      for (const std::string& field :
           differences(AgentViewer(world_a, time, name_of).view(*a),
                       AgentViewer(world_b, time, name_of).view(*b), names))
        lines.push_back(who + ": " + field);
      if (lines.empty())
        lines.push_back(who + " differs, in nothing that can be shown: in something that its "
                              "inspect saves and does not show");
    }
  }
  lines.insert(lines.end(), difference.of_world.begin(), difference.of_world.end());
  return lines;
}

} // namespace stos::detail
