// Frames of two other nodes, and time that passes, for one node of three. Whatever comes ends in an
// error that names a node, or is carried out.

#include "tests/fuzz/two_links.hpp"

using namespace stos;
using namespace stos::fuzz;

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  LoneNode node(own_node);
  each_step(
      std::as_bytes(std::span(data, size)),
      [&](std::size_t from, std::span<const std::byte> bytes, bool in_a_hurry) {
        node.receive(from, {bytes.begin(), bytes.end()}, in_a_hurry);
      },
      [&] { node.pass_time(); });
  if (node.error())
    STOS_ASSERT(node.error()->code == Errc::bad_message && !node.error()->context.empty(),
                node.error()->context);
  return 0;
}
