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
  options.parallel = ParallelMode::never;
  options.divide_by_load = false;
  options.mailbox_lambdas_max = 6;
  options.instant_depth_max = 8;
  options.trace_events_max = 9;
  options.digest_only = true;
  options.values = true;
  options.trace_path = "t";
  options.progress = ProgressMode::never;
  options.progress_interval_s = 2;
  options.distributed = true;
  options.cluster.name = "c";
  options.cluster.node = "n";
  options.cluster.address = {"::1", 1};
  options.cluster.peers = {{"::2", 2}, {"three", 3}};
  options.cluster.nodes = 4;
  options.cluster.join = true;
  options.cluster.drain_on_term = true;
  options.cluster.election = ElectionName::bully;
  options.cluster.log = "l";
  options.cluster.copies = 2;
  options.cluster.start_timeout_s = 5;
  options.cluster.silence_timeout_s = 6;
  options.cluster.heartbeat_s = 3;
  options.cluster.stop_timeout_s = 8;
  options.cluster.tls = {"ca", "certificate", "key", "revoked", true};
  options.cluster.insecure = true;
  options.cluster.handshake_timeout_s = 9;
  options.cluster.newcomers_max = 11;
  options.cluster.placement = PlacementName::graph;
  options.cluster.balance = BalanceName::diffusion;
  options.cluster.balance_every_s = 10;
  options.cluster.frame_bytes_max = 5000;
  options.cluster.credit_bytes = 6000;
  options.cluster.random_moves = 7000;
  options.cluster.random_delay_s = 7;
  options.summary_path = "u";
  options.observations_path = "o";
  options.reports_path = "r";
  options.records_path = "q";
  options.snapshot.at_s = {1, 2};
  options.snapshot.every = {3, true};
  options.snapshot.at_exit = true;
  options.snapshot.path = "s";
  options.snapshot.keep = 4;
  options.snapshot.is_required = true;
  options.snapshot.from = "f@5";
  options.snapshot.from_other_build = true;
  options.snapshot.branch = "b";
  options.snapshot.show = "c";
  options.snapshot.shown_agent = "7";
  options.snapshot.shown_type = "T";
  options.snapshot.diverge = {"d", "e"};
  options.jobs = {true, 13, {"lua=lua5.4 -W", "python=pypy3"}, "w", 14, std::uint64_t{1} << 25};
  options.agents = {5, 6, 7, 8, 9, 10, "z", "f", 11, true};
  options.monitoring.address = {"::3", 9};
  options.monitoring.threads = 10;
  options.monitoring.user = "u";
  options.monitoring.password_file = "p";
  options.monitoring.certificate = "q";
  options.monitoring.progress_timeout_s = 11;
  options.monitoring.memory_limit_bytes = 12;
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
    const auto dot = key.path.rfind('.');
    const std::string indent(2 * static_cast<std::size_t>(std::ranges::count(key.path, '.')), ' ');
    const std::string name = dot == std::string::npos ? key.path : key.path.substr(dot + 1);
    std::string lines = "\n" + indent + "# " + key.meaning + "\n";
    lines += indent + "# Allowed: " + key.type.allowed + "\n";
    lines += indent + name + ": " + key.type.show(defaults) + "\n";
    CHECK_THAT(text, Contains(lines));
  }
}

