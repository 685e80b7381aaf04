#include "programs/stos/ending.hpp"
#include "programs/stos/launch_options.hpp"
#include "programs/stos/ports.hpp"
#include "programs/stos/stop_plan.hpp"
#include "programs/stos/subcommand.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <set>
#include <sstream>

using namespace stos;
using namespace stos::program;
using Catch::Contains;

namespace {

LaunchOptions parsed(std::vector<std::string> words, const char* monitoring = nullptr) {
  std::ostringstream out, err;
  const auto options = parse_launch(std::move(words), monitoring, out, err);
  INFO(err.str());
  REQUIRE(options.value);
  return *options.value;
}

std::string refused(std::vector<std::string> words, const char* monitoring = nullptr) {
  std::ostringstream out, err;
  const auto options = parse_launch(std::move(words), monitoring, out, err);
  CHECK_FALSE(options.value);
  CHECK(options.exit_code == exit_bad_usage);
  CHECK(out.str() == "");
  return err.str();
}

} // namespace

TEST_CASE("nodes expose their metrics where the words say, or else the environment", "[stos]") {
  using Address = std::optional<NodeAddress>;
  CHECK(parsed({"-n", "2", "p"}).monitoring == std::nullopt);
  CHECK(parsed({"-n", "2", "p"}, "10.0.0.1:9464").monitoring == Address({"10.0.0.1", 9464}));
  CHECK(parsed({"-n", "2", "--monitoring", "a:1", "p"}, "b:2").monitoring == Address({"a", 1}));
  CHECK(parsed({"-n", "2", "--monitoring", "a:0", "p"}).monitoring == Address({"a", 0}));
  CHECK(parsed({"-n", "2", "--monitoring", "", "p"}, "b:2").monitoring == std::nullopt);
  CHECK(parsed({"-n", "2", "p"}, "not an address").monitoring == std::nullopt);
  CHECK(parsed({"-n", "2", "--monitoring", "a:65534", "p"}).monitoring->port == 65534);
  CHECK_THAT(refused({"-n", "3", "--monitoring", "a:65534", "p"}),
             Contains("leaves no ports for 3 nodes; allowed: up to port 65533"));
  CHECK_THAT(refused({"-n", "3", "p"}, "a:65534"), Contains("--monitoring: a:65534"));
  CHECK_THAT(refused({"-n", "3", "--monitoring", "a", "p"}),
             Contains("--monitoring: \"a\" has no port"));
}

TEST_CASE("the words after the program belong to the program", "[stos]") {
  LaunchOptions wanted;
  wanted.nodes = 3;
  wanted.command = {"./pingpong", "--end-time", "12", "-n", "5", "--help", "--", "x"};
  CHECK(parsed({"-n", "3", "./pingpong", "--end-time", "12", "-n", "5", "--help", "--", "x"}) ==
        wanted);
  CHECK(parsed({"-n", "3", "--", "./pingpong", "--end-time", "12", "-n", "5", "--help", "--",
                "x"}) == wanted);
  wanted.command = {"--odd"};
  CHECK(parsed({"-n3", "--", "--odd"}) == wanted);
  wanted.command = {"run", "run"};
  CHECK(parsed({"-n", "3", "run", "run"}) == wanted);
}

TEST_CASE("the options of a launch are understood", "[stos]") {
  LaunchOptions wanted;
  wanted.nodes = 2;
  wanted.host = "::1";
  wanted.base_port = 5000;
  wanted.timeout_s = 90;
  wanted.grace_s = 0.5;
  wanted.only_first = true;
  wanted.command = {"p"};
  CHECK(parsed({"-n", "2", "--host", "::1", "--base-port=5000", "--timeout", "1.5 min", "--grace",
                "0.5", "--only-first", "p"}) == wanted);
  CHECK(parsed({"-n", "2", "--host", "[::1]", "--base-port=5000", "--timeout", "90", "--grace",
                "0.5", "-q", "p"}) == wanted);
  CHECK(parsed({"-n", "2", "-q", "p"}).only_first);
  CHECK(parsed({"-n", "2", "--quiet", "p"}).only_first);
  CHECK(parsed({"-n", "1", "--base-port", "65535", "p"}).base_port == 65535);
}

TEST_CASE("a launch that makes no sense is refused", "[stos]") {
  CHECK_THAT(refused({}), Contains("stos run: error: -n N is missing"));
  CHECK_THAT(refused({"p"}), Contains("-n N is missing"));
  CHECK_THAT(refused({"-n", "3"}), Contains("the program is missing"));
  CHECK_THAT(refused({"-n", "3", "--"}), Contains("the program is missing"));
  CHECK_THAT(refused({"-n", "3", ""}), Contains("the program is missing"));
  CHECK_THAT(refused({"-n", "0", "p"}), Contains("-n: \"0\" is out of range; allowed: 1 to 256"));
  CHECK_THAT(refused({"-n", "257", "p"}), Contains("allowed: 1 to 256"));
  CHECK_THAT(refused({"-n", "two", "p"}), Contains("\"two\" is not a whole number"));
  CHECK_THAT(refused({"-n", "2", "--base-port", "65535", "p"}),
             Contains("leaves no ports for 2 nodes; allowed: up to 65534"));
  CHECK_THAT(refused({"-n", "2", "--base-port", "0", "p"}), Contains("out of range"));
  CHECK_THAT(refused({"-n", "2", "--timeout", "soon", "p"}), Contains("is not a duration"));
  CHECK_THAT(refused({"-n", "2", "--grace", "-1", "p"}),
             Contains("--grace: \"-1\" is out of range"));
  CHECK_THAT(refused({"-n", "2", "--wrong", "p"}), Contains("unknown option \"--wrong\""));
}

