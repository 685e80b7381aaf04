// Portable values and lambdas from any bytes. The first byte chooses what the others are read as.
//
// What can be loaded is saved again; that, loaded and saved once more, must give the same bytes.

#include "libstos/code/closure.hpp"
#include "libstos/world/agent_base.hpp"
#include "libstos/world/event_context.hpp"
#include "tests/fuzz/require.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <span>
#include <stack>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

using namespace stos;
using stos::fuzz::require;
using namespace stos::detail;

namespace {

struct Place {
  double x;
  double y;
};

struct Tree {
  std::string name;
  std::vector<Tree> children;
  std::optional<std::map<int, Tree>> index;
};

template <class Inspector>
bool inspect(Inspector& f, Tree& x) {
  return f.object(x).fields(
      f.field("name", x.name).invariant([](const std::string& name) { return name.size() < 100; }),
      f.field("children", x.children), f.field("index", x.index));
}

/// May take no bytes at all.
struct Sparse {
  std::uint32_t value = 0;
  bool has_value = false;
};

template <class Inspector>
bool inspect(Inspector& f, Sparse& x) {
  const auto is_present = [&x] { return x.has_value; };
  const auto get = [&x] { return x.value; };
  const auto reset = [&x] { x.has_value = false; };
  const auto set = [&x](std::uint32_t value) {
    x.value = value;
    x.has_value = true;
    return value != 13;
  };
  return f.object(x).fields(f.field("value", is_present, get, reset, set));
}

using Bytes = std::span<const std::byte>;

template <class T>
std::vector<std::byte> saved(const T& x) {
  BytesWriter writer;
  save(writer, x);
  require(writer.ok());
  return writer.take();
}

template <class T>
void try_value(Bytes input) {
  BytesReader reader(input);
  const std::optional<T> first = load_new<T>(reader);
  require(first.has_value() == reader.ok());
  if (!first)
    return;
  const std::vector<std::byte> bytes = saved(*first);
  BytesReader again(bytes);
  const std::optional<T> second = load_new<T>(again);
  require(second.has_value() && again.at_end());
  require(saved(*second) == bytes);
}

std::vector<std::byte> saved_closure(const Closure& closure) {
  BytesWriter writer;
  closure.ops->save(closure, writer);
  require(writer.ok());
  return writer.take();
}

void try_closure(const ClosureOps& ops, Bytes input) {
  BytesReader reader(input);
  Closure* first = ops.load(nullptr, reader);
  require((first != nullptr) == reader.ok());
  if (first == nullptr)
    return;
  const std::vector<std::byte> bytes = saved_closure(*first);
  discard(*first, nullptr);
  BytesReader again(bytes);
  Closure* second = ops.load(nullptr, again);
  require(second != nullptr && again.at_end() && saved_closure(*second) == bytes);
  discard(*second, nullptr);
}

template <class... Args>
const ClosureOps& ops_of(Args&&... args) {
  Closure* closure =
      make_closure<Portability::portable, AgentBase>(nullptr, std::forward<Args>(args)...);
  const ClosureOps& ops = *closure->ops;
  discard(*closure, nullptr);
  require(find_closure(ops.type_id) == &ops);
  return ops;
}

void try_closures(std::uint8_t choice, Bytes input) {
  static const std::array<const ClosureOps*, 4> closures = {
      &ops_of([](AgentBase&) {}),
      &ops_of([place = Place{1, 2}](AgentBase&) { static_cast<void>(place); }),
      &ops_of([n = std::uint64_t{1}](AgentBase&, const std::string&,
                                     const std::vector<Tree>&) { static_cast<void>(n); },
              std::string(), std::vector<Tree>()),
      &ops_of([](AgentBase&, const std::array<Place, 64>&, Sparse) {}, std::array<Place, 64>{},
              Sparse{}),
  };
  try_closure(*closures[choice % closures.size()], input);
}

void try_reader(Bytes input) {
  BytesReader reader(input);
  while (reader.ok() && reader.remaining() > 0) {
    const std::size_t before = reader.remaining();
    switch (reader.u8() % 8) {
      case 0: reader.u16(); break;
      case 1: reader.u32(); break;
      case 2: reader.u64(); break;
      case 3: reader.f64(); break;
      case 4: reader.varint(); break;
      case 5: require(reader.text().size() <= before); break;
      case 6: require(reader.count(3) <= before / 3); break;
      case 7: require(reader.raw(reader.u8()).size() <= before); break;
    }
    require(reader.remaining() < before);
  }
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const Bytes input = std::as_bytes(std::span(data + 1, size - 1));
  switch (data[0] % 16) {
    case 0: try_reader(input); break;
    case 1: try_value<std::string>(input); break;
    case 2: try_value<std::vector<Place>>(input); break;
    case 3: try_value<std::vector<std::vector<bool>>>(input); break;
    case 4: try_value<std::map<std::string, std::set<int>>>(input); break;
    case 5: try_value<std::variant<int, std::string, Tree>>(input); break;
    case 6: try_value<Tree>(input); break;
    case 7: try_value<std::vector<Sparse>>(input); break;
    case 8: try_value<std::vector<std::tuple<>>>(input); break;
    case 9: try_value<std::array<std::optional<std::pair<bool, Tree>>, 3>>(input); break;
    case 13:
      try_value<std::tuple<std::deque<Tree>, std::list<bool>, std::forward_list<Sparse>>>(input);
      break;
    case 14:
      try_value<std::pair<std::multimap<int, Tree, std::greater<>>, std::multiset<std::string>>>(
          input);
      break;
    case 15:
      try_value<std::tuple<std::priority_queue<std::string>, std::stack<Place>, std::queue<int>,
                           std::unique_ptr<Tree>, std::u16string>>(input);
      break;
    default: try_closures(data[0] / 16, input); break;
  }
  return 0;
}
