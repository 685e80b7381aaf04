#include "actors/transport/greeting.hpp"

#include "libstos/base/bytes.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace stos::detail {
namespace {

constexpr std::array<char, 4> mark = {'S', 'T', 'O', 'S'};

std::vector<std::byte> with_head(std::vector<std::byte> body) {
  BytesWriter out;
  out.raw(mark.data(), mark.size());
  out.u16(static_cast<std::uint16_t>(body.size()));
  out.raw(body);
  return out.take();
}

} // namespace

std::vector<std::byte> encode(const Greeting& greeting) {
  BytesWriter body;
  body.u32(greeting.version);
  body.text(greeting.caf);
  body.text(greeting.system);
  body.u8(static_cast<std::uint8_t>(greeting.peer.kind));
  body.text(greeting.peer.name);
  return with_head(body.take());
}

std::vector<std::byte> encode_verdict(const std::string& why) {
  const std::string text = why.substr(0, greeting_body_bytes_max);
  BytesWriter body;
  body.raw(text.data(), text.size());
  return with_head(body.take());
}

Result<std::size_t> greeting_body_bytes(std::span<const std::byte, greeting_head_bytes> head) {
  BytesReader in(head);
  const auto seen = in.raw(mark.size());
  const std::size_t size = in.u16();
  if (std::memcmp(seen.data(), mark.data(), mark.size()) != 0 || size > greeting_body_bytes_max)
    return Error{Errc::bad_message, "it is no node of libstos, nor a tool"};
  return size;
}

Result<Greeting> decode_greeting(std::span<const std::byte> body) {
  BytesReader in(body);
  Greeting greeting;
  greeting.version = in.u32();
  if (in.ok() && greeting.version != Greeting::current_version)
    return greeting;
  greeting.caf = in.text();
  greeting.system = in.text();
  const std::uint8_t kind = in.u8();
  greeting.peer.name = in.text();
  if (!in.at_end() || kind >= peer_kinds.size() || !is_peer_name(greeting.peer.name))
    return Error{Errc::bad_message, "a greeting that cannot be read"};
  greeting.peer.kind = static_cast<PeerKind>(kind);
  return greeting;
}

std::string decode_verdict(std::span<const std::byte> body) {
  return printable({reinterpret_cast<const char*>(body.data()), body.size()});
}

std::string objection_to(const Greeting& theirs, const Greeting& own, const Peer* proven,
                         bool was_called) {
  if (theirs.version != own.version)
    return "version " + std::to_string(theirs.version) + " of the greeting there, " +
           std::to_string(own.version) + " here; wanted: one version of libstos";
  if (theirs.caf != own.caf)
    return "CAF " + printable(theirs.caf) + " there, " + own.caf +
           " here; wanted: one version of CAF";
  if (proven != nullptr && *proven != theirs.peer)
    return "it says that it is \"" + to_string(theirs.peer) + "\", and its certificate is of \"" +
           to_string(*proven) + "\"";
  if (was_called && theirs.peer.kind != PeerKind::node)
    return "who listens there is \"" + to_string(theirs.peer) + "\" and no node";
  return {};
}

} // namespace stos::detail
