// A lambda is turned into bytes and back, on whichever node.

#include "libstos/code/closure.hpp"

#include "libstos/agent/simulation.hpp"
#include "libstos/base/random.hpp"
#include "tests/code/closure_twins.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::detail;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ShuffledDomains>;

struct Carol : Agent<Carol, Simulation> {
  using Agent::Agent;
  std::vector<std::string> heard;
};

/// Instantiated, but never made.
struct Ghost : Agent<Ghost, Simulation> {
  using Agent::Agent;
};
[[maybe_unused]] Ghost* make_ghost() { return new Ghost; }

struct Discard {
  void operator()(Closure* closure) const { discard(*closure, nullptr); }
};
using ClosurePtr = std::unique_ptr<Closure, Discard>;

template <class... Args>
ClosurePtr portable(Args&&... args) {
  return ClosurePtr(
      make_closure<Portability::portable, Carol>(nullptr, std::forward<Args>(args)...));
}

std::vector<std::byte> bytes_of(const Closure& closure) {
  BytesWriter writer;
  closure.ops->save(closure, writer);
  REQUIRE(writer.ok());
  return writer.take();
}

/// What the lambda makes an agent hear.
std::vector<std::string> run(Closure& closure) {
  Simulation simulation;
  const auto scope = simulation.set_up();
  auto* carol = new Carol;
  closure.ops->run(closure, *carol);
  return carol->heard;
}

/// The other node knows no more than id and bytes.
ClosurePtr travelled(const Closure& closure) {
  const std::vector<std::byte> bytes = bytes_of(closure);
  const ClosureOps* ops = find_closure(closure.ops->type_id);
  REQUIRE(ops == closure.ops);
  BytesReader reader(bytes);
  ClosurePtr loaded(ops->load(nullptr, reader));
  REQUIRE(loaded != nullptr);
  CHECK(reader.at_end());
  CHECK(loaded->ops == closure.ops);
  CHECK(bytes_of(*loaded) == bytes);
  return loaded;
}

/// A count without a default constructor, as a capture or an argument.
struct Pieces {
  explicit Pieces(int n) : count(n) {}
  int count;
};

ClosurePtr with_everything(std::uint64_t seed) {
  RandomStream random(seed);
  std::vector<std::string> words;
  for (std::uint32_t i = random.below(4); i > 0; --i)
    words.emplace_back(random.below(20), static_cast<char>('a' + i));
  std::map<int, double> table;
  for (std::uint32_t i = random.below(4); i > 0; --i)
    table[static_cast<int>(random.below(100))] = random.uniform();
  return portable(
      [n = random(), pieces = Pieces(static_cast<int>(random.below(9)))](
          Carol& c, const std::vector<std::string>& w, const std::map<int, double>& t,
          Pieces more) {
        c.heard = w;
        c.heard.push_back(std::to_string(n) + " " + std::to_string(pieces.count));
        for (const auto& [key, value] : t)
          c.heard.push_back(std::to_string(key) + " " + std::to_string(value));
        c.heard.push_back(std::to_string(more.count));
      },
      words, table, Pieces(static_cast<int>(random.below(9))));
}

auto rare() {
  return [](Carol& c, const std::string& text) { c.heard.push_back("rare " + text); };
}
auto unsent() {
  return [](Carol& c, const std::string& text) { c.heard.push_back("unsent " + text); };
}
[[maybe_unused]] void never_called(ChannelWriter<Carol>& carol) {
  carol.send(rare(), std::string());
  carol.send_local(unsent(), std::string());
}

template <class Function>
std::uint64_t type_id_of(Portability portability) { // without any use of the type
  using Travelling = TypedClosure<Portability::portable, Carol, Function, std::string>;
  using Staying = TypedClosure<Portability::node_bound, Carol, Function, std::string>;
  return hash_text(portability == Portability::portable ? typeid(Travelling).name()
                                                        : typeid(Staying).name());
}

} // namespace

