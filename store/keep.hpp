#pragma once

#include "libstos/base/content_hash.hpp"
#include "store/cut_store.hpp"
#include "store/records.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

namespace stos::detail {

// Which cuts of a store are right, and which go when another one comes: the same for every kind of
// store.
//
// Threads: none inside.

/// The cuts that a cut with this label takes the place of.
[[nodiscard]] std::vector<std::uint64_t> replaced_by(const CutLabel& label,
                                                     const std::vector<KeptCut>& cuts);

/// The oldest cuts of the lineage beyond the last `keep`; none if it is 0. @pre `cuts` by number
[[nodiscard]] std::vector<std::uint64_t> beyond(std::uint32_t keep, std::uint64_t lineage,
                                                const std::vector<KeptCut>& cuts);

/// `cuts` without those of these numbers.
[[nodiscard]] std::vector<KeptCut> without(const std::vector<std::uint64_t>& numbers,
                                           std::vector<KeptCut> cuts);

/// The names of all chunks that the cuts refer to, and of the bases of these.
[[nodiscard]] std::set<ContentHash> names_of(const std::vector<KeptCut>& cuts);

/// What is wrong with a chunk, as it goes on after its name: " is missing". Null if nothing is.
using WrongWith = std::function<const char*(const ContentHash& name)>;

/// Sorts out which cuts are right: those whose chunks are, and the bases of these. Adds them, and
/// texts on the others, to `contents`.
void sort_out(const std::vector<KeptCut>& cuts, const WrongWith& wrong_with,
              CutStore::Contents& contents);

/// "cut #7 is damaged: ...": of a record that cannot be read.
[[nodiscard]] std::string damaged_cut(std::uint64_t number);

} // namespace stos::detail
