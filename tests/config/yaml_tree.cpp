#include "config/yaml_tree.hpp"

#include <catch2/catch.hpp>

using namespace stos;
using Catch::Contains;
using Catch::StartsWith;

namespace {

std::string mistake_in(const std::string& text) {
  const Result<YamlTree> tree = parse_yaml_tree("t.yaml", text, "list");
  return tree ? "no mistake" : tree.error().context;
}

} // namespace

TEST_CASE("a YAML document is a tree of texts that know their lines", "[yaml_tree]") {
  const Result<YamlTree> tree = parse_yaml_tree("t.yaml", "a: 1\n--b:\n  - x\n  - {c: }\n", "list");
  REQUIRE(tree);
  CHECK(tree->find("a")->text == "1");
  CHECK(tree->find("c") == nullptr);
  const YamlTree& b = *tree->find("--b");
  CHECK(b.kind == YamlTree::Kind::list);
  CHECK(tree->entries[1].line == 2);
  CHECK(b.items[1].line == 4);
  CHECK(b.items[1].find("c")->kind == YamlTree::Kind::nothing);
}

TEST_CASE("JSON on one line is read, too", "[yaml_tree]") {
  const Result<YamlTree> tree =
      parse_yaml_tree("t.json", R"({"a":"x: \"y\"","b":[1,2],"c":{"d":-1.5e-7}})", "list");
  REQUIRE(tree);
  CHECK(tree->find("a")->text == "x: \"y\"");
  CHECK(tree->find("c")->find("d")->text == "-1.5e-7");
}

TEST_CASE("a tree is refused as a configuration would be", "[yaml_tree]") {
  CHECK_THAT(mistake_in("a: 1\na: 2"), StartsWith("t.yaml:2: \"a\" is given twice"));
  CHECK_THAT(mistake_in("a: !!str 1"), Contains("YAML tags are not allowed"));
  CHECK_THAT(mistake_in("a: 1\n---\nb: 2"), Contains("a list is one document"));
  CHECK_THAT(mistake_in("a: [1\n"), Contains("invalid YAML"));
  CHECK_THAT(mistake_in("a: \x01"), StartsWith("t.yaml:1: not UTF-8 text"));
  std::string deep = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'h'; ++c) {
    const std::string before(1, static_cast<char>(c - 1));
    deep += std::string(1, c) + ": &" + c + " [*" + before;
    for (int i = 0; i < 9; ++i)
      deep += ",*" + before;
    deep += "]\n";
  }
  CHECK_THAT(mistake_in(deep), Contains("more than 100000 values"));
}
