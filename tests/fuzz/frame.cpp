// Headers of frames. The first byte chooses the size of the cluster. A header that was read is
// written again; that, read and written once more, must give the same bytes.

#include "libstos/cluster/wire/frame.hpp"

#include "tests/fuzz/require.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

using namespace stos;
using stos::fuzz::require;
using namespace stos::detail;

namespace {

std::vector<std::byte> written(const FrameHeader& header) {
  BytesWriter out;
  write_header(header, out);
  return out.take();
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const std::size_t nodes = 1 + data[0] % 16;
  BytesReader in(std::as_bytes(std::span(data + 1, size - 1)));
  const FrameHeader header = read_header(in, nodes);
  if (!in.ok())
    return 0;
  require(header.earliest.has_value() || in.remaining() == 0);
  if (header.report)
    require(header.report->sent.size() == nodes && header.report->received.size() == nodes);
  const std::vector<std::byte> bytes = written(header);
  require(bytes.size() <= size);
  BytesReader again(bytes);
  const FrameHeader second = read_header(again, nodes);
  require(again.at_end() && written(second) == bytes);
  return 0;
}
