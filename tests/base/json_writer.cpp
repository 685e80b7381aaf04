#include "libstos/base/json_writer.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace stos;

namespace {

std::string written(JsonWriter::Form form) {
  JsonWriter json(form);
  json.begin_object();
  json.member("text", std::string_view("a\"b\\\n\xc3\xa4\xff"));
  json.member("number", 0.1);
  json.member("infinite", std::numeric_limits<double>::infinity());
  json.member("nothing", std::optional<double>());
  json.begin_array("array");
  json.value(true);
  json.begin_object();
  json.end_object();
  json.value(std::uint64_t{18446744073709551615U});
  json.end_array();
  json.end_object();
  return json.take();
}

} // namespace

TEST_CASE("JSON is written on one line, or indented") {
  CHECK(written(JsonWriter::Form::line) ==
        "{\"text\":\"a\\\"b\\\\\\u000a\xc3\xa4\\ufffd\",\"number\":0.1,\"infinite\":null,"
        "\"nothing\":null,\"array\":[true,{},18446744073709551615]}");
  CHECK(written(JsonWriter::Form::spaced) ==
        "{\"text\": \"a\\\"b\\\\\\u000a\xc3\xa4\\ufffd\", \"number\": 0.1, \"infinite\": null, "
        "\"nothing\": null, \"array\": [true, {}, 18446744073709551615]}");
  CHECK(written(JsonWriter::Form::indented) ==
        "{\n  \"text\": \"a\\\"b\\\\\\u000a\xc3\xa4\\ufffd\",\n  \"number\": 0.1,\n"
        "  \"infinite\": null,\n  \"nothing\": null,\n  \"array\": [\n    true,\n    {},\n"
        "    18446744073709551615\n  ]\n}");
}

TEST_CASE("a single value is JSON, too") {
  JsonWriter json;
  json.value("alone");
  CHECK(json.take() == "\"alone\"");
}
