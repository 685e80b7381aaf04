#include "programs/stos/launcher.hpp"

#include "config/loader.hpp"
#include "config/values.hpp"
#include "programs/stos/child_process.hpp"
#include "programs/stos/guardian.hpp"
#include "programs/stos/line_prefixer.hpp"
#include "programs/stos/output_queue.hpp"
#include "programs/stos/ports.hpp"
#include "programs/stos/roll_call.hpp"
#include "programs/stos/signal_descriptor.hpp"
#include "programs/stos/stop_plan.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace stos::program {
namespace {

constexpr int exit_time_is_over = 124;
constexpr int exit_by_signal = 128;
constexpr int starts_max = 3;          // of a cluster whose ports are taken by others
constexpr double leftovers_time_s = 1; // of processes that outlive their node and keep its pipes

double now_s() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

/// One of the two streams of a node.
struct Stream {
  int source = -1; ///< -1: has ended
  LinePrefixer prefixer;
  OutputQueue* target = nullptr;
  bool is_shown = true;
};

struct Node {
  std::string name;
  std::string address;
  ChildProcess process;
  Stream out;
  Stream err;
  std::optional<Ending> ending;
  double ended_s = 0;
  bool is_over = false; ///< ended, and all that it wrote has been read
  bool found_port_taken = false;
  bool has_called = false; ///< it is a node of libstos
  bool is_lost = false;    ///< the others go on without it
};

std::string prefix_colour(std::size_t index, int descriptor) {
  constexpr std::array<const char*, 6> colours = {"36", "33", "32", "35", "34", "31"};
  const char* const no_colour = std::getenv("NO_COLOR"); // no-color.org
  if (isatty(descriptor) == 0 || (no_colour != nullptr && *no_colour != '\0'))
    return "";
  return colours[index % colours.size()];
}

ChildProcess::Variables identity(const std::vector<NodeAddress>& addresses, std::size_t index,
                                 std::optional<NodeAddress> monitoring,
                                 const std::string& launcher) {
  std::string peers;
  for (const NodeAddress& address : addresses)
    peers += (peers.empty() ? "" : ",") + to_string(address);
  ChildProcess::Variables variables = {{"STOS_DISTRIBUTED", "true"},
                                       {"STOS_CLUSTER_NODE", node_name(index)},
                                       {"STOS_CLUSTER_ADDRESS", to_string(addresses[index])},
                                       {"STOS_CLUSTER_PEERS", peers},
                                       {"STOS_CLUSTER_NODES", std::to_string(addresses.size())},
                                       {launcher_variable, launcher + "/" + node_name(index)}};
  // All nodes are this user's, on this machine: keys of a cluster in the configuration are for
  // other names. A user who wants none at all says so in the environment.
  if (std::getenv("STOS_CLUSTER_INSECURE") == nullptr)
    variables.insert(variables.end(), {{"STOS_CLUSTER_TLS_CA", ""},
                                       {"STOS_CLUSTER_TLS_CERTIFICATE", ""},
                                       {"STOS_CLUSTER_TLS_KEY", ""},
                                       {"STOS_CLUSTER_TLS_REVOKED", ""},
                                       {"STOS_CLUSTER_TLS_OWN", "true"},
                                       {"STOS_CLUSTER_INSECURE", "false"}});
  if (monitoring) {
    if (monitoring->port != 0)
      monitoring->port = static_cast<std::uint16_t>(monitoring->port + index);
    variables.emplace_back("STOS_MONITORING_ADDRESS", to_string(*monitoring));
  }
  return variables;
}

bool any_line_says_in_use(std::string_view lines, const std::string& address) {
  for (auto end = lines.find('\n'); end != std::string_view::npos; end = lines.find('\n')) {
    if (says_in_use(lines.substr(0, end), address))
      return true;
    lines.remove_prefix(end + 1);
  }
  return false;
}

/// One start of all nodes, until the last one is over.
class Launch {
public:
  Launch(const LaunchOptions& options, const SignalDescriptor& signals, const Guardian& guardian,
         std::optional<double> deadline_s)
      : options_(options), signals_(signals), guardian_(guardian), deadline_s_(deadline_s),
        plan_(options.grace_s) {}

