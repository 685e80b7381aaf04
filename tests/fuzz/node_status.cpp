// The status of a node from any bytes. What can be read gives the same bytes, read and written
// again, and can be watched.

#include "libstos/cluster/status/alerts.hpp"
#include "tests/fuzz/require.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

using namespace stos;
using stos::fuzz::require;

namespace {

std::vector<std::byte> bytes_of(const NodeStatus& status) {
  BytesWriter out;
  write_status(status, out);
  require(out.ok());
  return out.take();
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  BytesReader in(std::as_bytes(std::span(data, size)));
  const Result<NodeStatus> first = read_status(in);
  require(static_cast<bool>(first) == in.ok());
  if (!first)
    return 0;
  const std::vector<std::byte> bytes = bytes_of(*first);
  BytesReader again(bytes);
  const Result<NodeStatus> second = read_status(again);
  require(static_cast<bool>(second) && again.at_end() && bytes_of(*second) == bytes);

  AlertWatch watch({});
  watch.observe(*first, 0);
  watch.observe(*second, 1e3);
  require(watch.alerts(1e3).size() <= 3 + first->peers.size());
  return 0;
}
