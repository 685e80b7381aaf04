#include "libstos/cluster/status/cluster_status.hpp"

#include "libstos/cluster/wire/member_bytes.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace stos {
namespace {

// The order of bytes. One list for both directions, so that they cannot differ.

template <class Line, class Visit>
void each_member_of_line(Line& x, Visit&& visit) {
  visit(x.time_s);
  visit(x.node);
  visit(x.text);
}

template <class Alert, class Visit>
void each_member_of_alert(Alert& x, Visit&& visit) {
  visit(x.simulation);
  visit(x.node);
  visit(x.peer);
  visit(x.since_s);
  visit(x.text);
}

constexpr std::size_t line_bytes_min = 8 + 2;
constexpr std::size_t status_bytes_min = 100; // its histograms alone are longer
constexpr std::size_t node_bytes_min = 1 + 1 + 2 + 1 + 8;
constexpr std::size_t alert_bytes_min = 1 + 3 + 8 + 1;

void write_statuses(const std::vector<NodeStatus>& statuses, BytesWriter& out) {
  out.varint(statuses.size());
  for (const NodeStatus& status : statuses)
    write_status(status, out);
}

void read_statuses(std::vector<NodeStatus>& statuses, BytesReader& in) {
  for (std::size_t left = in.count(status_bytes_min); left > 0 && in.ok(); --left)
    if (Result<NodeStatus> status = read_status(in))
      statuses.push_back(*std::move(status));
}

void write_log(const std::vector<LogLine>& log, BytesWriter& out) {
  out.varint(log.size());
  for (const LogLine& line : log)
    each_member_of_line(line, detail::MemberWriter{out});
}

void read_log(std::vector<LogLine>& log, BytesReader& in) {
  log.resize(in.count(line_bytes_min));
  for (LogLine& line : log)
    each_member_of_line(line, detail::MemberReader{in});
}

void write_node(const NodePresence& node, BytesWriter& out) {
  out.text(node.node);
  out.text(node.address.host);
  out.u16(node.address.port);
  out.u8(node.is_lost ? 1 : 0);
  out.f64(node.silence_s);
}

void read_node(NodePresence& node, BytesReader& in) {
  node.node = in.text();
  node.address.host = in.text();
  node.address.port = in.u16();
  node.is_lost = in.u8() != 0;
  node.silence_s = in.f64();
}

auto rank(const Alert& alert) {
  return std::tie(alert.simulation, alert.node, alert.type, alert.peer);
}

auto rank(const NodeStatus& status) { return std::tie(status.simulation, status.node); }

bool is_ordered(const std::vector<NodeStatus>& statuses) {
  return std::is_sorted(statuses.begin(), statuses.end(),
                        [](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

Error no_message(const char* what) {
  return {Errc::bad_message, std::string("no ") + what + " that a node of this version sends"};
}

} // namespace

void write_news(const NodeNews& news, BytesWriter& out) {
  out.text(news.node);
  write_statuses(news.statuses, out);
  write_log(news.log, out);
}

Result<NodeNews> read_news(BytesReader& in) {
  NodeNews news;
  news.node = in.text();
  read_statuses(news.statuses, in);
  read_log(news.log, in);
  if (!in.at_end() || !is_ordered(news.statuses))
    return no_message("news");
  return news;
}

void write_cluster_status(const ClusterStatus& status, BytesWriter& out) {
  out.text(status.cluster);
  out.text(status.told_by);
  out.u32(status.nodes_wanted);
  out.varint(status.epoch);
  out.text(status.leader);
  out.varint(status.term);
  out.varint(status.log_length);
  out.varint(status.nodes.size());
  for (const NodePresence& node : status.nodes)
    write_node(node, out);
  write_statuses(status.statuses, out);
  out.varint(status.alerts.size());
  for (const Alert& alert : status.alerts) {
    out.u8(static_cast<std::uint8_t>(alert.type));
    each_member_of_alert(alert, detail::MemberWriter{out});
  }
  write_log(status.log, out);
}

Result<ClusterStatus> read_cluster_status(BytesReader& in) {
  ClusterStatus status;
  status.cluster = in.text();
  status.told_by = in.text();
  status.nodes_wanted = in.u32();
  status.epoch = in.varint();
  status.leader = in.text();
  status.term = in.varint();
  status.log_length = in.varint();
  status.nodes.resize(in.count(node_bytes_min));
  for (NodePresence& node : status.nodes)
    read_node(node, in);
  read_statuses(status.statuses, in);
  status.alerts.resize(in.count(alert_bytes_min));
  for (Alert& alert : status.alerts) {
    const std::uint8_t type = in.u8();
    if (type > static_cast<std::uint8_t>(AlertType::credit_exhausted))
      in.fail();
    alert.type = static_cast<AlertType>(type);
    each_member_of_alert(alert, detail::MemberReader{in});
  }
  read_log(status.log, in);
  if (!in.at_end() || !is_ordered(status.statuses))
    return no_message("status of a cluster");
  return status;
}

void ClusterWatch::observe(const NodeNews& news, double now_s) {
  std::erase_if(statuses_, [&](const NodeStatus& known) {
    const bool is_over = known.node == news.node &&
                         std::ranges::none_of(news.statuses, [&](const NodeStatus& status) {
                           return status.simulation == known.simulation;
                         });
    if (is_over)
      watch_.forget(known.simulation, known.node);
    return is_over;
  });
  for (const NodeStatus& status : news.statuses)
    if (status.node == news.node) {
      watch_.observe(status, now_s);
      take_news(statuses_, status);
    }
  log_.insert(log_.end(), news.log.begin(), news.log.end());
  if (log_.size() > log_lines_max)
    log_.erase(log_.begin(), log_.end() - static_cast<std::ptrdiff_t>(log_lines_max));
}

std::vector<Alert> ClusterWatch::take_new_alerts(double now_s) {
  std::vector<Alert> now = watch_.alerts(now_s);
  std::vector<Alert> begun;
  for (const Alert& alert : now)
    if (std::ranges::none_of(alerts_,
                             [&](const Alert& before) { return rank(before) == rank(alert); }))
      begun.push_back(alert);
  alerts_ = std::move(now);
  return begun;
}

ClusterStatus ClusterWatch::status(double now_s) const {
  ClusterStatus status;
  status.statuses = statuses_;
  status.alerts = watch_.alerts(now_s);
  for (Alert& alert : status.alerts)
    alert.since_s = now_s - alert.since_s;
  status.log.assign(log_.begin(), log_.end());
  return status;
}

} // namespace stos
