// Trees of values: printed, and compared.

#include "libstos/code/value_tree.hpp"

#include <catch2/catch.hpp>

using namespace stos;
using Lines = std::vector<std::string>;

namespace {

ValueTree object(std::vector<std::pair<std::string, ValueTree>> fields) {
  ValueTree tree = ValueTree::empty_object();
  for (auto& [name, value] : fields)
    tree.add(name, std::move(value));
  return tree;
}
ValueTree array(std::vector<double> numbers) { return ValueTree::of_numbers(numbers); }
ValueTree number(double x) { return ValueTree::of_number(x); }
ValueTree text(std::string_view x) { return ValueTree::of_text(x); }

} // namespace

TEST_CASE("a tree is printed on one line, or indented where it is long") {
  ValueTree tree = object({{"a", array({1, 2.5})}, {"b", text("x\"y")}, {"c", {}}});
  CHECK(to_json(tree) == R"({"a":[1,2.5],"b":"x\"y","c":null})");
  CHECK(to_json(tree, JsonWriter::Form::indented) == R"({"a": [1, 2.5], "b": "x\"y", "c": null})");
  tree.add("d", text(std::string(100, 'z')));
  CHECK(to_json(tree, JsonWriter::Form::indented) ==
        "{\n  \"a\": [1, 2.5],\n  \"b\": \"x\\\"y\",\n  \"c\": null,\n  \"d\": \"" +
            std::string(100, 'z') + "\"\n}");
}

TEST_CASE("trees that are the same have no differences") {
  const ValueTree tree = object({{"a", array({1, 2})}, {"b", object({{"c", {}}})}});
  CHECK(tree.same_as(tree));
  CHECK(differences(tree, tree).empty());
}

TEST_CASE("a difference is named by its path") {
  CHECK(differences(object({{"a", object({{"b", array({1, 2, 3})}})}}),
                    object({{"a", object({{"b", array({1, 5, 3})}})}})) ==
        Lines{"a.b[1] is 2 in A, 5 in B"});
  CHECK(differences(object({{"odd name", number(1)}}), object({{"odd name", text("1")}}),
                    {"left", "right"}) == Lines{R"(["odd name"] is 1 in left, "1" in right)"});
  CHECK(differences(object({{"a", array({})}}), object({{"a", {}}})) ==
        Lines{"a is [] in A, null in B"});
}

TEST_CASE("fields that one of two objects lacks are named, and all others compared") {
  CHECK(differences(object({{"a", number(1)}, {"b", number(2)}, {"c", number(3)}}),
                    object({{"b", number(4)}, {"c", number(3)}, {"d", number(5)}})) ==
        Lines{"a is in A only: 1", "b is 2 in A, 4 in B", "d is in B only: 5"});
}

TEST_CASE("an element that is missing is told apart from those behind it") {
  CHECK(differences(array({1, 2, 3, 4}), array({1, 3, 4})) ==
        Lines{" has 4 elements in A, 3 in B", "[1] is in A only: 2"});
  CHECK(differences(object({{"a", array({7})}}), object({{"a", array({7, 8})}})) ==
        Lines{"a has 1 element in A, 2 in B", "a[1] is in B only: 8"});
}

TEST_CASE("long values are cut short in differences") {
  const auto lines =
      differences(object({{"a", text(std::string(500, 'x'))}}), object({{"a", number(1)}}));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].size() < 200);
}

TEST_CASE("texts that look alike and are not are different") {
  CHECK(differences(object({{"a", text("\xff")}}), object({{"a", text("\xfe")}})).size() == 1);
}
