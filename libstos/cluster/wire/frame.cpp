#include "libstos/cluster/wire/frame.hpp"

#include "libstos/cluster/wire/instant_bytes.hpp"

#include <cmath>

namespace stos::detail {
namespace {

constexpr std::uint8_t has_clock = 0x01;
constexpr std::uint8_t has_wanted = 0x02;
constexpr std::uint8_t has_end_time = 0x04;
constexpr std::uint8_t has_report = 0x08;
constexpr std::uint8_t has_parcels = 0x10;
constexpr std::uint8_t has_standing = 0x20;
constexpr std::uint8_t all_flags = 0x3f;

// Of no use if it cannot be compared.
Instant read_comparable_instant(BytesReader& in) {
  const Instant instant = read_instant(in);
  if (std::isnan(instant.absorption) || std::isnan(instant.emission))
    in.fail();
  return instant;
}

void write_standing(const Standing& standing, BytesWriter& out) {
  write_instant(standing.next, out);
  for (const Standing::Way& way : standing.ways) {
    out.varint(way.sent);
    out.varint(way.acknowledged);
    out.varint(way.received);
    if (way.acknowledged < way.sent)
      out.f64(way.earliest);
  }
}

Standing read_standing(BytesReader& in, std::size_t nodes) {
  Standing standing;
  standing.next = read_comparable_instant(in);
  for (std::size_t i = 0; i < nodes && in.ok(); ++i) {
    Standing::Way way;
    way.sent = in.varint();
    way.acknowledged = in.varint();
    way.received = in.varint();
    if (way.acknowledged > way.sent)
      in.fail();
    if (way.acknowledged < way.sent)
      way.earliest = in.f64();
    if (std::isnan(way.earliest))
      in.fail();
    standing.ways.push_back(way);
  }
  return standing;
}

void write_report(const NodeReport& report, BytesWriter& out) {
  out.f64(report.least_time);
  out.f64(report.highest_known);
  out.u8(static_cast<std::uint8_t>((report.quiet ? 1 : 0) | (report.withdrawn ? 2 : 0)));
  write_instant(report.next, out);
  out.varint(report.stopped_for);
  out.varint(report.seen.size());
  out.raw(report.seen);
  out.varint(report.moves.size());
  for (const AgentMove& move : report.moves) {
    out.u64(move.agent.value);
    out.varint(move.node.number());
  }
  out.u8(static_cast<std::uint8_t>((report.more_moves ? 1 : 0) | (report.wanted.cut ? 2 : 0) |
                                   (report.wanted.divide ? 4 : 0) | (report.wanted.weigh ? 8 : 0)));
  if (report.quiet)
    out.f64(report.latest);
  for (const auto* counts : {&report.sent, &report.received})
    for (const std::uint64_t count : *counts)
      out.varint(count);
}

NodeReport read_report(BytesReader& in, std::size_t nodes) {
  NodeReport report;
  report.least_time = in.f64();
  report.highest_known = in.f64();
  const std::uint8_t flags = in.u8();
  if (flags > 3)
    in.fail();
  report.quiet = (flags & 1) != 0;
  report.withdrawn = (flags & 2) != 0;
  report.next = read_comparable_instant(in);
  report.stopped_for = in.varint();
  const auto seen = in.raw(in.count(1));
  report.seen.assign(seen.begin(), seen.end());
  constexpr std::size_t move_bytes_min = 9;
  for (std::size_t left = in.count(move_bytes_min); left > 0; --left) {
    const AgentId agent{in.u64()};
    const std::uint64_t node = in.varint();
    if (node >= nodes)
      in.fail();
    report.moves.push_back({agent, NodeIndex(node)});
  }
  const std::uint8_t wanted = in.u8();
  if (wanted > 15)
    in.fail();
  report.more_moves = (wanted & 1) != 0;
  report.wanted.cut = (wanted & 2) != 0;
  report.wanted.divide = (wanted & 4) != 0;
  report.wanted.weigh = (wanted & 8) != 0;
  report.wanted.move = !report.moves.empty();
  if (report.quiet)
    report.latest = in.f64();
  if (std::isnan(report.least_time) || std::isnan(report.highest_known) ||
      std::isnan(report.latest) || nodes > in.remaining())
    in.fail();
  if (!in.ok())
    return report;
  for (auto* counts : {&report.sent, &report.received})
    for (std::size_t i = 0; i < nodes; ++i)
      counts->push_back(in.varint());
  return report;
}

std::optional<double> read_time(BytesReader& in, bool present) {
  if (!present)
    return std::nullopt;
  const double time = in.f64();
  if (std::isnan(time))
    in.fail();
  return time;
}

} // namespace

void write_header(const FrameHeader& header, BytesWriter& out) {
  out.varint(header.number);
  out.varint(header.phase);
  out.varint(header.acknowledged);
  const int flags = (header.clock ? has_clock : 0) | (header.wanted ? has_wanted : 0) |
                    (header.end_time ? has_end_time : 0) | (header.report ? has_report : 0) |
                    (header.earliest ? has_parcels : 0) | (header.standing ? has_standing : 0);
  out.u8(static_cast<std::uint8_t>(flags));
  for (const auto& time : {header.clock, header.wanted, header.end_time})
    if (time)
      out.f64(*time);
  if (header.standing)
    write_standing(*header.standing, out);
  if (header.report)
    write_report(*header.report, out);
  if (header.earliest)
    out.f64(*header.earliest);
}

FrameHeader read_header(BytesReader& in, std::size_t nodes) {
  FrameHeader header;
  header.number = in.varint();
  header.phase = in.varint();
  header.acknowledged = in.varint();
  const std::uint8_t flags = in.u8();
  if ((flags & ~all_flags) != 0)
    in.fail();
  header.clock = read_time(in, (flags & has_clock) != 0);
  header.wanted = read_time(in, (flags & has_wanted) != 0);
  header.end_time = read_time(in, (flags & has_end_time) != 0);
  if ((flags & has_standing) != 0)
    header.standing = read_standing(in, nodes);
  if ((flags & has_report) != 0)
    header.report = read_report(in, nodes);
  header.earliest = read_time(in, (flags & has_parcels) != 0);
  if (!header.earliest && in.remaining() > 0)
    in.fail();
  return header;
}

} // namespace stos::detail
