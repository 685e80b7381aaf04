#include "actors/messages/cluster_messages.hpp"

#include "libstos/base/bytes.hpp"

namespace stos::detail {
namespace {

void write_address(const NodeAddress& address, BytesWriter& out) {
  out.text(address.host);
  out.u16(address.port);
}

NodeAddress read_address(BytesReader& in) {
  NodeAddress address;
  address.host = in.text();
  address.port = in.u16();
  return address;
}

void write_move(const AgentMove& move, BytesWriter& out) {
  out.u64(move.agent.value);
  out.varint(move.node.number());
}

AgentMove read_move(BytesReader& in) {
  const AgentId agent{in.u64()};
  return {agent, NodeIndex(in.varint())};
}
constexpr std::size_t move_bytes_min = 9;

} // namespace

RunAnswer refusal(const Error& error) {
  return {NodeHello::current_protocol,
          static_cast<std::uint8_t>(static_cast<int>(error.code) + 1),
          error.context,
          {}};
}

Error no_such_node(const std::string& name, const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& each : names)
    all += (all.empty() ? "" : ", ") + each;
  return {Errc::bad_argument, "there is no node " + name + ", the nodes are " + all};
}

std::optional<Error> error_of(const RunAnswer& answer) {
  if (answer.code == 0)
    return std::nullopt;
  return Error{errc_from(static_cast<std::uint8_t>(answer.code - 1)).value_or(Errc::internal),
               answer.why};
}

Bytes encode(const NodeHello& hello) {
  BytesWriter out;
  out.u64(hello.build);
  out.text(hello.cluster);
  out.text(hello.node);
  write_address(hello.address, out);
  out.u32(hello.nodes);
  out.u64(hello.life);
  out.u8(hello.joins ? 1 : 0);
  out.varint(hello.known.size());
  for (const NodeAddress& address : hello.known)
    write_address(address, out);
  out.varint(hello.member);
  out.varint(hello.epoch);
  out.u8(hello.returns ? 1 : 0);
  out.varint(hello.lives.size());
  for (const std::uint64_t life : hello.lives)
    out.u64(life);
  return {out.take()};
}

Result<NodeHello> decode_hello(const Bytes& bytes) {
  BytesReader in(bytes.data);
  NodeHello hello;
  hello.build = in.u64();
  hello.cluster = in.text();
  hello.node = in.text();
  hello.address = read_address(in);
  hello.nodes = in.u32();
  hello.life = in.u64();
  hello.joins = in.u8() != 0;
  constexpr std::size_t bytes_each = 3;
  for (std::size_t left = in.count(bytes_each); left > 0; --left)
    hello.known.push_back(read_address(in));
  hello.member = in.varint();
  hello.epoch = in.varint();
  hello.returns = in.u8() != 0;
  for (std::size_t left = in.count(sizeof(std::uint64_t)); left > 0; --left)
    hello.lives.push_back(in.u64());
  if (!in.at_end())
    return Error{Errc::bad_message, "a hello that cannot be read"};
  return hello;
}

Bytes encode(const MigrateOrder& order) {
  BytesWriter out;
  out.text(order.to);
  out.text(order.from);
  out.text(order.type);
  out.varint(order.count);
  out.varint(order.agents.size());
  for (const AgentId agent : order.agents)
    out.u64(agent.value);
  return {out.take()};
}

Result<MigrateOrder> decode_migrate_order(const Bytes& bytes) {
  BytesReader in(bytes.data);
  MigrateOrder order;
  order.to = in.text();
  order.from = in.text();
  order.type = in.text();
  order.count = in.varint();
  order.agents.resize(in.count(sizeof(std::uint64_t)));
  for (AgentId& agent : order.agents)
    agent = AgentId{in.u64()};
  if (!in.at_end())
    return Error{Errc::bad_message, "an order to migrate agents that cannot be read"};
  return order;
}

Bytes encode(const std::vector<MoveOutcome>& outcomes) {
  BytesWriter out;
  out.varint(outcomes.size());
  for (const MoveOutcome& outcome : outcomes) {
    write_move(outcome.move, out);
    out.u8(static_cast<std::uint8_t>(outcome.result));
    out.text(outcome.text);
  }
  return {out.take()};
}

Result<std::vector<MoveOutcome>> decode_outcomes(const Bytes& bytes) {
  BytesReader in(bytes.data);
  std::vector<MoveOutcome> outcomes(in.count(move_bytes_min + 2));
  bool known = true;
  for (MoveOutcome& outcome : outcomes) {
    outcome.move = read_move(in);
    const std::uint8_t result = in.u8();
    known = known && result < move_results;
    outcome.result = static_cast<MoveResult>(result);
    outcome.text = in.text();
  }
  if (!known || !in.at_end())
    return Error{Errc::bad_message, "outcomes of moves that cannot be read"};
  return outcomes;
}

} // namespace stos::detail
