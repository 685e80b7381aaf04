// What a peer that has been let in sends in CAF's protocol. The first byte says what the peer is,
// and which side has called; the rest are frames. The filter reads none of it past its end, and
// lets nothing pass before the handshake.

#include "actors/transport/message_rules.hpp"
#include "support/basp_frames.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>

using namespace stos;
using stos::fuzz::require;
using namespace stos::detail;
using namespace stos::test;

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool ready = (init_caf_types(), true);
  require(ready);
  if (size == 0)
    return 0;
  const Peer peer{static_cast<PeerKind>(data[0] % peer_kinds.size()), "peer"};
  const std::string system = to_string(system_number(2));
  const auto peers = std::make_shared<PeerList>(to_string(system_number(1)));
  require(peers->enter(system, peer).empty());
  BaspFilter filter(peers, system, peer, (data[0] & 0x80) != 0);
  auto rest = std::as_bytes(std::span(data + 1, size - 1));
  bool is_first = true;
  while (rest.size() >= BaspFilter::header_bytes) {
    const auto wanted = filter.take_header(rest.first<BaspFilter::header_bytes>());
    rest = rest.subspan(BaspFilter::header_bytes);
    if (!wanted)
      return 0;
    require(*wanted <= std::max<std::size_t>(message_bytes_max(peer.kind), 16 << 10));
    if (*wanted > rest.size())
      return 0;
    // In a block of its own, so that a sanitizer sees who reads past the end.
    const std::vector<std::byte> payload(rest.begin(),
                                         rest.begin() + static_cast<std::ptrdiff_t>(*wanted));
    rest = rest.subspan(*wanted);
    const auto verdict = filter.judge(payload);
    if (!verdict)
      return 0;
    require(!is_first || peers->find(system).has_value());
    is_first = false;
  }
  return 0;
}
