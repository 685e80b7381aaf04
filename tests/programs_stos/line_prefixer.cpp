#include "programs/stos/line_prefixer.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace stos::program;

TEST_CASE("each line gets the prefix, whatever pieces it comes in", "[stos]") {
  LinePrefixer prefixer("node1", "");
  CHECK(prefixer.feed("one\ntwo") == "node1 | one\n");
  CHECK(prefixer.feed("") == "");
  CHECK(prefixer.feed(" and a half") == "");
  CHECK(prefixer.feed("\n\nthree\n") == "node1 | two and a half\nnode1 | \nnode1 | three\n");
  CHECK(prefixer.finish() == "");
}

TEST_CASE("a last line without its line break comes out at the end", "[stos]") {
  LinePrefixer prefixer("node1", "");
  CHECK(prefixer.feed("the rest") == "");
  CHECK(prefixer.finish() == "node1 | the rest\n");
  CHECK(prefixer.finish() == "");
}

TEST_CASE("only the prefix is coloured", "[stos]") {
  LinePrefixer prefixer("node1", "36");
  CHECK(prefixer.feed("x\n") == "\x1b[36mnode1 |\x1b[0m x\n");
}

TEST_CASE("bytes that are no text are passed on as they are", "[stos]") {
  using namespace std::string_literals;
  LinePrefixer prefixer("n", "");
  const std::string junk = "\0\xff\x1b[2J\r\x80"s;
  CHECK(prefixer.feed(junk + "\n") == "n | " + junk + "\n");
}

TEST_CASE("a line that is too long goes out in parts that say so", "[stos]") {
  constexpr std::size_t max = LinePrefixer::line_bytes_max;
  LinePrefixer prefixer("n", "");
  const std::string part(max, 'a');
  SECTION("a part has the largest size, and the rest follows") {
    CHECK(prefixer.feed(part + "b\nc\n") == "n | " + part + "\nn + b\nn | c\n");
  }
  SECTION("a line of exactly the largest size is one part") {
    CHECK(prefixer.feed(part + "\nc\n") == "n | " + part + "\nn | c\n");
    CHECK(prefixer.feed(part) == "n | " + part + "\n");
    CHECK(prefixer.feed("d\n") == "n + d\n");
  }
  SECTION("a line without end takes no more memory than one part") {
    std::size_t bytes = 0;
    for (int i = 0; i < 100; ++i)
      bytes += prefixer.feed(std::string(10'000, 'x')).size();
    CHECK(bytes == 15 * (max + 5));
    CHECK(prefixer.finish().size() == 1'000'000 - 15 * max + 5);
  }
}

TEST_CASE("how a stream is cut into pieces does not matter", "[stos]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  std::string text;
  for (int i = 0; i < 400'000; ++i)
    text += random() % 100'000 == 0 || (i < 1000 && random() % 10 == 0)
                ? '\n'
                : static_cast<char>('a' + random() % 26);
  LinePrefixer whole("n", "");
  std::string wanted = whole.feed(text);
  wanted += whole.finish();
  LinePrefixer pieces("n", "");
  std::string seen;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = 1 + random() % 5000;
    seen += pieces.feed(std::string_view(text).substr(at, size));
    at += size;
  }
  seen += pieces.finish();
  CHECK(seen == wanted);
}

TEST_CASE("names of nodes are padded to the longest", "[stos]") {
  CHECK(node_name(0) == "node1");
  CHECK(padded_node_name(0, 9) == "node1");
  CHECK(padded_node_name(0, 10) == "node1 ");
  CHECK(padded_node_name(9, 10) == "node10");
}
