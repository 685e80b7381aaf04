#include "programs/stos/agent_commands.hpp"

#include "actors/messages/agent_views.hpp"
#include "actors/status/cluster_client.hpp"
#include "config/spelling.hpp"
#include "config/values.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/json_writer.hpp"
#include "programs/stos/arguments.hpp"
#include "programs/stos/key_options.hpp"
#include "programs/stos/text_table.hpp"

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <limits>
#include <string_view>
#include <utility>

namespace stos::program {
namespace {

using detail::AgentListOrder;
using detail::GroupView;
using detail::QuotaOrder;

/// Whom to ask, and how.
struct Access {
  NodeAddress node;
  double patience_s = 5;
  bool json = false;
  TlsOptions tls;
  bool insecure = false;

  [[nodiscard]] Result<std::vector<std::byte>> command(const std::string& name,
                                                       detail::Bytes arguments) const {
    const auto client = ClusterClient::connect(node, patience_s, tls, insecure, true);
    if (!client)
      return client.error();
    return (*client)->command({}, name, std::move(arguments.data));
  }
};

void add_access(CLI::App& app, Access& access, const std::string& node) {
  const auto set = [&access](const std::string& text) {
    const Result<NodeAddress> address = detail::parse_address(text, 1);
    if (!address)
      throw CLI::ValidationError("HOST:PORT: " + address.error().context +
                                 "; allowed: cluster.address of a node that runs");
    access.node = *address;
  };
  app.add_option_function<std::string>(
         node, set, "cluster.address of any node; default: " + to_string(NodeAddress{}))
      ->type_name("HOST:PORT");
  app.add_flag("--json", access.json, "JSON, for scripts.");
  add_duration(app, "--timeout", access.patience_s, 0.1, 3600,
               "Time that the node has for an answer; default: " + exact_text(access.patience_s) +
                   " s.");
  add_keys(app, access.tls, access.insecure);
}

int failed(const CLI::App& app, const Error& error) {
  std::cerr << app.get_name() + ": error: " + error.context + "\n" << std::flush;
  return exit_failed;
}

/// Has the node do it, and prints what `show` makes of what `decode` reads.
template <class T>
int ask(const CLI::App& app, const Access& access, const std::string& name, detail::Bytes arguments,
        Result<T> (*decode)(const detail::Bytes&), std::string (*show)(const T&, bool as_json)) {
  Result<std::vector<std::byte>> answer = access.command(name, std::move(arguments));
  if (!answer)
    return failed(app, answer.error());
  const Result<T> decoded = decode({*std::move(answer)});
  if (!decoded)
    return failed(app, decoded.error());
  std::cout << show(*decoded, access.json) << std::flush;
  return 0;
}

std::string lines_of(const Table& table) {
  constexpr std::size_t columns = 160;
  std::string text;
  for (const std::string& line : table.lines(columns))
    text += line + "\n";
  return text;
}

// ---- what is shown
// --------------------------------------------------------------------------------

std::string groups_text(const std::vector<GroupView>& groups, bool as_json) {
  JsonWriter json;
  json.begin_array();
  Table table({"group", "kind", "agents", "leader", "replicas", "range"});
  for (const GroupView& group : groups) {
    std::string replicas;
    for (const std::string& replica : group.replicas)
      replicas += (replicas.empty() ? "" : ",") + replica;
    table.add(
        {std::to_string(group.id), group.kind, group.agents ? std::to_string(*group.agents) : "-",
         group.leader.empty() ? "-" : group.leader, replicas + (group.moves ? " (moves)" : ""),
         group.range ? to_string(*group.range) : "-"});
    json.begin_object();
    json.member("group", group.id);
    json.member("kind", group.kind);
    if (group.agents)
      json.member("agents", *group.agents);
    json.member("leader", group.leader);
    json.begin_array("replicas");
    for (const std::string& replica : group.replicas)
      json.value(replica);
    json.end_array();
    if (group.range)
      json.member("range", to_string(*group.range));
    json.member("moves", group.moves);
    json.end_object();
  }
  json.end_array();
  return as_json ? json.take() + "\n" : lines_of(table);
}

std::string ids_text(const std::vector<keyed::Id>& ids, bool as_json) {
  JsonWriter json;
  json.begin_array();
  std::string text;
  for (const keyed::Id& id : ids) {
    text += id.type + "/" + id.key + "\n";
    json.begin_object();
    json.member("type", id.type);
    json.member("key", id.key);
    json.end_object();
  }
  json.end_array();
  return as_json ? json.take() + "\n" : text;
}

std::string quotas_text(const detail::QuotaViews& quotas, bool as_json) {
  JsonWriter json;
  json.begin_array();
  Table table({"quota", "agents", "limit"});
  for (const auto& [name, usage] : quotas) {
    table.add({name, std::to_string(usage.agents), std::to_string(usage.limit)});
    json.begin_object();
    json.member("quota", name);
    json.member("agents", usage.agents);
    json.member("limit", usage.limit);
    json.end_object();
  }
  json.end_array();
  return as_json ? json.take() + "\n" : lines_of(table);
}

// ---- stos agent
// -----------------------------------------------------------------------------------

int list_agents(const std::vector<std::string>& words) {
  CLI::App app("Lists replicated agents of a quota, in order, a page at a time.",
               "stos agent list");
  Access access;
  AgentListOrder order;
  order.count = 1'000;
  std::string after;
  app.add_option("quota", order.quota, "The quota that they belong to.")
      ->required()
      ->type_name("QUOTA");
  app.add_option("--type", order.type, "Only those of this class.");
  app.add_option("--after", after, "Only those behind this one: the last one of the page before.")
      ->type_name("TYPE/KEY");
  app.add_option("--count", order.count, "At most so many; default: 1000.")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10'000}));
  add_access(app, access, "--node");
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  if (!after.empty()) {
    const std::size_t slash = after.find('/');
    if (slash == std::string::npos)
      return report_bad_usage(app, "--after: wanted TYPE/KEY", std::cerr);
    order.from_type = after.substr(0, slash);
    order.from_key = after.substr(slash + 1);
  }
  return ask(app, access, "agents.list", encode(order), detail::decode_ids, ids_text);
}

Result<std::string> as_text(const detail::Bytes& bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data.data()), bytes.data.size());
}

