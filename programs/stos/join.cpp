#include "programs/stos/join.hpp"

#include "config/spelling.hpp"
#include "config/values.hpp"
#include "libstos/options/cluster_options.hpp"
#include "programs/stos/arguments.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>

namespace stos::program {
namespace {

constexpr int exit_not_found = 127;
constexpr int exit_not_started = 126;

} // namespace

int join(const std::vector<std::string>& words) {
  CLI::App app("stos join [OPTIONS] HOST:PORT [--] PROGRAM ARGUMENTS...\n\n"
               "Runs a program as one more node of a cluster that runs it already: it makes the\n"
               "same set-up, gets its share of the agents, and ends like the other nodes.",
               "stos join");
  app.prefix_command();
  std::string address = "127.0.0.1:0";
  std::string name;
  app.add_option("--address", address,
                 "Where this node listens, and the others reach it; port 0 is any free port.")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--node", name, "Its name; default: the host's name and the port.");
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return *exit_code;
  std::vector<std::string> rest = app.remaining();
  if (rest.empty())
    return report_bad_usage(app, "wanted: HOST:PORT of a node that runs, and a program", std::cerr);
  const Result<NodeAddress> peer = detail::parse_address(rest.front(), 1);
  if (!peer)
    return report_bad_usage(app, "HOST:PORT: " + peer.error().context, std::cerr);
  rest.erase(rest.begin());
  if (!rest.empty() && rest.front() == "--")
    rest.erase(rest.begin());
  if (rest.empty())
    return report_bad_usage(
        app, "the program is missing: stos join " + to_string(*peer) + " PROGRAM ARGUMENTS...",
        std::cerr);

  setenv("STOS_DISTRIBUTED", "true", 1);
  setenv("STOS_CLUSTER_JOIN", "true", 1);
  setenv("STOS_CLUSTER_ADDRESS", address.c_str(), 1);
  setenv("STOS_CLUSTER_PEERS", to_string(*peer).c_str(), 1);
  if (!name.empty())
    setenv("STOS_CLUSTER_NODE", name.c_str(), 1);
  std::vector<char*> arguments;
  for (std::string& word : rest)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execvp(arguments.front(), arguments.data());
  const int problem = errno;
  std::cerr << "stos join: " + detail::quote(rest.front()) +
                   " cannot be started: " + std::strerror(problem) + "\n";
  return problem == ENOENT ? exit_not_found : exit_not_started;
}

} // namespace stos::program
