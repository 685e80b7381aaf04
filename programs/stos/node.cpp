#include "programs/stos/node.hpp"

#include "actors/cluster_node.hpp"
#include "actors/status/status_desk.hpp"
#include "config/command_line.hpp"
#include "config/program.hpp"
#include "programs/stos/arguments.hpp"

#include <csignal>
#include <ctime>
#include <iostream>
#include <optional>

namespace stos::program {
namespace {

RunOptions defaults() {
  RunOptions options;
  options.distributed = true;
  options.jobs.enabled = true;
  return options;
}

/// SIGINT and SIGTERM, which come to no thread from then on but where they are waited for.
sigset_t block_signals() {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  return ending;
}

/// Waits a moment for one of them.
bool wait_for_signal(const sigset_t& ending) {
  constexpr timespec moment{0, 100'000'000};
  return sigtimedwait(&ending, nullptr, &moment) > 0;
}

/// Until a signal comes, or the node is none any more.
std::optional<Error> wait_for_end(const ClusterNode& node, const sigset_t& ending) {
  for (;;) {
    if (wait_for_signal(ending))
      return std::nullopt;
    if (std::optional<Error> failure = node.failure())
      return failure;
  }
}

/// The others go on; at a second signal, or when it takes too long, with less grace.
void leave(ClusterNode& node, const ClusterOptions& options, const sigset_t& ending) {
  constexpr double look_s = 0.1;
  if (!options.drain_on_term)
    return;
  node.drain();
  for (double left_s = options.stop_timeout_s; left_s > 0; left_s -= look_s)
    if (node.failure() || node.continuity().members < 2 || wait_for_signal(ending))
      return;
}

} // namespace

int node(const std::vector<std::string>& words) {
  CommandLine command_line("Runs a node of a cluster that has no simulation: it does its share of "
                           "jobs (stos job), which\n"
                           "jobs.enabled: false forbids. SIGTERM or SIGINT ends it, with exit code "
                           "0: the others go on,\n"
                           "and with cluster.log it can come back. With cluster.drain_on_term it "
                           "leaves the cluster first.",
                           defaults());
  std::vector<const char*> arguments{"stos node"};
  for (const std::string& word : words)
    arguments.push_back(word.c_str());
  const Result<Invocation> invocation = command_line.parse(static_cast<int>(arguments.size()),
                                                           arguments.data(), process_environment());
  if (!invocation) {
    std::cerr << "stos node: error: " + invocation.error().context + "\n" << std::flush;
    return exit_bad_usage;
  }
  if (!invocation->answer.empty()) {
    std::cout << invocation->answer << std::flush;
    return 0;
  }
  const RunOptions& options = invocation->options;
  if (!options.distributed) {
    std::cerr << "stos node: error: distributed is false; a node of a cluster needs it\n"
              << std::flush;
    return exit_bad_usage;
  }
  const sigset_t ending = block_signals();
  std::optional<Error> failure;
  try {
    const auto exported = detail::exported_desk(options.monitoring); // answers scrapers
    ClusterNode& node = ClusterNode::of_process(options, 1);
    const detail::WatchedNode watched(node, exported);
    failure = wait_for_end(node, ending);
    if (!failure)
      leave(node, options.cluster, ending);
  } catch (...) {
    const int exit_code = detail::explain_exception("stos node");
    ClusterNode::leave_process();
    return exit_code;
  }
  ClusterNode::leave_process();
  if (!failure || failure->code == Errc::drained)
    return 0;
  std::cerr << "stos node: error: " + failure->context + "\n" << std::flush;
  return exit_failed;
}

} // namespace stos::program
