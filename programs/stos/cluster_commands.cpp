#include "programs/stos/cluster_commands.hpp"

#include "actors/messages/cluster_messages.hpp"
#include "actors/messages/stored_cut.hpp"
#include "actors/status/cluster_client.hpp"
#include "config/values.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/json_writer.hpp"
#include "libstos/cluster/gateway/gateway.hpp"
#include "programs/stos/arguments.hpp"
#include "programs/stos/cluster_views.hpp"
#include "programs/stos/key_options.hpp"
#include "programs/stos/screen.hpp"
#include "programs/stos/text_table.hpp"
#include "programs/stos/top_view.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace stos::program {
namespace {

/// What all of them are told.
struct Question {
  NodeAddress node;
  double patience_s = 5;
  bool json = false;
  TlsOptions tls;
  bool insecure = false;

  [[nodiscard]] Result<std::unique_ptr<ClusterClient>> connect(bool commands = false) const {
    return ClusterClient::connect(node, patience_s, tls, insecure, commands);
  }
};

CLI::Option* add_node(CLI::App& app, Question& question) {
  const auto set = [&question](const std::string& text) {
    const Result<NodeAddress> address = detail::parse_address(text, 1);
    if (!address)
      throw CLI::ValidationError("HOST:PORT: " + address.error().context +
                                 "; allowed: cluster.address of a node that runs");
    question.node = *address;
  };
  return app
      .add_option_function<std::string>(
          "node", set, "cluster.address of any node; default: " + to_string(NodeAddress{}))
      ->type_name("HOST:PORT");
}

void add_patience(CLI::App& app, Question& question) {
  add_duration(app, "--timeout", question.patience_s, 0.1, 3600,
               "Time that the node has for an answer; default: " + exact_text(question.patience_s) +
                   " s.");
  add_keys(app, question.tls, question.insecure);
}

void add_simulation(CLI::App& app, std::string& simulation) {
  app.add_option("--simulation", simulation, "Its name; default: the only one that runs.");
}

void add_options(CLI::App& app, Question& question) {
  add_node(app, question);
  app.add_flag("--json", question.json, "One line of JSON, for scripts.");
  add_patience(app, question);
}

int failed(const CLI::App& app, const Error& error) {
  std::cerr << app.get_name() << ": error: " << error.context << std::endl;
  return exit_failed;
}

/// A subcommand that asks once and prints what `text` or `as_json` makes of the answer.
int ask_once(CLI::App& app, Question& question, const std::vector<std::string>& words,
             const std::function<std::string(const ClusterStatus&)>& text,
             std::string (*as_json)(const ClusterStatus&)) {
  add_options(app, question);
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  const auto client = question.connect();
  if (!client)
    return failed(app, client.error());
  const Result<ClusterStatus> status = (*client)->status();
  if (!status)
    return failed(app, status.error());
  std::cout << (question.json ? as_json(*status) : text(*status)) << std::flush;
  return 0;
}

/// What a node says again and again, and what it said before.
class Watching {
public:
  explicit Watching(ClusterClient& client) : client_(client) {}

  [[nodiscard]] Result<void> look() {
    Result<ClusterStatus> status = client_.status();
    if (!status)
      return status.error();
    before_ = statuses_before(status->statuses, now_.statuses, before_);
    now_ = *std::move(status);
    return {};
  }

