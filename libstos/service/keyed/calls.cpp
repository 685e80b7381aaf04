#include "libstos/service/keyed/calls.hpp"

namespace stos::keyed {

void write(const Call& call, BytesWriter& out) {
  write(call.id, out);
  out.varint(call.number);
  out.varint(call.argument.size());
  out.raw(call.argument);
}

Call read_call(BytesReader& in, bool is_command) {
  Call call;
  call.is_command = is_command;
  call.id = read_id(in);
  const std::uint64_t number = in.varint();
  if (number > ~std::uint32_t{0})
    in.fail();
  call.number = static_cast<std::uint32_t>(number);
  const std::span<const std::byte> argument = in.raw(in.count(1));
  call.argument.assign(argument.begin(), argument.end());
  return call;
}

std::vector<std::byte> encode(const Call& call) {
  BytesWriter out;
  write(call, out);
  return out.take();
}

} // namespace stos::keyed
