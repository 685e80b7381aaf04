#include "programs/stos/top_view.hpp"

#include "libstos/base/json_writer.hpp"
#include "programs/stos/status_json.hpp"
#include "programs/stos/text_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace stos::program {
namespace {

using Nodes = std::span<const NodeStatus>;

// ---- rates

/// A node and what it was like before.
struct Pair {
  const NodeStatus* now;
  const NodeStatus* before; ///< null: not there, or another run

  /// By the node's own clock: it is not known how long ago it was asked. Not if it went back.
  [[nodiscard]] std::optional<double> seconds() const {
    if (before == nullptr || !(now->taken_s > before->taken_s))
      return std::nullopt;
    return now->taken_s - before->taken_s;
  }
};

std::optional<double> quotient(std::optional<double> part, std::optional<double> whole) {
  if (!part || !whole || *whole <= 0)
    return std::nullopt;
  return *part / *whole;
}

template <class Number>
std::optional<double> rate(const Pair& node, Number now, Number before) {
  return quotient(static_cast<double>(now) - static_cast<double>(before), node.seconds());
}

/// What grows, per second; nothing where that cannot be told.
struct Rates {
  std::optional<double> events = 0;
  std::optional<double> activations = 0;
  std::optional<double> empty_activations = 0;
  std::optional<double> wakeups = 0;
  std::optional<double> processors = 0;

  [[nodiscard]] std::optional<double> empty_share() const {
    return quotient(empty_activations, activations);
  }