  /// Starts one node at each address and stays until all are over and all output is written.
  int run(const std::vector<NodeAddress>& addresses);

  /// Whether a node failed because its port was taken, and the user has not asked for an end.
  bool found_port_taken() const { return found_port_taken_ && !is_ended_by_user_; }

  void say(const std::string& text) { err_.add("stos run: " + text + "\n"); }

  /// Writes what has been said.
  void flush();

private:
  bool start_nodes(const std::vector<NodeAddress>& addresses);
  void wait_for_something();
  void take_signals();
  void take_calls();
  void name_strangers();
  void take_output(Node& node, Stream& stream);
  void close_stream(Stream& stream);
  void take_endings();
  void check_node(Node& node);
  [[nodiscard]] bool is_loss(const Node& node) const;
  void check_times();
  void check_readers();
  void send_to_all(int signal);
  bool all_over() const { return std::ranges::all_of(nodes_, &Node::is_over); }
  bool is_written() const { return out_.is_empty() && err_.is_empty(); }
  double next_time_s() const;

  const LaunchOptions& options_;
  const SignalDescriptor& signals_;
  const Guardian& guardian_;
  const RollCall roll_call_;
  std::optional<double> deadline_s_;
  StopPlan plan_;
  OutputQueue out_{STDOUT_FILENO};
  OutputQueue err_{STDERR_FILENO};
  std::vector<Node> nodes_;
  int exit_code_ = 0;
  int exit_code_of_lost_ = 0;
  bool is_ended_by_user_ = false;
  bool found_port_taken_ = false;
  bool has_readers_ = true;
  bool has_lost_output_ = false;
  bool has_named_strangers_ = false;
};

bool Launch::start_nodes(const std::vector<NodeAddress>& addresses) {
  nodes_.reserve(addresses.size());
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    ChildProcess::StartFailure failure;
    auto process = ChildProcess::start(
        options_.command, identity(addresses, i, options_.monitoring, roll_call_.name()), guardian_,
        failure);
    if (!process) {
      say("error: " + failure.text);
      exit_code_ = failure.exit_code;
      return false;
    }
    const std::string name = padded_node_name(i, addresses.size());
    const bool is_shown = i == 0 || !options_.only_first;
    const int out = process->output(), err = process->errors();
    nodes_.push_back({node_name(i), to_string(addresses[i]), *std::move(process),
                      Stream{out, {name, prefix_colour(i, STDOUT_FILENO)}, &out_, is_shown},
                      Stream{err, {name, prefix_colour(i, STDERR_FILENO)}, &err_, is_shown},
                      std::nullopt, 0, false, false, false});
  }
  return true;
}

int Launch::run(const std::vector<NodeAddress>& addresses) {
  if (!start_nodes(addresses)) {
    nodes_.clear(); // kills those that were started
    flush();
    return exit_code_;
  }
  while (!all_over() || !is_written()) {
    wait_for_something();
    take_signals();
    take_calls();
    take_endings();
    check_times();
    check_readers();
    if (all_over() && !std::exchange(has_named_strangers_, true))
      name_strangers();
  }
  return exit_code_ == 0 ? 0 : std::max(exit_code_, exit_code_of_lost_);
}

// Before it has ended, a node has called.
void Launch::take_calls() {
  for (std::string name = roll_call_.take(); !name.empty(); name = roll_call_.take()) {
    const auto node = std::ranges::find(nodes_, name, &Node::name);
    if (node == nodes_.end() || std::exchange(node->has_called, true))
      continue;
    if (node == nodes_.begin() && !options_.only_first)
      say("watch the nodes with: stos top " + node->address);
  }
}