TEST_CASE("a lambda without captures and arguments takes no bytes") {
  const ClosurePtr closure = portable([](Carol& c) { c.heard.emplace_back("here"); });
  CHECK(bytes_of(*closure).empty());
  CHECK(run(*travelled(*closure)) == std::vector<std::string>{"here"});
}

TEST_CASE("captures travel as they are, arguments by their codec") {
  const ClosurePtr closure =
      portable([n = 42](Carol& c, const std::string& text,
                        double x) { c.heard.push_back(text + std::to_string(n + x)); },
               std::string("answer "), 0.5);
  CHECK(bytes_of(*closure).size() == sizeof(int) + 1 + 7 + sizeof(double));
  CHECK(run(*travelled(*closure)) == run(*closure));
}

TEST_CASE("nothing that travels needs a default constructor or an assignment") {
  struct Fixed {
    explicit Fixed(int n) : number(n) {}
    const int number;
  };
  const ClosurePtr closure = portable(
      [fixed = Fixed(3)](Carol& c, Fixed other) {
        c.heard.push_back(std::to_string(10 * fixed.number + other.number));
      },
      Fixed(4));
  CHECK(run(*travelled(*closure)) == std::vector<std::string>{"34"});
}

TEST_CASE("lambdas made up by a seed do the same after their journey") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    const ClosurePtr closure = with_everything(seed);
    REQUIRE(run(*travelled(*closure)) == run(*closure));
  }
}

TEST_CASE("a lambda whose bytes are cut off is none, and nothing is left behind") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    INFO("seed " << seed);
    const ClosurePtr closure = with_everything(seed);
    const std::vector<std::byte> bytes = bytes_of(*closure);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      BytesReader reader(std::span<const std::byte>(bytes.data(), size));
      REQUIRE(closure->ops->load(nullptr, reader) == nullptr);
      REQUIRE_FALSE(reader.ok());
    }
  }
}

TEST_CASE("a lambda of random bytes is none, or one that can be saved again") {
  const ClosurePtr model = with_everything(0);
  int loaded_count = 0;
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    INFO("seed " << seed);
    RandomStream random(seed);
    std::vector<std::byte> bytes = bytes_of(*with_everything(seed % 50));
    for (std::uint32_t i = random.below(6); i > 0; --i)
      bytes[random.below(static_cast<std::uint32_t>(bytes.size()))] =
          static_cast<std::byte>(random.below(256));
    BytesReader reader(bytes);
    const ClosurePtr loaded(model->ops->load(nullptr, reader));
    REQUIRE((loaded != nullptr) == reader.ok());
    if (loaded != nullptr) {
      ++loaded_count;
      REQUIRE(bytes_of(*loaded).size() <= bytes.size());
    }
  }
  CHECK(loaded_count > 1000);
}

TEST_CASE("a lambda is loaded into the memory of a pool, or onto the heap if it is large") {
  BlockDepot* const depot = BlockDepot::create();
  {
    BlockPool pool(*depot);
    const ClosurePtr small = with_everything(1);
    const ClosurePtr large =
        portable([](Carol&, const std::array<char, 1000>&) {}, std::array<char, 1000>{});
    for (const Closure* closure : {small.get(), large.get()}) {
      const std::vector<std::byte> bytes = bytes_of(*closure);
      BytesReader reader(bytes);
      Closure* loaded = closure->ops->load(&pool, reader);
      REQUIRE(loaded != nullptr);
      CHECK(loaded->from_pool == (closure == small.get()));
      CHECK(bytes_of(*loaded) == bytes);
      discard(*loaded, &pool);
    }
  }
  depot->release();
}

