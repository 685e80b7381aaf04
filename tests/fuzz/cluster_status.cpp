// What nodes tell each other and `stos` about a cluster, from any bytes. The first byte says which
// of the two messages follows. What can be read gives the same bytes, read and written again.

#include "libstos/cluster/status/cluster_status.hpp"

#include "tests/fuzz/require.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

using namespace stos;
using stos::fuzz::require;

namespace {

template <class Value, class Write>
std::vector<std::byte> bytes_of(const Value& value, Write write) {
  BytesWriter out;
  write(value, out);
  require(out.ok());
  return out.take();
}

template <class Read, class Write>
auto read_twice(BytesReader& in, Read read, Write write) {
  auto first = read(in);
  if (first) {
    const std::vector<std::byte> bytes = bytes_of(*first, write);
    BytesReader again(bytes);
    const auto second = read(again);
    require(static_cast<bool>(second) && bytes_of(*second, write) == bytes);
  }
  return first;
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  BytesReader in(std::as_bytes(std::span(data, size)));
  if (in.u8() % 2 == 0) {
    (void)read_twice(in, read_cluster_status, write_cluster_status);
    return 0;
  }
  if (const Result<NodeNews> news = read_twice(in, read_news, write_news)) {
    ClusterWatch watch({});
    watch.observe(*news, 0);
    watch.observe(*news, 1e3);
    require(watch.take_new_alerts(2e3).size() <= watch.status(2e3).alerts.size());
  }
  return 0;
}
