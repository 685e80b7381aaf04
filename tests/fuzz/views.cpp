// What nodes say about views, from any bytes: a view, a reachability, a frame of the control group,
// a copy of a cut. What can be read gives the same bytes again; whatever a node hears, it belongs
// to its view, or says why not.

#include "libstos/cluster/view/control_group.hpp"
#include "store/cut_copy.hpp"
#include "tests/fuzz/require.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

using namespace stos;
using stos::fuzz::require;
using namespace stos::detail;

namespace {

View three_nodes() {
  View view;
  view.members = {{{1}, "a", {"h", 1}, 1}, {{2}, "b", {"h", 2}, 2}, {{3}, "c", {"h", 3}, 3}};
  view.last_id = 3;
  return view;
}

void read_each(std::span<const std::byte> bytes) {
  if (const Result<View> view = decode_view(bytes))
    require(decode_view(encode(*view)) && *decode_view(encode(*view)) == *view);
  if (const Result<Reachability> seen = decode_reachability(bytes))
    require(*decode_reachability(encode(*seen)) == *seen);
  if (const Result<CutCopy> copy = CutCopy::read(bytes, {})) {
    require(static_cast<bool>(CutCopy::read(copy->news_for({}), {})));
    (void)copy->cut();
  }
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  read_each(bytes);
  ControlOptions options;
  options.self = {1};
  ControlGroup group(three_nodes(), options, false, 0);
  if (Result<Reachability> seen = decode_reachability(bytes))
    group.hear({2}, *std::move(seen));
  for (const std::uint64_t from : {2, 3})
    (void)group.hear({from}, bytes);
  for (int i = 1; i < 30; ++i) {
    Reachability own{group.view().epoch, {}};
    own.of.resize(group.view().members.size());
    group.tick(std::move(own), {}, {}, i * 0.1);
    (void)group.take_output();
  }
  require(group.failure() || group.view().index_of(options.self));
  return 0;
}
