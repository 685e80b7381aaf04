#include "libstos/service/keyed/ask.hpp"

namespace stos::keyed {
namespace {

constexpr std::uint8_t reply_mark = 0xff; // where an ask has its kind

} // namespace

std::vector<std::byte> encode(const Ask& ask) {
  BytesWriter out;
  out.u8(static_cast<std::uint8_t>(ask.kind));
  out.u64(ask.caller);
  out.varint(ask.number);
  out.varint(ask.group.value);
  out.raw(ask.body);
  return out.take();
}

std::vector<std::byte> encode(const Reply& reply) {
  BytesWriter out;
  out.u8(reply_mark);
  out.u64(reply.caller);
  out.varint(reply.number);
  write(reply.answer, out);
  return out.take();
}

Result<AskMessage> decode_ask(std::span<const std::byte> bytes) {
  BytesReader in(bytes);
  const std::uint8_t kind = in.u8();
  const std::uint64_t caller = in.u64();
  const std::uint64_t number = in.varint();
  if (kind == reply_mark) {
    Reply reply{number, read_answer(in), caller};
    if (in.at_end())
      return AskMessage(std::move(reply));
  } else if (kind <= static_cast<std::uint8_t>(Ask::Kind::transact)) {
    Ask ask{number, {in.varint()}, static_cast<Ask::Kind>(kind), {}, caller};
    const std::span<const std::byte> body = in.raw(in.remaining());
    ask.body.assign(body.begin(), body.end());
    if (in.ok())
      return AskMessage(std::move(ask));
  }
  return Error{Errc::bad_message, std::to_string(bytes.size()) +
                                      " bytes are neither an ask nor a reply of replicated agents"};
}

} // namespace stos::keyed
