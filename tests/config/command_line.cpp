#include "config/command_line.hpp"

#include "libstos/base/usage_error.hpp"
#include "support.hpp"

#include <cstdint>
#include <iostream>
#include <new>
#include <sstream>
#include <stdexcept>

using namespace stos;
using namespace stos::test;
using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

namespace {

Result<Invocation> parse(CommandLine& command_line, std::vector<std::string> words,
                         const Environment& environment = {}) {
  Arguments arguments(std::move(words));
  return command_line.parse(arguments.count(), arguments.values(), environment);
}

Result<RunOptions> parse(std::vector<std::string> words, const Environment& environment = {}) {
  CommandLine command_line("a program under test");
  const Result<Invocation> invocation = parse(command_line, std::move(words), environment);
  if (!invocation)
    return invocation.error();
  CHECK(invocation->answer == "");
  return invocation->options;
}

std::string refused(std::vector<std::string> words, Errc code = Errc::bad_argument) {
  return failure(parse(std::move(words)), code);
}

/// Takes what is written to a stream while it lives.
class Capture {
public:
  explicit Capture(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(text_.rdbuf())) {}
  ~Capture() { stream_.rdbuf(before_); }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  std::string text() const { return text_.str(); }

private:
  std::ostringstream text_;
  std::ostream& stream_;
  std::streambuf* before_;
};

/// How a program ended, seen from its shell.
struct Ending {
  int exit_code;
  std::string out;
  std::string err;
};

Ending run(
    std::vector<std::string> words, const std::function<int(const RunOptions&)>& body,
    const std::function<void(CommandLine&)>& declare = [](CommandLine&) {}) {
  Arguments arguments(std::move(words));
  const Capture out(std::cout);
  const Capture err(std::cerr);
  const int code =
      run_main(arguments.count(), arguments.values(), "a program under test", declare, body);
  return {code, out.text(), err.text()};
}

int never_called(const RunOptions&) {
  FAIL("the program ran");
  return 0;
}

} // namespace

TEST_CASE("an empty command line gives the defaults of the program", "[config]") {
  CHECK(good(parse({})) == RunOptions{});
  RunOptions defaults;
  defaults.simulation_name = "ping_pong";
  CommandLine command_line("ping-pong", defaults);
  const auto invocation = parse(command_line, {});
  REQUIRE(invocation);
  CHECK(invocation->options == defaults);
  const auto without_a_name = CommandLine("x").parse(0, nullptr, {});
  CHECK(without_a_name);
}

TEST_CASE("every run option is understood", "[config]") {
  RunOptions wanted;
  wanted.workers = 4;
  wanted.seed = 42;
  wanted.end_time_s = 90;
  wanted.digest_only = true;
  wanted.values = true;
  wanted.trace_path = "a b.trace";
  wanted.progress = ProgressMode::never;
  CHECK(good(parse({"--workers", "4", "--seed=42", "--end-time", "1.5 min", "--digest-only",
                    "--values", "--trace", "a b.trace", "--progress", "never"})) == wanted);
  CHECK(good(parse({"--serial"})).serial == true);
  CHECK(good(parse({"--workers", "auto"})) == RunOptions{});
}

TEST_CASE("a node of a cluster takes its identity from the command line", "[config]") {
  ClusterOptions cluster;
  cluster.node = "mars";
  cluster.address = {"::1", 4242};
  cluster.peers = {{"::1", 4242}, {"earth", 4243}};
  cluster.nodes = 2;
  RunOptions wanted;
  wanted.distributed = true;
  wanted.cluster = cluster;
  CHECK(good(parse({"--distributed", "--node", "mars", "--address", "[::1]:4242", "--peers",
                    "[::1]:4242,earth:4243", "--nodes=2"})) == wanted);
  CHECK(good(parse({"--peers", ""}, {{"STOS_CLUSTER_PEERS", "a:1"}})).cluster.peers.empty());
  CHECK_THAT(refused({"--address", "4242"}, Errc::bad_config),
             StartsWith("--address: \"4242\" has no port; allowed: host:port"));
  CHECK_THAT(refused({"--peers", "a:1,a:1"}, Errc::bad_config),
             StartsWith("--peers: \"a:1\" is given twice"));
  CHECK(refused({"--peers=", "a:1"}) == "--peers=: the value is missing");
  CHECK_THAT(refused({"--nodes", "0"}, Errc::bad_config),
             StartsWith("--nodes: \"0\" is out of range"));
}

