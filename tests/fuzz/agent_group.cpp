// Replicated agents: orders of transactions, asks, and a group that goes on from any snapshot and
// applies any items. The first byte says what the rest is.

#include "libstos/service/keyed/ask.hpp"
#include "tests/fuzz/comes_back.hpp"
#include "tests/keyed/made_up_agents.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

using namespace stos;
using namespace stos::keyed;
using stos::fuzz::comes_back;
using stos::fuzz::require;

namespace {

void ask_comes_back(std::span<const std::byte> bytes) {
  const Result<AskMessage> read = decode_ask(bytes);
  if (!read)
    return;
  const auto again = std::visit([](const auto& message) { return encode(message); }, *read);
  require(static_cast<bool>(decode_ask(again)));
}

// Each item after two bytes with its size; the first one is what the group begins with.
void apply_all(std::span<const std::byte> bytes) {
  BytesReader in(bytes);
  const auto next = [&in] { return in.raw(std::min<std::size_t>(in.u16(), in.remaining())); };
  AgentTypes types;
  types.add<test::Ledger>();
  AgentGroup group(types);
  if (const auto snapshot = next(); !snapshot.empty() && !group.restore(snapshot))
    return;
  std::vector<Effect> effects;
  for (std::uint64_t index = 1; index <= 100 && in.remaining() > 0; ++index)
    (void)group.apply(next(), {{index}, 0}, {1'000 * index}, &effects);
  AgentGroup again(types);
  require(static_cast<bool>(again.restore(group.snapshot())));
  require(again.snapshot() == group.snapshot());
  require(again.prepared() == group.prepared());
  if (group.outgoing())
    require(group.pieces(50) == again.pieces(50));
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data + 1, size - 1));
  switch (data[0] % 3) {
    case 0: comes_back(bytes, [](BytesReader& in) { return read_transaction_order(in); }); break;
    case 1: ask_comes_back(bytes); break;
    default: apply_all(bytes);
  }
  return 0;
}