  /// Alerts come last, and have room always.
  [[nodiscard]] std::string text(int columns, int rows) const {
    std::string alerts;
    for (const Alert& alert : now_.alerts)
      alerts += shown(std::string(to_string(alert.type)) + ": " + alert.text,
                      static_cast<std::size_t>(columns)) +
                "\n";
    if (!alerts.empty())
      alerts = "\n" + alerts;
    const auto rows_of_alerts = static_cast<int>(std::ranges::count(alerts, '\n'));
    return draw_top(now_.statuses, before_, columns, rows - rows_of_alerts) + alerts;
  }
  [[nodiscard]] std::string json() const { return top_as_json(now_.statuses, before_); }

private:
  ClusterClient& client_;
  std::vector<NodeStatus> before_;
  ClusterStatus now_;
};

// A reader who has seen enough, as head(1) does, is no reason to complain.
void forget_reader_who_left() {
  if (errno != EPIPE || std::freopen("/dev/null", "w", stdout) == nullptr)
    return;
  std::cout.clear();
  std::cout.flush();
}

/// Prints what is seen at the end of each interval, once or as long as the node answers and
/// the output has a reader.
int print_looks(const CLI::App& app, Watching& watching, const Question& question,
                double interval_s, bool once) {
  if (Result<void> looked = watching.look(); !looked)
    return failed(app, looked.error());
  do {
    std::this_thread::sleep_for(std::chrono::duration<double>(interval_s));
    if (Result<void> looked = watching.look(); !looked)
      return failed(app, looked.error());
    constexpr int columns = 160, rows = 10'000;
    std::cout << (question.json ? watching.json() : watching.text(columns, rows)) << std::flush;
  } while (!once && std::cout);
  if (!std::cout)
    forget_reader_who_left();
  return 0;
}

int show_live(const CLI::App& app, Watching& watching, const Question& question,
              double interval_s) {
  std::optional<Error> problem;
  {
    Screen screen;
    for (bool goes_on = true; goes_on && !problem;) {
      if (Result<void> looked = watching.look(); !looked) {
        problem = looked.error();
        continue;
      }
      const auto [columns, rows] = screen.size();
      screen.show("stos top " + to_string(question.node) + " - q: quit\n" +
                  watching.text(columns, rows - 2));
      goes_on = screen.wait(interval_s);
    }
  }
  return problem ? failed(app, *problem) : 0;
}

// How many moves came to which end, and why: of several agents of one class that lack the same,
// the first.
struct MoveCount {
  std::size_t moves = 0;
  std::vector<std::string> reasons;
};
using MoveCounts = std::array<MoveCount, move_results>;

// Of "agent 7 (Ping) ..." all but which agent it is.
std::string_view without_agent(std::string_view text) {
  return text.substr(std::min(text.find('('), text.size()));
}

void add_reason(std::vector<std::string>& reasons, const std::string& text) {
  constexpr std::size_t reasons_max = 10;
  const bool known = std::any_of(reasons.begin(), reasons.end(), [&](const std::string& reason) {
    return without_agent(reason) == without_agent(text);
  });
  if (known || reasons.size() > reasons_max)
    return;
  reasons.push_back(reasons.size() < reasons_max ? text : "and more");
}

MoveCounts count(const std::vector<MoveOutcome>& outcomes) {
  MoveCounts counts;
  for (const MoveOutcome& outcome : outcomes) {
    MoveCount& one = counts[static_cast<std::size_t>(outcome.result)];
    ++one.moves;
    if (!outcome.text.empty())
      add_reason(one.reasons, outcome.text);
  }
  return counts;
}

std::string moves_as_text(const MoveCounts& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i].moves == 0)
      continue;
    text += std::string(to_string(static_cast<MoveResult>(i))) + " " +
            std::to_string(counts[i].moves) + "\n";
    for (const std::string& reason : counts[i].reasons)
      text += "  " + reason + "\n";
  }
  return text.empty() ? "no agents are there\n" : text;
}

Result<std::vector<std::byte>> command(const Question& question, const std::string& simulation,
                                       const std::string& name, std::vector<std::byte> arguments) {
  const auto client = question.connect(true);
  if (!client)
    return client.error();
  return (*client)->command(simulation, name, std::move(arguments));
}

std::string cut_as_json(const detail::StoredCut& cut) {
  JsonWriter json;
  json.begin_object();
  json.member("time", cut.record.time);
  json.member("state", cut.record.state_digest.to_string());
  json.member("agents", cut.record.agents);
  json.member("bytes", cut.record.bytes);
  json.member("pause", cut.pause_s);
  if (!cut.place.empty()) {
    json.member("store", cut.place);
    json.member("number", cut.number);
  }
  json.end_object();
  return json.take() + "\n";
}

std::string moves_as_json(const MoveCounts& counts) {
  JsonWriter json;
  json.begin_object();
  for (std::size_t i = 0; i < counts.size(); ++i)
    json.member(to_string(static_cast<MoveResult>(i)), counts[i].moves);
  json.end_object();
  return json.take() + "\n";
}

} // namespace

int migrate(const std::vector<std::string>& words) {
  CLI::App app(
      "Has agents move to another node, by their ids or drawn from those of one node. What "
      "they do stays the same. Fails if some of them do not get there.",
      "stos migrate");
  Question question;
  std::string simulation;
  detail::MigrateOrder order;
  order.count = detail::Gateway::moves_of_a_request_max;
  std::vector<std::uint64_t> ids;
  add_options(app, question);
  add_simulation(app, simulation);
  app.add_option("--to", order.to, "Name of the node where they go.")->required();
  auto* from = app.add_option("--from", order.from, "Name of the node whose agents go.");
  auto* agents = app.add_option("--agents", ids, "Ids of the agents that go.")->delimiter(',');
  app.add_option("--count", order.count, "At most so many, drawn at random; default: all.")
      ->check(CLI::Range(std::uint64_t{0}, detail::Gateway::moves_of_a_request_max))
      ->needs(from);
  app.add_option("--type", order.type, "Only those of this class.")->needs(from);
  from->excludes(agents);
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  if (order.from.empty() && ids.empty())
    return report_bad_usage(app, "wanted: --from NODE, or --agents ID,ID...", std::cerr);
  for (const std::uint64_t id : ids)
    order.agents.push_back(AgentId{id});

  const Result<std::vector<std::byte>> answer =
      command(question, simulation, "migrate", detail::encode(order).data);
  if (!answer)
    return failed(app, answer.error());
  const Result<std::vector<MoveOutcome>> outcomes = detail::decode_outcomes({*answer});
  if (!outcomes)
    return failed(app, outcomes.error());
  const MoveCounts counts = count(*outcomes);
  std::cout << (question.json ? moves_as_json(counts) : moves_as_text(counts)) << std::flush;
  const std::size_t there = counts[static_cast<std::size_t>(MoveResult::moved)].moves +
                            counts[static_cast<std::size_t>(MoveResult::already_there)].moves;
  return there == outcomes->size() ? 0 : exit_failed;
}