TEST_CASE("a later source may give a cluster node the worker that it needs", "[config]") {
  const TempDir dir;
  const std::string serial = dir.write("serial.yaml", "engine: {serial: true}").string();
  const Environment cluster = {{"STOS_DISTRIBUTED", "true"}};
  CHECK(good(parse({"--config", serial, "--workers", "2"}, cluster)).distributed);
  CHECK_THAT(failure(parse({"--config", serial}, cluster)),
             StartsWith("distributed: true needs at least one worker on each node"));
  CHECK_THAT(refused({"--distributed", "--serial"}, Errc::bad_config),
             StartsWith("distributed: true needs at least one worker on each node"));
}

TEST_CASE("a bare end time on the command line is seconds of lab time", "[config]") {
  CHECK(good(parse({"--end-time", "100"})).end_time_s == 100.0);
  CHECK(good(parse({"--end-time", "0.5"})).end_time_s == 0.5);
  CHECK(good(parse({"--end-time", "100ms"})).end_time_s == 0.1);
}

TEST_CASE("a later source wins: defaults, file, environment, command line", "[config]") {
  const TempDir dir;
  const std::string file =
      dir.write("run.yaml", "simulation: {name: file, seed: 2, end_time: 2 s}\n"
                            "engine: {workers: 2}\n")
          .string();
  const Environment environment = {{"STOS_SIMULATION_SEED", "3"},
                                   {"STOS_SIMULATION_END_TIME", "3 s"}};
  const RunOptions options = good(parse({"--end-time", "4", "--config", file}, environment));
  CHECK(options.end_time_s == 4.0);
  CHECK(options.seed == 3);
  CHECK(options.workers == 2u);
  CHECK(options.simulation_name == "file");
  CHECK(options.events_per_slice == RunOptions{}.events_per_slice);
}

TEST_CASE("STOS_CONFIG names the file when the command line does not", "[config]") {
  const TempDir dir;
  const std::string two = dir.write("two.yaml", "simulation: {seed: 2}").string();
  const std::string three = dir.write("three.yaml", "simulation: {seed: 3}").string();
  CHECK(good(parse({}, {{"STOS_CONFIG", two}})).seed == 2);
  CHECK(good(parse({"--config", three}, {{"STOS_CONFIG", two}})).seed == 3);
  CHECK(failure(parse({}, {{"STOS_CONFIG", ""}}), Errc::bad_argument) ==
        "the name of the configuration file is empty");
}

TEST_CASE("the command line takes back what a file says about the serial engine", "[config]") {
  const TempDir dir;
  const std::string serial = dir.write("serial.yaml", "engine: {serial: true}").string();
  const RunOptions four = good(parse({"--config", serial, "--workers", "4"}));
  CHECK(four.workers == 4u);
  CHECK_FALSE(four.serial);
  const RunOptions alone = good(parse({"--serial"}, {{"STOS_ENGINE_WORKERS", "4"}}));
  CHECK(alone.serial == true);
  CHECK_FALSE(alone.workers);
  CHECK(refused({"--serial", "--workers", "4"}, Errc::bad_config) ==
        "--workers: \"4\" contradicts --serial = true; leave one of them out");
}

TEST_CASE("errors of the file and of the environment keep their place", "[config]") {
  const TempDir dir;
  const std::string file = dir.write("run.yaml", "\nengine: {wokers: 2}").string();
  CHECK(refused({"--config", file}, Errc::bad_config) ==
        file + ":2: unknown key \"engine.wokers\"; did you mean \"engine.workers\"?");
  CHECK_THAT(refused({"--config", "/no/such/file"}, Errc::io_error), StartsWith("/no/such/file: "));
  CHECK_THAT(failure(parse({}, {{"STOS_SEED", "2"}})),
             Contains("did you mean \"STOS_SIMULATION_SEED\"?"));
}

TEST_CASE("a bad value on the command line is refused with its option", "[config]") {
  CHECK(refused({"--workers", "many"}, Errc::bad_config) ==
        "--workers: \"many\" is not a whole number; allowed: a whole number of workers from 0 to "
        "1024, or auto: the program decides");
  CHECK_THAT(refused({"--seed", "-5"}, Errc::bad_config),
             StartsWith("--seed: \"-5\" is out of range"));
  CHECK_THAT(refused({"--end-time", "5 parsec"}, Errc::bad_config),
             StartsWith("--end-time: \"5 parsec\" has the unknown unit \"parsec\""));
  CHECK_THAT(refused({"--progress", "loud"}, Errc::bad_config),
             EndsWith("allowed: auto, always or never"));
  CHECK_THAT(refused({"--workers", "--serial"}, Errc::bad_config),
             StartsWith("--workers: \"--serial\" is not a whole number"));
}

