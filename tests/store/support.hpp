#pragma once

#include "libstos/base/random.hpp"
#include "store/cut_store.hpp"
#include "tests/support/same_images.hpp"

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

/// Made up: so many agents, of which every one of the last `changed`, or every so many of them, has
/// another image at another time. Those of another generation have nothing in common.
inline detail::Cut made_up_cut(double time, std::size_t agents, std::size_t changed,
                               std::size_t every = 1, std::uint64_t generation = 0) {
  detail::Cut cut;
  cut.time = time;
  cut.counters.agents_born = agents;
  cut.reports = {{"topic", AgentId{1}, time, 0, std::vector<std::byte>(5)}};
  for (std::size_t i = 0; i < agents; ++i) {
    const bool changes = i >= agents - changed && i % every == 0;
    RandomStream random(i + (changes ? static_cast<std::uint64_t>(time * 1e6) : 0) +
                        generation * std::uint64_t{1'000'000'000});
    std::vector<std::byte> image(20 + random.below(60));
    for (std::byte& byte : image)
      byte = static_cast<std::byte>(random.below(16));
    cut.add_image(AgentId{i + 1}, image);
  }
  return cut;
}

inline CutLabel label_of(const detail::Cut& cut, const std::string& run = "lattice",
                         std::uint64_t lineage = 7) {
  return {run, lineage, cut.time, cut.state_digest().to_string(), cut.images.size(), 1'700'000'000};
}

} // namespace stos::test
