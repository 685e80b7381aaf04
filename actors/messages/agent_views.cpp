#include "actors/messages/agent_views.hpp"

#include "libstos/base/bytes.hpp"

namespace stos::detail {
namespace {

constexpr std::size_t text_bytes_min = 1;

template <class T>
Result<T> checked(const BytesReader& in, T value, const char* what) {
  if (!in.at_end())
    return Error{Errc::bad_message, std::string("no ") + what};
  return value;
}

} // namespace

Bytes encode(const std::vector<GroupView>& groups) {
  BytesWriter out;
  out.varint(groups.size());
  for (const GroupView& group : groups) {
    out.varint(group.id);
    out.text(group.kind);
    out.u8(group.range ? 1 : 0);
    if (group.range)
      write(*group.range, out);
    out.u8(group.agents ? 1 : 0);
    out.varint(group.agents.value_or(0));
    out.text(group.leader);
    out.varint(group.replicas.size());
    for (const std::string& replica : group.replicas)
      out.text(replica);
    out.u8(group.moves ? 1 : 0);
  }
  return {out.take()};
}

Result<std::vector<GroupView>> decode_groups(const Bytes& bytes) {
  constexpr std::size_t group_bytes_min = 8;
  BytesReader in(bytes.data);
  std::vector<GroupView> groups(in.count(group_bytes_min));
  for (GroupView& group : groups) {
    group.id = in.varint();
    group.kind = in.text();
    if (in.u8() != 0)
      group.range = keyed::read_range(in);
    const bool has_agents = in.u8() != 0;
    const std::uint64_t agents = in.varint();
    if (has_agents)
      group.agents = agents;
    group.leader = in.text();
    group.replicas.resize(in.count(text_bytes_min));
    for (std::string& replica : group.replicas)
      replica = in.text();
    group.moves = in.u8() != 0;
  }
  return checked(in, std::move(groups), "groups of agents");
}

Bytes encode(const AgentListOrder& order) {
  BytesWriter out;
  out.text(order.quota);
  out.text(order.type);
  out.text(order.from_type);
  out.text(order.from_key);
  out.varint(order.count);
  return {out.take()};
}

Result<AgentListOrder> decode_list_order(const Bytes& bytes) {
  BytesReader in(bytes.data);
  AgentListOrder order;
  order.quota = in.text();
  order.type = in.text();
  order.from_type = in.text();
  order.from_key = in.text();
  order.count = in.varint();
  return checked(in, std::move(order), "order to list agents");
}

Bytes encode(const keyed::Id& id) {
  BytesWriter out;
  write(id, out);
  return {out.take()};
}

Result<keyed::Id> decode_id(const Bytes& bytes) {
  BytesReader in(bytes.data);
  keyed::Id id = keyed::read_id(in);
  return checked(in, std::move(id), "id of an agent");
}

Bytes encode(const std::vector<keyed::Id>& ids) {
  BytesWriter out;
  out.varint(ids.size());
  for (const keyed::Id& id : ids)
    write(id, out);
  return {out.take()};
}

Result<std::vector<keyed::Id>> decode_ids(const Bytes& bytes) {
  BytesReader in(bytes.data);
  std::vector<keyed::Id> ids(in.count(3 * text_bytes_min));
  for (keyed::Id& id : ids)
    id = keyed::read_id(in);
  return checked(in, std::move(ids), "ids of agents");
}

Bytes encode(const AgentCallOrder& order) {
  BytesWriter out;
  write(order.id, out);
  out.u8(order.is_command ? 1 : 0);
  out.u8(order.is_stale ? 1 : 0);
  out.text(order.name);
  out.text(order.json);
  out.varint(order.patience_ms);
  return {out.take()};
}

Result<AgentCallOrder> decode_call_order(const Bytes& bytes) {
  BytesReader in(bytes.data);
  AgentCallOrder order;
  order.id = keyed::read_id(in);
  order.is_command = in.u8() != 0;
  order.is_stale = in.u8() != 0;
  order.name = in.text();
  order.json = in.text();
  order.patience_ms = in.varint();
  return checked(in, std::move(order), "command or query");
}

Bytes encode(const QuotaOrder& order) {
  BytesWriter out;
  out.u8(static_cast<std::uint8_t>(order.what));
  out.text(order.quota);
  out.varint(order.limit);
  return {out.take()};
}

Result<QuotaOrder> decode_quota_order(const Bytes& bytes) {
  BytesReader in(bytes.data);
  QuotaOrder order;
  const std::uint8_t what = in.u8();
  order.what = static_cast<QuotaOrder::What>(what);
  order.quota = in.text();
  order.limit = in.varint();
  if (what > static_cast<std::uint8_t>(QuotaOrder::What::usage))
    in.fail();
  return checked(in, std::move(order), "order about a quota");
}

Bytes encode(const QuotaViews& quotas) {
  BytesWriter out;
  out.varint(quotas.size());
  for (const auto& [name, usage] : quotas) {
    out.text(name);
    out.varint(usage.agents);
    out.varint(usage.limit);
  }
  return {out.take()};
}

Result<QuotaViews> decode_quotas(const Bytes& bytes) {
  BytesReader in(bytes.data);
  QuotaViews quotas(in.count(3 * text_bytes_min));
  for (auto& [name, usage] : quotas) {
    name = in.text();
    usage.agents = in.varint();
    usage.limit = in.varint();
  }
  return checked(in, std::move(quotas), "quotas");
}

} // namespace stos::detail
