// Cuts that may say anything: restore() makes a world of them or an error, what it has made can be
// looked at, and nothing of it is left afterwards.

#include "libstos/image/restore.hpp"

#include "libstos/image/agent_view.hpp"
#include "libstos/image/cut_difference.hpp"
#include "tests/fuzz/cut_world.hpp"

using namespace stos;
using namespace stos::fuzz;

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  BytesReader in(std::as_bytes(std::span(data, size)));
  const detail::Cut cut = read_plainly(in);
  CutSimulation simulation;
  World& world = simulation.world();
  world.begin_run();
  const Result<void> restored = detail::restore(world, cut);
  if (!restored) {
    STOS_ASSERT(!restored.error().context.empty(), "an error without a text");
    return 0;
  }
  detail::AgentViewer viewer(world, cut.time);
  for (detail::Cell* cell : world.resumption->agents)
    STOS_ASSERT(!to_json(viewer.view(*cell)).empty(), "an agent without a view");
  STOS_ASSERT(compare(cut, cut).empty(), "a cut differs from itself");
  return 0;
}