void Launch::name_strangers() {
  if (is_ended_by_user_ || roll_call_.name().empty())
    return;
  take_calls();
  std::string names;
  std::size_t strangers = 0;
  for (const Node& node : nodes_)
    if (!node.has_called && exit_code_of(*node.ending) == 0) {
      names += (names.empty() ? "" : ", ") + node.name;
      ++strangers;
    }
  if (strangers > 0)
    say(names + (strangers == 1 ? " has" : " have") +
        " ended without joining the cluster: " + options_.command.front() +
        " ran there by itself. Wanted: a program of libstos that leaves its options to the "
        "environment, or has run_main()");
}

double Launch::next_time_s() const {
  double next_s = plan_.next_s().value_or(HUGE_VAL);
  if (deadline_s_ && !is_ended_by_user_)
    next_s = std::min(next_s, *deadline_s_);
  for (const Node& node : nodes_)
    if (node.ending && !node.is_over)
      next_s = std::min(next_s, node.ended_s + leftovers_time_s);
  return next_s;
}

void Launch::wait_for_something() {
  std::vector<pollfd> polled = {{signals_.descriptor(), POLLIN, 0},
                                {roll_call_.descriptor(), POLLIN, 0}};
  const std::size_t before_streams = polled.size();
  std::vector<std::pair<Node*, Stream*>> readers;
  for (Node& node : nodes_)
    for (Stream* const stream : {&node.out, &node.err})
      if (stream->source >= 0 && !stream->target->is_full()) {
        polled.push_back({stream->source, POLLIN, 0});
        readers.emplace_back(&node, stream);
      }
  std::vector<OutputQueue*> writers;
  for (OutputQueue* const queue : {&out_, &err_})
    if (!queue->is_empty()) {
      polled.push_back({queue->descriptor(), POLLOUT, 0});
      writers.push_back(queue);
    }

  constexpr double wait_s_max = 3600, wait_s_min = 0.001; // never spin just before the time
  const double wait_s = std::clamp(next_time_s() - now_s(), wait_s_min, wait_s_max);
  if (poll(polled.data(), polled.size(), static_cast<int>(std::ceil(wait_s * 1000))) <= 0)
    return;
  for (std::size_t i = 0; i < readers.size(); ++i)
    if (polled[before_streams + i].revents != 0)
      take_output(*readers[i].first, *readers[i].second);
  for (std::size_t i = 0; i < writers.size(); ++i)
    if (polled[before_streams + readers.size() + i].revents != 0)
      writers[i]->write_some();
}

void Launch::take_output(Node& node, Stream& stream) {
  std::array<char, 64 * 1024> bytes;
  const ssize_t size = read(stream.source, bytes.data(), bytes.size());
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
    // Nothing is left of a node that has ended; a process that keeps its pipe has had its time.
    if (node.ending && now_s() >= node.ended_s + leftovers_time_s)
      close_stream(stream);
    return;
  }
  if (size <= 0)
    return close_stream(stream);
  const std::string lines = stream.prefixer.feed({bytes.data(), static_cast<std::size_t>(size)});
  if (&stream == &node.err && any_line_says_in_use(lines, node.address))
    node.found_port_taken = true;
  if (stream.is_shown)
    stream.target->add(lines);
}

void Launch::close_stream(Stream& stream) {
  const std::string rest = stream.prefixer.finish();
  if (stream.is_shown)
    stream.target->add(rest);
  stream.source = -1;
}

void Launch::take_signals() {
  for (int signal = signals_.take(); signal != 0; signal = signals_.take()) {
    if (signal == SIGCHLD)
      continue; // take_endings() looks anyway
    if (!StopPlan::asks_for_end(signal)) {
      send_to_all(plan_.pass_on(signal, now_s()));
      continue;
    }
    is_ended_by_user_ = true;
    if (all_over()) { // only output is left, and its reader seems to be gone
      exit_code_ = std::max(exit_code_, exit_by_signal + signal);
      out_.drop();
      err_.drop();
      continue;
    }
    send_to_all(plan_.pass_on(signal, now_s()));
  }
}

void Launch::take_endings() {
  for (Node& node : nodes_)
    if (!node.is_over)
      check_node(node);
}

