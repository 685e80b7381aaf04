#pragma once

#include "actors/messages/caf_types.hpp"
#include "actors/transport/basp_filter.hpp"
#include "actors/transport/caf_version.hpp"

#include <caf/binary_serializer.hpp>
#include <caf/byte_buffer.hpp>
#include <caf/message.hpp>
#include <caf/node_id.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace stos::test {

using Frame = std::vector<std::byte>;

/// CAF's name for an actor system, unlike those of other numbers.
inline caf::node_id system_number(std::uint8_t host_number, std::uint32_t process) {
  caf::hashed_node_id::host_id_type host{};
  host.fill(host_number);
  return caf::make_node_id(process, host);
}
inline caf::node_id system_number(std::uint8_t number) { return system_number(number, number); }

template <class... Values>
Frame bytes_of(const Values&... values) {
  init_caf_types();
  caf::byte_buffer buffer;
  caf::binary_serializer sink = caf_version::serializer_to(buffer);
  (void)(sink.apply(values) && ...);
  const auto* data = reinterpret_cast<const std::byte*>(buffer.data());
  return {data, data + buffer.size()};
}

/// A frame as CAF makes them: its header, then the payload.
struct FrameHead {
  std::uint8_t operation = 2;
  std::uint8_t flags = 0;
  std::uint64_t data = std::uint64_t{1} << 60; ///< a message that wants no answer
  std::uint64_t from = 7;
  std::uint64_t to = 8;
};
inline Frame frame(const FrameHead& head, const Frame& payload, std::uint32_t said_bytes) {
  Frame out = bytes_of(head.operation, std::uint8_t{0}, std::uint8_t{0}, head.flags, said_bytes,
                       head.data, head.from, head.to);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}
inline Frame frame(const FrameHead& head, const Frame& payload) {
  return frame(head, payload, static_cast<std::uint32_t>(payload.size()));
}

inline constexpr std::uint8_t server_handshake = 0, client_handshake = 1, direct_message = 2,
                              routed_message = 3, monitor_message = 4, down_message = 5,
                              heartbeat = 6;

inline Frame client_hello(const caf::node_id& system) {
  return frame({client_handshake, 0, 0, 0, 0}, bytes_of(system));
}

/// The payload of a direct message: no way back of its own, then the content, or a message in
/// pieces.
template <class... Values>
Frame content(const Values&... values) {
  Frame out;
  if (caf_version::messages_have_way_back)
    out.push_back(std::byte{0});
  const Frame rest = bytes_of(values...);
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

} // namespace stos::test