int snapshot(const std::vector<std::string>& words) {
  CLI::App app("Has all nodes stop for a moment, and what the world is then stored where the first "
               "node is (its snapshot.path): a program goes on from there with --from.",
               "stos snapshot");
  Question question;
  question.patience_s = 60;
  std::string simulation;
  add_options(app, question);
  add_simulation(app, simulation);
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  const Result<std::vector<std::byte>> answer = command(question, simulation, "snapshot", {});
  if (!answer)
    return failed(app, answer.error());
  const Result<detail::StoredCut> cut = detail::decode_stored_cut(*answer);
  if (!cut)
    return failed(app, cut.error());
  std::cout << (question.json
                    ? cut_as_json(*cut)
                    : cut->to_string() +
                          (cut->place.empty()
                               ? ""
                               : "; number " + std::to_string(cut->number) + " in " + cut->place) +
                          "\n")
            << std::flush;
  return 0;
}

int drain(const std::vector<std::string>& words) {
  CLI::App app(
      "Has a node leave its cluster: its agents go to the others, and its process ends well.",
      "stos drain");
  Question question;
  std::string node;
  add_node(app, question)->required();
  app.add_option("name", node, "Its name; default: the one that is asked.")->type_name("NODE");
  add_patience(app, question);
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  const auto bytes = std::as_bytes(std::span(node));
  const Result<std::vector<std::byte>> answer =
      command(question, {}, "drain", {bytes.begin(), bytes.end()});
  if (!answer)
    return failed(app, answer.error());
  std::cout << "node " + (node.empty() ? "at " + to_string(question.node) : node) +
                   " leaves as soon as the runs are cut\n"
            << std::flush;
  return 0;
}

int show(const std::vector<std::string>& words) {
  CLI::App app("Shows an agent of a simulation that runs as JSON: where it is, its members, its "
               "channels, what waits for it; as it is between two of its events.",
               "stos show");
  Question question;
  std::string simulation;
  std::string agent;
  add_node(app, question)->required();
  app.add_option("agent", agent, "Its id, or its name.")->required()->type_name("AGENT");
  add_patience(app, question);
  add_simulation(app, simulation);
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  const auto bytes = std::as_bytes(std::span(agent));
  const Result<std::vector<std::byte>> answer =
      command(question, simulation, "show", {bytes.begin(), bytes.end()});
  if (!answer)
    return failed(app, answer.error());
  std::cout << std::string_view(reinterpret_cast<const char*>(answer->data()), answer->size())
            << std::endl;
  return 0;
}

int nodes(const std::vector<std::string>& words) {
  CLI::App app("Shows the nodes of a cluster that runs, and which of them to look at.",
               "stos nodes");
  Question question;
  return ask_once(app, question, words, nodes_as_text, nodes_as_json);
}

int simulations(const std::vector<std::string>& words) {
  CLI::App app("Shows how far the simulations of a cluster are.", "stos simulations");
  Question question;
  return ask_once(app, question, words, simulations_as_text, simulations_as_json);
}

int agents(const std::vector<std::string>& words) {
  CLI::App app("Shows how many agents live where.", "stos agents");
  Question question;
  bool by_type = false;
  app.add_flag("--by-type", by_type, "A line for each class of agents.");
  return ask_once(
      app, question, words,
      [&by_type](const ClusterStatus& status) { return agents_as_text(status, by_type); },
      agents_as_json);
}

int top(const std::vector<std::string>& words) {
  CLI::App app("Shows a cluster live: nodes, agents, rates, lag, traffic. q ends it.", "stos top");
  Question question;
  double interval_s = 1;
  bool once = false;
  add_options(app, question);
  app.add_flag("--once", once, "Look twice, an interval apart, print that, and end.");
  app.footer(
      "With --json it prints a line after each interval, with --once the first one only. Where\n"
      "there is no terminal, a table comes once. It ends when the node does not answer, with\n"
      "exit code 1.");
  add_duration(app, "--interval", interval_s, 0.1, 3600, "Time between two looks; default: 1 s.");
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  const auto client = question.connect();
  if (!client)
    return failed(app, client.error());
  Watching watching(**client);
  if (once || question.json || !Screen::is_possible())
    return print_looks(app, watching, question, interval_s, once || !question.json);
  return show_live(app, watching, question, interval_s);
}

} // namespace stos::program