  void add(const Rates& other) {
    for (const auto rate : {&Rates::events, &Rates::activations, &Rates::empty_activations,
                            &Rates::wakeups, &Rates::processors})
      this->*rate = this->*rate && other.*rate ? std::optional(*(this->*rate) + *(other.*rate))
                                               : std::nullopt;
  }
};

Rates rates_of(const Pair& node) {
  const NodeStatus& now = *node.now;
  const NodeStatus& before = node.before == nullptr ? now : *node.before;
  return {rate(node, now.events, before.events), rate(node, now.activations, before.activations),
          rate(node, now.empty_activations, before.empty_activations),
          rate(node, now.wakeups, before.wakeups),
          rate(node, now.process.cpu_s, before.process.cpu_s)};
}

std::optional<double> blocked_share(const NodeStatus& node) {
  return quotient(static_cast<double>(node.agents_blocked), static_cast<double>(agents_of(node)));
}

const PeerStatus* find_peer(const NodeStatus* node, std::string_view name) {
  if (node == nullptr)
    return nullptr;
  const auto at = std::ranges::find(node->peers, name, &PeerStatus::peer);
  return at == node->peers.end() ? nullptr : &*at;
}

std::optional<double> traffic(const Pair& from, std::string_view to,
                              std::uint64_t PeerStatus::*count) {
  const PeerStatus* const now = find_peer(from.now, to);
  const PeerStatus* const before = find_peer(from.before, to);
  if (now == nullptr || before == nullptr)
    return std::nullopt;
  return rate(from, now->*count, before->*count);
}

/// One simulation: its nodes, and all of them together.
struct Simulation {
  std::vector<Pair> nodes;
  NodeStatus total;
  Rates rates;
};

/// Counters of a run never go back: if they do, it is another run.
bool is_same_run(const NodeStatus& now, const NodeStatus& before) {
  return now.simulation == before.simulation && now.node == before.node &&
         now.process.started_s == before.process.started_s && now.running_s >= before.running_s &&
         now.events >= before.events;
}

std::vector<Simulation> simulations_of(Nodes now, Nodes before) {
  std::vector<Simulation> simulations;
  for (const Nodes nodes : by_simulation(now)) {
    Simulation& simulation = simulations.emplace_back();
    simulation.total = total_of(nodes);
    for (const NodeStatus& node : nodes) {
      const auto old = std::ranges::find_if(
          before, [&](const NodeStatus& known) { return is_same_run(node, known); });
      simulation.nodes.push_back({&node, old == before.end() ? nullptr : &*old});
      simulation.rates.add(rates_of(simulation.nodes.back()));
    }
  }
  return simulations;
}

std::string summary(const Simulation& simulation) {
  const NodeStatus& total = simulation.total;
  const auto nodes = simulation.nodes.size();
  std::string line = shown(total.simulation) + ": " + std::to_string(nodes) +
                     (nodes == 1 ? " node, " : " nodes, ") +
                     count_text(static_cast<double>(agents_of(total))) + " agents, " +
                     or_dash(simulation.rates.events, count_text) + " events/s, ";
  if (is_finished(total))
    line += "at the end";
  else
    line += seconds_text(total.lower_bound) + " s" +
            (std::isfinite(total.end_time) ? " of " + seconds_text(total.end_time) + " s" : "");
  return line + ", running " + duration_text(total.running_s);
}

std::vector<std::string> node_lines(const Simulation& simulation, std::size_t columns) {
  Table table({"NODE", "AGENTS", "EVENTS/S", "TIME s", "LAG s", "EMPTY", "BLOCKED", "CPU", "MEMORY",
               "FLYING", "MAILBOX", "WAKES/S", "MOVED", "AGE s"});
  const NodeStatus& total = simulation.total;
  for (const Pair& node : simulation.nodes) {
    const NodeStatus& now = *node.now;
    const Rates rates = rates_of(node);
    table.add({shown(now.node), count_text(static_cast<double>(agents_of(now))),
               or_dash(rates.events, count_text), seconds_text(now.simulated_time),
               printed("%.3g", total.simulated_time - now.simulated_time),
               or_dash(rates.empty_share(), share_text), or_dash(blocked_share(now), share_text),
               or_dash(rates.processors, [](double busy) { return printed("%.2f", busy); }),
               bytes_text(static_cast<double>(now.process.resident_bytes)),
               count_text(static_cast<double>(now.lambdas_in_flight)),
               count_text(static_cast<double>(now.mailbox_longest)),
               or_dash(rates.wakeups, count_text),
               count_text(static_cast<double>(now.migrations_done)),
               printed("%.1f", total.taken_s - now.taken_s)});
  }
  return table.lines(columns);
}

std::vector<std::string> traffic_lines(const Simulation& simulation, std::size_t columns) {
  Table::Row titles = {"BYTES/S to:"};
  for (const Pair& to : simulation.nodes)
    titles.push_back(shown(to.now->node));
  Table table(titles);
  for (const Pair& from : simulation.nodes) {
    Table::Row row = {shown(from.now->node)};
    for (const Pair& to : simulation.nodes)
      row.push_back(or_dash(traffic(from, to.now->node, &PeerStatus::bytes_sent), bytes_text));
    table.add(std::move(row));
  }
  return table.lines(columns);
}

std::uint64_t agents_of_type(const NodeStatus& node, std::string_view type) {
  const auto at = std::ranges::find(node.types, type, &TypeStatus::type);
  return at == node.types.end() ? 0 : at->agents;
}

std::vector<std::string> type_lines(const Simulation& simulation, std::size_t columns) {
  Table::Row titles = {"AGENTS", "all"};
  for (const Pair& node : simulation.nodes)
    titles.push_back(shown(node.now->node));
  Table table(titles);
  std::vector<TypeStatus> types = simulation.total.types;
  std::ranges::stable_sort(types, std::greater(), &TypeStatus::agents);
  for (const TypeStatus& type : types) {
    Table::Row row = {shown(type.type), count_text(static_cast<double>(type.agents))};
    for (const Pair& node : simulation.nodes)
      row.push_back(count_text(static_cast<double>(agents_of_type(*node.now, type.type))));
    table.add(std::move(row));
  }
  return table.lines(columns);
}

/// The lines of a screen, as long as there is room.
class Screen {
public:
  Screen(int columns, int rows)
      : columns_(static_cast<std::size_t>(std::max(columns, 0))),
        room_(static_cast<std::size_t>(std::max(rows, 0))) {}

  [[nodiscard]] std::size_t columns() const { return columns_; }

  void add(std::string line) {
    if (room_ == 0)
      return;
    --room_;
    line.resize(std::min(line.size(), columns_));
    line.resize(line.find_last_not_of(' ') + 1);
    text_ += line + '\n';
  }

  /// A table; if it is too long, its last line says how many more `things` there are.
  void add(const std::vector<std::string>& lines, std::string_view things) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (room_ == 1 && i + 1 < lines.size()) {
        add("... and " + std::to_string(lines.size() - i) + " more " + std::string(things));
        return;
      }
      add(lines[i]);
    }
  }

  /// The same with an empty line before it, and only if a line of it has room beside its title.
  void add_part(const std::vector<std::string>& lines, std::string_view things) {
    if (room_ < 3 || lines.size() < 2)
      return;
    add("");
    add(lines, things);
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

private:
  std::size_t columns_;
  std::size_t room_;
  std::string text_;
};

// ---- JSON

