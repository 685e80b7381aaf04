#include "programs/stos/arguments.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace stos;
using namespace stos::program;

namespace {

struct ReadWords {
  int exit_code = 0;
  std::string script;
  int number = 0;
  std::vector<std::string> rest;
  std::string error;
};

ReadWords read_words(const std::vector<std::string>& words) {
  ReadWords read;
  CLI::App app("A command.", "command");
  app.add_option("script", read.script)->required();
  app.add_option("--number", read.number);
  std::ostringstream out;
  std::ostringstream err;
  read.exit_code = parse_words(app, words, read.rest, out, err).value_or(0);
  read.error = err.str();
  return read;
}

} // namespace

TEST_CASE("words behind those that a command knows are taken as they are") {
  const ReadWords read = read_words(
      {"run", "[[1,2],[3]]", "", "--number", "4", "-5", "[]", "--", "-x", "--", "[a,b]"});
  CHECK(read.exit_code == 0);
  CHECK(read.script == "run");
  CHECK(read.number == 4);
  CHECK(read.rest == std::vector<std::string>{"[[1,2],[3]]", "", "-5", "[]", "-x", "--", "[a,b]"});
}

TEST_CASE("a command may begin with the mark of its words") {
  const ReadWords read = read_words({"--number", "4", "--", "--run", "--number"});
  CHECK(read.script == "--run");
  CHECK(read.number == 4);
  CHECK(read.rest == std::vector<std::string>{"--number"});
}

TEST_CASE("an option that a command does not know is none of its words") {
  const ReadWords read = read_words({"run", "a", "--nubmer", "4"});
  CHECK(read.exit_code == exit_bad_usage);
  CHECK(read.error == "command: error: unknown option \"--nubmer\"; --help shows the options\n");
  CHECK(read_words({}).exit_code == exit_bad_usage);
}
