#include "programs/stos/launch_options.hpp"

#include "config/spelling.hpp"
#include "config/values.hpp"

namespace stos::program {
namespace {

template <detail::Number T, class Target>
void add_number(CLI::App& app, const std::string& name, Target& target, T min, T max,
                const std::string& meaning) {
  const auto set = [&target, name, min, max](const std::string& text) {
    const Result<T> number = detail::parse_number<T>(text, min, max);
    if (!number)
      throw CLI::ValidationError(name + ": " + number.error().context +
                                 "; allowed: " + exact_text(min) + " to " + exact_text(max));
    target = *number;
  };
  app.add_option_function<std::string>(name, set, meaning)->type_name("N");
}

/// What is wrong with `options` as a whole; empty when nothing is.
std::string problem_of(const LaunchOptions& options) {
  if (options.nodes == 0)
    return "-n N is missing: the number of nodes, 1 to " + std::to_string(launched_nodes_max);
  if (options.command.empty() || options.command.front().empty())
    return "the program is missing: stos run -n " + std::to_string(options.nodes) +
           " PROGRAM ARGUMENTS...";
  if (options.base_port && *options.base_port + options.nodes - 1 > 65535)
    return "--base-port: " + std::to_string(*options.base_port) + " leaves no ports for " +
           std::to_string(options.nodes) + " nodes; allowed: up to " +
           std::to_string(65535 - options.nodes + 1);
  if (options.monitoring && options.monitoring->port + options.nodes - 1 > 65535)
    return "--monitoring: " + to_string(*options.monitoring) + " leaves no ports for " +
           std::to_string(options.nodes) + " nodes; allowed: up to port " +
           std::to_string(65535 - options.nodes + 1) + ", or 0 for any free ports";
  return "";
}

void add_monitoring(CLI::App& app, std::optional<NodeAddress>& monitoring, const char* variable) {
  const auto set = [&monitoring](const std::string& text) {
    monitoring.reset();
    if (text.empty())
      return;
    const Result<NodeAddress> address = detail::parse_address(text, 0);
    if (!address)
      throw CLI::ValidationError("--monitoring: " + address.error().context +
                                 "; allowed: host:port, port from 0 to 65535, or \"\" for none");
    monitoring = *address;
  };
  app.add_option_function<std::string>(
         "--monitoring", set,
         "Where node 1 exposes its metrics, the others at the ports that follow; port 0: any free "
         "ones. Default: STOS_MONITORING_ADDRESS.")
      ->type_name("HOST:PORT");
  if (variable == nullptr)
    return;
  if (const Result<NodeAddress> address = detail::parse_address(variable, 0))
    monitoring = *address; // of anything else, nodes say what is wrong
}

} // namespace

Parsed<LaunchOptions> parse_launch(std::vector<std::string> words, const char* monitoring,
                                   std::ostream& out, std::ostream& err) {
  LaunchOptions options;
  double timeout_s = 0;
  CLI::App app("stos run -n N [OPTIONS] [--] PROGRAM ARGUMENTS...\n\n"
               "Runs a program as a cluster of several nodes on this machine. Each line of its\n"
               "output begins with the name of its node; the exit code is the worst of all.",
               "stos run");
  app.prefix_command();
  add_number<std::uint32_t>(app, "-n", options.nodes, 1, launched_nodes_max, "Number of nodes.");
  app.add_option("--host", options.host, "Address of this machine that nodes listen on.")
      ->type_name("HOST")
      ->capture_default_str();
  add_number<std::uint16_t>(app, "--base-port", options.base_port, 1, 65535,
                            "Port of the first node, the others follow; default: free ports.");
  add_monitoring(app, options.monitoring, monitoring);
  const CLI::Option* const timeout = add_duration(app, "--timeout", timeout_s, 0.001, 1e9,
                                                  "End all nodes after this time; default: never.");
  add_duration(app, "--grace", options.grace_s, 0, 86400,
               "Time from the first failure to SIGTERM for all, and on to SIGKILL; default: 10 s.");
  app.add_flag("-q,--quiet,--only-first", options.only_first,
               "Show the output of the first node only.");
  app.footer("Nodes get their identity in the environment (STOS_CLUSTER_...), and nothing to read\n"
             "on standard input. A line on standard error says where `stos top` finds them.\n"
             "A node that ends by signal s counts as exit code 128 + s.");
  if (const auto exit_code = parse_words(app, std::move(words), out, err))
    return {std::nullopt, *exit_code};

  // As to_string(NodeAddress) and `stos top` show it.
  if (options.host.starts_with('[') && options.host.ends_with(']'))
    options.host = options.host.substr(1, options.host.size() - 2);
  options.command = app.remaining();
  if (!options.command.empty() && options.command.front() == "--")
    options.command.erase(options.command.begin());
  else if (!options.command.empty() && options.command.front().starts_with('-'))
    return {std::nullopt, report_bad_usage(app,
                                           "unknown option " + detail::quote(options.command[0]) +
                                               "; --help shows the options",
                                           err)};
  if (timeout->count() > 0)
    options.timeout_s = timeout_s;
  if (const std::string problem = problem_of(options); !problem.empty())
    return {std::nullopt, report_bad_usage(app, problem, err)};
  return {std::move(options), 0};
}

} // namespace stos::program