void write_numbers(JsonWriter& json, const NodeStatus& now, const Rates& rates) {
  write_agents(json, now);
  write_progress(json, now);
  write_process(json, now);
  json.member("lambdas_sent_local", now.lambdas_sent_local);
  json.member("lambdas_sent_remote", now.lambdas_sent_remote);
  json.member("lambdas_dropped", now.lambdas_dropped);
  json.member("lambdas_in_flight", now.lambdas_in_flight);
  json.member("wakeups", now.wakeups);
  json.member("activations", now.activations);
  json.member("empty_activations", now.empty_activations);
  json.member("mailbox_longest", now.mailbox_longest);
  json.member("migrations_done", now.migrations_done);
  json.member("migrations_refused", now.migrations_refused);
  json.member("migrations_failed", now.migrations_failed);
  json.member("global_time_rounds", now.global_time_rounds);
  if (const ContinuityStatus& c = now.continuity; c.epoch > 0 || c.cuts > 0) {
    json.begin_object("continuity");
    json.member("epoch", c.epoch);
    json.member("members", c.members);
    json.member("leads", c.leads != 0);
    json.member("term", c.term);
    json.member("log_length", c.log_length);
    json.member("joined", c.joined);
    json.member("left", c.left);
    json.member("lost", c.lost);
    json.member("cuts", c.cuts);
    json.member("cut_time_s", c.cut_time);
    json.member("cut_taken_s", c.cut_taken_s);
    json.member("copies_missing", c.copies_missing);
    json.member("recoveries", c.recoveries);
    json.member("recovery_s", c.recovery_s);
    json.end_object();
  }
  json.member("events_per_second", rates.events);
  json.member("empty_share", rates.empty_share());
  json.member("blocked_share", blocked_share(now));
  json.member("processors", rates.processors);
}

void write_peers(JsonWriter& json, const Pair& node) {
  json.begin_object("peers");
  for (const PeerStatus& peer : node.now->peers) {
    json.begin_object(peer.peer);
    json.member("frames_sent", peer.frames_sent);
    json.member("frames_received", peer.frames_received);
    json.member("lambdas_sent", peer.lambdas_sent);
    json.member("lambdas_received", peer.lambdas_received);
    json.member("bytes_sent", peer.bytes_sent);
    json.member("bytes_received", peer.bytes_received);
    json.member("bytes_sent_per_second", traffic(node, peer.peer, &PeerStatus::bytes_sent));
    json.member("lambdas_sent_per_second", traffic(node, peer.peer, &PeerStatus::lambdas_sent));
    json.member("credit_used_bytes", peer.credit_used_bytes);
    json.member("credit_limit_bytes", peer.credit_limit_bytes);
    json.member("credit_waits", peer.credit_waits);
    json.member("silence_s", peer.silence_s);
    json.end_object();
  }
  json.end_object();
}

} // namespace

std::vector<NodeStatus> statuses_before(Nodes now, Nodes last, Nodes before_last) {
  std::vector<NodeStatus> before;
  for (const NodeStatus& node : now)
    for (const Nodes known : {last, before_last}) {
      const auto old = std::ranges::find_if(known, [&node](const NodeStatus& status) {
        return status.simulation == node.simulation && status.node == node.node &&
               status.taken_s < node.taken_s;
      });
      if (old != known.end()) {
        before.push_back(*old);
        break;
      }
    }
  return before;
}

std::string draw_top(Nodes now, Nodes before, int columns, int rows) {
  Screen screen(columns, rows);
  const std::vector<Simulation> simulations = simulations_of(now, before);
  if (simulations.empty())
    screen.add("no node is known");
  for (std::size_t i = 0; i < simulations.size(); ++i) {
    if (i > 0)
      screen.add("");
    screen.add(summary(simulations[i]));
    screen.add_part(node_lines(simulations[i], screen.columns()), "nodes");
    if (simulations[i].nodes.size() > 1)
      screen.add_part(traffic_lines(simulations[i], screen.columns()), "nodes");
    screen.add_part(type_lines(simulations[i], screen.columns()), "types");
  }
  return screen.take();
}

std::string top_as_json(Nodes now, Nodes before) {
  JsonWriter json;
  json.begin_object();
  json.begin_array("simulations");
  for (const Simulation& simulation : simulations_of(now, before)) {
    json.begin_object();
    json.member("simulation", std::string_view(simulation.total.simulation));
    json.begin_object("total");
    write_numbers(json, simulation.total, simulation.rates);
    json.end_object();
    json.begin_array("nodes");
    for (const Pair& node : simulation.nodes) {
      json.begin_object();
      json.member("node", std::string_view(node.now->node));
      json.member("taken_s", node.now->taken_s);
      json.member("seconds_between", node.seconds());
      json.member("lag_s", simulation.total.simulated_time - node.now->simulated_time);
      write_numbers(json, *node.now, rates_of(node));
      write_peers(json, node);
      json.end_object();
    }
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

} // namespace stos::program
