// Values are shown with the names of their fields.

#include "libstos/code/named_values.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <list>
#include <stack>

using namespace stos;

namespace naming {

struct Base {
  int x = 1;
};
template <class Inspector>
bool inspect(Inspector& f, Base& b) {
  return f.object(b).fields(f.field("x", b.x));
}

struct Derived : Base {
  int x = 2;
  int y = 3;
};
template <class Inspector>
bool inspect(Inspector& f, Derived& d) {
  return inspect(f, static_cast<Base&>(d)) &&
         f.object(d).fields(f.field("x", d.x), f.field("y", d.y).fallback(1));
}

/// Without an object around them.
struct Three {
  std::vector<int> a{1};
  std::vector<int> b{2, 3};
  int c = 4;
};
template <class Inspector>
bool inspect(Inspector& f, Three& x) {
  return f.apply(x.a) && f.apply(x.b) && f.apply(x.c);
}

struct Tree {
  std::vector<Tree> children;
};
template <class Inspector>
bool inspect(Inspector& f, Tree& x) {
  return f.object(x).fields(f.field("children", x.children));
}

class Account {
public:
  int saved = 0;
  int balance = 5;
  std::string owner;
};
template <class Inspector>
bool inspect(Inspector& f, Account& x) {
  const auto get_balance = [&x] { return x.balance; };
  const auto set_balance = [&x](int balance) { x.balance = balance; };
  const auto has_owner = [&x] { return !x.owner.empty(); };
  const auto get_owner = [&x] { return x.owner; };
  const auto no_owner = [&x] { x.owner.clear(); };
  const auto set_owner = [&x](std::string owner) { x.owner = std::move(owner); };
  const auto on_save = [&x] { return ++x.saved < 2; };
  return f.object(x).pretty_name("account").on_save(on_save).fields(
      f.field("balance", get_balance, set_balance).invariant([](int) { return true; }),
      f.field("owner", has_owner, get_owner, no_owner, set_owner));
}

/// Knows how to show itself to people.
enum class Colour : std::uint8_t { red, green };
template <class Inspector>
bool inspect(Inspector& f, Colour& x) {
  if (f.has_human_readable_format()) {
    const auto get = [&x] { return std::string(x == Colour::red ? "red" : "green"); };
    const auto set = [&x](const std::string& name) {
      x = name == "red" ? Colour::red : Colour::green;
    };
    return f.apply(get, set);
  }
  const auto get = [&x] { return static_cast<std::uint8_t>(x); };
  const auto set = [&x](std::uint8_t value) { x = static_cast<Colour>(value); };
  return f.apply(get, set);
}

struct Empty {};
struct Raw {
  char a = 'a';
  std::uint32_t b = 1;
};

} // namespace naming

using namespace naming;

namespace {

template <class T>
std::string shown(const T& x) {
  return to_json(tree_of(x));
}

} // namespace

TEST_CASE("the fields of a base class stand beside those of the class") {
  CHECK(shown(Derived()) == R"({"x":1,"x#2":2,"y":3})");
}

TEST_CASE("values without an object around them are an array") {
  CHECK(shown(Three()) == "[[1],[2,3],4]");
  CHECK(shown(std::vector<Three>(1)) == "[[[1],[2,3],4]]");
}

TEST_CASE("a field behind functions is shown as what they return") {
  CHECK(shown(Account()) == R"({"balance":5,"owner":null})");
  CHECK(shown(Account{0, -1, "Ada"}) == R"({"balance":-1,"owner":"Ada"})");
}

TEST_CASE("what fails is shown as far as it went") {
  ValueTree tree;
  NamingInspector f(tree);
  CHECK_FALSE(f.apply(Account{1, 2, ""}));
  CHECK_FALSE(f.ok());
  CHECK(to_json(tree) == R"({"balance":2,"owner":null})");
}

TEST_CASE("objects that hold each other too deep fail") {
  Tree tree;
  Tree* last = &tree;
  for (std::uint32_t i = 0; i < 2 * NamingInspector::depth_max; ++i)
    last = &last->children.emplace_back();
  ValueTree shown_tree;
  NamingInspector f(shown_tree);
  CHECK_FALSE(f.apply(tree));
}

TEST_CASE("an inspect may show people something else than it saves") {
  CHECK(shown(Colour::green) == R"("green")");
  CHECK(shown(std::map<std::string, Colour>{{"sky", Colour::red}}) == R"({"sky":"red"})");
}

TEST_CASE("numbers are shown so that they read back as the same") {
  CHECK(shown(0.1) == "0.1");
  CHECK(shown(0.1F) == "0.1");
  CHECK(shown(1e22) == "1e+22");
  CHECK(shown(5e-324) == "5e-324");
  CHECK(shown(std::nan("")) == R"("nan")");
  CHECK(shown(-std::numeric_limits<double>::infinity()) == R"("-inf")");
  CHECK(shown(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(shown(std::int8_t{-1}) == "-1");
  CHECK(shown(std::byte{200}) == "200");
  CHECK(shown('a') == R"("a")");
  CHECK(shown('\n') == R"("\u000a")");
  CHECK(shown('\xe4') == "228");
  CHECK(shown(true) == "true");
}

TEST_CASE("containers are shown as arrays and objects") {
  CHECK(shown(std::vector<bool>{true, false}) == "[true,false]");
  CHECK(shown(std::list<std::optional<int>>{1, std::nullopt}) == "[1,null]");
  CHECK(shown(std::vector<int>()) == "[]");
  CHECK(shown(std::map<int, int>()) == "{}");
  CHECK(shown(std::stack<int>(std::deque<int>{1, 2})) == "[1,2]");
  CHECK(shown(std::priority_queue<int>({}, std::vector<int>{1, 3})) == "[3,1]");
  CHECK(shown(std::optional<int>(4)) == "4");
  CHECK(shown(std::variant<int, double>(2.5)) == R"({"alternative":1,"value":2.5})");
  CHECK(shown(std::pair(1, std::string("a"))) == R"([1,"a"])");
  CHECK(shown(std::array<std::array<int, 2>, 2>{{{1, 2}, {3, 4}}}) == "[[1,2],[3,4]]");
  CHECK(shown(std::u16string(u"ab")) == "[97,98]");
  CHECK(shown(Minkowski<2>(1, 2)) == "[1,2]");
  CHECK(shown(Velocity<4>(0.5, 0, 0)) == "[0.5,0,0]");
  CHECK(shown(AgentId{18446744073709551615U}) == R"("18446744073709551615")");
}

TEST_CASE("what has no names is shown as its bytes") {
  CHECK(shown(Raw()) == R"("0x6100000001000000")");
  CHECK(shown(Empty()) == "{}");
}
