#include "libstos/code/named_values.hpp"
#include "libstos/code/read_values.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

using namespace stos;
using Catch::Contains;

namespace {

enum class Colour : std::uint8_t { red, green };

struct Size {
  std::int32_t width = 0;
  double height = 0;

  friend bool operator==(const Size&, const Size&) = default;
  template <class Inspector>
  friend bool inspect(Inspector& f, Size& x) {
    return f.object(x).fields(
        f.field("width", x.width).invariant([](std::int32_t width) { return width >= 0; }),
        f.field("height", x.height).fallback(1.5));
  }
};

struct WithoutNames {
  std::uint16_t a = 0;
  std::uint16_t b = 0;
  friend bool operator==(const WithoutNames&, const WithoutNames&) = default;
};
struct Empty {
  friend bool operator==(const Empty&, const Empty&) = default;
};

class Account {
public:
  std::int64_t cents() const { return cents_; }
  bool set_cents(std::int64_t cents) { return (cents_ = cents) < 1'000; }
  friend bool operator==(const Account&, const Account&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Account& x) {
    const auto get = [&x] { return x.cents(); };
    const auto set = [&x](std::int64_t cents) { return x.set_cents(cents); };
    return f.object(x).fields(f.field("cents", get, set));
  }

private:
  std::int64_t cents_ = 0;
};

struct Everything {
  bool flag = true;
  char letter = 'x';
  unsigned char small = 200;
  std::uint64_t large = std::numeric_limits<std::uint64_t>::max();
  double infinite = -std::numeric_limits<double>::infinity();
  Colour colour = Colour::green;
  std::string text = "a \"text\"\n";
  Size size{3, 4.25};
  std::optional<Size> no_size;
  std::optional<std::int32_t> maybe = -7;
  std::unique_ptr<std::string> owned = std::make_unique<std::string>("owned");
  std::vector<std::vector<int>> rows = {{1, 2}, {}, {3}};
  std::vector<bool> bits = {true, false};
  std::deque<std::string> deque = {"a", "b"};
  std::list<int> list = {1};
  std::set<int> set = {5, 6};
  std::map<std::string, Size> sizes = {{"a", {1, 2}}, {"b", {3, 4}}};
  std::map<int, std::string> numbers = {{-1, "x"}};
  std::map<std::pair<int, int>, int> pairs = {{{1, 2}, 3}};
  std::tuple<int, std::string, Size> tuple = {1, "two", {3, 4}};
  std::array<std::string, 2> array = {"p", "q"};
  std::variant<int, std::string, Size> variant = Size{8, 9};
  WithoutNames bytes{0x1234, 0xabcd};
  Empty empty;
  Account account;

  template <class Inspector>
  friend bool inspect(Inspector& f, Everything& x) {
    return f.object(x).fields(
        f.field("flag", x.flag), f.field("letter", x.letter), f.field("small", x.small),
        f.field("large", x.large), f.field("infinite", x.infinite), f.field("colour", x.colour),
        f.field("text", x.text), f.field("size", x.size), f.field("no_size", x.no_size),
        f.field("maybe", x.maybe), f.field("owned", x.owned), f.field("rows", x.rows),
        f.field("bits", x.bits), f.field("deque", x.deque), f.field("list", x.list),
        f.field("set", x.set), f.field("sizes", x.sizes), f.field("numbers", x.numbers),
        f.field("pairs", x.pairs), f.field("tuple", x.tuple), f.field("array", x.array),
        f.field("variant", x.variant), f.field("bytes", x.bytes), f.field("empty", x.empty),
        f.field("account", x.account));
  }
};

ValueTree number(const std::string& text) { return ValueTree::of_literal(text); }

ValueTree size_tree(ValueTree width, std::optional<ValueTree> height = std::nullopt) {
  ValueTree tree = ValueTree::empty_object();
  tree.add("width", std::move(width));
  if (height)
    tree.add("height", *std::move(height));
  return tree;
}

template <class T>
std::string why_not(const ValueTree& tree) {
  const Result<T> read = read_from<T>(tree);
  return read ? "it was read" : read.error().context;
}

} // namespace

TEST_CASE("what is shown can be read again") {
  Everything x;
  REQUIRE(x.account.set_cents(999));
  const ValueTree shown = tree_of(x);
  const Result<Everything> read = read_from<Everything>(shown);
  if (!read)
    FAIL(read.error().context);
  CHECK(tree_of(*read).same_as(shown));
  CHECK(read->owned != nullptr);
  CHECK(*read->owned == "owned");
  CHECK(read->bytes == x.bytes);
  CHECK(read->account == x.account);
  CHECK(read->variant == x.variant);
}

TEST_CASE("a field with a fallback need not be there, all others have to") {
  CHECK(*read_from<Size>(size_tree(number("3"))) == Size{3, 1.5});
  CHECK(*read_from<Size>(size_tree(number("3"), number("2e1"))) == Size{3, 20});
  CHECK(why_not<Size>(ValueTree::empty_object()) == "field width is missing");
}

TEST_CASE("what is wrong is named, with what was seen and what is wanted") {
  CHECK(why_not<Size>(size_tree(ValueTree::of_text("wide"))) ==
        "field width: wanted a whole number from -2147483648 to 2147483647, got \"wide\"");
  CHECK_THAT(why_not<Size>(size_tree(number("2147483648"))), Contains("got 2147483648"));
  CHECK_THAT(why_not<Size>(size_tree(number("1.5"))), Contains("whole number"));
  CHECK(why_not<Size>(size_tree(number("-1"))) == "field width: this value is not allowed: -1");
  CHECK(why_not<Size>(size_tree(number("1"), number("true"))) ==
        "field height: wanted a number, got true");
  CHECK(why_not<Size>(number("1")) == "wanted an object, {\"field\": value, ...}, got 1");
  ValueTree tree = size_tree(number("1"));
  tree.add("depth", number("1"));
  CHECK(why_not<Size>(tree) == "there is no field depth; wanted: height, width");
  ValueTree rows = ValueTree::empty_array();
  rows.add(size_tree(number("1")));
  rows.add(size_tree(number("null")));
  CHECK_THAT(why_not<std::vector<Size>>(rows), Contains("field [1].width: wanted a whole number"));
  CHECK_THAT(why_not<Empty>(size_tree(number("1"))), Contains("there is no field width"));
  CHECK_THAT(why_not<WithoutNames>(size_tree(number("1"))), Contains("8 digits"));
  CHECK_THAT(why_not<bool>(number("1")), Contains("true or false"));
  CHECK_THAT(why_not<std::string>(number("1")), Contains("wanted a text, got 1"));
  using Array = std::array<std::string, 2>;
  CHECK_THAT(why_not<Array>(ValueTree::empty_array()), Contains("an array of 2"));
  ValueTree account = ValueTree::empty_object();
  account.add("cents", number("1000"));
  CHECK(why_not<Account>(account) == "field cents: this value is not allowed: 1000");
}
