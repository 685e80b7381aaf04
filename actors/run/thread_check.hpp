#pragma once

#include <cstdint>

namespace stos::detail {

/// Throws UsageError (no_threads) unless the system lets this process have `workers` threads, and
/// those of CAF and of our own that go with them; with `network`, of its middleman and of a node.
///
/// An actor system that gets only some of its threads cannot be brought to an end any more, so we
/// try before we make one; as many as there were once are taken for granted. Where address space is
/// limited and scarce, malloc() has one arena for all threads from then on.
void require_threads(std::uint32_t workers, bool network);

} // namespace stos::detail
