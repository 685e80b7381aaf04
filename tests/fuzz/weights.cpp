// What a node says its agents weigh, and what the first node makes of it: the first byte says how
// the bytes are shared among the nodes. Moves must be of agents that were named, to nodes that
// there are.

#include "libstos/cluster/placement/balance.hpp"
#include "tests/fuzz/require.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

using namespace stos;
using stos::fuzz::require;

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const std::span<const std::byte> all = std::as_bytes(std::span(data + 1, size - 1));
  const std::size_t first = all.size() * data[0] / 256;
  PerNode<NodeWeights> weights;
  for (const auto part : {all.first(first), all.subspan(first)}) {
    Result<NodeWeights> read = decode_weights(part);
    if (!read)
      return 0;
    require(*decode_weights(encode(*read)) == *read);
    weights.push_back(*std::move(read));
  }
  for (const BalanceName rule : {BalanceName::diffusion, BalanceName::repartition}) {
    Balancer balancer(rule);
    for (int round = 0; round < 2; ++round)
      for (const AgentMove& move : balancer.advise(weights).moves)
        require(move.node.number() < weights.size());
  }
  return 0;
}
