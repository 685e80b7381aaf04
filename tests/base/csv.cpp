#include "libstos/base/csv.hpp"

#include <catch2/catch.hpp>

using namespace stos;

TEST_CASE("a field of a table has quotes where it needs them", "[csv]") {
  CHECK(csv_field("plain text") == "plain text");
  CHECK(csv_field("a,b") == "\"a,b\"");
  CHECK(csv_field("say \"x\"") == "\"say \"\"x\"\"\"");
  CHECK(csv_field("two\nlines") == "\"two\nlines\"");
  CHECK(csv_field("").empty());
}

TEST_CASE("a line of a table gives back its fields", "[csv]") {
  const std::vector<std::string> fields = {"", "a,b", "say \"x\"", "two\nlines", "plain", ""};
  std::string line;
  for (const std::string& field : fields)
    line += (line.empty() && &field == fields.data() ? "" : ",") + csv_field(field);
  const std::string table = line + "\nnext\n";
  std::string_view rest = table;
  CHECK(take_csv_line(rest) == fields);
  CHECK(take_csv_line(rest) == std::vector<std::string>{"next"});
  CHECK(rest.empty());
  rest = "last, without an end";
  CHECK(take_csv_line(rest) == std::vector<std::string>{"last", " without an end"});
}

TEST_CASE("a line with a quote that does not end is none", "[csv]") {
  for (const std::string_view wrong : {"\"a", "\"a\"b,c\n", "\"\"\"\n"}) {
    std::string_view rest = wrong;
    CHECK(take_csv_line(rest).empty());
  }
}
