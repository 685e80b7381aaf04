#include "libstos/cluster/status/alerts.hpp"

#include <charconv>
#include <utility>

namespace stos {
namespace {

std::string number(double value) {
  char text[32];
  const auto [end, status] =
      std::to_chars(text, text + sizeof text, value, std::chars_format::general, 6);
  return {text, end};
}

std::string percent(double share) { return number(share * 100) + " %"; }

bool has_no_credit(const PeerStatus& peer) {
  return peer.credit_limit_bytes > 0 && peer.credit_used_bytes >= peer.credit_limit_bytes;
}

bool has_moved(const NodeStatus& before, const NodeStatus& now) {
  return now.simulated_time != before.simulated_time || now.lower_bound != before.lower_bound;
}

/// A condition begins when it is first seen, and is forgotten when it is seen no more.
void note(bool holds, double now_s, std::optional<double>& since_s) {
  if (!holds)
    since_s.reset();
  else if (!since_s)
    since_s = now_s;
}

} // namespace

std::string_view to_string(AlertType type) {
  switch (type) {
    case AlertType::node_silent: return "node_silent";
    case AlertType::memory_near_limit: return "memory_near_limit";
    case AlertType::no_progress: return "no_progress";
    case AlertType::queue_at_limit: return "queue_at_limit";
    case AlertType::credit_exhausted: return "credit_exhausted";
  }
  return "?";
}

bool AlertWatch::is_near_memory_limit(const ProcessStatus& process) const {
  return process.memory_limit_bytes > 0 &&
         static_cast<double>(process.resident_bytes) >=
             limits_.memory_share * static_cast<double>(process.memory_limit_bytes);
}

bool AlertWatch::is_queue_at_limit(const NodeStatus& status) const {
  return status.mailbox_limit > 0 &&
         static_cast<double>(status.mailbox_longest) >=
             limits_.mailbox_share * static_cast<double>(status.mailbox_limit);
}

void AlertWatch::observe(const NodeStatus& status, double now_s) {
  const auto [at, is_new] = nodes_.try_emplace(Key{status.simulation, status.node});
  Watched& node = at->second;
  if (is_new || has_moved(node.status, status))
    node.progress_at_s = now_s;
  node.heard_at_s = now_s;
  note(is_near_memory_limit(status.process), now_s, node.memory_since_s);
  note(is_queue_at_limit(status), now_s, node.queue_since_s);
  std::map<std::string, double> credit_since_s;
  for (const PeerStatus& peer : status.peers)
    if (has_no_credit(peer)) {
      const auto before = node.credit_since_s.find(peer.peer);
      credit_since_s[peer.peer] = before == node.credit_since_s.end() ? now_s : before->second;
    }
  node.credit_since_s = std::move(credit_since_s);
  node.status = status;
}

void AlertWatch::forget(std::string_view simulation, std::string_view node) {
  nodes_.erase(Key{std::string(simulation), std::string(node)});
}

std::vector<Alert> AlertWatch::alerts(double now_s) const {
  std::vector<Alert> alerts;
  for (const auto& [key, node] : nodes_)
    if (!is_finished(node.status))
      append_alerts(node, now_s, alerts);
  return alerts;
}

void AlertWatch::append_alerts(const Watched& node, double now_s,
                               std::vector<Alert>& alerts) const {
  const NodeStatus& status = node.status;
  const auto raise = [&](AlertType type, double since_s, std::string text, std::string peer = "") {
    alerts.push_back({type, status.simulation, status.node, std::move(peer), since_s,
                      "node " + status.node + " " + std::move(text)});
  };
  if (now_s - node.heard_at_s >= limits_.silence_timeout_s) {
    raise(AlertType::node_silent, node.heard_at_s,
          "is silent for " + number(now_s - node.heard_at_s) + " s; wanted: a word within " +
              number(limits_.silence_timeout_s) + " s");
    return;
  }
  const ProcessStatus& process = status.process;
  if (node.memory_since_s)
    raise(AlertType::memory_near_limit, *node.memory_since_s,
          "needs " + std::to_string(process.resident_bytes) +
              " bytes of memory; wanted: less than " + percent(limits_.memory_share) + " of " +
              std::to_string(process.memory_limit_bytes));
  if (now_s - node.progress_at_s >= limits_.progress_timeout_s)
    raise(AlertType::no_progress, node.progress_at_s,
          "stands at " + number(status.simulated_time) + " s of simulated time for " +
              number(now_s - node.progress_at_s) + " s; wanted: progress within " +
              number(limits_.progress_timeout_s) + " s");
  if (node.queue_since_s)
    raise(AlertType::queue_at_limit, *node.queue_since_s,
          "has an agent with " + std::to_string(status.mailbox_longest) +
              " lambdas that wait; wanted: less than " + percent(limits_.mailbox_share) + " of " +
              std::to_string(status.mailbox_limit) + ", at which the run fails");
  for (const auto& [peer, since_s] : node.credit_since_s)
    if (now_s - since_s >= limits_.credit_timeout_s)
      raise(AlertType::credit_exhausted, since_s,
            "has had no credit at node " + peer + " for " + number(now_s - since_s) +
                " s; wanted: some within " + number(limits_.credit_timeout_s) + " s",
            peer);
}

} // namespace stos