int show_agent(const std::vector<std::string>& words) {
  CLI::App app("Shows the state of a replicated agent as JSON.", "stos agent show");
  Access access;
  keyed::Id id;
  app.add_option("quota", id.quota, "The quota that it belongs to.")
      ->required()
      ->type_name("QUOTA");
  app.add_option("type", id.type, "The name of its class.")->required()->type_name("TYPE");
  app.add_option("key", id.key, "Its key.")->required()->type_name("KEY");
  add_access(app, access, "--node");
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  return ask<std::string>(app, access, "agents.show", detail::encode(id), as_text,
                          [](const std::string& text, bool /*as_json*/) { return text + "\n"; });
}

int call_agent(const std::vector<std::string>& words, bool is_command) {
  CLI::App app(is_command ? "Gives a replicated agent a command, and prints its reply as JSON."
                          : "Asks a replicated agent, and prints its reply as JSON.",
               is_command ? "stos agent command" : "stos agent query");
  Access access;
  detail::AgentCallOrder order;
  order.is_command = is_command;
  order.json = "{}";
  app.add_option("quota", order.id.quota, "The quota that it belongs to.")
      ->required()
      ->type_name("QUOTA");
  app.add_option("type", order.id.type, "The name of its class.")->required()->type_name("TYPE");
  app.add_option("key", order.id.key, "Its key.")->required()->type_name("KEY");
  app.add_option("name", order.name,
                 is_command ? "The class of the command, without namespaces."
                            : "The class of the query, without namespaces.")
      ->required()
      ->type_name(is_command ? "COMMAND" : "QUERY");
  app.add_option("json", order.json, "Its fields; default: {}.")->type_name("JSON");
  if (!is_command)
    app.add_flag("--stale", order.is_stale,
                 "What any replica has: it may be out of date, and needs no leader.");
  add_access(app, access, "--node");
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  constexpr double share_of_agents = 0.8; // of the time: so there is an answer, whatever it is
  order.patience_ms = static_cast<std::uint64_t>(access.patience_s * 1e3 * share_of_agents);
  return ask<std::string>(app, access, "agents.call", detail::encode(order), as_text,
                          [](const std::string& text, bool /*as_json*/) { return text + "\n"; });
}