TEST_CASE("every key shows its value in a form that it reads back", "[config]") {
  const RunOptions shown = unusual_options();
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
  parallel: always
  divide_by_load: false
limits:
  mailbox_lambdas_max: 1
  instant_depth_max: 2
  trace_events_max: 1000000000000
output:
  digest_only: true
  values: true
  trace_path: out/run 1.trace
  summary_path: out/run 1.json
  observations_path: out/run 1.csv
  progress: never
  progress_interval: 250 ms
distributed: true
cluster:
  name: planets
  node: mars
  address: "[::1]:0"
  peers: [earth:4242, 10.0.0.7:1, "[fe80::7]:65535"]
  nodes: 3
  start_timeout: 2 min
  silence_timeout: 500 ms
  heartbeat: 10 ms
  stop_timeout: 1 d
  tls:
    ca: ca.crt
    certificate: mars.crt
    key: /safe/mars.key
    revoked: revoked.crl
    own: true
  insecure: true
  handshake_timeout: 100 ms
  newcomers_max: 65536
  placement: round_robin
  frame_bytes_max: 4096
  credit_bytes: 68719476736
  random_moves: 1000
  random_delay: 3 ms
snapshot:
  at: [10 s, 1 min]
  every: 60 s wall
  at_exit: true
  path: ""
  keep: 0
  required: true
  from: old@#3
  from_other_build: true
  branch: warmer
  show: old@10s
  shown_agent: sun
  shown_type: Planet
  diverge: [one, two]
jobs:
  enabled: true
  slots: 1024
  languages: [perl=perl -w]
  folder: /scratch/jobs
  time_max: 100 ms
  memory_max_bytes: 1099511627776
agents:
  replicas: 5
  groups_max: 10000
  per_group_max: 1000
  tick: 1 s
  token_every: 100 ms
  tokens_max: 300
  zone: cellar
  folder: /data/agents
  absence: 1 h
  check_twice: true
monitoring:
  address: 127.0.0.1:9464
  threads: 64
  user: prometheus
  password_file: /safe/password
  certificate: metrics.pem
  progress_timeout: 5 min
  memory_limit_bytes: 8589934592
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
  wanted.parallel = ParallelMode::always;
  wanted.divide_by_load = false;
  wanted.mailbox_lambdas_max = 1;
  wanted.instant_depth_max = 2;
  wanted.trace_events_max = 1'000'000'000'000;
  wanted.digest_only = true;
  wanted.values = true;
  wanted.trace_path = "out/run 1.trace";
  wanted.summary_path = "out/run 1.json";
  wanted.observations_path = "out/run 1.csv";
  wanted.progress = ProgressMode::never;
  wanted.progress_interval_s = 0.25;
  wanted.distributed = true;
  wanted.cluster.name = "planets";
  wanted.cluster.node = "mars";
  wanted.cluster.address = {"::1", 0};
  wanted.cluster.peers = {{"earth", 4242}, {"10.0.0.7", 1}, {"fe80::7", 65535}};
  wanted.cluster.nodes = 3;
  wanted.cluster.start_timeout_s = 120;
  wanted.cluster.silence_timeout_s = 0.5;
  wanted.cluster.heartbeat_s = 0.01;
  wanted.cluster.stop_timeout_s = 86400;
  wanted.cluster.tls = {"ca.crt", "mars.crt", "/safe/mars.key", "revoked.crl", true};
  wanted.cluster.insecure = true;
  wanted.cluster.handshake_timeout_s = 0.1;
  wanted.cluster.newcomers_max = 65536;
  wanted.cluster.placement = PlacementName::round_robin;
  wanted.cluster.frame_bytes_max = 4096;
  wanted.cluster.credit_bytes = std::uint64_t{64} << 30;
  wanted.cluster.random_moves = 1000;
  wanted.cluster.random_delay_s = 0.003;
  wanted.snapshot.at_s = {10, 60};
  wanted.snapshot.every = {60, true};
  wanted.snapshot.at_exit = true;
  wanted.snapshot.path = "";
  wanted.snapshot.keep = 0;
  wanted.snapshot.is_required = true;
  wanted.snapshot.from = "old@#3";
  wanted.snapshot.from_other_build = true;
  wanted.snapshot.branch = "warmer";
  wanted.snapshot.show = "old@10s";
  wanted.snapshot.shown_agent = "sun";
  wanted.snapshot.shown_type = "Planet";
  wanted.snapshot.diverge = {"one", "two"};
  wanted.jobs = {true, 1024, {"perl=perl -w"}, "/scratch/jobs", 0.1, std::uint64_t{1} << 40};
  wanted.agents = {5, 10'000, 1000, 1, 0.1, 300, "cellar", "/data/agents", 3600, true};
  wanted.monitoring.address = {"127.0.0.1", 9464};
  wanted.monitoring.threads = 64;
  wanted.monitoring.user = "prometheus";
  wanted.monitoring.password_file = "/safe/password";
  wanted.monitoring.certificate = "metrics.pem";
  wanted.monitoring.progress_timeout_s = 300;
  wanted.monitoring.memory_limit_bytes = std::uint64_t{8} << 30;
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
        "snapshot, distributed, cluster, jobs, agents, monitoring");
  CHECK(failure(load("engine.workers: 4")) ==
        "run.yaml:1: \"engine.workers\" must be written as `workers` below `engine`");
  CHECK(failure(load("engine: {a.b: 4}")) ==
        "run.yaml:1: unknown key \"engine.a.b\"; known: serial, workers, domains_per_worker, "
        "scheduler_policy, events_per_slice, parallel, divide_by_load");
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
  for (const char* octal : {"010", "00", "08"})
    CHECK_THAT(failure(load("engine:\n  workers: " + std::string(octal))),
               Contains("\" begins with 0, so it could be decimal or octal"));
  CHECK(good(load("engine:\n  workers: 0")).workers == 0u);
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
        "scheduler_policy, events_per_slice, parallel, divide_by_load");
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

