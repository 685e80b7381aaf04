#include "store/keep.hpp"

#include <algorithm>
#include <string>

namespace stos::detail {

std::vector<std::uint64_t> replaced_by(const CutLabel& label, const std::vector<KeptCut>& cuts) {
  std::vector<std::uint64_t> numbers;
  for (const KeptCut& cut : cuts)
    if (cut.entry.lineage == label.lineage && cut.entry.time == label.time)
      numbers.push_back(cut.entry.number);
  return numbers;
}

std::vector<std::uint64_t> beyond(std::uint32_t keep, std::uint64_t lineage,
                                  const std::vector<KeptCut>& cuts) {
  std::vector<std::uint64_t> numbers;
  if (keep == 0)
    return numbers;
  for (const KeptCut& cut : cuts)
    if (cut.entry.lineage == lineage)
      numbers.push_back(cut.entry.number);
  numbers.resize(numbers.size() > keep ? numbers.size() - keep : 0);
  return numbers;
}

std::vector<KeptCut> without(const std::vector<std::uint64_t>& numbers, std::vector<KeptCut> cuts) {
  std::erase_if(cuts, [&numbers](const KeptCut& cut) {
    return std::find(numbers.begin(), numbers.end(), cut.entry.number) != numbers.end();
  });
  return cuts;
}

std::set<ContentHash> names_of(const std::vector<KeptCut>& cuts) {
  std::set<ContentHash> names;
  for (const KeptCut& cut : cuts)
    for (const KeptChunk& chunk : cut.chunks) {
      names.insert(chunk.name);
      names.insert(chunk.whole());
    }
  return names;
}

void sort_out(const std::vector<KeptCut>& cuts, const WrongWith& wrong_with,
              CutStore::Contents& contents) {
  const auto damage_of = [&wrong_with](const KeptCut& cut) -> std::string {
    for (const KeptChunk& chunk : cut.chunks) {
      if (const char* wrong = wrong_with(chunk.name))
        return "chunk " + chunk.name.to_string() + wrong;
      if (const char* wrong = chunk.base ? wrong_with(*chunk.base) : nullptr)
        return "chunk " + chunk.base->to_string() + wrong + ", and it has differences from it";
    }
    return {};
  };
  for (const KeptCut& cut : cuts) {
    const std::string damage = damage_of(cut);
    if (damage.empty())
      contents.cuts.push_back(cut.entry);
    else
      contents.damage.push_back("cut " + to_string(cut.entry) + " is damaged: " + damage);
  }
}

std::string damaged_cut(std::uint64_t number) {
  return "cut #" + std::to_string(number) + " is damaged: its record is not as it was written";
}

} // namespace stos::detail
