#include "actors/cluster_messages.hpp"

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

} // namespace

RunAnswer refusal(const Error& error) {
  return {NodeHello::current_protocol,
          static_cast<std::uint8_t>(static_cast<int>(error.code) + 1),
          error.context,
          {}};
}

std::optional<Error> error_of(const RunAnswer& answer) {
  if (answer.code == 0)
    return std::nullopt;
  const bool is_known = answer.code <= static_cast<int>(Errc::internal) + 1;
  return Error{is_known ? static_cast<Errc>(answer.code - 1) : Errc::internal, answer.why};
}

Bytes encode(const NodeHello& hello) {
  BytesWriter out;
  out.u64(hello.build);
  out.text(hello.cluster);
  out.text(hello.node);
  write_address(hello.address, out);
  out.u32(hello.nodes);
  out.varint(hello.known.size());
  for (const NodeAddress& address : hello.known)
    write_address(address, out);
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
  constexpr std::size_t bytes_each = 3;
  for (std::size_t left = in.count(bytes_each); left > 0; --left)
    hello.known.push_back(read_address(in));
  if (!in.at_end())
    return Error{Errc::bad_message, "a hello that cannot be read"};
  return hello;
}

} // namespace stos::detail
