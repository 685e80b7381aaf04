#include "libstos/service/keyed/quotas.hpp"

#include <algorithm>

namespace stos::keyed {
namespace {

constexpr std::uint64_t count_max = std::uint64_t{1} << 40; // so that sums do not overflow

enum class Item : std::uint8_t { put = 1, remove, report, activate };
enum class Question : std::uint8_t { usage = 1, list };

constexpr std::uint8_t snapshot_version = 1;

using Counts = std::map<std::string, std::uint64_t>;

BytesWriter& begin(BytesWriter& out, Item item) {
  out.u8(static_cast<std::uint8_t>(item));
  return out;
}

Answer bad(std::string text) { return Answer::refused(Outcome::bad_request, 0, std::move(text)); }

void write(const Counts& counts, BytesWriter& out) {
  out.varint(counts.size());
  for (const auto& [quota, count] : counts) {
    out.text(quota);
    out.varint(count);
  }
}

Counts read_counts(BytesReader& in) {
  constexpr std::size_t least_bytes = 2;
  Counts counts;
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left) {
    std::string quota = in.text();
    counts[std::move(quota)] = std::min(in.varint(), count_max);
  }
  return counts;
}

} // namespace

std::vector<std::byte> Quotas::put_item(std::string_view quota, std::uint64_t limit) {
  BytesWriter out;
  begin(out, Item::put).text(quota);
  out.varint(limit);
  return out.take();
}

std::vector<std::byte> Quotas::delete_item(std::string_view quota) {
  BytesWriter out;
  begin(out, Item::remove).text(quota);
  return out.take();
}

std::vector<std::byte> Quotas::report_item(const std::vector<GroupCounts>& counts) {
  BytesWriter out;
  begin(out, Item::report).varint(counts.size());
  for (const GroupCounts& of_group : counts) {
    out.varint(of_group.group.value);
    out.varint(of_group.term.value);
    write(of_group.agents, out);
  }
  return out.take();
}

std::vector<std::byte> Quotas::activate_item(std::string_view quota, raft::GroupId group) {
  BytesWriter out;
  begin(out, Item::activate).text(quota);
  out.varint(group.value);
  return out.take();
}

std::vector<std::byte> Quotas::usage_query(std::string_view quota, Time now) {
  BytesWriter out;
  out.u8(static_cast<std::uint8_t>(Question::usage));
  out.text(quota);
  out.varint(now.ms);
  return out.take();
}

std::vector<std::byte> Quotas::list_query() {
  BytesWriter out;
  out.u8(static_cast<std::uint8_t>(Question::list));
  return out.take();
}

std::optional<QuotaUsage> Quotas::usage_of(const Answer& answer) {
  BytesReader in(answer.reply);
  QuotaUsage usage;
  usage.agents = in.varint();
  usage.limit = in.varint();
  if (answer.outcome != Outcome::done || !in.at_end())
    return std::nullopt;
  return usage;
}

std::vector<std::string> Quotas::names_of(const Answer& answer) {
  BytesReader in(answer.reply);
  std::vector<std::string> names;
  for (std::size_t left = in.count(1); left > 0 && in.ok(); --left)
    names.push_back(in.text());
  return names;
}

Answer Quotas::apply(std::span<const std::byte> item, Place /*place*/, Time now,
                     std::vector<Effect>* /*effects*/) {
  now_ = std::max(now_, now);
  BytesReader in(item);
  switch (static_cast<Item>(in.u8())) {
    case Item::put: {
      const std::string quota = in.text();
      const std::uint64_t limit = std::min(in.varint(), count_max);
      if (!in.at_end() || quota.empty() || quota.size() > Id::part_bytes_max)
        return bad("a quota needs a name of at most " + std::to_string(Id::part_bytes_max) +
                   " bytes");
      if (!limits_.contains(quota) && limits_.size() >= quotas_max)
        return bad("there are " + std::to_string(quotas_max) + " quotas, which is the most");
      limits_[quota] = limit;
      return {};
    }
    case Item::remove:
      return limits_.erase(in.text()) > 0 ? Answer{} : Answer::refused(Outcome::quota_not_found);
    case Item::report: return apply_report(in);
    case Item::activate: return apply_activate(in);
  }
  return bad("no item of quotas");
}

