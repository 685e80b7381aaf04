#include "config/loader.hpp"

#include "config/keys.hpp"
#include "support.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>

using namespace stos;
using namespace stos::test;
using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

namespace {

std::filesystem::path shipped_file() {
  return std::filesystem::path(STOS_SOURCE_DIR) / "config" / "stos.yaml";
}

std::string shipped_text() {
  std::ifstream file(shipped_file());
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Options of which none has its default value.
RunOptions unusual_options() {
  RunOptions options;
  options.simulation_name = "other";
  options.seed = 99;
  options.end_time_s = 7;
  options.serial = false;
  options.workers = 3;
  options.domains_per_worker = 2;
  options.scheduler_policy = SchedulerPolicy::stealing;
  options.events_per_slice = 5;
  options.mailbox_lambdas_max = 6;
  options.instant_depth_max = 8;
  options.trace_events_max = 9;
  options.digest_only = true;
  options.trace_path = "t";
  options.progress = ProgressMode::never;
  options.progress_interval_s = 2;
  options.distributed = true;
  return options;
}

} // namespace

TEST_CASE("the shipped file gives exactly the defaults", "[config]") {
  CHECK(good(load_yaml(shipped_file(), RunOptions{})) == RunOptions{});
}

TEST_CASE("the shipped file names every key, so that it resets whatever was set before",
          "[config]") {
  CHECK(good(load_yaml(shipped_file(), unusual_options())) == RunOptions{});
}

TEST_CASE("the shipped file documents every key with meaning, allowed values and default",
          "[config]") {
  const std::string text = shipped_text();
  const RunOptions defaults;
  for (const detail::ConfigKey& key : detail::config_keys()) {
    const auto dot = key.path.find('.');
    const std::string indent = dot == std::string::npos ? "" : "  ";
    const std::string name = dot == std::string::npos ? key.path : key.path.substr(dot + 1);
    std::string lines = "\n" + indent + "# " + key.meaning + "\n";
    lines += indent + "# Allowed: " + key.type.allowed + "\n";
    lines += indent + name + ": " + key.type.show(defaults) + "\n";
    CHECK_THAT(text, Contains(lines));
  }
}

TEST_CASE("every key shows its value in a form that it reads back", "[config]") {
  RunOptions shown = unusual_options();
  shown.distributed = false;
  RunOptions read;
  for (const detail::ConfigKey& key : detail::config_keys()) {
    INFO(key.path);
    detail::RawValue raw;
    raw.text = key.type.show(shown);
    CHECK(key.type.set(read, raw));
  }
  CHECK(read == shown);
}

TEST_CASE("a file sets every key", "[config]") {
  const RunOptions options = good(load(R"(
simulation: {name: mars-7, seed: 18446744073709551615, end_time: 2 h}
engine:
  serial: false
  workers: 4
  domains_per_worker: 64
  scheduler_policy: stealing
  events_per_slice: 1000000000
limits:
  mailbox_lambdas_max: 1
  instant_depth_max: 2
  trace_events_max: 1000000000000
output:
  digest_only: true
  trace_path: out/run 1.trace
  progress: never
  progress_interval: 250 ms
distributed: false
)"));
  RunOptions wanted;
  wanted.simulation_name = "mars-7";
  wanted.seed = 18446744073709551615u;
  wanted.end_time_s = 7200;
  wanted.serial = false;
  wanted.workers = 4;
  wanted.domains_per_worker = 64;
  wanted.scheduler_policy = SchedulerPolicy::stealing;
  wanted.events_per_slice = 1'000'000'000;
  wanted.mailbox_lambdas_max = 1;
  wanted.instant_depth_max = 2;
  wanted.trace_events_max = 1'000'000'000'000;
  wanted.digest_only = true;
  wanted.trace_path = "out/run 1.trace";
  wanted.progress = ProgressMode::never;
  wanted.progress_interval_s = 0.25;
  CHECK(options == wanted);
}

TEST_CASE("a file changes only the keys that it names", "[config]") {
  RunOptions base = unusual_options();
  RunOptions wanted = base;
  wanted.seed = 12;
  CHECK(good(load("simulation:\n  seed: 12\n", base)) == wanted);
}

TEST_CASE("auto and null leave a choice to the program", "[config]") {
  for (const std::string_view nothing : {"auto", "null", "~", ""}) {
    RunOptions base;
    base.end_time_s = 5;
    base.serial = true;
    base.workers = 2;
    const std::string value(nothing);
    CHECK(good(load("simulation:\n  end_time: " + value + "\nengine:\n  serial: " + value +
                        "\n  workers: " + value + "\n",
                    base)) == RunOptions{});
  }
}

TEST_CASE("durations are the double nearest to what was written", "[config]") {
  const auto interval_s = [](const std::string& text) {
    return good(load("output: {progress_interval: " + text + "}")).progress_interval_s;
  };
  CHECK(interval_s("500 ms") == 0.5);
  CHECK(interval_s("13 ms") == 0.013);
  CHECK(interval_s("20000 us") == 0.02);
  CHECK(interval_s("20000001 ns") == 0.020000001);
  CHECK(interval_s("1 s") == 1);
  CHECK(interval_s("1.5s") == 1.5);
  CHECK(interval_s("2 min") == 120);
  CHECK(interval_s("1 h") == 3600);
  CHECK(interval_s("1 d") == 86400);
  CHECK(interval_s("'1 d'") == 86400);
  CHECK(interval_s("1e3 s") == 1000);
}

TEST_CASE("an unknown key is refused with file, line and the nearest known key", "[config]") {
  CHECK(failure(load("engine:\n  wrokers: 4\n")) ==
        "run.yaml:2: unknown key \"engine.wrokers\"; did you mean \"engine.workers\"?");
  CHECK(failure(load("\n\nworkers: 4\n")) ==
        "run.yaml:3: unknown key \"workers\"; did you mean \"engine.workers\"?");
  CHECK(failure(load("engine: {seed: 4}")) ==
        "run.yaml:1: unknown key \"engine.seed\"; did you mean \"simulation.seed\"?");
  CHECK(failure(load("engin: {workers: 4}")) ==
        "run.yaml:1: unknown key \"engin\"; did you mean \"engine\"?");
  CHECK(failure(load("Engine: {workers: 4}")) ==
        "run.yaml:1: unknown key \"Engine\"; did you mean \"engine\"?");
  CHECK(failure(load("simulation: {color: red}")) ==
        "run.yaml:1: unknown key \"simulation.color\"; known: name, seed, end_time");
  CHECK(failure(load("wallpaper: blue")) ==
        "run.yaml:1: unknown key \"wallpaper\"; known: simulation, engine, limits, output, "
        "distributed");
  CHECK(failure(load("engine.workers: 4")) ==
        "run.yaml:1: \"engine.workers\" must be written as `workers` below `engine`");
  CHECK(failure(load("engine: {a.b: 4}")) ==
        "run.yaml:1: unknown key \"engine.a.b\"; known: serial, workers, domains_per_worker, "
        "scheduler_policy, events_per_slice");
  CHECK_THAT(failure(load("'': 4")), StartsWith("run.yaml:1: unknown key \"\""));
  CHECK_THAT(failure(load(std::string(500, 'k') + ": 4")), StartsWith("run.yaml:1: unknown key"));
}

TEST_CASE("a wrong type is refused with what was seen and what is allowed", "[config]") {
  const std::string workers =
      "; allowed: a whole number of workers from 0 to 1024, or auto: the program decides";
  const auto engine = [](const std::string& text) { return load("engine:\n  " + text); };
  CHECK(failure(engine("workers: many")) ==
        "run.yaml:2: engine.workers: \"many\" is not a whole number" + workers);
  CHECK(failure(engine("workers: 2.5")) ==
        "run.yaml:2: engine.workers: \"2.5\" is not a whole number" + workers);
  CHECK(failure(engine("workers: 1e2")) ==
        "run.yaml:2: engine.workers: \"1e2\" is not a whole number" + workers);
  CHECK(failure(engine("workers: '4'")) ==
        "run.yaml:2: engine.workers: \"4\" is text because of its quotes" + workers);
  CHECK(failure(engine("workers: [4]")) ==
        "run.yaml:2: engine.workers: wanted one value, got a list" + workers);
  CHECK(failure(engine("workers: {a: 4}")) ==
        "run.yaml:2: engine.workers: wanted one value, got a group of keys" + workers);
  CHECK(failure(engine("serial: 1")) ==
        "run.yaml:2: engine.serial: \"1\" is neither true nor false; allowed: true or false, or "
        "auto: the program decides");
  CHECK(failure(load("output: {digest_only: 'true'}")) ==
        "run.yaml:1: output.digest_only: \"true\" is text because of its quotes; allowed: true or "
        "false");
  CHECK(failure(engine("scheduler_policy: fair")) ==
        "run.yaml:2: engine.scheduler_policy: \"fair\" is not one of the choices; allowed: sharing "
        "or stealing");
  CHECK(failure(load("output: {progress: yes}")) ==
        "run.yaml:1: output.progress: \"yes\" is not one of the choices; allowed: auto, always or "
        "never");
  CHECK(failure(load("simulation: {name: a b}")) ==
        "run.yaml:1: simulation.name: \"a b\" is not a name; allowed: 1 to 64 of the characters "
        "A-Z a-z 0-9 _ . -");
  CHECK_THAT(failure(load("output: {trace_path: \"a\\nb\"}")),
             StartsWith("run.yaml:1: output.trace_path: \"a\\x0ab\" is not a path; allowed: "));
  CHECK(failure(load("simulation: {seed: }")) ==
        "run.yaml:1: simulation.seed: has no value; allowed: a whole number from 0 to "
        "18446744073709551615");
  CHECK(failure(load("engine: 4")) ==
        "run.yaml:1: engine: wanted keys with values; known: serial, workers, domains_per_worker, "
        "scheduler_policy, events_per_slice");
  CHECK_THAT(failure(load("engine: [workers]")), Contains("engine: wanted keys with values"));
}

TEST_CASE("a duration without a unit, or with a wrong one, is refused with the units", "[config]") {
  const std::string allowed = "; allowed: a time (ns, us, ms, s, min, h, d) from 0.01 s to 86400 s";
  const auto interval = [](const std::string& text) {
    return failure(load("output:\n  progress_interval: " + text));
  };
  const std::string at = "run.yaml:2: output.progress_interval: ";
  CHECK(interval("500") == at + "\"500\" has no unit" + allowed);
  CHECK(interval("5 parsec") == at + "\"5 parsec\" has the unknown unit \"parsec\"" + allowed);
  CHECK(interval("5 S") == at + "\"5 S\" has the unknown unit \"S\"" + allowed);
  CHECK(interval("1 h 5 min") == at + "\"1 h 5 min\" has the unknown unit \"h 5 min\"" + allowed);
  CHECK(interval("'5 '") == at + "\"5 \" has the unknown unit \"\"" + allowed);
  CHECK(interval("soon") == at + "\"soon\" is not a duration" + allowed);
  CHECK(interval("ms") == at + "\"ms\" is not a duration" + allowed);
  CHECK(interval(".inf") == at + "\".inf\" is not a duration" + allowed);
  CHECK(interval("inf s") == at + "\"inf s\" is not a duration" + allowed);
  CHECK(interval("nan s") == at + "\"nan s\" is not a duration" + allowed);
  CHECK(interval("1e999 s") == at + "\"1e999 s\" is not a duration" + allowed);
  CHECK(interval("auto") == at + "\"auto\" is not a duration" + allowed);
}

TEST_CASE("a value out of range is refused, and the ends of the range are not", "[config]") {
  const auto refused = [](const std::string& group, const std::string& entry) {
    CHECK_THAT(failure(load(group + ": {" + entry + "}")),
               StartsWith("run.yaml:1: " + group + ".") && Contains("is out of range; allowed: "));
  };
  const auto accepted = [](const std::string& group, const std::string& entry) {
    good(load(group + ": {" + entry + "}"));
  };
  accepted("simulation", "seed: 0");
  refused("simulation", "seed: -1");
  refused("simulation", "seed: 18446744073709551616");
  accepted("simulation", "end_time: 1 ns");
  accepted("simulation", "end_time: 1e12 s");
  refused("simulation", "end_time: 0 s");
  refused("simulation", "end_time: -1 s");
  refused("simulation", "end_time: 1.1e12 s");
  refused("simulation", "end_time: 1e305 d");
  accepted("engine", "workers: 0");
  accepted("engine", "workers: 1024");
  refused("engine", "workers: 1025");
  refused("engine", "workers: -1");
  refused("engine", "workers: 99999999999999999999999999");
  accepted("engine", "domains_per_worker: 1");
  refused("engine", "domains_per_worker: 0");
  refused("engine", "domains_per_worker: 65");
  accepted("engine", "events_per_slice: 1");
  refused("engine", "events_per_slice: 0");
  refused("engine", "events_per_slice: 1000000001");
  refused("limits", "mailbox_lambdas_max: 0");
  refused("limits", "mailbox_lambdas_max: 1000000000001");
  accepted("limits", "instant_depth_max: 1000000000");
  refused("limits", "instant_depth_max: 0");
  refused("limits", "instant_depth_max: 1000000001");
  refused("limits", "trace_events_max: 0");
  refused("limits", "trace_events_max: 1000000000001");
  accepted("output", "progress_interval: 10 ms");
  refused("output", "progress_interval: 9 ms");
  refused("output", "progress_interval: 25 h");
  accepted("simulation", "name: " + std::string(64, 'n'));
  CHECK_THAT(failure(load("simulation: {name: " + std::string(65, 'n') + "}")),
             Contains("nnn...\" is not a name"));
  CHECK_THAT(failure(load("output: {trace_path: " + std::string(4097, 'p') + "}")),
             Contains("is not a path"));
}

TEST_CASE("distributed: true is refused with a clear text", "[config]") {
  CHECK(failure(load("distributed: true"), Errc::not_supported) ==
        "run.yaml:1: distributed: this build runs on one node only, so it cannot honour true; a "
        "later version will. Set it to false to run on this node alone");
  CHECK_THAT(failure(load("distributed: {nodes: 3}")),
             StartsWith("run.yaml:1: distributed: wanted one value, got a group of keys"));
  CHECK_THAT(failure(load_environment({{"STOS_DISTRIBUTED", "true"}}, {}), Errc::not_supported),
             StartsWith("environment: STOS_DISTRIBUTED: this build runs on one node only"));
}

TEST_CASE("a file that contradicts itself about the serial engine is refused", "[config]") {
  CHECK(failure(load("engine:\n  serial: true\n  workers: 4\n")) ==
        "run.yaml:3: engine.workers: \"4\" contradicts run.yaml:2: engine.serial = true; leave one "
        "of them out");
  CHECK_THAT(failure(load("engine: {serial: false, workers: 0}")), Contains("contradicts"));
  CHECK(good(load("engine: {serial: true, workers: 0}")).serial == true);
}

TEST_CASE("a later source has the last word about the serial engine", "[config]") {
  RunOptions serial;
  serial.serial = true;
  const RunOptions four = good(load("engine: {workers: 4}", serial));
  CHECK_FALSE(four.serial);
  CHECK(four.workers == 4u);

  RunOptions workers;
  workers.workers = 4;
  const RunOptions alone = good(load("engine: {serial: true}", workers));
  CHECK(alone.serial == true);
  CHECK_FALSE(alone.workers);
}

TEST_CASE("a file that cannot be read is an input error", "[config]") {
  const TempDir dir;
  const std::string missing = (dir.path() / "no.yaml").string();
  CHECK(failure(load_yaml(missing, {}), Errc::io_error) ==
        missing + ": cannot read the configuration: No such file or directory");
  CHECK(failure(load_yaml(dir.path(), {}), Errc::io_error) ==
        dir.path().string() + ": is a directory; a configuration is a YAML file");
  const auto locked = dir.write("locked.yaml", "distributed: false");
  std::filesystem::permissions(locked, std::filesystem::perms::none);
  if (access(locked.c_str(), R_OK) != 0) // root may read everything
    CHECK_THAT(failure(load_yaml(locked, {}), Errc::io_error), EndsWith("Permission denied"));
  CHECK_THAT(failure(load_yaml("/dev/zero", {})), EndsWith("larger than 1 MiB; that is no "
                                                           "configuration"));
  CHECK_THAT(failure(load(std::string((1 << 20) + 1, '#'))), Contains("larger than 1 MiB"));
  good(load("#" + std::string((1 << 20) - 1, 'x')));
}

TEST_CASE("a file without keys changes nothing", "[config]") {
  for (const std::string_view text : {"", "\n", "# only a comment\n", "---\n", "---\n...\n", "{}",
                                      "null", "engine:\n", "\xef\xbb\xbf", "\r\n"}) {
    INFO(text);
    CHECK(good(load(text, unusual_options())) == unusual_options());
  }
}

TEST_CASE("invalid YAML is refused with file and line", "[config]") {
  CHECK_THAT(failure(load("engine:\n  workers: [4\n")),
             StartsWith("run.yaml:") && Contains(": invalid YAML: "));
  CHECK_THAT(failure(load("engine:\n\tworkers: 4\n")), StartsWith("run.yaml:2: invalid YAML: "));
  CHECK_THAT(failure(load("a: b: c\n")), StartsWith("run.yaml:1: invalid YAML: "));
  CHECK_THAT(failure(load("engine: *nothing\n")), StartsWith("run.yaml:1: invalid YAML: "));
  CHECK_THAT(failure(load("engine: {workers: 4")), Contains("invalid YAML"));
  CHECK_THAT(failure(load(std::string(100'000, '['))), Contains("invalid YAML"));
  CHECK_THAT(failure(load("just words")), StartsWith("run.yaml:1: the document: wanted keys"));
  CHECK_THAT(failure(load("- engine\n")), StartsWith("run.yaml:1: the document: wanted keys"));
  CHECK_THAT(failure(load("? [a, b]\n: 4\n")), StartsWith("run.yaml:1: a key must be a word"));
}

TEST_CASE("a key that is given twice is refused with both lines", "[config]") {
  CHECK(failure(load("engine:\n  workers: 1\n  serial: auto\n  workers: 2\n")) ==
        "run.yaml:4: engine.workers: given twice, first on line 2");
  CHECK(failure(load("engine: {workers: 1}\n\nengine: {serial: true}\n")) ==
        "run.yaml:3: engine: given twice, first on line 1");
}

TEST_CASE("a second document in the file is refused", "[config]") {
  CHECK_THAT(failure(load("distributed: false\n---\ndistributed: false\n")),
             StartsWith("run.yaml:2: the YAML document ends before this line"));
  for (const std::string_view stray : {",", "]", "}", "},engine:"})
    CHECK_THAT(failure(load("# stray\n" + std::string(stray) + "\ndistributed: false\n")),
               StartsWith("run.yaml:2: "));
  CHECK_THAT(failure(load("distributed: false\n...\nmore")), StartsWith("run.yaml:3: the YAML"));
}

TEST_CASE("text that is not UTF-8 is refused with its line", "[config]") {
  using namespace std::string_view_literals;
  const std::vector<std::string_view> bad = {"\xff"sv,
                                             "\x80"sv,
                                             "\xc3"sv,
                                             "\xc0\xaf"sv, // bare, cut, overlong
                                             "\xe0\x80\xaf"sv,
                                             "\xed\xa0\x80"sv,
                                             "\xf4\x90\x80\x80"sv,
                                             "\xf5\x80\x80\x80"sv,
                                             "\xe2\x82"sv,
                                             "\xf0\x80\x80\x80"sv};
  for (const std::string_view bytes : bad)
    CHECK(failure(load("distributed: false\n# " + std::string(bytes) + "\n")) ==
          "run.yaml:2: not UTF-8 text");
  for (const std::string_view control : {"\0"sv, "\x04"sv, "\x1b"sv, "\x7f"sv})
    CHECK(failure(load("distributed: false\n# " + std::string(control) + "\n")) ==
          "run.yaml:2: not UTF-8 text: a control character");
  good(load("# \xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8d\n"));
  CHECK_THAT(failure(load("\xff\xfe"
                          "e\0"sv)),
             StartsWith("run.yaml:1: not UTF-8 text"));
}

TEST_CASE("anchors and aliases work, merge keys and tags are refused", "[config]") {
  const RunOptions options =
      good(load("limits: {trace_events_max: &n 77, mailbox_lambdas_max: *n}\n"));
  CHECK(options.trace_events_max == 77);
  CHECK(options.mailbox_lambdas_max == 77);
  CHECK_THAT(failure(load("engine: &e {workers: *e}")), StartsWith("run.yaml:1: "));
  CHECK_THAT(failure(load("engine: &e\n  workers: 4\nlimits:\n  <<: *e\n")),
             StartsWith("run.yaml:4: unknown key \"limits.<<\""));
  CHECK(failure(load("engine:\n  workers: !!str 4\n")) ==
        "run.yaml:2: engine.workers: YAML tags are not allowed, got \"tag:yaml.org,2002:str\"");
  CHECK_THAT(failure(load("engine: !mine {workers: 4}\n")), Contains("YAML tags are not allowed"));
}

TEST_CASE("a damaged file is refused with its name, whatever the damage", "[config]") {
  const std::string whole = shipped_text();
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const TempDir dir;
  for (int round = 0; round < 400; ++round) {
    std::string text = whole;
    for (int damage = 1 + static_cast<int>(random() % 8); damage > 0; --damage) {
      const std::size_t at = random() % text.size();
      switch (random() % 4) {
        case 0: text[at] = static_cast<char>(random() % 256); break;
        case 1: text[at] = ":{}[]&*!|>'\"%@`#-?,\n\t "[random() % 23]; break;
        case 2: text.erase(at, random() % 20); break;
        default: text.insert(at, text.substr(random() % text.size(), random() % 40)); break;
      }
      if (text.empty())
        text = "x";
    }
    const std::string file = dir.write("damaged.yaml", text).string();
    if (const auto options = load_yaml(file, {}); !options)
      CHECK_THAT(options.error().context, StartsWith(file + ":"));
  }
}

TEST_CASE("every key has an environment variable", "[config]") {
  const Environment environment = {
      {"STOS_SIMULATION_SEED", "5"},         {"STOS_ENGINE_WORKERS", "4"},
      {"STOS_SIMULATION_END_TIME", "2 min"}, {"STOS_OUTPUT_DIGEST_ONLY", "true"},
      {"STOS_OUTPUT_PROGRESS", "always"},    {"STOS_OUTPUT_TRACE_PATH", ""},
      {"STOS_DISTRIBUTED", "false"}};
  RunOptions base;
  base.trace_path = "from-the-file";
  const RunOptions options = good(load_environment(environment, base));
  RunOptions wanted;
  wanted.seed = 5;
  wanted.workers = 4;
  wanted.end_time_s = 120;
  wanted.digest_only = true;
  wanted.progress = ProgressMode::always;
  CHECK(options == wanted);

  std::vector<std::string> names;
  for (const detail::ConfigKey& key : detail::config_keys())
    names.push_back(detail::environment_name(key));
  std::ranges::sort(names);
  CHECK(std::ranges::adjacent_find(names) == names.end());
  CHECK(std::ranges::count(names, "STOS_LIMITS_MAILBOX_LAMBDAS_MAX") == 1);
}

TEST_CASE("an unknown STOS_ variable is refused with the nearest known one", "[config]") {
  const auto refused = [](const std::string& name) {
    return failure(load_environment({{name, "4"}}, {}));
  };
  CHECK(refused("STOS_ENGINE_WORKER") == "environment: unknown variable \"STOS_ENGINE_WORKER\"; "
                                         "did you mean \"STOS_ENGINE_WORKERS\"?");
  CHECK(refused("STOS_WORKERS") == "environment: unknown variable \"STOS_WORKERS\"; "
                                   "did you mean \"STOS_ENGINE_WORKERS\"?");
  CHECK(refused("STOS_WALLPAPER") == "environment: unknown variable \"STOS_WALLPAPER\"; known: "
                                     "STOS_ and the path of a key, as in STOS_ENGINE_WORKERS");
  CHECK_THAT(refused("STOS_engine_workers"), Contains("did you mean \"STOS_ENGINE_WORKERS\"?"));
  CHECK_THAT(refused("STOS_"), Contains("unknown variable \"STOS_\""));
}

TEST_CASE("variables of the scripts and of others are left alone", "[config]") {
  CHECK(good(load_environment({{"STOS_CACHE", "/c"},
                               {"STOS_BUILD_DIR", "/b"},
                               {"STOS_SOURCE_DIR", "/s"},
                               {"STOS_CONFIG", "/f"},
                               {"STOSX", "1"},
                               {"PATH", "/bin"}},
                              {})) == RunOptions{});
}

TEST_CASE("a bad value in the environment is refused with the variable's name", "[config]") {
  CHECK(failure(load_environment({{"STOS_ENGINE_WORKERS", ""}}, {})) ==
        "environment: STOS_ENGINE_WORKERS: \"\" is not a whole number; allowed: a whole number of "
        "workers from 0 to 1024, or auto: the program decides");
  CHECK_THAT(failure(load_environment({{"STOS_SIMULATION_END_TIME", "100"}}, {})),
             StartsWith("environment: STOS_SIMULATION_END_TIME: \"100\" has no unit; allowed: a "
                        "time (ns, us, ms, s, min, h, d)"));
  CHECK_THAT(
      failure(load_environment({{"STOS_ENGINE_WORKERS", "4"}, {"STOS_ENGINE_SERIAL", "true"}}, {})),
      Contains("environment: STOS_ENGINE_WORKERS: \"4\" contradicts environment: "
               "STOS_ENGINE_SERIAL = true"));
}

TEST_CASE("the environment of the process holds the variables with our prefix", "[config]") {
  REQUIRE(setenv("STOS_CACHE", "a=b", 1) == 0);
  const Environment environment = process_environment();
  CHECK(environment.at("STOS_CACHE") == "a=b");
  CHECK(environment.count("PATH") == 0);
  REQUIRE(unsetenv("STOS_CACHE") == 0);
}
