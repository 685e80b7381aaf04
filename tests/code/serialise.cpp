// Portable values are turned into bytes and back.

#include "libstos/code/serialise.hpp"

#include "libstos/base/random.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <deque>
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

using namespace stos;

namespace model {

struct Point {
  double x;
  double y;
  friend auto operator<=>(const Point&, const Point&) = default;
};

/// No default constructor, as many a strong type.
struct Id {
  explicit Id(std::uint32_t v) : value(v) {}
  std::uint32_t value;
  friend auto operator<=>(const Id&, const Id&) = default;
};

enum class Colour : std::uint8_t { red, green, blue };

template <class Inspector>
bool inspect(Inspector& f, Colour& x) {
  const auto get = [&x] { return static_cast<std::uint8_t>(x); };
  const auto set = [&x](std::uint8_t value) {
    if (value > 2)
      return false;
    x = static_cast<Colour>(value);
    return true;
  };
  return f.apply(get, set);
}

struct Empty {
  friend auto operator<=>(const Empty&, const Empty&) = default;
};

/// Written for CAF, word for word.
struct Order {
  std::string item;
  int pieces = 0;
  double weights[2] = {0, 0};
  std::optional<std::string> note;
  std::vector<Colour> colours;
  friend bool operator==(const Order&, const Order&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, Order& x) {
  return f.object(x).pretty_name("order").fields(
      f.field("item", x.item).fallback("nothing"),
      f.field("pieces", x.pieces).invariant([](int pieces) { return pieces >= 0; }),
      f.field("weights", x.weights), f.field("note", x.note), f.field("colours", x.colours));
}

/// Private members behind functions.
class Account {
public:
  [[nodiscard]] int balance() const { return balance_; }
  bool set_balance(int balance) {
    balance_ = balance;
    return balance >= 0;
  }
  [[nodiscard]] bool has_owner() const { return !owner_.empty(); }
  [[nodiscard]] const std::string& owner() const { return owner_; }
  void set_owner(std::string owner) { owner_ = std::move(owner); }
  friend bool operator==(const Account&, const Account&) = default;

private:
  int balance_ = 0;
  std::string owner_;
};

template <class Inspector>
bool inspect(Inspector& f, Account& x) {
  const auto get_balance = [&x] { return x.balance(); };
  const auto set_balance = [&x](int balance) { return x.set_balance(balance); };
  const auto has_owner = [&x] { return x.has_owner(); };
  const auto get_owner = [&x] { return x.owner(); };
  const auto no_owner = [&x] { x.set_owner({}); };
  const auto set_owner = [&x](std::string owner) { x.set_owner(std::move(owner)); };
  return f.object(x).fields(
      f.field("balance", get_balance, set_balance).fallback(0).invariant([](int balance) {
        return balance != 13;
      }),
      f.field("owner", has_owner, get_owner, no_owner, set_owner));
}

struct Tree {
  int value = 0;
  std::vector<Tree> children;
  friend bool operator==(const Tree&, const Tree&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, Tree& x) {
  return f.object(x).fields(f.field("value", x.value), f.field("children", x.children));
}

/// Takes no bytes at all, although it is inspected.
struct Nothing {
  friend auto operator<=>(const Nothing&, const Nothing&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, Nothing& x) {
  return f.object(x).fields();
}

/// Keeps something that is not saved up to date, and knows who calls.
struct Cache {
  int value = 0;
  int doubled = 0;
  int saved = 0;
  friend bool operator==(const Cache& a, const Cache& b) {
    return a.value == b.value && a.doubled == b.doubled;
  }
};

template <class Inspector>
bool inspect(Inspector& f, Cache& x) {
  const auto save = [&x] {
    ++x.saved;
    return x.value != 13;
  };
  const auto load = [&x] {
    x.doubled = 2 * x.value;
    return x.value != 12;
  };
  if constexpr (Inspector::is_loading)
    x.doubled = -1;
  if (f.has_human_readable_format())
    return false;
  return f.object(x).on_save(save).on_load(load).fields(f.field("value", x.value));
}

/// An error as CAF's: true if it is one.
struct Failure {
  explicit operator bool() const { return failed; }
  bool failed = false;
};

struct Checked {
  int value = 0;
  friend bool operator==(const Checked&, const Checked&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, Checked& x) {
  const auto get = [&x] { return x.value; };
  const auto set = [&x](int value) {
    x.value = value;
    return Failure{value == 12};
  };
  if (x.value == 14) {
    f.emplace_error("14", 1);
    return true; // what counts is the error
  }
  return f.apply(get, set);
}

using Everything =
    std::tuple<Order, std::map<std::string, std::vector<Account>>,
               std::variant<int, std::string, Tree>, std::array<std::string, 3>,
               std::set<std::pair<int, std::string>>, std::vector<bool>, std::optional<Point>>;

} // namespace model

using namespace model;

namespace {

template <class T>
std::vector<std::byte> saved(const T& x) {
  BytesWriter writer;
  save(writer, x);
  REQUIRE(writer.ok());
  return writer.take();
}

template <class T>
void every_truncation_fails(const std::vector<std::byte>& bytes) {
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<std::byte> part(bytes.begin(),
                                      bytes.begin() + static_cast<std::ptrdiff_t>(size));
    BytesReader reader(part);
    REQUIRE_FALSE(load_new<T>(reader).has_value());
    REQUIRE_FALSE(reader.ok());
    if constexpr (std::default_initializable<T>) {
      BytesReader again(part);
      T x{};
      REQUIRE_FALSE(load(again, x));
    }
  }
}

/// Saves, loads in both ways, and compares; returns the number of bytes.
template <class T>
std::size_t round_trip(const T& x) {
  const std::vector<std::byte> bytes = saved(x);
  BytesReader reader(bytes);
  const std::optional<T> loaded = load_new<T>(reader);
  REQUIRE(reader.at_end());
  REQUIRE(loaded.has_value());
  CHECK(*loaded == x);
  if constexpr (std::default_initializable<T>) {
    BytesReader again(bytes);
    T y{};
    REQUIRE(load(again, y));
    CHECK(y == x);
    CHECK(again.at_end());
  }
  every_truncation_fails<T>(bytes);
  return bytes.size();
}

template <class T>
bool can_load(const std::vector<std::byte>& bytes) {
  BytesReader reader(bytes);
  return load_new<T>(reader).has_value();
}

class Maker {
public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  std::string text() { return std::string(small(), static_cast<char>('a' + random_.below(26))); }
  Order order() {
    Order x{text(), number(), {random_.uniform(), random_.normal()}, {}, {}};
    if (random_.bernoulli(0.5))
      x.note = text();
    for (std::uint32_t i = small(); i > 0; --i)
      x.colours.push_back(static_cast<Colour>(random_.below(3)));
    return x;
  }
  Account account() {
    Account x;
    x.set_balance(100 + number());
    x.set_owner(text());
    return x;
  }
  Tree tree(int depth) {
    Tree x{number(), {}};
    for (std::uint32_t i = depth > 0 ? random_.below(4) : 0; i > 0; --i)
      x.children.push_back(tree(depth - 1));
    return x;
  }
  Everything everything() {
    Everything x;
    auto& [order_part, accounts, variant, array, pairs, bits, point] = x;
    order_part = order();
    for (std::uint32_t i = small(); i > 0; --i)
      for (std::uint32_t k = small(); k > 0; --k)
        accounts[text()].push_back(account());
    switch (random_.below(3)) {
      case 0: variant = number(); break;
      case 1: variant = text(); break;
      case 2: variant = tree(3); break;
    }
    for (std::string& element : array)
      element = text();
    for (std::uint32_t i = small(); i > 0; --i)
      pairs.emplace(number(), text());
    for (std::uint32_t i = small(); i > 0; --i)
      bits.push_back(random_.bernoulli(0.5));
    if (random_.bernoulli(0.5))
      point = Point{random_.uniform(), random_.uniform()};
    return x;
  }

private:
  std::uint32_t small() { return random_.below(5); }
  int number() { return static_cast<int>(random_.below(1000)); }