// A node that a signal has ended, as a machine's failure would, is one that a majority can do
// without.
bool Launch::is_loss(const Node& node) const {
  const auto left = std::ranges::count_if(nodes_, [](const Node& each) { return !each.ending; });
  return node.ending->signal != 0 && node.has_called && !is_ended_by_user_ &&
         2 * static_cast<std::size_t>(left) > nodes_.size();
}

void Launch::check_node(Node& node) {
  if (!node.ending) {
    node.ending = node.process.ending();
    if (!node.ending)
      return;
    node.ended_s = now_s();
    node.is_lost = is_loss(node);
    if (exit_code_of(*node.ending) != 0 && !node.is_lost)
      plan_.node_failed(node.ended_s);
  }
  if (now_s() >= node.ended_s + leftovers_time_s) {
    node.process.send(SIGKILL);
    for (Stream* const stream : {&node.out, &node.err})
      if (stream->source >= 0 && !stream->target->is_full())
        take_output(node, *stream);
  }
  node.is_over = node.out.source < 0 && node.err.source < 0;
  const int exit_code = exit_code_of(*node.ending);
  if (!node.is_over || exit_code == 0)
    return;
  int& counted_in = node.is_lost ? exit_code_of_lost_ : exit_code_;
  counted_in = std::max(counted_in, exit_code);
  say(node.name + " " + describe(*node.ending) +
      (node.is_lost ? "; the others go on without it" : ""));
  if (node.found_port_taken && !options_.base_port && !found_port_taken_) {
    found_port_taken_ = true;
    send_to_all(SIGKILL); // they wait for each other and have done nothing yet
  }
}

void Launch::check_times() {
  const double now = now_s();
  if (deadline_s_ && now >= *deadline_s_ && !is_ended_by_user_ && !all_over()) {
    is_ended_by_user_ = true;
    exit_code_ = std::max(exit_code_, exit_time_is_over);
    say("the time is over, " + exact_text(*options_.timeout_s) + " s");
    plan_.time_is_over(now);
  }
  if (const int signal = plan_.take_due(now); signal != 0 && !all_over()) {
    std::string names;
    for (const Node& node : nodes_)
      if (!node.ending)
        names += (names.empty() ? "" : ", ") + node.name;
    if (!names.empty())
      say((signal == SIGTERM ? "SIGTERM to " : "SIGKILL to ") + names);
    send_to_all(signal);
  }
}

// Nodes whose output has no reader have nothing to go on for. If it only cannot be written,
// there may be others (a trace, metrics) for which they run.
void Launch::check_readers() {
  if (out_.is_broken() && !std::exchange(has_lost_output_, true)) {
    exit_code_ = std::max(exit_code_, exit_failed);
    say("error: cannot write to standard output: " + std::string(std::strerror(out_.problem())));
  }
  if (!has_readers_ || (out_.problem() != EPIPE && err_.problem() != EPIPE))
    return;
  has_readers_ = false;
  is_ended_by_user_ = true;
  send_to_all(plan_.pass_on(SIGTERM, now_s()));
}

void Launch::send_to_all(int signal) {
  for (Node& node : nodes_)
    if (!node.is_over)
      node.process.send(signal);
}

void Launch::flush() {
  while (!is_written()) {
    wait_for_something();
    take_signals();
  }
}

} // namespace

int launch(const LaunchOptions& options) {
  const SignalDescriptor signals;
  const Guardian guardian;
  std::optional<double> deadline_s;
  if (options.timeout_s)
    deadline_s = now_s() + *options.timeout_s;
  for (int start = 1;; ++start) {
    Launch attempt(options, signals, guardian, deadline_s);
    const auto addresses = free_addresses(options.host, options.nodes, options.base_port);
    if (!addresses) {
      attempt.say("error: " + addresses.error().context);
      attempt.flush();
      return exit_failed;
    }
    const int exit_code = attempt.run(*addresses);
    if (!attempt.found_port_taken() || start == starts_max)
      return exit_code;
    attempt.say("a port was taken in the meantime: starting again with other ports");
    attempt.flush();
  }
}

} // namespace stos::program