TEST_CASE("an address is a host and a port, and has one spelling", "[config]") {
  const auto address = [](const std::string& text) {
    return good(load("cluster: {address: '" + text + "'}")).cluster.address;
  };
  CHECK(address("127.0.0.1:4242") == NodeAddress{"127.0.0.1", 4242});
  CHECK(address("localhost:0") == NodeAddress{"localhost", 0});
  CHECK(address("Mars-7.Example.ORG:65535") == NodeAddress{"mars-7.example.org", 65535});
  CHECK(address("node_1:1") == NodeAddress{"node_1", 1});
  CHECK(address("[::1]:4242") == NodeAddress{"::1", 4242});
  CHECK(address("[0:0:0::0:1]:4242") == NodeAddress{"::1", 4242});
  CHECK(address("[2001:DB8::A]:5") == NodeAddress{"2001:db8::a", 5});
  CHECK(address("[::ffff:10.0.0.1]:5") == NodeAddress{"::ffff:10.0.0.1", 5});
  CHECK(to_string(NodeAddress{"2001:db8::a", 5}) == "[2001:db8::a]:5");
  CHECK(to_string(NodeAddress{"mars", 5}) == "mars:5");
}

TEST_CASE("a bad address is refused with the part that is wrong", "[config]") {
  const std::string allowed =
      "; allowed: host:port, IPv6 in brackets as in \"[::1]:4242\", port from 0 to 65535";
  const auto refused = [&](const std::string& text, const std::string& problem) {
    CHECK(failure(load("cluster:\n  address: '" + text + "'")) ==
          "run.yaml:2: cluster.address: " + detail::quote(text) + " " + problem + allowed);
  };
  refused("localhost", "has no port");
  refused("", "has no port");
  refused("[::1]", "has no port");
  refused(":4242", "has no host");
  refused("localhost:", "has the port \"\" is not a whole number");
  refused("localhost:http", "has the port \"http\" is not a whole number");
  refused("localhost:+5", "has the port \"+5\" is not a whole number");
  refused("localhost:-1", "has the port \"-1\" is out of range");
  refused("localhost:65536", "has the port \"65536\" is out of range");
  refused("::1:4242", "has an IPv6 address without brackets");
  refused("a:b:4242", "has an IPv6 address without brackets");
  refused("[::1:4242", "has no closing bracket");
  refused("[::1]4242:1", "has something between the bracket and the port");
  refused("[::g]:4242", "has \"::g\", which is not an IPv6 address");
  refused("[127.0.0.1]:4242", "has \"127.0.0.1\", which is not an IPv6 address");
  refused("[]:4242", "has \"\", which is not an IPv6 address");
  refused("127.0.0.256:4242", "has \"127.0.0.256\", which is not an IPv4 address");
  refused("127.1:4242", "has \"127.1\", which is not an IPv4 address");
  refused("a b:4242", "has \"a b\", which is not a host name");
  refused("a..b:4242", "has \"a..b\", which is not a host name");
  refused("-a:4242", "has \"-a\", which is not a host name");
  refused("http://a:4242", "has an IPv6 address without brackets");
  refused("user@a:4242", "has \"user@a\", which is not a host name");
  good(load("cluster: {address: " + std::string(63, 'a') + ".b:1}"));
  CHECK_THAT(failure(load("cluster: {address: " + std::string(64, 'a') + ":1}")),
             Contains("which is not a host name"));
  std::string long_name = "a";
  while (long_name.size() < 253)
    long_name += ".a";
  good(load("cluster: {address: " + long_name + ":1}"));
  CHECK_THAT(failure(load("cluster: {address: " + long_name + ".a:1}")),
             Contains("which is not a host name"));
}

