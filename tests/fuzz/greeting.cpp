// What a stranger says before anything is known of it: greetings and verdicts, of any bytes. What
// can be read is written again to the same bytes.

#include "actors/transport/greeting.hpp"

#include "tests/fuzz/require.hpp"

#include <cstdint>
#include <span>

using namespace stos::detail;
using stos::fuzz::require;

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  if (bytes.size() < greeting_head_bytes)
    return 0;
  const auto wanted = greeting_body_bytes(bytes.first<greeting_head_bytes>());
  const auto body = bytes.subspan(greeting_head_bytes);
  if (wanted)
    require(*wanted <= greeting_body_bytes_max);
  for (const char c : decode_verdict(body))
    require(c >= ' ' && c <= '~');
  const auto greeting = decode_greeting(body);
  if (!greeting || greeting->version != Greeting::current_version)
    return 0;
  const Greeting own{Greeting::current_version, "0.18.7", "own", {PeerKind::node, "own"}};
  for (const char c : objection_to(*greeting, own, &own.peer, true))
    require(c >= ' ' && c <= '~');
  const std::vector<std::byte> again = encode(*greeting);
  const auto second = decode_greeting(std::span(again).subspan(greeting_head_bytes));
  require(second && *second == *greeting);
  return 0;
}
