#include "libstos/world/agent_directory.hpp"

#include "libstos/base/random.hpp"
#include "libstos/world/cell.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstddef>
#include <map>
#include <thread>
#include <vector>

using namespace stos;
using stos::detail::AgentDirectory;
using stos::detail::Cell;

namespace {

/// Addresses that nobody looks at: the directory keeps them and no more.
class Records {
public:
  Cell& operator[](std::size_t i) { return *reinterpret_cast<Cell*>(memory_.data() + 256 * i); }

private:
  alignas(256) std::array<std::byte, 256 * 64> memory_{};
};

/// Ids as they occur: small numbers, or hashes.
AgentId any_id(RandomStream& random, std::uint32_t range) {
  const AgentId initial = AgentId::initial(random.below(range));
  return random.bernoulli(0.5) ? initial : AgentId::child(initial, random.below(3));
}

} // namespace

TEST_CASE("an agent directory finds what a map finds") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    RandomStream random(mix64(seed));
    const std::uint32_t range = 1 + random.below(random.bernoulli(0.5) ? 20 : 3000);
    Records records;
    AgentDirectory directory;
    std::map<std::uint64_t, Cell*> model;
    const double inserting = random.uniform(0.2, 0.8);
    for (int step = 0; step < 10'000; ++step) {
      const AgentId id = any_id(random, range);
      if (random.bernoulli(0.3)) {
        const auto found = model.find(id.value);
        REQUIRE(directory.find(id) == (found == model.end() ? nullptr : found->second));
      } else if (!random.bernoulli(inserting)) {
        directory.erase(id);
        model.erase(id.value);
      } else if (!model.contains(id.value)) {
        Cell& record = records[random.below(64)];
        directory.insert(id, record);
        model.emplace(id.value, &record);
      }
      REQUIRE(directory.size() == model.size());
    }
    for (const auto& [id, record] : model)
      REQUIRE(directory.find(AgentId{id}) == record);
    std::map<const Cell*, std::size_t> visited;
    std::map<const Cell*, std::size_t> expected;
    directory.for_each([&](const Cell& cell) { ++visited[&cell]; });
    for (const auto& [id, record] : model)
      ++expected[record];
    REQUIRE(visited == expected);
  }
}

TEST_CASE("an empty agent directory has nobody, and nothing to erase") {
  AgentDirectory directory;
  CHECK(directory.find(AgentId::initial(0)) == nullptr);
  directory.erase(AgentId::initial(0));
  CHECK(directory.size() == 0);
}

TEST_CASE("several threads can insert, find and erase agents at once") {
  constexpr std::size_t threads = 4;
  constexpr std::uint64_t agents = 20'000;
  AgentDirectory directory;
  Records records;
  // Catch2 belongs to one thread: what goes wrong is counted.
  std::array<std::size_t, threads> wrong{};
  std::vector<std::thread> workers;
  for (std::size_t own = 0; own < threads; ++own)
    workers.emplace_back([&, own] {
      const auto id = [own](std::uint64_t i) { return AgentId::initial(i * threads + own); };
      for (std::uint64_t i = 0; i < agents; ++i) {
        directory.insert(id(i), records[own]);
        wrong[own] += directory.find(id(i / 2)) == nullptr ? 1 : 0;
        if (const Cell* of_another = directory.find(AgentId::initial(i)))
          wrong[own] += of_another == &records[i % threads] ? 0 : 1;
      }
      for (std::uint64_t i = 0; i < agents; i += 2) {
        directory.erase(id(i));
        wrong[own] += directory.find(id(i)) == nullptr ? 0 : 1;
        wrong[own] += directory.find(id(i + 1)) == &records[own] ? 0 : 1;
      }
    });
  for (std::thread& worker : workers)
    worker.join();
  for (std::size_t own = 0; own < threads; ++own)
    CHECK(wrong[own] == 0);
  CHECK(directory.size() == threads * agents / 2);
}