Answer Quotas::apply_report(BytesReader& in) {
  constexpr std::size_t least_bytes = 3;
  std::map<std::string, bool> unknown;
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left) {
    const raft::GroupId group{in.varint()};
    const raft::Term term{in.varint()};
    Counts counts = read_counts(in);
    for (const auto& [quota, count] : counts)
      if (!limits_.contains(quota))
        unknown[quota] = true;
    Report& report = reports_[group];
    if (term >= report.term)
      report = {term, now_, std::move(counts), {}};
  }
  std::erase_if(reports_, [this](const auto& report) {
    return report.second.at.ms + report_life_ms <= now_.ms;
  });
  BytesWriter out;
  out.varint(unknown.size());
  for (const auto& [quota, is_unknown] : unknown)
    out.text(quota);
  return {Outcome::done, 0, {}, out.take()};
}

Answer Quotas::apply_activate(BytesReader& in) {
  const std::string quota = in.text();
  const raft::GroupId group{in.varint()};
  const auto at = limits_.find(quota);
  if (!in.at_end())
    return bad("no activation");
  if (at == limits_.end())
    return Answer::refused(Outcome::quota_not_found);
  if (agents_of(quota, now_) >= at->second)
    return Answer::refused(Outcome::quota_limit_reached);
  Report& report = reports_[group];
  report.at = now_;
  ++report.allowed[quota];
  return {};
}

std::uint64_t Quotas::agents_of(const std::string& quota, Time now) const {
  std::uint64_t sum = 0;
  for (const auto& [group, report] : reports_) {
    if (report.at.ms + report_life_ms <= now.ms)
      continue;
    const auto count_in = [&quota](const Counts& counts) {
      const auto at = counts.find(quota);
      return at == counts.end() ? 0 : at->second;
    };
    sum += count_in(report.agents) + count_in(report.allowed);
  }
  return sum;
}

std::vector<std::pair<std::string, QuotaUsage>> Quotas::fullest(std::size_t count, Time now) const {
  Counts agents;
  for (const auto& [group, report] : reports_)
    if (report.at.ms + report_life_ms > now.ms)
      for (const Counts* const counts : {&report.agents, &report.allowed})
        for (const auto& [quota, number] : *counts)
          agents[quota] += number;
  std::vector<std::pair<std::string, QuotaUsage>> all;
  all.reserve(limits_.size());
  for (const auto& [quota, limit] : limits_) {
    const auto at = agents.find(quota);
    all.push_back({quota, {at == agents.end() ? 0 : at->second, limit}});
  }
  const auto share = [](const QuotaUsage& usage) {
    return static_cast<double>(usage.agents) /
           static_cast<double>(std::max<std::uint64_t>(usage.limit, 1));
  };
  std::ranges::stable_sort(
      all, [&](const auto& a, const auto& b) { return share(a.second) > share(b.second); });
  all.resize(std::min(all.size(), count));
  std::ranges::sort(all, {}, [](const auto& one) -> const std::string& { return one.first; });
  return all;
}

Answer Quotas::query(std::span<const std::byte> query, std::vector<Effect>* /*effects*/) {
  BytesReader in(query);
  BytesWriter out;
  switch (static_cast<Question>(in.u8())) {
    case Question::usage: {
      const std::string quota = in.text();
      const Time asked_at{in.varint()};
      const auto at = limits_.find(quota);
      if (at == limits_.end())
        return Answer::refused(Outcome::quota_not_found);
      out.varint(agents_of(quota, std::max(now_, asked_at)));
      out.varint(at->second);
      break;
    }
    case Question::list:
      out.varint(limits_.size());
      for (const auto& [quota, limit] : limits_)
        out.text(quota);
      break;
    default: return bad("no question about quotas");
  }
  return {Outcome::done, 0, {}, out.take()};
}

std::vector<std::byte> Quotas::snapshot() const {
  BytesWriter out;
  out.u8(snapshot_version);
  out.varint(now_.ms);
  write(limits_, out);
  out.varint(reports_.size());
  for (const auto& [group, report] : reports_) {
    out.varint(group.value);
    out.varint(report.term.value);
    out.varint(report.at.ms);
    write(report.agents, out);
    write(report.allowed, out);
  }
  return out.take();
}

Result<void> Quotas::restore(std::span<const std::byte> bytes) {
  Quotas read;
  if (!bytes.empty()) {
    constexpr std::size_t least_bytes = 5;
    BytesReader in(bytes);
    const bool right = in.u8() == snapshot_version;
    read.now_.ms = in.varint();
    for (auto& [quota, limit] : read_counts(in))
      read.limits_[quota] = limit;
    for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left) {
      Report& report = read.reports_[{in.varint()}];
      report.term = {in.varint()};
      report.at = {in.varint()};
      report.agents = read_counts(in);
      report.allowed = read_counts(in);
    }
    if (!right || !in.at_end())
      return Error{Errc::bad_message, "a snapshot of quotas makes no sense"};
  }
  *this = std::move(read);
  return {};
}

} // namespace stos::keyed
