#include "actors/status/node_calls.hpp"

#include "actors/messages/cluster_messages.hpp"
#include "actors/transport/gate.hpp"
#include "actors/transport/message_rules.hpp"
#include "libstos/cluster/status/cluster_status.hpp"

#include <algorithm>
#include <thread>

namespace stos::detail {
namespace {

constexpr double share_of_rate = 0.9; // the node counts some more than this process does

} // namespace

NodeCalls::NodeCalls(Options options)
    : options_(std::move(options)), system_(config_), nodes_(options_.nodes),
      turns_(share_of_rate * message_rate(PeerKind::command).a_second,
             share_of_rate * message_rate(PeerKind::command).at_once) {}

Result<std::unique_ptr<NodeCalls>> NodeCalls::connect(Options options) {
  if (options.nodes.empty())
    return Error{Errc::bad_argument, "no address of a node is given"};
  std::unique_ptr<NodeCalls> calls(new NodeCalls(std::move(options)));
  std::optional<Error> problem;
  for (std::size_t i = 0; i < calls->options_.nodes.size(); ++i) {
    std::size_t which = 0;
    const Result<caf::actor> opened = calls->open(which);
    if (opened) {
      calls->learn_nodes(*opened);
      return calls;
    }
    if (!problem)
      problem = opened.error();
    calls->next_node(which);
  }
  return *problem;
}

Error NodeCalls::failed(std::size_t which, Error why) const {
  const std::lock_guard lock(mutex_);
  return {why.code, "node at " + to_string(nodes_[which]) + ": " + why.context};
}

std::size_t NodeCalls::count() const {
  const std::lock_guard lock(mutex_);
  return nodes_.size();
}

// Other threads wait for a call, instead of calling too.
Result<caf::actor> NodeCalls::open(std::size_t& which) {
  constexpr double ns = 1e9;
  const std::lock_guard lock(mutex_);
  which = current_;
  if (node_)
    return node_;
  const PeerKind kind = options_.commands ? PeerKind::command : PeerKind::look;
  Result<caf::actor> called =
      call_node(system_, nodes_[current_], options_.tls, options_.insecure, {kind, "stos"},
                std::chrono::nanoseconds(static_cast<std::int64_t>(ns * options_.patience_s)));
  if (!called)
    return Error{called.error().code,
                 "node at " + to_string(nodes_[current_]) + ": " + called.error().context};
  node_ = *called;
  return called;
}

// Unless another thread has gone on already.
void NodeCalls::next_node(std::size_t after) {
  const std::lock_guard lock(mutex_);
  if (current_ != after)
    return;
  node_ = nullptr;
  current_ = (current_ + 1) % nodes_.size();
}

void NodeCalls::wait_for_turn() {
  constexpr std::chrono::milliseconds moment(10);
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (turns_.take(RateLimit::Clock::now()))
        return;
    }
    std::this_thread::sleep_for(moment);
  }
}

void NodeCalls::learn_nodes(const caf::actor& node) {
  constexpr std::chrono::seconds again(5);
  {
    const std::lock_guard lock(mutex_);
    if (Clock::now() < learn_next_)
      return;
    learn_next_ = Clock::now() + again;
  }
  const auto answer = ask_one<StatusAnswer>(node, StatusQuestion{NodeHello::current_protocol}, 0);
  if (!answer || answer->protocol != NodeHello::current_protocol)
    return;
  BytesReader in(answer->status.data);
  const Result<ClusterStatus> status = read_cluster_status(in);
  if (!status)
    return;
  const std::lock_guard lock(mutex_);
  for (const NodePresence& presence : status->nodes)
    if (std::ranges::count(nodes_, presence.address) == 0)
      nodes_.push_back(presence.address);
}

// Each node once, beginning with the one that has answered last; and those again that are about to
// belong to the cluster.
Result<std::vector<std::byte>> NodeCalls::ask_until_answered(const AskOne& ask_one) {
  constexpr std::chrono::milliseconds pause(100);
  const Clock::time_point begin = Clock::now();
  for (;;) {
    bool may_come = false;
    Result<std::vector<std::byte>> content = ask_each(ask_one, may_come);
    const std::chrono::duration<double> passed = Clock::now() - begin;
    if (content || !may_come || passed.count() > options_.patience_s)
      return content;
    std::this_thread::sleep_for(pause);
  }
}

Result<std::vector<std::byte>> NodeCalls::ask_each(const AskOne& ask_one, bool& may_come) {
  std::optional<Error> problem;
  const std::size_t nodes = count();
  for (std::size_t i = 0; i < nodes; ++i) {
    std::size_t which = 0;
    const Result<caf::actor> opened = open(which);
    Error why = opened ? Error{} : opened.error();
    if (opened) {
      Result<std::vector<std::byte>> content = ask_one(*opened);
      const Errc code = content ? Errc::internal : content.error().code;
      if (code != Errc::node_lost && code != Errc::io_error) {
        learn_nodes(*opened);
        return content;
      }
      why = failed(which, content.error());
      may_come = may_come || code == Errc::node_lost;
    }
    if (!problem)
      problem = why;
    next_node(which);
  }
  problem->code = problem->code == Errc::bad_config ? Errc::bad_config : Errc::io_error;
  return *problem;
}

} // namespace stos::detail