  RandomStream random_;
};

} // namespace

TEST_CASE("trivially copyable values are their own bytes") {
  CHECK(round_trip(42) == sizeof(int));
  CHECK(round_trip(-0.5) == sizeof(double));
  CHECK(round_trip(Point{1, 2}) == sizeof(Point));
  CHECK(round_trip(std::array<int, 3>{1, 2, 3}) == 3 * sizeof(int));
  CHECK(round_trip(Id(7)) == sizeof(Id));
  CHECK(round_trip(Empty{}) == 0);
  CHECK(round_trip(std::monostate{}) == 0);
}

TEST_CASE("equal values have equal bytes, whatever lies between their members") {
  struct Loose {
    char c;
    double x;
  };
  alignas(Loose) std::array<std::byte, sizeof(Loose)> memory;
  memory.fill(std::byte{0xff});
  auto* dirty = new (memory.data()) Loose;
  dirty->c = 'c';
  dirty->x = 0.5;
  const Loose clean{'c', 0.5};
  CHECK(saved(*dirty) == saved(clean));
  CHECK(saved(std::array<Loose, 1>{*dirty}) == saved(clean));
  CHECK(saved(std::vector<Loose>{*dirty}) == saved(std::vector<Loose>{clean}));
}

TEST_CASE("strings, containers and sums of types are saved with their sizes") {
  CHECK(round_trip(std::string("hello")) == 6);
  CHECK(round_trip(std::string(1000, 'x')) == 1002);
  CHECK(round_trip(std::vector<int>{1, 2, 3}) == 1 + 3 * sizeof(int));
  CHECK(round_trip(std::vector<std::string>{"", "a"}) == 4);
  CHECK(round_trip(std::vector<std::vector<Point>>{{}, {{1, 2}}}) == 3 + sizeof(Point));
  CHECK(round_trip(std::set<std::string>{"b", "a"}) == 5);
  CHECK(round_trip(std::map<int, std::string>{{2, "two"}, {1, "one"}}) == 1 + 2 * 8);
  CHECK(round_trip(std::optional<int>()) == 1);
  CHECK(round_trip(std::optional<int>(3)) == 1 + sizeof(int));
  CHECK(round_trip(std::optional<std::optional<int>>(std::optional<int>())) == 2);
  CHECK(round_trip(std::pair<int, std::string>(1, "x")) == sizeof(int) + 2);
  CHECK(round_trip(std::tuple<>()) == 0);
  CHECK(round_trip(std::tuple<std::string, int, bool>("x", 1, true)) == 2 + sizeof(int) + 1);
  CHECK(round_trip(std::variant<int, std::string>("x")) == 3);
  CHECK(round_trip(std::variant<std::string, std::string>(std::in_place_index<1>, "x")) == 3);
  CHECK(round_trip(std::array<std::string, 2>{"a", "bc"}) == 5);
  CHECK(round_trip(std::array<std::string, 0>{}) == 0);
}

TEST_CASE("every standard container that has an order travels") {
  CHECK(round_trip(std::deque<std::string>{"a", "", "bc"}) == 1 + 2 + 1 + 3);
  CHECK(round_trip(std::list<Order>{{"tea", 2, {1, 2}, "hot", {}}, {}}) > 2);
  CHECK(round_trip(std::forward_list<int>{3, 1, 2}) == 1 + 3 * sizeof(int));
  CHECK(round_trip(std::multiset<std::string>{"b", "a", "b"}) == 1 + 6);
  CHECK(round_trip(std::set<int, std::greater<>>{1, 2, 3}) == 1 + 3 * sizeof(int));
  CHECK(round_trip(std::multimap<int, std::string>{{1, "x"}, {1, "a"}, {0, "y"}}) > 3);
  CHECK(round_trip(std::map<std::string, int, std::greater<>>{{"a", 1}, {"b", 2}}) > 2);
  CHECK(round_trip(std::stack<int>({1, 2, 3})) == 1 + 3 * sizeof(int));
  CHECK(round_trip(std::queue<Tree>({Tree{1, {}}, Tree{2, {Tree{3, {}}}}})) > 2);
  CHECK(round_trip(std::u16string(u"tea")) == 1 + 3 * 2);
  CHECK(round_trip(std::wstring(L"tea")) == 1 + 3 * sizeof(wchar_t));
  CHECK(round_trip(std::u8string(u8"tea")) == 1 + 3);
  CHECK(round_trip(std::complex<double>(1, 2)) == 16);
  CHECK(round_trip(std::bitset<40>(5)) == sizeof(std::bitset<40>));
  CHECK(round_trip(std::chrono::milliseconds(7)) == sizeof(std::chrono::milliseconds));
  STATIC_REQUIRE_FALSE(Portable<std::unordered_map<int, int>>);
  STATIC_REQUIRE_FALSE(Portable<std::unordered_multiset<int>>);
  STATIC_REQUIRE_FALSE(Portable<std::deque<int*>>);
  STATIC_REQUIRE_FALSE(Portable<std::shared_ptr<int>>);
}

TEST_CASE("a priority queue comes back in the very order that it was in, and nothing else does") {
  using Job = std::pair<int, std::string>;
  struct ByFirst {
    bool operator()(const Job& a, const Job& b) const { return a.first < b.first; }
  };
  using Jobs = std::priority_queue<Job, std::vector<Job>, ByFirst>;
  Jobs jobs;
  for (int i = 0; i < 40; ++i)
    jobs.emplace(i % 3, std::to_string(i));
  const std::vector<std::byte> bytes = saved(jobs);
  BytesReader reader(bytes);
  std::optional<Jobs> loaded = load_new<Jobs>(reader);
  REQUIRE(loaded);
  for (; !jobs.empty(); jobs.pop(), loaded->pop()) {
    REQUIRE_FALSE(loaded->empty());
    CHECK(loaded->top() == jobs.top());
  }
  CHECK_FALSE(can_load<Jobs>(saved(std::vector<Job>{{1, "a"}, {2, "b"}})));
}

TEST_CASE("a unique_ptr travels with what it owns") {
  const std::vector<std::byte> bytes = saved(std::make_unique<Tree>(Tree{1, {Tree{2, {}}}}));
  BytesReader reader(bytes);
  const auto loaded = load_new<std::unique_ptr<Tree>>(reader);
  REQUIRE(loaded);
  CHECK(**loaded == Tree{1, {Tree{2, {}}}});
  every_truncation_fails<std::unique_ptr<Tree>>(bytes);
  CHECK(saved(std::unique_ptr<int>()).size() == 1);
  CHECK(can_load<std::unique_ptr<int>>(saved(std::unique_ptr<int>())));
  struct WithVirtualFunctions {
    virtual ~WithVirtualFunctions() = default;
  };
  STATIC_REQUIRE_FALSE(Portable<std::unique_ptr<WithVirtualFunctions>>);
}

TEST_CASE("bools are one byte each, and no other byte than 0 and 1 is a bool") {
  CHECK(round_trip(true) == 1);
  CHECK(round_trip(std::vector<bool>{true, false, true}) == 4);
  CHECK(round_trip(std::array<bool, 2>{true, false}) == 2);
  CHECK_FALSE(can_load<bool>({std::byte{2}}));
  CHECK_FALSE(can_load<std::optional<Empty>>({std::byte{2}}));
  CHECK_FALSE(can_load<std::vector<bool>>({std::byte{1}, std::byte{255}}));
}

TEST_CASE("elements need no default constructor") {
  round_trip(std::vector<Id>{Id(1), Id(2)});
  round_trip(std::set<Id>{Id(1), Id(2)});
  round_trip(std::map<Id, Id>{{Id(1), Id(2)}});
  round_trip(std::array<Id, 2>{Id(1), Id(2)});
  round_trip(std::optional<Id>(Id(1)));
  round_trip(std::pair<Id, std::string>(Id(1), "x"));
  round_trip(std::tuple<Id, Id>(Id(1), Id(2)));
  round_trip(std::variant<Id, int>(Id(1)));
  round_trip(std::vector<std::pair<Id, std::vector<Id>>>{{Id(1), {Id(2)}}});
}

TEST_CASE("types are saved by an inspect overload that was written for CAF") {
  round_trip(Order{"bolts", 12, {0.5, 1.5}, "soon", {Colour::blue, Colour::red}});
  Account account;
  account.set_balance(3);
  CHECK(round_trip(account) == sizeof(int) + 1);
  account.set_owner("Ada");
  CHECK(round_trip(account) == sizeof(int) + 1 + 4);
  CHECK(round_trip(Colour::green) == 1);
  CHECK(round_trip(Tree{1, {{2, {}}, {3, {{4, {}}}}}}) == 4 * (sizeof(int) + 1));
  CHECK(round_trip(Nothing{}) == 0);
}

TEST_CASE("a constant can be saved") {
  const Order order{"nuts", 1, {}, {}, {}};
  const std::vector<Order> orders = {order};
  CHECK(saved(order).size() + 1 == saved(orders).size());
}

TEST_CASE("an invariant, a setter and a callback can refuse what was loaded") {
  CHECK(can_load<Colour>({std::byte{2}}));
  CHECK_FALSE(can_load<Colour>({std::byte{3}}));

  const auto order = [](int pieces) { return saved(Order{"", pieces, {}, {}, {}}); };
  CHECK(can_load<Order>(order(0)));
  CHECK_FALSE(can_load<Order>(order(-1)));

  const auto account = [](int balance) {
    Account x;
    x.set_balance(balance);
    return saved(x);
  };
  CHECK(can_load<Account>(account(12)));
  CHECK_FALSE(can_load<Account>(account(13))); // its invariant
  CHECK_FALSE(can_load<Account>(account(-1))); // its setter

  CHECK_FALSE(can_load<Cache>(saved(Cache{12})));
  CHECK_FALSE(can_load<Checked>(saved(Checked{12})));
  CHECK(can_load<Checked>(saved(Checked{13})));
}

TEST_CASE("callbacks are called for saving and for loading") {
  const Cache cache{4, 8};
  CHECK(round_trip(cache) == sizeof(int));
  CHECK(round_trip(Checked{3}) == sizeof(int));
  BytesWriter writer;
  Cache counted{4};
  save(writer, counted);
  CHECK(counted.saved == 1);
}

TEST_CASE("a writer fails when a value cannot be saved, however deep inside") {
  const auto fails = [](const auto& x) {
    BytesWriter writer;
    save(writer, x);
    return !writer.ok();
  };
  CHECK(fails(Cache{13}));
  CHECK(fails(std::map<int, std::vector<Cache>>{{1, {Cache{1}, Cache{13}}}}));
  CHECK(fails(Checked{14}));
  CHECK_FALSE(fails(Cache{1}));
}

TEST_CASE("objects that hold each other too deep are refused in both directions") {
  const auto chain = [](std::uint32_t depth) {
    Tree tree;
    for (std::uint32_t i = 1; i < depth; ++i) {
      Tree parent;
      parent.children.push_back(std::move(tree));
      tree = std::move(parent);
    }
    return tree;
  };
  const std::uint32_t depth_max = SaveInspector::depth_max;
  round_trip(chain(depth_max));
  BytesWriter writer;
  save(writer, chain(depth_max + 1));
  CHECK_FALSE(writer.ok());

  BytesWriter endless; // an only child has an only child, and so on
  for (int i = 0; i < 1'000'000; ++i) {
    endless.u32(0);
    endless.varint(1);
  }
  CHECK_FALSE(can_load<Tree>(endless.take()));
}

TEST_CASE("a number of elements beyond the rest of the input is refused before allocating") {
  BytesWriter writer;
  writer.varint(std::uint64_t{1} << 60);
  writer.u64(1);
  const std::vector<std::byte> bytes = writer.take();
  CHECK_FALSE(can_load<std::vector<int>>(bytes));
  CHECK_FALSE(can_load<std::vector<Empty>>(bytes));
  CHECK_FALSE(can_load<std::vector<Tree>>(bytes));
  CHECK_FALSE(can_load<std::vector<std::vector<bool>>>(bytes));
  CHECK_FALSE(can_load<std::string>(bytes));
  CHECK_FALSE(can_load<std::set<Nothing>>(bytes));
  CHECK_FALSE(can_load<std::map<Empty, Empty>>(bytes));
}

TEST_CASE("an element that takes no bytes takes one in a container") {
  CHECK(round_trip(std::vector<Empty>(5)) == 1 + 5);
  CHECK(round_trip(std::vector<Nothing>(300)) == 2 + 300);
  CHECK(round_trip(std::set<Empty>{Empty{}}) == 1 + 1);
  CHECK(round_trip(std::map<Empty, Nothing>{{{}, {}}}) == 1 + 1);
  CHECK(round_trip(std::vector<std::tuple<>>(3)) == 1 + 3);
  CHECK(round_trip(std::vector<std::array<Empty, 7>>(3)) == 1 + 3);
}

TEST_CASE("no key comes twice") {
  CHECK_FALSE(can_load<std::set<bool>>({std::byte{2}, std::byte{1}, std::byte{1}}));
  CHECK(can_load<std::set<bool>>({std::byte{2}, std::byte{0}, std::byte{1}}));
  CHECK_FALSE(can_load<std::map<bool, Empty>>({std::byte{2}, std::byte{1}, std::byte{1}}));
}

TEST_CASE("a variant has no more alternatives than it has") {
  using Variant = std::variant<Empty, Nothing>;
  CHECK(can_load<Variant>({std::byte{1}}));
  CHECK_FALSE(can_load<Variant>({std::byte{2}}));
}

TEST_CASE("values made up by a seed come back, and no part of them does") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    INFO("seed " << seed);
    round_trip(Maker(seed).everything());
  }
}

TEST_CASE("bytes with random errors are refused, or are those of another value") {
  int loaded_count = 0;
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    INFO("seed " << seed);
    RandomStream random(seed);
    std::vector<std::byte> bytes = saved(Maker(seed % 100).everything());
    for (std::uint32_t i = random.below(4); i > 0; --i)
      bytes[random.below(static_cast<std::uint32_t>(bytes.size()))] =
          static_cast<std::byte>(random.bernoulli(0.5) ? random.below(256) : random.below(4));
    BytesReader reader(bytes);
    if (const auto loaded = load_new<Everything>(reader)) {
      ++loaded_count;
      BytesWriter writer;
      save(writer, *loaded);
      REQUIRE(writer.ok());
      REQUIRE(can_load<Everything>(writer.take()));
    }
  }
  CHECK(loaded_count > 1000);
}