TEST_CASE("bad usage is refused", "[config]") {
  CHECK(refused({"--wrokers", "4"}) == "unknown option \"--wrokers\"; did you mean \"--workers\"?");
  CHECK(refused({"--sed=4"}) == "unknown option \"--sed=4\"; did you mean \"--seed\"?");
  CHECK(refused({"--end", "5"}) == "unknown option \"--end\"; did you mean \"--end-time\"?");
  CHECK(refused({"--digest"}) == "unknown option \"--digest\"; did you mean \"--digest-only\"?");
  CHECK(refused({"--wallpaper"}) == "unknown option \"--wallpaper\"; --help shows the options");
  CHECK(refused({"-x"}) == "unknown option \"-x\"; --help shows the options");
  CHECK(refused({"words"}) == "unexpected argument \"words\"; --help shows the options");
  CHECK(refused({"--", "words"}) == "unexpected argument \"words\"; --help shows the options");
  CHECK(refused({"--workers"}) == "--workers: the value is missing");
  CHECK(refused({"--workers=", "4"}) == "--workers=: the value is missing");
  CHECK(refused({"--seed", "1", "--seed", "2"}) == "--seed: given 2 times");
  CHECK(refused({"--serial", "--serial"}) == "--serial: given 2 times");
  CHECK(refused({"--config", ""}) == "the name of the configuration file is empty");
}

TEST_CASE("--help answers with all options and does not ask for a run", "[config]") {
  std::uint64_t agents = 1000;
  CommandLine command_line("Counts agents.");
  command_line.option("--agents", agents, "Number of agents.");
  const auto invocation = parse(command_line, {"--help", "--seed", "1"});
  REQUIRE(invocation);
  for (const char* const text :
       {"Counts agents.", "prog",        "--agents",      "Number of agents.",
        "1000",           "--serial",    "--workers",     "--seed",
        "--end-time",     "--config",    "--digest-only", "--trace",
        "--progress",     "--help",      "--distributed", "--node",
        "--address",      "--peers",     "--nodes",       "--monitoring",
        "--version",      "STOS_CONFIG", "--values",      "--cut-at",
        "--cut-every",    "--from",      "--branch",      "--show",
        "--diverge"})
    CHECK_THAT(invocation->answer, Contains(text));
}

TEST_CASE("--version answers with the version", "[config]") {
  CommandLine command_line("x");
  const auto invocation = parse(command_line, {"--version"});
  REQUIRE(invocation);
  CHECK_THAT(invocation->answer, StartsWith("libstos ") && EndsWith("\n"));
}

TEST_CASE("a program adds options of its own", "[config]") {
  std::uint64_t agents = 1000;
  int offset = 3;
  double density = 0.5;
  double delay_s = 1;
  std::string label = "none";
  std::string model = "lattice";
  std::string input = "unset";
  bool verbose = false;
  CommandLine command_line("x");
  command_line.option("-a,--agents", agents, "number of agents", 1, 1'000'000);
  command_line.option("--offset", offset, "where to start");
  command_line.option("--density", density, "agents per cell", 0, 1);
  command_line.duration("--delay", delay_s, "mean service time");
  command_line.option("--label", label, "a word for the report");
  command_line.choice("--model", model, {"lattice", "cluster"}, "world");
  command_line.option("input", input, "what to read");
  command_line.flag("--verbose", verbose, "say more");

  SECTION("what is absent keeps its default") {
    REQUIRE(parse(command_line, {}));
    CHECK(agents == 1000);
    CHECK(offset == 3);
    CHECK(density == 0.5);
    CHECK(delay_s == 1);
    CHECK(label == "none");
    CHECK(model == "lattice");
    CHECK(input == "unset");
    CHECK_FALSE(verbose);
  }
  SECTION("what is given is set") {
    const auto invocation =
        parse(command_line,
              {"-a", "12", "--offset", "-7", "--density=0.25", "--delay", "20 ms", "--label",
               "[a,b]", "--model", "cluster", "--verbose", "--seed", "9", "data.csv"});
    INFO((invocation ? "" : invocation.error().context));
    REQUIRE(invocation);
    CHECK(invocation->options.seed == 9);
    CHECK(agents == 12);
    CHECK(offset == -7);
    CHECK(density == 0.25);
    CHECK(delay_s == 0.02);
    CHECK(label == "[a,b]");
    CHECK(model == "cluster");
    CHECK(input == "data.csv");
    CHECK(verbose);
  }
  SECTION("what is wrong is refused in the same style") {
    const auto error = [&](std::vector<std::string> words) {
      return failure(parse(command_line, std::move(words)), Errc::bad_argument);
    };
    CHECK(error({"--agents", "0"}) == "--agents: \"0\" is out of range; allowed: 1 to 1000000");
    CHECK(error({"--agents", "x"}) ==
          "--agents: \"x\" is not a whole number; allowed: 1 to 1000000");
    CHECK(error({"--offset", "9999999999"}) ==
          "--offset: \"9999999999\" is out of range; allowed: -2147483648 to 2147483647");
    CHECK(error({"--density", "2"}) == "--density: \"2\" is out of range; allowed: 0 to 1");
    CHECK(error({"--density", "nan"}) == "--density: \"nan\" is not a number; allowed: 0 to 1");
    CHECK(error({"--delay", "-1"}) == "--delay: \"-1\" is out of range; allowed: a time (ns, us, "
                                      "ms, s, min, h, d; s without unit) of 0 s or more");
    CHECK_THAT(error({"--delay", "5 y"}), StartsWith("--delay: \"5 y\" has the unknown unit"));
    CHECK(error({"--model", "torus"}) ==
          "--model: \"torus\" is not one of the choices; allowed: lattice, cluster");
    CHECK(error({"--agnets", "4"}) == "unknown option \"--agnets\"; did you mean \"--agents\"?");
    CHECK(error({"--label"}) == "--label: the value is missing");
    CHECK(error({"one", "two"}) == "unexpected argument \"two\"; --help shows the options");
  }
}