TEST_CASE("peers are a list in YAML, or one text with commas", "[config]") {
  using Peers = std::vector<NodeAddress>;
  const auto peers = [](const std::string& text) {
    return good(load("cluster:\n  peers: " + text)).cluster.peers;
  };
  CHECK(peers("[]") == Peers{});
  CHECK(peers("''") == Peers{});
  CHECK(peers("[a:1]") == Peers{{"a", 1}});
  CHECK(peers("a:1") == Peers{{"a", 1}});
  CHECK(peers("b:2,a:1") == Peers{{"b", 2}, {"a", 1}});
  CHECK(peers("\n    - a:1\n    - '[::1]:2'\n") == Peers{{"a", 1}, {"::1", 2}});

  RunOptions base;
  base.cluster.peers = {{"from-the-file", 1}};
  CHECK(good(load_environment({{"STOS_CLUSTER_PEERS", ""}}, base)).cluster.peers == Peers{});
  CHECK(good(load_environment({{"STOS_CLUSTER_PEERS", "a:1,b:2"}}, base)).cluster.peers ==
        Peers{{"a", 1}, {"b", 2}});
}

TEST_CASE("a bad list of peers is refused", "[config]") {
  const std::string allowed =
      "; allowed: a list, or a,b,c, of at most 1024 addresses host:port, port from 1 to 65535";
  const auto refused = [](const std::string& text) {
    return failure(load("cluster:\n  peers: " + text));
  };
  const std::string at = "run.yaml:2: cluster.peers: ";
  CHECK(refused("[a:1, b]") == at + "\"b\" has no port" + allowed);
  CHECK(refused("[a:0]") == at + "\"a:0\" has the port \"0\" is out of range" + allowed);
  CHECK(refused("'a:1,'") == at + "\"\" has no port" + allowed);
  CHECK(refused("'a:1, b:2'") == at + "\" b:2\" has \" b\", which is not a host name" + allowed);
  CHECK(refused("[a:1, b:2, a:1]") == at + "\"a:1\" is given twice" + allowed);
  CHECK(refused("[a:1, A:1]") == at + "\"A:1\" is given twice" + allowed);
  CHECK(refused("['[::1]:1', '[0::1]:1']") == at + "\"[0::1]:1\" is given twice" + allowed);
  CHECK(refused("") == at + "has no value" + allowed);
  CHECK(refused("{a: 1}") == at + "wanted one value, got a group of keys" + allowed);
  CHECK(refused("[[a:1]]") ==
        at + "wanted one value in each place of the list, got a list" + allowed);
  CHECK(refused("[a: 1]") ==
        at + "wanted one value in each place of the list, got a group of keys" + allowed);
  CHECK(refused("[a:1, ~]") ==
        at + "wanted one value in each place of the list, got nothing" + allowed);
  CHECK_THAT(refused("[!!str a:1]"), Contains("YAML tags are not allowed"));

  std::string many;
  for (int port = 1; port <= 1024; ++port)
    many += (port > 1 ? ",a:" : "a:") + std::to_string(port);
  CHECK(good(load("cluster: {peers: '" + many + "'}")).cluster.peers.size() == 1024);
  CHECK(refused("'" + many + ",b:1'") == at + "has 1025 addresses, more than 1024" + allowed);
}

TEST_CASE("languages of jobs have a name and a command each", "[config]") {
  const auto languages = [](const std::string& text) {
    return good(load("jobs:\n  languages: " + text)).jobs.languages;
  };
  using Languages = std::vector<std::string>;
  CHECK(languages("[]") == Languages{});
  CHECK(languages("[lua=lua5.4 -W, r=Rscript]") == Languages{"lua=lua5.4 -W", "r=Rscript"});
  CHECK(good(load_environment({{"STOS_JOBS_LANGUAGES", "a=b,c=d e"}}, {})).jobs.languages ==
        Languages{"a=b", "c=d e"});

  const std::string allowed = "; allowed: a list, or a,b,c, of at most 100 languages NAME=COMMAND";
  const auto refused = [](const std::string& text) {
    return failure(load("jobs:\n  languages: " + text));
  };
  const std::string at = "run.yaml:2: jobs.languages: ";
  for (const std::string bad : {"lua", "=lua", "a b=lua", "lua=", "lua= "})
    CHECK(refused("['" + bad + "']") == at + "\"" + bad + "\" is not NAME=COMMAND" + allowed);
  CHECK(refused("[a=b, a=c]") == at + "language a is given twice" + allowed);
}

