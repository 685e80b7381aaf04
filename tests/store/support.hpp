#pragma once

#include "libstos/base/random.hpp"
#include "store/cut_store.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace stos::test {

/// A new folder that is gone at the end.
class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "stos.XXXXXX").string();
    STOS_ASSERT(::mkdtemp(name.data()) != nullptr, name);
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_;
};

/// Made up: so many agents, of which every one of the last `changed` has another image at another
/// time.
inline detail::Cut made_up_cut(double time, std::size_t agents, std::size_t changed) {
  detail::Cut cut;
  cut.time = time;
  cut.counters.agents_born = agents;
  cut.reports = {{"topic", AgentId{1}, time, 0, std::vector<std::byte>(5)}};
  for (std::size_t i = 0; i < agents; ++i) {
    RandomStream random(i < agents - changed ? i : i + static_cast<std::uint64_t>(time * 1e6));
    cut.images.push_back({AgentId{i + 1}, cut.bytes.size()});
    const std::size_t size = 20 + random.below(60);
    for (std::size_t j = 0; j < size; ++j)
      cut.bytes.push_back(static_cast<std::byte>(random.below(16)));
  }
  return cut;
}

inline CutLabel label_of(const detail::Cut& cut, const std::string& run = "lattice",
                         std::uint64_t lineage = 7) {
  return {run, lineage, cut.time, cut.state_digest().to_string(), cut.images.size(), 1'700'000'000};
}

} // namespace stos::test