TEST_CASE("help is an answer and no error", "[stos]") {
  std::ostringstream out, err;
  const auto options = parse_launch({"--help"}, nullptr, out, err);
  CHECK_FALSE(options.value);
  CHECK(options.exit_code == 0);
  CHECK(err.str() == "");
  for (const char* const text : {"-n", "--base-port", "--timeout", "--grace", "--quiet"})
    CHECK_THAT(out.str(), Contains(text));
}

TEST_CASE("a process ended by a signal counts as 128 and the signal", "[stos]") {
  CHECK(exit_code_of({3, 0}) == 3);
  CHECK(exit_code_of({0, SIGKILL}) == 137);
  CHECK(describe({3, 0}) == "ended with exit code 3");
  CHECK(describe({0, SIGKILL}) == "was ended by signal 9 (Killed)");
}

TEST_CASE("after a failure nodes get time, then SIGTERM, then SIGKILL, each once", "[stos]") {
  StopPlan plan(10);
  CHECK_FALSE(plan.next_s());
  CHECK(plan.take_due(1e9) == 0);
  plan.node_failed(100);
  plan.node_failed(105); // changes nothing
  CHECK(plan.next_s() == 110.0);
  CHECK(plan.take_due(109.9) == 0);
  CHECK(plan.take_due(111) == SIGTERM);
  CHECK(plan.take_due(111) == 0);
  CHECK(plan.next_s() == 121.0);
  CHECK(plan.take_due(121) == SIGKILL);
  CHECK_FALSE(plan.next_s());
  plan.node_failed(130);
  plan.time_is_over(130);
  CHECK_FALSE(plan.next_s());
}

TEST_CASE("when the time is over, SIGTERM is due at once", "[stos]") {
  StopPlan plan(10);
  plan.node_failed(1);
  plan.time_is_over(5);
  CHECK(plan.take_due(5) == SIGTERM);
  CHECK(plan.take_due(14.9) == 0);
  CHECK(plan.take_due(15) == SIGKILL);
}

TEST_CASE("signals of the user are passed on, and the second SIGINT kills", "[stos]") {
  StopPlan plan(10);
  CHECK(plan.pass_on(SIGHUP, 1) == SIGHUP);
  CHECK(plan.pass_on(SIGTERM, 1) == SIGTERM);
  CHECK(plan.pass_on(SIGINT, 2) == SIGINT);
  CHECK(plan.next_s() == 11.0);
  CHECK(plan.pass_on(SIGTERM, 2) == SIGTERM);
  CHECK(plan.pass_on(SIGINT, 3) == SIGKILL);
  CHECK_FALSE(plan.next_s());
}

TEST_CASE("a signal that asks for nothing is passed on, and nobody has to end for it", "[stos]") {
  StopPlan plan(10);
  for (const int signal : {SIGUSR1, SIGUSR2, SIGALRM, SIGRTMIN})
    CHECK(plan.pass_on(signal, 1) == signal);
  CHECK_FALSE(plan.next_s());
  CHECK(plan.pass_on(SIGQUIT, 1) == SIGQUIT);
  CHECK(plan.next_s() == 11.0);
}

TEST_CASE("free addresses are different, and one in use is refused", "[stos]") {
  const auto found = free_addresses("127.0.0.1", 20, std::nullopt);
  REQUIRE(found);
  CHECK(std::set<NodeAddress>(found->begin(), found->end()).size() == 20);
  for (const NodeAddress& address : *found) {
    CHECK(address.host == "127.0.0.1");
    CHECK(address.port != 0);
  }
  const auto foreign = free_addresses("192.0.2.1", 1, std::nullopt); // RFC 5737: nobody has it
  REQUIRE_FALSE(foreign);
  CHECK_THAT(foreign.error().context, Contains("no node can listen on 192.0.2.1:0: "));
}

TEST_CASE("a node that finds its own port taken is told from others", "[stos]") {
  CHECK(says_in_use("error: 127.0.0.1:4242: Address already in use", "127.0.0.1:4242"));
  CHECK_FALSE(says_in_use("error: 127.0.0.1:9100: Address already in use", "127.0.0.1:4242"));
  CHECK_FALSE(says_in_use("error: 127.0.0.1:42421: Address already in use", "127.0.0.1:4242"));
  CHECK_FALSE(says_in_use("listening on 127.0.0.1:4242", "127.0.0.1:4242"));
}

TEST_CASE("every subcommand has a name of its own that fits into the help", "[stos]") {
  std::set<std::string_view> names;
  for (const Subcommand& subcommand : subcommands()) {
    CHECK(names.insert(subcommand.name).second);
    CHECK_FALSE(subcommand.meaning.empty());
    CHECK(subcommand.run != nullptr);
  }
}
