#include "store/keep.hpp"

namespace stos::detail {

std::vector<std::uint64_t> replaced_by(const CutLabel& label, const std::vector<StoredCut>& cuts) {
  std::vector<std::uint64_t> numbers;
  for (const StoredCut& cut : cuts)
    if (cut.entry.lineage == label.lineage && cut.entry.time == label.time)
      numbers.push_back(cut.entry.number);
  return numbers;
}

std::vector<std::uint64_t> beyond(std::uint32_t keep, std::uint64_t lineage,
                                  const std::vector<StoredCut>& cuts) {
  std::vector<std::uint64_t> numbers;
  if (keep == 0)
    return numbers;
  for (const StoredCut& cut : cuts)
    if (cut.entry.lineage == lineage)
      numbers.push_back(cut.entry.number);
  numbers.resize(numbers.size() > keep ? numbers.size() - keep : 0);
  return numbers;
}

std::set<ContentHash> names_of(const std::vector<StoredCut>& cuts) {
  std::set<ContentHash> names;
  for (const StoredCut& cut : cuts)
    names.insert(cut.chunks.begin(), cut.chunks.end());
  return names;
}

} // namespace stos::detail