TEST_CASE("random bytes never harm") {
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    INFO("seed " << seed);
    RandomStream random(seed);
    std::vector<std::byte> bytes(random.below(100));
    for (std::byte& byte : bytes)
      byte = static_cast<std::byte>(random.below(random.bernoulli(0.3) ? 256 : 4));
    static_cast<void>(can_load<Everything>(bytes));
    static_cast<void>(can_load<Tree>(bytes));
    static_cast<void>(can_load<std::vector<Order>>(bytes));
    REQUIRE(bytes.size() <= 100);
  }
}

namespace {

struct NoDefault {
  explicit NoDefault(std::string t) : text(std::move(t)) {}
  std::string text;
};
template <class Inspector>
bool inspect(Inspector& f, NoDefault& x) {
  return f.apply(x.text);
}

} // namespace

TEST_CASE("what is portable can be loaded") {
  STATIC_REQUIRE(Portable<Everything>);
  STATIC_REQUIRE(Portable<Id>);
  STATIC_REQUIRE(Portable<const Order&>);
  STATIC_REQUIRE_FALSE(Portable<NoDefault>);
  STATIC_REQUIRE_FALSE(Portable<std::vector<NoDefault>>);
  STATIC_REQUIRE_FALSE(Portable<int*>);
  STATIC_REQUIRE_FALSE(Portable<std::vector<std::string_view>>);
  STATIC_REQUIRE_FALSE(Portable<std::optional<std::reference_wrapper<int>>>);
  STATIC_REQUIRE_FALSE(Portable<std::array<const char*, 2>>);
  CHECK(NoDefault("x").text == "x");
}
