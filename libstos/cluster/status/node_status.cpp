#include "libstos/cluster/status/node_status.hpp"

#include "libstos/cluster/wire/member_bytes.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace stos {
namespace {

// The order of bytes. One list for both directions, so that they cannot differ.

template <class Status, class Visit>
void each_member_of_type(Status& x, Visit&& visit) {
  visit(x.type);
  visit(x.agents);
}

template <class Status, class Visit>
void each_member_of_peer(Status& x, Visit&& visit) {
  visit(x.peer);
  visit(x.frames_sent);
  visit(x.frames_received);
  visit(x.lambdas_sent);
  visit(x.lambdas_received);
  visit(x.bytes_sent);
  visit(x.bytes_received);
  visit(x.credit_used_bytes);
  visit(x.credit_limit_bytes);
  visit(x.credit_waits);
  visit(x.silence_s);
}

template <class Status, class Visit>
void each_member_of_observed(Status& x, Visit&& visit) {
  visit(x.observer);
  visit(x.time);
  visit(x.count);
  visit(x.sum);
  visit(x.least);
  visit(x.greatest);
}

template <class Status, class Visit>
void each_member_of_process(Status& x, Visit&& visit) {
  visit(x.cpu_s);
  visit(x.resident_bytes);
  visit(x.memory_limit_bytes);
  visit(x.threads);
  visit(x.open_files);
  visit(x.open_files_max);
  visit(x.started_s);
}

template <class Status, class Visit>
void each_member_of_continuity(Status& x, Visit&& visit) {
  visit(x.epoch);
  visit(x.members);
  visit(x.leads);
  visit(x.term);
  visit(x.log_length);
  visit(x.joined);
  visit(x.left);
  visit(x.lost);
  visit(x.cuts);
  visit(x.cut_time);
  visit(x.cut_taken_s);
  visit(x.copies_missing);
  visit(x.recoveries);
  visit(x.recovery_s);
}

/// The numbers of a node that add up over nodes.
template <class Status, class Visit>
void each_count(Status& x, Visit&& visit) {
  visit(x.agents_born);
  visit(x.agents_died);
  visit(x.agents_blocked);
  visit(x.events);
  visit(x.lambdas_sent_local);
  visit(x.lambdas_sent_remote);
  visit(x.lambdas_dropped);
  visit(x.lambdas_in_flight);
  visit(x.activations);
  visit(x.empty_activations);
  visit(x.wakeups);
  visit(x.migrations_done);
  visit(x.migrations_refused);
  visit(x.migrations_failed);
}

template <class Status, class Visit>
void each_member(Status& x, Visit&& visit) {
  visit(x.simulation);
  visit(x.node);
  visit(x.version);
  visit(x.taken_s);
  visit(x.running_s);
  each_count(x, visit);
  visit(x.simulated_time);
  visit(x.lower_bound);
  visit(x.end_time);
  for (auto* const histogram : {&x.event_durations, &x.activation_durations}) {
    for (auto& durations : histogram->counts)
      visit(durations);
    visit(histogram->sum_s);
  }
  visit(x.mailbox_longest);
  visit(x.mailbox_limit);
  visit(x.global_time_rounds);
  each_member_of_process(x.process, visit);
  each_member_of_continuity(x.continuity, visit);
}

constexpr std::size_t type_bytes_min = 2;                 // an empty name, and a varint
constexpr std::size_t observed_bytes_min = 2 + 4 * 8 + 2; // and four doubles, no bins
constexpr std::size_t peer_bytes_min = 10 + 8;            // an empty name, nine varints, a double

template <class T, class Name>
bool is_strictly_ordered(const std::vector<T>& list, Name name) {
  return std::adjacent_find(list.begin(), list.end(), [name](const T& a, const T& b) {
           return !(a.*name < b.*name);
         }) == list.end();
}

void add_observed(std::vector<ObservedStatus>& total, const ObservedStatus& seen) {
  ObservedStatus sum = seen;
  for (const ObservedStatus& known : total)
    if (known.observer == seen.observer) {
      sum.time = std::max(sum.time, known.time);
      sum.count += known.count;
      sum.sum += known.sum;
      sum.least = std::min(sum.least, known.least);
      sum.greatest = std::max(sum.greatest, known.greatest);
      sum.bins.add(known.bins);
    }
  take_observed(total, std::move(sum));
}

auto rank(const NodeStatus& status) { return std::tie(status.simulation, status.node); }

} // namespace

std::uint64_t agents_of(const NodeStatus& status) {
  std::uint64_t sum = 0;
  for (const TypeStatus& type : status.types)
    sum += type.agents;
  return sum;
}

bool is_finished(const NodeStatus& status) { return status.lower_bound >= status.end_time; }

void add_agents(NodeStatus& status, std::string_view type, std::uint64_t agents) {
  if (agents == 0)
    return;
  const auto at = std::lower_bound(
      status.types.begin(), status.types.end(), type,
      [](const TypeStatus& known, std::string_view name) { return known.type < name; });
  if (at != status.types.end() && at->type == type)
    at->agents += agents;
  else
    status.types.insert(at, {std::string(type), agents});
}

