#pragma once

#include "libstos/base/content_hash.hpp"
#include "store/cut_store.hpp"
#include "store/records.hpp"

#include <cstdint>
#include <set>
#include <vector>

namespace stos::detail {

// Which cuts of a store go when another one comes: the same for every kind of store.
//
// Threads: none inside.

/// The cuts that a cut with this label takes the place of.
[[nodiscard]] std::vector<std::uint64_t> replaced_by(const CutLabel& label,
                                                     const std::vector<StoredCut>& cuts);

/// The oldest cuts of the lineage beyond the last `keep`; none if it is 0. @pre `cuts` by number
[[nodiscard]] std::vector<std::uint64_t> beyond(std::uint32_t keep, std::uint64_t lineage,
                                                const std::vector<StoredCut>& cuts);

/// The names of all chunks that the cuts refer to.
[[nodiscard]] std::set<ContentHash> names_of(const std::vector<StoredCut>& cuts);

} // namespace stos::detail
