#pragma once

#include "libstos/image/cut.hpp"
#include "libstos/world/world.hpp"

#include <catch2/catch.hpp>

#include <utility>
#include <vector>

namespace stos::test {

/// Has `world` stop at `times`, and takes this node's part of a cut whenever it does.
inline void cut_at(World& world, const std::vector<double>& times,
                   std::vector<detail::CutPart>& parts) {
  const auto time_of = [times](std::size_t i) {
    return i < times.size() ? times[i] : Instant::never().absorption;
  };
  world.next_stop = time_of(0);
  world.at_stop = [&world, &parts, time_of](const WorldAtStop& stop) {
    detail::CutMemory memory;
    Result<detail::CutPart> part = detail::take_part_of_cut(world, stop, memory);
    if (!part)
      FAIL(part.error().context);
    parts.push_back(*std::move(part));
    return time_of(parts.size());
  };
}

} // namespace stos::test
