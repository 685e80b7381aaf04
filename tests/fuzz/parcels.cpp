// Records behind headers that are as they should be: what is mutated always gets as far as the
// ParcelReader, and what it accepts as far as the agents.

#include "libstos/cluster/wire/frame.hpp"
#include "tests/fuzz/two_links.hpp"

using namespace stos;
using namespace stos::fuzz;

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  LoneNode node(own_node);
  std::array<std::uint64_t, nodes> frames{};
  each_step(
      std::as_bytes(std::span(data, size)),
      [&](std::size_t from, std::span<const std::byte> records, bool in_a_hurry) {
        detail::FrameHeader header;
        header.number = ++frames[from];
        header.earliest = 0;
        BytesWriter frame;
        write_header(header, frame);
        frame.raw(records);
        node.receive(from, frame.take(), in_a_hurry);
      },
      [&] { node.pass_time(); });
  return 0;
}