TEST_CASE("lambdas are found though their code has never run") {
  const std::uint64_t id = type_id_of<decltype(rare())>(Portability::portable);
  const ClosureOps* ops = find_closure(id);
  REQUIRE(ops != nullptr);
  CHECK(ops->type_id == id);
  CHECK(can_travel(*ops));

  BytesWriter writer;
  writer.text("guest");
  BytesReader reader(writer.bytes());
  const ClosurePtr closure(ops->load(nullptr, reader));
  REQUIRE(closure != nullptr);
  CHECK(run(*closure) == std::vector<std::string>{"rare guest"});
}

TEST_CASE("a lambda that is only sent by send_local cannot be found, and an error says why") {
  CHECK(find_closure(type_id_of<decltype(unsent())>(Portability::portable)) == nullptr);
  const std::uint64_t id = type_id_of<decltype(unsent())>(Portability::node_bound);
  CHECK(find_closure(id) == nullptr);
  CHECK(no_closure(id).code == Errc::not_supported);
  CHECK_THAT(no_closure(id).context, Catch::Contains("this program has no lambda with the id 0x"));
}

TEST_CASE("send_local and after_local make lambdas that stay, whatever they capture") {
  const auto function = [n = 1](Carol& c) { c.heard.push_back(std::to_string(n)); };
  const ClosurePtr staying(make_closure<Portability::node_bound, Carol>(nullptr, function));
  const ClosurePtr travelling = portable(function);
  CHECK(staying->ops->save == nullptr);
  CHECK(staying->ops->load == nullptr);
  CHECK_FALSE(can_travel(*staying->ops));
  CHECK_THAT(cannot_travel(*staying->ops).context, Catch::Contains("send_local"));
  CHECK(can_travel(*travelling->ops));
  // One piece of code in the trace, however it was sent.
  CHECK(staying->ops->id == travelling->ops->id);
  CHECK(staying->ops->type_id != travelling->ops->type_id);
}

TEST_CASE("one generic lambda with arguments of two types is two kinds of lambdas") {
  const auto function = [](Carol& c, auto x) { c.heard.push_back(std::to_string(x)); };
  const ClosurePtr whole = portable(function, 1);
  const ClosurePtr real = portable(function, 1.5);
  CHECK(whole->ops->id == real->ops->id);
  CHECK(run(*travelled(*whole)) == std::vector<std::string>{"1"});
  CHECK(run(*travelled(*real)) == std::vector<std::string>{"1.500000"});
}

TEST_CASE("two lambdas of one name in two source files are not confused with each other") {
  const ClosurePtr first(make_twin());
  const ClosurePtr second(make_other_twin());
  CHECK(first->ops != second->ops);
  CHECK(first->ops->type_id == second->ops->type_id);
  for (const Closure* twin : {first.get(), second.get()}) {
    CHECK_FALSE(can_travel(*twin->ops));
    CHECK(cannot_travel(*twin->ops).code == Errc::not_supported);
    CHECK_THAT(cannot_travel(*twin->ops).context,
               Catch::Contains("twin_of_two_files") && Catch::Contains("of the same name"));
  }
  CHECK(find_closure(first->ops->type_id) == nullptr);
  CHECK_THAT(no_closure(first->ops->type_id).context, Catch::Contains("twin_of_two_files"));
}

TEST_CASE("classes of agents are found though none was ever made") {
  const std::uint64_t id = hash_text(typeid(Ghost).name());
  const AgentOps* ops = find_agent_type(id);
  REQUIRE(ops != nullptr);
  CHECK(ops->type_id == id);
  CHECK_THAT(ops->type_name, Catch::Contains("Ghost"));
}

TEST_CASE("two classes of agents of one name are not confused with each other") {
  const std::uint64_t id = twin_agent_id();
  CHECK(id == other_twin_agent_id());
  CHECK(find_agent_type(id) == nullptr);
  CHECK_THAT(no_agent_type(id).context, Catch::Contains("TwinAgent"));
  CHECK_THAT(no_agent_type(1).context, Catch::Contains("no agents' class with the id 0x"));
}