int command_agent(const std::vector<std::string>& words) { return call_agent(words, true); }
int query_agent(const std::vector<std::string>& words) { return call_agent(words, false); }

// ---- stos quota
// -----------------------------------------------------------------------------------

Result<std::string> as_nothing(const detail::Bytes& /*bytes*/) { return std::string(); }

/// Puts or deletes one.
int change_quota(const std::vector<std::string>& words, QuotaOrder::What what) {
  const bool puts = what == QuotaOrder::What::put;
  CLI::App app(puts ? "Says how many replicated agents of a quota there may be, and makes it if it "
                      "is not there."
                    : "Deletes a quota; its agents go, too.",
               puts ? "stos quota put" : "stos quota delete");
  Access access;
  QuotaOrder order{what, {}, 0};
  app.add_option("quota", order.quota, "Its name.")->required()->type_name("QUOTA");
  if (puts)
    app.add_option("limit", order.limit, "So many agents there may be.")
        ->required()
        ->type_name("N")
        ->check(CLI::Range(std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max()));
  add_access(app, access, "--node");
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  return ask<std::string>(app, access, "agents.quota", encode(order), as_nothing,
                          [](const std::string& text, bool /*as_json*/) { return text; });
}

int put_quota(const std::vector<std::string>& words) {
  return change_quota(words, QuotaOrder::What::put);
}

int delete_quota(const std::vector<std::string>& words) {
  return change_quota(words, QuotaOrder::What::remove);
}

int list_quotas(const std::vector<std::string>& words) {
  CLI::App app("Lists all quotas, and how much of them is used.", "stos quota list");
  Access access;
  add_access(app, access, "--node");
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  return ask(app, access, "agents.quota", encode(QuotaOrder{}), detail::decode_quotas, quotas_text);
}

int show_usage(const std::vector<std::string>& words) {
  CLI::App app("Shows how much of a quota is used.", "stos quota usage");
  Access access;
  QuotaOrder order;
  app.add_option("quota", order.quota, "Its name.")->required()->type_name("QUOTA");
  add_access(app, access, "--node");
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  return ask(app, access, "agents.quota", encode(order), detail::decode_quotas, quotas_text);
}

/// One word behind `stos agent` or `stos quota`.
struct Action {
  std::string_view name;
  std::string_view meaning;
  int (*run)(const std::vector<std::string>& words);
};

template <std::size_t N>
int act(const std::string& subcommand, const std::vector<std::string>& words,
        const Action (&actions)[N]) {
  const auto* const found =
      words.empty() ? std::end(actions) : std::ranges::find(actions, words[0], &Action::name);
  if (found != std::end(actions))
    return found->run({words.begin() + 1, words.end()});
  const bool asks = !words.empty() && (words[0] == "--help" || words[0] == "-h");
  std::ostream& out = asks ? std::cout : std::cerr;
  if (!words.empty() && !asks)
    out << subcommand + ": error: unknown action " + detail::quote(words[0]) + "\n";
  out << "usage: " + subcommand + " ACTION ...   (" + subcommand + " ACTION --help tells more)\n\n";
  for (const Action& action : actions)
    out << "  " << action.name << std::string(8 - action.name.size(), ' ') << action.meaning
        << '\n';
  return asks ? 0 : exit_bad_usage;
}

} // namespace

int groups(const std::vector<std::string>& words) {
  CLI::App app("Shows the groups that the replicated agents of a cluster are divided among: where "
               "they are, and how many agents they have.",
               "stos groups");
  Access access;
  add_access(app, access, "node");
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  return ask(app, access, "agents.groups", {}, detail::decode_groups, groups_text);
}

int agent(const std::vector<std::string>& words) {
  static constexpr Action actions[] = {
      {"list", "List replicated agents of a quota.", list_agents},
      {"show", "Show the state of one as JSON.", show_agent},
      {"command", "Give one a command.", command_agent},
      {"query", "Ask one.", query_agent},
  };
  return act("stos agent", words, actions);
}

int quota(const std::vector<std::string>& words) {
  static constexpr Action actions[] = {
      {"put", "Say how many agents of a quota there may be.", put_quota},
      {"delete", "Delete a quota and its agents.", delete_quota},
      {"list", "List all quotas.", list_quotas},
      {"usage", "Show how much of a quota is used.", show_usage},
  };
  return act("stos quota", words, actions);
}

} // namespace stos::program