TEST_CASE("the number of nodes follows from their addresses unless it is given", "[config]") {
  ClusterOptions options;
  CHECK(nodes_to_wait_for(options) == 1);
  options.peers = {{"a", 1}, {"b", 2}};
  CHECK(nodes_to_wait_for(options) == 3);
  options.address = {"b", 2};
  CHECK(nodes_to_wait_for(options) == 2);
  options.nodes = 7;
  CHECK(nodes_to_wait_for(options) == 7);
}

TEST_CASE("a bad value of a cluster node is refused", "[config]") {
  const auto refused = [](const std::string& entry) {
    return failure(load("cluster: {" + entry + "}"));
  };
  CHECK(refused("adress: a:1") ==
        "run.yaml:1: unknown key \"cluster.adress\"; did you mean \"cluster.address\"?");
  CHECK_THAT(failure(load("peers: [a:1]")), Contains("did you mean \"cluster.peers\"?"));
  CHECK_THAT(failure(load("distributed: {nodes: 3}")),
             StartsWith("run.yaml:1: distributed: wanted one value, got a group of keys"));
  CHECK_THAT(refused("node: a b"), StartsWith("run.yaml:1: cluster.node: \"a b\" is not a name"));
  CHECK_THAT(refused("name: ''"), StartsWith("run.yaml:1: cluster.name: \"\" is not a name"));
  CHECK(refused("placement: metis") ==
        "run.yaml:1: cluster.placement: \"metis\" is not one of the choices; allowed: round_robin, "
        "block, hilbert or graph");
  for (const std::string_view entry :
       {"nodes: 0", "nodes: 1025", "start_timeout: 99 ms", "start_timeout: 25 h",
        "silence_timeout: 99 ms", "silence_timeout: 25 h", "heartbeat: 9 ms", "heartbeat: 3601 s",
        "stop_timeout: 99 ms", "stop_timeout: 25 h", "frame_bytes_max: 4095",
        "frame_bytes_max: 1073741825", "credit_bytes: 4095", "credit_bytes: 68719476737",
        "random_moves: 1000000001", "random_delay: 61 s"})
    CHECK_THAT(refused(std::string(entry)), Contains("is out of range; allowed: "));
  for (const std::string_view entry :
       {"nodes: 1", "nodes: 1024", "start_timeout: 100 ms", "start_timeout: 1 d",
        "heartbeat: 10 ms", "heartbeat: 1 h", "frame_bytes_max: 1073741824", "credit_bytes: 4096"})
    good(load("cluster: {" + std::string(entry) + "}"));
}

TEST_CASE("metrics have an address, or none", "[config]") {
  const auto address = [](const std::string& text) {
    return good(load("monitoring: {address: " + text + "}")).monitoring.address;
  };
  CHECK(address("localhost:9464") == NodeAddress{"localhost", 9464});
  CHECK(address("'[::1]:0'") == NodeAddress{"::1", 0});
  RunOptions base;
  base.monitoring.address = {"from-the-file", 1};
  CHECK(good(load("monitoring: {address: ''}", base)).monitoring.address == std::nullopt);
  CHECK(good(load_environment({{"STOS_MONITORING_ADDRESS", ""}}, base)).monitoring.address ==
        std::nullopt);

  const auto refused = [](const std::string& entry) {
    return failure(load("monitoring: {" + entry + "}"));
  };
  const std::string allowed = "; allowed: host:port, IPv6 in brackets as in \"[::1]:9464\", port "
                              "from 0 to 65535, or \"\" for none";
  CHECK(refused("address: a:65536") ==
        "run.yaml:1: monitoring.address: \"a:65536\" has the port \"65536\" is out of range" +
            allowed);
  CHECK(refused("address: 127.0.0.1") ==
        "run.yaml:1: monitoring.address: \"127.0.0.1\" has no port" + allowed);
  CHECK(refused("address: 1.2.3:4") ==
        "run.yaml:1: monitoring.address: \"1.2.3:4\" has \"1.2.3\", which is not an IPv4 address" +
            allowed);
  CHECK(refused("address: ~") == "run.yaml:1: monitoring.address: has no value" + allowed);
  CHECK_THAT(refused("adress: ''"), Contains("did you mean \"monitoring.address\"?"));
  CHECK_THAT(refused("threads: 0"),
             Contains("is out of range; allowed: a whole number of threads"));
  CHECK_THAT(refused("threads: 65"), Contains("is out of range"));
  CHECK_THAT(refused("progress_timeout: 0.09 s"), Contains("is out of range"));
  CHECK_THAT(refused("memory_limit_bytes: 1125899906842625"), Contains("is out of range"));
  CHECK_THAT(refused("memory_limit_bytes: 8 GB"), Contains("is not a whole number"));
}