void take_observed(std::vector<ObservedStatus>& known, ObservedStatus seen) {
  const auto at = std::ranges::lower_bound(known, seen.observer, {}, &ObservedStatus::observer);
  if (at != known.end() && at->observer == seen.observer)
    *at = std::move(seen);
  else
    known.insert(at, std::move(seen));
}

void take_news(std::vector<NodeStatus>& known, NodeStatus news) {
  const auto at =
      std::lower_bound(known.begin(), known.end(), news,
                       [](const NodeStatus& a, const NodeStatus& b) { return rank(a) < rank(b); });
  if (at == known.end() || rank(*at) != rank(news))
    known.insert(at, std::move(news));
  else if (at->taken_s <= news.taken_s)
    *at = std::move(news);
}

std::vector<std::span<const NodeStatus>> by_simulation(std::span<const NodeStatus> statuses) {
  std::vector<std::span<const NodeStatus>> simulations;
  for (std::size_t begin = 0, end = 0; begin < statuses.size(); begin = end) {
    while (end < statuses.size() && statuses[end].simulation == statuses[begin].simulation)
      ++end;
    simulations.push_back(statuses.subspan(begin, end - begin));
  }
  return simulations;
}

NodeStatus total_of(std::span<const NodeStatus> nodes) {
  NodeStatus total;
  if (nodes.empty())
    return total;
  total.simulation = nodes.front().simulation;
  total.version = nodes.front().version;
  total.lower_bound = std::numeric_limits<double>::infinity();
  total.end_time = nodes.front().end_time;
  total.process.started_s = nodes.front().process.started_s;
  for (const NodeStatus& node : nodes) {
    std::vector<std::uint64_t> counts;
    each_count(node, [&counts](std::uint64_t count) { counts.push_back(count); });
    auto count = counts.begin();
    each_count(total, [&count](std::uint64_t& sum) { sum += *count++; });
    for (const TypeStatus& type : node.types)
      add_agents(total, type.type, type.agents);
    for (const ObservedStatus& seen : node.observed)
      add_observed(total.observed, seen);
    total.taken_s = std::max(total.taken_s, node.taken_s);
    total.running_s = std::max(total.running_s, node.running_s);
    total.simulated_time = std::max(total.simulated_time, node.simulated_time);
    total.lower_bound = std::min(total.lower_bound, node.lower_bound);
    total.end_time = std::max(total.end_time, node.end_time);
    total.event_durations.add(node.event_durations);
    total.activation_durations.add(node.activation_durations);
    total.mailbox_longest = std::max(total.mailbox_longest, node.mailbox_longest);
    total.mailbox_limit = std::max(total.mailbox_limit, node.mailbox_limit);
    total.global_time_rounds = std::max(total.global_time_rounds, node.global_time_rounds);
    const std::uint64_t copies_missing =
        std::max(total.continuity.copies_missing, node.continuity.copies_missing);
    if (node.continuity.epoch > total.continuity.epoch)
      total.continuity = node.continuity;
    total.continuity.copies_missing = copies_missing;
    total.process.cpu_s += node.process.cpu_s;
    total.process.resident_bytes += node.process.resident_bytes;
    total.process.memory_limit_bytes += node.process.memory_limit_bytes;
    total.process.threads += node.process.threads;
    total.process.open_files += node.process.open_files;
    total.process.open_files_max += node.process.open_files_max;
    total.process.started_s = std::min(total.process.started_s, node.process.started_s);
  }
  return total;
}

void write_status(const NodeStatus& status, BytesWriter& out) {
  const detail::MemberWriter write{out};
  each_member(status, write);
  out.varint(status.types.size());
  for (const TypeStatus& type : status.types)
    each_member_of_type(type, write);
  out.varint(status.observed.size());
  for (const ObservedStatus& seen : status.observed) {
    each_member_of_observed(seen, write);
    save(out, seen.bins);
  }
  out.varint(status.peers.size());
  for (const PeerStatus& peer : status.peers)
    each_member_of_peer(peer, write);
}

Result<NodeStatus> read_status(BytesReader& in) {
  const detail::MemberReader read{in};
  NodeStatus status;
  each_member(status, read);
  status.types.resize(in.count(type_bytes_min));
  for (TypeStatus& type : status.types)
    each_member_of_type(type, read);
  status.observed.resize(in.count(observed_bytes_min));
  for (ObservedStatus& seen : status.observed) {
    each_member_of_observed(seen, read);
    static_cast<void>(load(in, seen.bins));
  }
  status.peers.resize(in.count(peer_bytes_min));
  for (PeerStatus& peer : status.peers)
    each_member_of_peer(peer, read);
  if (!is_strictly_ordered(status.types, &TypeStatus::type) ||
      !is_strictly_ordered(status.observed, &ObservedStatus::observer) ||
      !is_strictly_ordered(status.peers, &PeerStatus::peer))
    in.fail();
  if (!in.ok())
    return Error{Errc::bad_message, "a node has sent a status that no node of this program sends"};
  return status;
}

} // namespace stos