TEST_CASE("declaring an option twice is a bug of the program", "[config]") {
  CommandLine command_line("x");
  std::string text;
  CHECK_THROWS_AS(command_line.option("--seed", text, "taken"), UsageError);
  command_line.option("--mine", text, "free");
  CHECK_THROWS_AS(command_line.option("--mine", text, "taken"), UsageError);
  CHECK_THROWS_AS(command_line.option("--", text, "no name"), UsageError);
}

TEST_CASE("a program that ends well returns what its body returns", "[config]") {
  std::uint64_t agents = 0;
  const Ending ending = run(
      {"--agents", "7", "--seed", "5"},
      [&](const RunOptions& options) {
        CHECK(options.seed == 5);
        CHECK(agents == 7);
        return 0;
      },
      [&](CommandLine& cli) { cli.option("--agents", agents, "number of agents"); });
  CHECK(ending.exit_code == 0);
  CHECK(ending.out == "");
  CHECK(ending.err == "");
  CHECK(run({}, [](const RunOptions&) { return 7; }).exit_code == 7);
}

TEST_CASE("a program needs no options of its own", "[config]") {
  Arguments arguments({"--seed", "3"});
  CHECK(run_main(arguments.count(), arguments.values(), "plain",
                 [](const RunOptions& options) { return options.seed == 3 ? 0 : 1; }) == 0);
}

TEST_CASE("--help and --version print to standard output and exit with 0", "[config]") {
  const Ending help = run({"--help"}, never_called);
  CHECK(help.exit_code == 0);
  CHECK_THAT(help.out, Contains("a program under test") && Contains("--workers"));
  CHECK(help.err == "");
  const Ending version = run({"--version"}, never_called);
  CHECK(version.exit_code == 0);
  CHECK_THAT(version.out, StartsWith("libstos "));
}

TEST_CASE("bad usage and a bad configuration exit with 2 and run nothing", "[config]") {
  const Ending usage = run({"--wrokers", "4"}, never_called);
  CHECK(usage.exit_code == 2);
  CHECK(usage.out == "");
  CHECK(usage.err == "prog: error: unknown option \"--wrokers\"; did you mean \"--workers\"?\n");

  const Ending file = run({"--config", "/no/such/file"}, never_called);
  CHECK(file.exit_code == 2);
  CHECK_THAT(file.err, StartsWith("prog: error: /no/such/file: "));

  REQUIRE(setenv("STOS_WORKERS", "4", 1) == 0);
  const Ending environment = run({}, never_called);
  REQUIRE(unsetenv("STOS_WORKERS") == 0);
  CHECK(environment.exit_code == 2);
  CHECK_THAT(environment.err, Contains("did you mean \"STOS_ENGINE_WORKERS\"?"));
}

TEST_CASE("a run that throws exits with 1 and its text", "[config]") {
  const Ending failed =
      run({}, [](const RunOptions&) -> int { throw std::runtime_error("agent 3 fell over"); });
  CHECK(failed.exit_code == 1);
  CHECK(failed.err == "prog: error: agent 3 fell over\n");

  const Ending memory = run({}, [](const RunOptions&) -> int { throw std::bad_alloc(); });
  CHECK(memory.exit_code == 1);
  CHECK_THAT(memory.err, StartsWith("prog: error: out of memory"));

  const Ending unknown = run({}, [](const RunOptions&) -> int { throw 42; });
  CHECK(unknown.exit_code == 1);
  CHECK(unknown.err == "prog: error: an exception of an unknown type ended the run\n");

  std::string text;
  const Ending misdeclared =
      run({}, never_called, [&](CommandLine& cli) { cli.option("--seed", text, "taken"); });
  CHECK(misdeclared.exit_code == 1);
  CHECK_THAT(misdeclared.err, Contains("command line option \"--seed\" cannot be declared"));
}