TEST_CASE("values that do not go together are refused after the last source", "[config]") {
  const auto together = [](const std::string& text) { return check_options(good(load(text))); };
  const std::string worker = "distributed: true needs at least one worker on each node, got ";
  const std::string allowed = "; allowed: engine.workers from 1 to 1024, or distributed: false";
  CHECK(together(""));
  CHECK(together("distributed: true"));
  CHECK(together("distributed: true\nengine: {workers: 1}"));
  CHECK(together("distributed: true\nengine: {serial: false}"));
  CHECK(together("distributed: false\nengine: {serial: true}"));
  CHECK(failure(together("distributed: true\nengine: {serial: true}")) ==
        worker + "engine.serial: true" + allowed);
  CHECK(failure(together("distributed: true\nengine: {workers: 0}")) ==
        worker + "engine.workers: 0" + allowed);

  CHECK(together("cluster: {heartbeat: 9.9 s}"));
  CHECK(failure(together("cluster: {heartbeat: 10 s}")) ==
        "cluster.silence_timeout: 10 s would lose a node between two heartbeats; allowed: more "
        "than cluster.heartbeat, 10 s");
  CHECK(together("cluster: {frame_bytes_max: 4096, credit_bytes: 4096}"));
  CHECK(failure(together("cluster: {credit_bytes: 4096}")) ==
        "cluster.credit_bytes: 4096 would hold back a full frame for ever; allowed: "
        "cluster.frame_bytes_max, 1048576, or more");
  CHECK(together("cluster: {peers: [a:1, b:1], nodes: 2}"));
  CHECK(together("cluster: {nodes: 3}"));
  CHECK(failure(together("cluster: {peers: [a:1, b:1], nodes: 1}")) ==
        "cluster.nodes: 1 is less than the 2 addresses of cluster.peers");
  CHECK(together("cluster: {tls: {ca: a, certificate: b, key: c}}"));
  CHECK(failure(together("cluster: {tls: {ca: a, key: c}}")) ==
        "cluster.tls: certificate is missing; allowed: ca, certificate and key together, or none "
        "of them");
  CHECK_FALSE(together("cluster: {tls: {revoked: a}}"));
  CHECK_FALSE(together("cluster: {tls: {ca: a, certificate: b, key: c, own: true}}"));
  CHECK_FALSE(together("cluster: {insecure: true, tls: {own: true}}"));
  CHECK(together("cluster: {insecure: true}"));
  CHECK(failure(together("monitoring: {user: u}")) ==
        "monitoring: password_file is missing; allowed: user and password_file together, or none "
        "of them");
  const std::string shared = "cluster: {address: a:1}\nmonitoring: {address: a:1}\n";
  CHECK(together(shared));
  CHECK(failure(together(shared + "distributed: true\n")) ==
        "monitoring.address: a:1 is cluster.address, too; allowed: another port, or \"\" for none");
  CHECK(together("distributed: true\ncluster: {address: a:0}\nmonitoring: {address: a:0}\n"));
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
      {"STOS_DISTRIBUTED", "true"},          {"STOS_CLUSTER_NODE", "node2"},
      {"STOS_CLUSTER_NODES", "auto"},        {"STOS_CLUSTER_ADDRESS", "[::1]:7"},
      {"STOS_CLUSTER_PEERS", "a:1,[::1]:7"}, {"STOS_CLUSTER_SILENCE_TIMEOUT", "20 s"},
      {"STOS_MONITORING_ADDRESS", "[::1]:8"}};
  RunOptions base;
  base.trace_path = "from-the-file";
  const RunOptions options = good(load_environment(environment, base));
  RunOptions wanted;
  wanted.seed = 5;
  wanted.workers = 4;
  wanted.end_time_s = 120;
  wanted.digest_only = true;
  wanted.progress = ProgressMode::always;
  wanted.distributed = true;
  wanted.cluster.node = "node2";
  wanted.cluster.address = {"::1", 7};
  wanted.cluster.peers = {{"a", 1}, {"::1", 7}};
  wanted.cluster.silence_timeout_s = 20;
  wanted.monitoring.address = {"::1", 8};
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
                               {"STOS_JOBS", "2"},
                               {"STOS_CHECK_BASE", "main"},
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
