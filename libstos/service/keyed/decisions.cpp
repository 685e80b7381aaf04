#include "libstos/service/keyed/decisions.hpp"

namespace stos::keyed {

bool Decisions::commit(const Commit& commit) {
  const auto at = records_.find(commit.transaction);
  if (at == records_.end())
    return false;
  if (!at->second.is_committed)
    at->second = {true, commit.agents, commit.outsiders};
  end_if_over(at);
  return true;
}

bool Decisions::abort(const TransactionId& id) {
  const auto at = records_.find(id);
  if (at == records_.end())
    return false;
  if (at->second.is_committed)
    return true;
  records_.erase(at);
  return false;
}

void Decisions::confirm_agents(const TransactionId& id) {
  const auto at = records_.find(id);
  if (at == records_.end() || !at->second.is_committed)
    return;
  at->second.agents.clear();
  end_if_over(at);
}

void Decisions::confirm(const TransactionId& id, std::string_view outsider) {
  const auto at = records_.find(id);
  if (at == records_.end() || !at->second.is_committed)
    return;
  std::erase(at->second.outsiders, outsider);
  end_if_over(at);
}

void Decisions::end_if_over(Records::iterator at) {
  if (at->second.agents.empty() && at->second.outsiders.empty())
    records_.erase(at);
}

void Decisions::remove(Range range) {
  std::erase_if(records_,
                [range](const auto& record) { return range.contains(record.first.home); });
}

void write(const Decisions::Record& record, BytesWriter& out) {
  out.u8(record.is_committed ? 1 : 0);
  out.varint(record.agents.size());
  for (const Id& id : record.agents)
    write(id, out);
  out.varint(record.outsiders.size());
  for (const std::string& name : record.outsiders)
    out.text(name);
}

Decisions::Record read_record(BytesReader& in) {
  constexpr std::size_t least_bytes_of_id = 3;
  Decisions::Record record;
  record.is_committed = in.u8() != 0;
  for (std::size_t left = in.count(least_bytes_of_id); left > 0 && in.ok(); --left)
    record.agents.push_back(read_id(in));
  for (std::size_t left = in.count(1); left > 0 && in.ok(); --left)
    record.outsiders.push_back(in.text());
  return record;
}

} // namespace stos::keyed
