#include "programs/stos/subcommand.hpp"

#include "config/spelling.hpp"
#include "config/version.hpp"
#include "programs/stos/agent_commands.hpp"
#include "programs/stos/arguments.hpp"
#include "programs/stos/cluster_commands.hpp"
#include "programs/stos/coordination_commands.hpp"
#include "programs/stos/experiment.hpp"
#include "programs/stos/job_commands.hpp"
#include "programs/stos/join.hpp"
#include "programs/stos/keys.hpp"
#include "programs/stos/node.hpp"
#include "programs/stos/plot.hpp"
#include "programs/stos/recover.hpp"
#include "programs/stos/run.hpp"

#include <algorithm>
#include <iostream>

namespace stos::program {
namespace {

constexpr Subcommand table[] = {
    {"run", "Run a program as a cluster of several nodes on this machine.", run},
    {"experiment", "Run a program at many points of its parameters, on all cores.", experiment},
    {"join", "Run a program as one more node of a cluster that runs.", join},
    {"node", "Run a node of a cluster that has no simulation: it does its share of jobs.", node},
    {"job", "Have the nodes of a cluster do a script together; submit, status, result, ...", job},
    {"lock", "Hold a lock of a cluster while a command runs, or show who holds which.", lock},
    {"kv", "Look at values that a cluster shares, and change them.", kv},
    {"drain", "Have a node leave its cluster.", drain},
    {"recover", "Let a node go on whose cluster has lost its majority for good.", recover},
    {"top", "Show a cluster that runs, live.", top},
    {"nodes", "Show the nodes of a cluster that runs.", nodes},
    {"simulations", "Show how far the simulations of a cluster are.", simulations},
    {"agents", "Show how many agents live where, and of which class.", agents},
    {"migrate", "Have agents of a simulation that runs move to another node.", migrate},
    {"snapshot", "Have a simulation that runs cut now, and the cut stored.", snapshot},
    {"show", "Show an agent of a simulation that runs.", show},
    {"groups", "Show the groups of a cluster's replicated agents.", groups},
    {"agent", "List the replicated agents of a cluster, or show one of them.", agent},
    {"quota", "Put, delete, list or look at quotas of replicated agents.", quota},
    {"keys", "Make the keys by which nodes and tools of a cluster know each other.", keys},
    {"plot", "Draw the spacetime diagram of a trace.", plot},
};

void print_help(std::ostream& out) {
  out << "Works with programs of libstos and their traces.\n\n"
         "usage: stos SUBCOMMAND ...   (stos SUBCOMMAND --help tells more)\n"
         "       stos --version\n\n";
  for (const Subcommand& subcommand : table)
    out << "  " << subcommand.name << std::string(13 - subcommand.name.size(), ' ')
        << subcommand.meaning << '\n';
}

} // namespace

std::span<const Subcommand> subcommands() { return table; }

int dispatch(const std::vector<std::string>& words) {
  if (words.empty()) {
    print_help(std::cerr);
    return exit_bad_usage;
  }
  const std::string& name = words.front();
  if (name == "--help" || name == "-h" || name == "help") {
    print_help(std::cout);
    return 0;
  }
  if (name == "--version" || name == "version") {
    std::cout << "libstos " << library_version() << '\n';
    return 0;
  }
  const auto* const found = std::ranges::find(table, name, &Subcommand::name);
  if (found != std::end(table))
    return found->run({words.begin() + 1, words.end()});
  std::vector<std::string> known;
  for (const Subcommand& subcommand : table)
    known.emplace_back(subcommand.name);
  std::cerr << "stos: error: unknown subcommand " << detail::quote(name)
            << detail::spelling_hint(name, known) << std::endl;
  return exit_bad_usage;
}

} // namespace stos::program
