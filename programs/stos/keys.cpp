#include "programs/stos/keys.hpp"

#include "actors/transport/key_folder.hpp"
#include "config/spelling.hpp"
#include "programs/stos/arguments.hpp"

#include <iostream>
#include <string_view>

namespace stos::program {
namespace {

using detail::KeyFolder;

constexpr int days_max = 36'500;

int failed(const CLI::App& app, const Error& error) {
  std::cerr << app.get_name() << ": error: " << error.context << std::endl;
  return exit_failed;
}

void add_days(CLI::App& app, int& days) {
  app.add_option("--days", days, "So long they count.")
      ->check(CLI::Range(1, days_max))
      ->capture_default_str();
}

int create(const std::vector<std::string>& words) {
  CLI::App app(
      "Makes a folder with the authority of a new cluster. A user who has its ca.key can make "
      "nodes of the cluster.",
      "stos keys create");
  std::string folder, cluster = "stos";
  int days = 3650;
  app.add_option("folder", folder, "That is not there yet, or empty.")
      ->type_name("DIR")
      ->required();
  app.add_option("--cluster", cluster, "Name of the cluster, for people.")->capture_default_str();
  add_days(app, days);
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  if (!detail::is_peer_name(cluster))
    return report_bad_usage(app, "--cluster: allowed: 1 to 64 of the characters A-Z a-z 0-9 _ . -",
                            std::cerr);
  if (Result<void> created = KeyFolder(folder).create(cluster, days); !created)
    return failed(app, created.error());
  return 0;
}

/// What add-node and add-tool have in common: says which files a program has to be given.
int add(const CLI::App& app, const std::string& folder, const std::vector<std::string>& names,
        detail::PeerKind kind, int days) {
  for (const std::string& name : names) {
    const Result<std::string> path = KeyFolder(folder).add({kind, name}, days);
    if (!path)
      return failed(app, path.error());
    std::cout << *path << ".crt " << *path << ".key\n";
  }
  return 0;
}

int add_node(const std::vector<std::string>& words) {
  CLI::App app("Makes the keys of nodes: for each cluster.tls.certificate and cluster.tls.key. "
               "cluster.tls.ca is ca.crt in the folder.",
               "stos keys add-node");
  std::string folder;
  std::vector<std::string> names;
  int days = 825;
  app.add_option("folder", folder, "Of stos keys create.")->type_name("DIR")->required();
  app.add_option("names", names, "Of the nodes, as cluster.node has them.")
      ->type_name("NAME")
      ->required();
  add_days(app, days);
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  return add(app, folder, names, detail::PeerKind::node, days);
}

int add_tool(const std::vector<std::string>& words) {
  CLI::App app("Makes the keys of tools and foreign processes.", "stos keys add-tool");
  std::string folder, may = "look";
  std::vector<std::string> names;
  int days = 825;
  app.add_option("folder", folder, "Of stos keys create.")->type_name("DIR")->required();
  app.add_option("names", names, "Of those who have them.")->type_name("NAME")->required();
  app.add_option("--may", may,
                 "look: stos top, nodes, simulations, agents; command: stos migrate, too; process: "
                 "find agents and send them messages, too.")
      ->check(CLI::IsMember({"look", "command", "process"}))
      ->capture_default_str();
  add_days(app, days);
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  return add(app, folder, names, *detail::peer_kind_from(may), days);
}

int revoke(const std::vector<std::string>& words) {
  CLI::App app(
      "Puts the certificates of nodes and tools on the list of those that do not count any "
      "more, revoked.crl in the folder: cluster.tls.revoked of each node. Nodes that run "
      "see it when it has changed.",
      "stos keys revoke");
  std::string folder;
  std::vector<std::string> names;
  app.add_option("folder", folder, "Of stos keys create.")->type_name("DIR")->required();
  app.add_option("names", names, "Whose keys are not theirs any more.")
      ->type_name("NAME")
      ->required();
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  for (const std::string& name : names)
    if (Result<void> revoked = KeyFolder(folder).revoke(name); !revoked)
      return failed(app, revoked.error());
  return 0;
}

struct Action {
  std::string_view name;
  std::string_view meaning;
  int (*run)(const std::vector<std::string>& words);
};

constexpr Action actions[] = {
    {"create", "Make the keys of a new cluster.", create},
    {"add-node", "Make the keys of a node.", add_node},
    {"add-tool", "Make the keys of a tool or a foreign process.", add_tool},
    {"revoke", "Have keys count no more.", revoke},
};

} // namespace

int keys(const std::vector<std::string>& words) {
  const std::string name = words.empty() ? "--help" : words.front();
  for (const Action& action : actions)
    if (action.name == name)
      return action.run({words.begin() + 1, words.end()});
  std::vector<std::string> known;
  std::string help = "Makes the keys by which nodes and tools of a cluster know each other.\n\n"
                     "usage: stos keys ACTION DIR ...   (stos keys ACTION --help tells more)\n\n";
  for (const Action& action : actions) {
    known.emplace_back(action.name);
    help += "  " + known.back() + std::string(13 - known.back().size(), ' ') +
            std::string(action.meaning) + "\n";
  }
  if (name == "--help" || name == "-h") {
    (words.empty() ? std::cerr : std::cout) << help << std::flush;
    return words.empty() ? exit_bad_usage : 0;
  }
  std::cerr << "stos keys: error: unknown action " << detail::quote(name)
            << detail::spelling_hint(name, known) << std::endl;
  return exit_bad_usage;
}

} // namespace stos::program
