#include "config/keys.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace stos::detail {
namespace {

template <class T>
struct OptionalTraits {
  using Value = T;
  static constexpr bool is_optional = false;
};

template <class T>
struct OptionalTraits<std::optional<T>> {
  using Value = T;
  static constexpr bool is_optional = true;
};

/// The member that a key sets: a path of members from RunOptions to it.
template <auto... Path>
auto& member(RunOptions& options) {
  return (options.*....*Path);
}
template <auto... Path>
const auto& member(const RunOptions& options) {
  return (options.*....*Path);
}

/// The type of that member.
template <auto... Path>
using Traits =
    OptionalTraits<std::remove_cvref_t<decltype(member<Path...>(std::declval<RunOptions&>()))>>;
template <auto... Path>
using Value = typename Traits<Path...>::Value;

Error bad_value(std::string text) { return {Errc::bad_config, std::move(text)}; }

/// Joins reading and writing of one value type with the member that holds it. An optional member
/// also takes `auto` (or YAML's null), which leaves the choice to the program.
template <auto... Path, class Parse, class Show>
ConfigType key_type(std::string placeholder, std::string allowed, Parse parse, Show show) {
  constexpr bool is_optional = Traits<Path...>::is_optional;
  if constexpr (is_optional)
    allowed += ", or auto: the program decides";

  auto set = [parse, allowed](RunOptions& options, const RawValue& raw) -> Result<void> {
    if constexpr (is_optional) {
      if (raw.is_null || raw.text == "auto") {
        member<Path...>(options).reset();
        return {};
      }
    }
    if (raw.is_null)
      return bad_value("has no value; allowed: " + allowed);
    auto value = parse(raw);
    if (!value)
      return bad_value(value.error().context + "; allowed: " + allowed);
    member<Path...>(options) = *std::move(value);
    return {};
  };
  auto shown = [show](const RunOptions& options) -> std::string {
    if constexpr (is_optional)
      return member<Path...>(options) ? show(*member<Path...>(options)) : "auto";
    else
      return show(member<Path...>(options));
  };
  return {std::move(placeholder), std::move(allowed), std::move(set), std::move(shown)};
}

template <auto... Path>
ConfigType whole_number(Value<Path...> min, Value<Path...> max, const std::string& unit) {
  using T = Value<Path...>;
  auto parse = [min, max](const RawValue& raw) -> Result<T> {
    if (raw.in_quotes)
      return bad_value(quote(raw.text) + " is text because of its quotes");
    return parse_number<T>(raw.text, min, max);
  };
  const std::string per_unit = unit.empty() ? "" : " of " + unit;
  return key_type<Path...>(
      "N", "a whole number" + per_unit + " from " + exact_text(min) + " to " + exact_text(max),
      parse, exact_text<T>);
}

template <auto... Path>
ConfigType flag() {
  auto parse = [](const RawValue& raw) -> Result<bool> {
    if (raw.in_quotes)
      return bad_value(quote(raw.text) + " is text because of its quotes");
    return parse_flag(raw.text);
  };
  return key_type<Path...>("", "true or false", parse,
                           [](bool value) -> std::string { return value ? "true" : "false"; });
}

std::string show_duration(double duration_s) { return exact_text(duration_s) + " s"; }

template <auto... Path>
ConfigType duration(double min_s, double max_s) {
  auto parse = [min_s, max_s](const RawValue& raw) -> Result<double> {
    const Result<double> duration_s = parse_duration_s(raw.text, raw.bare_number);
    if (duration_s && (*duration_s < min_s || *duration_s > max_s))
      return bad_value(quote(raw.text) + " is out of range");
    return duration_s;
  };
  return key_type<Path...>("TIME",
                           "a time (" + std::string(duration_units) + ") from " +
                               show_duration(min_s) + " to " + show_duration(max_s),
                           parse, show_duration);
}

template <class T>
using Choices = std::vector<std::pair<std::string, T>>;

template <auto... Path>
ConfigType choice(Choices<Value<Path...>> choices) {
  using T = Value<Path...>;
  std::string allowed;
  for (const auto& [name, value] : choices)
    allowed += (allowed.empty() ? "" : name == choices.back().first ? " or " : ", ") + name;
  auto parse = [choices](const RawValue& raw) -> Result<T> {
    for (const auto& [name, value] : choices)
      if (raw.text == name)
        return value;
    return bad_value(quote(raw.text) + " is not one of the choices");
  };
  auto show = [choices](T shown) -> std::string {
    for (const auto& [name, value] : choices)
      if (value == shown)
        return name;
    return "?";
  };
  return key_type<Path...>("CHOICE", allowed, parse, show);
}

bool is_name(std::string_view text) {
  const auto is_allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, is_allowed);
}

template <auto... Path>
ConfigType name_type(bool or_none) {
  auto parse = [or_none](const RawValue& raw) -> Result<std::string> {
    if (or_none && raw.text.empty())
      return raw.text;
    if (!is_name(raw.text))
      return bad_value(quote(raw.text) + " is not a name");
    return raw.text;
  };
  return key_type<Path...>(
      "NAME",
      "1 to 64 of the characters A-Z a-z 0-9 _ . -" +
          std::string(or_none ? ", or \"\" for none" : ""),
      parse, [](const std::string& value) { return value.empty() ? std::string("\"\"") : value; });
}

template <auto... Path>
ConfigType name() {
  return name_type<Path...>(false);
}
template <auto... Path>
ConfigType name_or_none() {
  return name_type<Path...>(true);
}

template <auto... Path>
ConfigType file_path() {
  auto parse = [](const RawValue& raw) -> Result<std::string> {
    const bool has_control = std::ranges::any_of(raw.text, [](char c) { return c >= 0 && c < 32; });
    if (raw.text.size() > 4096 || has_control)
      return bad_value(quote(raw.text) + " is not a path");
    return raw.text;
  };
  return key_type<Path...>(
      "FILE", "a path of at most 4096 bytes, or \"\" for none", parse,
      [](const std::string& value) { return value.empty() ? std::string("\"\"") : value; });
}

template <auto... Path>
ConfigType any_text() {
  auto parse = [](const RawValue& raw) -> Result<std::string> {
    if (raw.text.size() > 4096)
      return bad_value("has " + std::to_string(raw.text.size()) + " bytes");
    return raw.text;
  };
  return key_type<Path...>(
      "TEXT", "a text of at most 4096 bytes", parse,
      [](const std::string& value) { return value.empty() ? std::string("\"\"") : value; });
}

template <auto... Path>
ConfigType two_places() {
  auto parse = [](const RawValue& raw) -> Result<std::vector<std::string>> {
    std::vector<std::string> places = raw.list ? *raw.list : split_list(raw.text);
    if (!places.empty() && places.size() != 2)
      return bad_value("has " + std::to_string(places.size()) + " places");
    return places;
  };
  auto show = [](const std::vector<std::string>& places) -> std::string {
    return places.empty() ? "[]" : places.front() + "," + places.back();
  };
  ConfigType type = key_type<Path...>("LIST", "a list of two places, or a,b, or none", parse, show);
  type.takes_list = true;
  return type;
}

/// NAME=COMMAND, each name once.
template <auto... Path>
ConfigType language_list() {
  constexpr std::size_t languages_max = 100;
  auto parse = [](const RawValue& raw) -> Result<std::vector<std::string>> {
    std::vector<std::string> languages = raw.list ? *raw.list : split_list(raw.text);
    std::vector<std::string> names;
    if (languages.size() > languages_max)
      return bad_value("has " + std::to_string(languages.size()) + " languages, more than " +
                       std::to_string(languages_max));
    for (const std::string& language : languages) {
      const std::size_t sign = language.find('=');
      const std::string_view name = std::string_view(language).substr(0, sign);
      if (sign == std::string::npos || !is_name(name) ||
          language.find_first_not_of(' ', sign + 1) == std::string::npos)
        return bad_value(quote(language) + " is not NAME=COMMAND");
      if (std::ranges::count(names, name) > 0)
        return bad_value("language " + std::string(name) + " is given twice");
      names.emplace_back(name);
    }
    return languages;
  };
  auto show = [](const std::vector<std::string>& languages) -> std::string {
    std::string list;
    for (const std::string& language : languages)
      list += (list.empty() ? "" : ",") + language;
    return list.empty() ? "[]" : list;
  };
  ConfigType type = key_type<Path...>(
      "LIST", "a list, or a,b,c, of at most 100 languages NAME=COMMAND", parse, show);
  type.takes_list = true;
  return type;
}

template <auto... Path>
ConfigType own_address() {
  auto parse = [](const RawValue& raw) { return parse_address(raw.text, 0); };
  return key_type<Path...>("ADDRESS",
                           "host:port, IPv6 in brackets as in \"[::1]:4242\", port from 0 to 65535",
                           parse, [](const NodeAddress& address) { return to_string(address); });
}

/// An address, or "" for none.
template <auto... Path>
ConfigType address_or_none() {
  ConfigType type;
  type.placeholder = "ADDRESS";
  type.allowed = "host:port, IPv6 in brackets as in \"[::1]:9464\", port from 0 to 65535, or \"\" "
                 "for none";
  type.set = [allowed = type.allowed](RunOptions& options, const RawValue& raw) -> Result<void> {
    if (raw.is_null)
      return bad_value("has no value; allowed: " + allowed);
    if (raw.text.empty()) {
      member<Path...>(options).reset();
      return {};
    }
    Result<NodeAddress> address = parse_address(raw.text, 0);
    if (!address)
      return bad_value(address.error().context + "; allowed: " + allowed);
    member<Path...>(options) = *std::move(address);
    return {};
  };
  type.show = [](const RunOptions& options) -> std::string {
    const std::optional<NodeAddress>& address = member<Path...>(options);
    return address ? to_string(*address) : "\"\"";
  };
  return type;
}

Result<std::vector<NodeAddress>> parse_addresses(const std::vector<std::string>& texts) {
  constexpr std::size_t addresses_max = 1024;
  if (texts.size() > addresses_max)
    return bad_value("has " + std::to_string(texts.size()) + " addresses, more than " +
                     std::to_string(addresses_max));
  std::vector<NodeAddress> addresses;
  for (const std::string& text : texts) {
    const Result<NodeAddress> address = parse_address(text, 1);
    if (!address)
      return address.error();
    if (std::ranges::find(addresses, *address) != addresses.end())
      return bad_value(quote(text) + " is given twice");
    addresses.push_back(*address);
  }
  return addresses;
}

template <auto... Path>
ConfigType address_list() {
  auto parse = [](const RawValue& raw) {
    return parse_addresses(raw.list ? *raw.list : split_list(raw.text));
  };
  auto show = [](const std::vector<NodeAddress>& addresses) -> std::string {
    std::string list;
    for (const NodeAddress& address : addresses)
      list += (list.empty() ? "" : ",") + to_string(address);
    return list.empty() ? "[]" : list;
  };
  ConfigType type = key_type<Path...>(
      "LIST", "a list, or a,b,c, of at most 1024 addresses host:port, port from 1 to 65535", parse,
      show);
  type.takes_list = true;
  return type;
}

/// Laboratory times, each as duration() has it.
template <auto... Path>
ConfigType duration_list(double min_s, double max_s, std::size_t most) {
  auto parse = [=](const RawValue& raw) -> Result<std::vector<double>> {
    const std::vector<std::string> texts = raw.list ? *raw.list : split_list(raw.text);
    if (texts.size() > most)
      return bad_value("has " + std::to_string(texts.size()) + " times, more than " +
                       std::to_string(most));
    std::vector<double> times_s;
    for (const std::string& text : texts) {
      const Result<double> time_s = parse_duration_s(text, raw.bare_number);
      if (!time_s)
        return time_s.error();
      if (*time_s < min_s || *time_s > max_s)
        return bad_value(quote(text) + " is out of range");
      times_s.push_back(*time_s);
    }
    return times_s;
  };
  auto show = [](const std::vector<double>& times_s) -> std::string {
    std::string list;
    for (const double time_s : times_s)
      list += (list.empty() ? "" : ",") + show_duration(time_s);
    return list.empty() ? "[]" : list;
  };
  ConfigType type = key_type<Path...>("LIST",
                                      "a list, or a,b,c, of at most " + std::to_string(most) +
                                          " times (" + std::string(duration_units) + ") from " +
                                          show_duration(min_s) + " to " + show_duration(max_s),
                                      parse, show);
  type.takes_list = true;
  return type;
}

constexpr std::string_view wall_suffix = " wall";

template <auto... Path>
ConfigType interval(double min_s, double max_s) {
  using Interval = Value<Path...>;
  auto parse = [=](const RawValue& raw) -> Result<Interval> {
    std::string_view text = raw.text;
    const bool is_wall = text.ends_with(wall_suffix);
    if (is_wall)
      text.remove_suffix(wall_suffix.size());
    const Result<double> interval_s = parse_duration_s(text, raw.bare_number);
    if (!interval_s)
      return interval_s.error();
    if (*interval_s < min_s || *interval_s > max_s)
      return bad_value(quote(raw.text) + " is out of range");
    return Interval{*interval_s, is_wall};
  };
  auto show = [](const Interval& interval) -> std::string {
    return show_duration(interval.s) + (interval.is_wall ? std::string(wall_suffix) : "");
  };
  return key_type<Path...>("TIME",
                           "a time (" + std::string(duration_units) + ") from " +
                               show_duration(min_s) + " to " + show_duration(max_s) +
                               ", simulated, or with `wall` behind it of the clock on the wall",
                           parse, show);
}

std::vector<ConfigKey> build_keys() {
  using O = RunOptions;
  using C = ClusterOptions;
  using T = TlsOptions;
  using A = AgentsOptions;
  using M = MonitoringOptions;
  using S = SnapshotOptions;
  using J = JobsOptions;
  constexpr std::uint64_t seed_max = std::numeric_limits<std::uint64_t>::max();
  constexpr std::uint32_t giga = 1'000'000'000;
  constexpr std::uint64_t tera = 1'000'000'000'000;
  return {
      {"simulation.name", "", "Name of the simulation in logs, metrics and traces.",
       name<&O::simulation_name>()},
      {"simulation.seed", "--seed", "Seed of every agent's random stream.",
       whole_number<&O::seed>(0, seed_max, "")},
      {"simulation.end_time", "--end-time",
       "Lab time at which the run ends; overrides the end time that the program gives.",
       duration<&O::end_time_s>(1e-9, 1e12)},
      {"engine.serial", "--serial",
       "Run on the calling thread with the serial engine, whatever ThreadPool<N> says.",
       flag<&O::serial>()},
      {"engine.workers", "--workers",
       "Number of workers; overrides N of ThreadPool<N>. 0 is the serial engine.",
       whole_number<&O::workers>(0, 1024, "workers")},
      {"engine.domains_per_worker", "",
       "Groups of agents (domains) per worker; a worker runs one group at a time.",
       whole_number<&O::domains_per_worker>(1, 64, "domains")},
      {"engine.scheduler_policy", "",
       "How workers find work: one shared queue (idle workers sleep), or stealing (they poll).",
       choice<&O::scheduler_policy>(
           {{"sharing", SchedulerPolicy::sharing}, {"stealing", SchedulerPolicy::stealing}})},
      {"engine.events_per_slice", "",
       "Events that a domain executes before it gives its worker back.",
       whole_number<&O::events_per_slice>(1, giga, "events")},
      {"engine.parallel", "",
       "Divide agents among the workers: where it pays (auto), always, or never (one does all).",
       choice<&O::parallel>({{"auto", ParallelMode::automatic},
                             {"always", ParallelMode::always},
                             {"never", ParallelMode::never}})},
      {"engine.divide_by_load", "",
       "Divide agents among the workers anew where one has more to do; with 1 domain per worker.",
       flag<&O::divide_by_load>()},
      {"limits.mailbox_lambdas_max", "",
       "Lambdas that may wait at one agent; the next one fails the run.",
       whole_number<&O::mailbox_lambdas_max>(1, tera, "lambdas")},
      {"limits.instant_depth_max", "",
       "Longest chain of events at one instant of lab time; a longer one is a cycle without delay.",
       whole_number<&O::instant_depth_max>(1, giga, "events")},
      {"limits.trace_events_max", "", "Events that a trace records; the next one fails the run.",
       whole_number<&O::trace_events_max>(1, tera, "events")},
      {"limits.reports_max", "",
       "Reports that all agents of a run make; the next one fails the run.",
       whole_number<&O::reports_max>(1, tera, "reports")},
      {"output.digest_only", "--digest-only", "Print the digest of the run and nothing else.",
       flag<&O::digest_only>()},
      {"output.values", "--values",
       "Have the value digest of all that lambdas carry, not of numbers only; it costs time.",
       flag<&O::values>()},
      {"output.trace_path", "--trace",
       "File that receives the trace, one event a line; relative to the working directory.",
       file_path<&O::trace_path>()},
      {"output.summary_path", "--json",
       "File that receives the summary of the run as JSON; relative to the working directory.",
       file_path<&O::summary_path>()},
      {"output.observations_path", "--observations",
       "File that receives what observers have seen, as CSV; relative to the working directory.",
       file_path<&O::observations_path>()},
      {"output.reports_path", "",
       "File that receives what agents report, as CSV; relative to the working directory.",
       file_path<&O::reports_path>()},
      {"output.records_path", "--records",
       "File that receives what agents record, while the run goes on: CSV, or lines of JSON "
       "(.jsonl); relative to the working directory.",
       file_path<&O::records_path>()},
      {"output.progress", "--progress",
       "Draw a progress line; auto draws it when standard error is a terminal.",
       choice<&O::progress>({{"auto", ProgressMode::automatic},
                             {"always", ProgressMode::always},
                             {"never", ProgressMode::never}})},
      {"output.progress_interval", "", "Wall-clock time between two updates of the progress line.",
       duration<&O::progress_interval_s>(0.01, 86400)},
      {"snapshot.at", "--cut-at",
       "Simulated times at which the whole world is saved, as what is called a cut.",
       duration_list<&O::snapshot, &S::at_s>(1e-9, 1e12, 1'000'000)},
      {"snapshot.every", "--cut-every",
       "Save the world again and again, every so much simulated or wall-clock time.",
       interval<&O::snapshot, &S::every>(1e-9, 1e12)},
      {"snapshot.at_exit", "", "Save the world once more when SIGINT or SIGTERM ends the run.",
       flag<&O::snapshot, &S::at_exit>()},
      {"snapshot.path", "--cut-path",
       "Where cuts lie: a folder, redis://[:PASSWORD@]HOST:PORT/DB, or \"\": only digests are "
       "told.",
       file_path<&O::snapshot, &S::path>()},
      {"snapshot.keep", "", "Number of a run's cuts that are kept, the latest ones; 0 keeps all.",
       whole_number<&O::snapshot, &S::keep>(0, 1'000'000, "cuts")},
      {"snapshot.required", "", "A cut that cannot be taken or stored ends the run.",
       flag<&O::snapshot, &S::is_required>()},
      {"snapshot.from", "--from",
       "Go on from a cut: PLACE[@TIME] or PLACE[@#NUMBER]; without either from the latest one.",
       file_path<&O::snapshot, &S::from>()},
      {"snapshot.from_other_build", "--from-other-build",
       "Go on from a cut of another build, if all classes and lambdas in it are there.",
       flag<&O::snapshot, &S::from_other_build>()},
      {"snapshot.branch", "--branch",
       "Name of a run that goes on from another one's cut, with what differs now; \"\" is none.",
       name_or_none<&O::snapshot, &S::branch>()},
      {"snapshot.show", "--show",
       "Run nothing, and print the agents of a cut as JSON, one a line: PLACE[@TIME], as --from.",
       file_path<&O::snapshot, &S::show>()},
      {"snapshot.shown_agent", "--agent", "With --show: the agent of this id or name; \"\" is all.",
       any_text<&O::snapshot, &S::shown_agent>()},
      {"snapshot.shown_type", "--type", "With --show: the agents of this class; \"\" is all.",
       any_text<&O::snapshot, &S::shown_type>()},
      {"snapshot.diverge", "--diverge",
       "Run nothing, and say where the cuts of one run in two places, A,B, differ first.",
       two_places<&O::snapshot, &S::diverge>()},
      {"distributed", "--distributed", "Run this process as one node of a cluster.",
       flag<&O::distributed>()},
      {"cluster.name", "", "Name of the cluster; nodes of different clusters refuse each other.",
       name<&O::cluster, &C::name>()},
      {"cluster.node", "--node",
       "Name of this node, unlike all others; auto is the host's name and the port.",
       name<&O::cluster, &C::node>()},
      {"cluster.address", "--address",
       "Where this node listens, and where the others reach it; port 0 is any free port.",
       own_address<&O::cluster, &C::address>()},
      {"cluster.peers", "--peers",
       "Where other nodes are: any of them; this node's own address may be among them.",
       address_list<&O::cluster, &C::peers>()},
      {"cluster.nodes", "--nodes",
       "Number of nodes to wait for; auto is the number of addresses, peers and own.",
       whole_number<&O::cluster, &C::nodes>(1, 1024, "nodes")},
      {"cluster.join", "", "Join a cluster that runs already, instead of being refused there.",
       flag<&O::cluster, &C::join>()},
      {"cluster.drain_on_term", "",
       "On SIGTERM, leave the cluster, which goes on; a second one ends this process.",
       flag<&O::cluster, &C::drain_on_term>()},
      {"cluster.start_timeout", "", "How long a node waits at the start for all others.",
       duration<&O::cluster, &C::start_timeout_s>(0.1, 86400)},
      {"cluster.silence_timeout", "",
       "A node from which nothing is heard for so long is lost; more than cluster.heartbeat.",
       duration<&O::cluster, &C::silence_timeout_s>(0.1, 86400)},
      {"cluster.heartbeat", "", "How often a node is heard that has nothing else to say.",
       duration<&O::cluster, &C::heartbeat_s>(0.01, 3600)},
      {"cluster.stop_timeout", "", "How long nodes wait for each other at the end.",
       duration<&O::cluster, &C::stop_timeout_s>(0.1, 86400)},
      {"cluster.election", "", "Who asks to lead the cluster's log; no outcome depends on it.",
       choice<&O::cluster, &C::election>(
           {{"raft", ElectionName::raft}, {"bully", ElectionName::bully}})},
      {"cluster.log", "",
       "Folder of this node's log, with which it comes back when it is restarted.",
       file_path<&O::cluster, &C::log>()},
      {"cluster.copies", "",
       "Number of nodes beside the first one that keep a run's last cut, and can all be lost.",
       whole_number<&O::cluster, &C::copies>(0, 16, "nodes")},
      {"cluster.tls.ca", "", "Certificates of who may say who is who; `stos keys` makes them.",
       file_path<&O::cluster, &C::tls, &T::ca>()},
      {"cluster.tls.certificate", "", "Certificate of this node, with its name in it.",
       file_path<&O::cluster, &C::tls, &T::certificate>()},
      {"cluster.tls.key", "", "Private key of the certificate.",
       file_path<&O::cluster, &C::tls, &T::key>()},
      {"cluster.tls.revoked", "", "List of certificates that do not count any more.",
       file_path<&O::cluster, &C::tls, &T::revoked>()},
      {"cluster.tls.own", "",
       "Without files: the user's own keys, also where others can reach this node.",
       flag<&O::cluster, &C::tls, &T::own>()},
      {"cluster.insecure", "", "No TLS: who reaches the port is who they say they are.",
       flag<&O::cluster, &C::insecure>()},
      {"cluster.handshake_timeout", "", "How long a stranger has to say who it is.",
       duration<&O::cluster, &C::handshake_timeout_s>(0.1, 3600)},
      {"cluster.newcomers_max", "", "Connections of those who have not yet said who they are.",
       whole_number<&O::cluster, &C::newcomers_max>(1, 65536, "connections")},
      {"cluster.placement", "",
       "Where agents go: in turn, in runs, along a curve through space, or by their channels.",
       choice<&O::cluster, &C::placement>({{"round_robin", PlacementName::round_robin},
                                           {"block", PlacementName::block},
                                           {"hilbert", PlacementName::hilbert},
                                           {"graph", PlacementName::graph}})},
      {"cluster.balance", "",
       "How agents move between nodes later on: where loads are uneven, or also when a fresh "
       "partition would leave much less between nodes.",
       choice<&O::cluster, &C::balance>({{"none", BalanceName::none},
                                         {"diffusion", BalanceName::diffusion},
                                         {"repartition", BalanceName::repartition}})},
      {"cluster.balance_every", "",
       "How often that is looked at, at most; of the clock on the wall.",
       duration<&O::cluster, &C::balance_every_s>(0.01, 86400)},
      {"cluster.frame_bytes_max", "", "Largest frame between two nodes.",
       whole_number<&O::cluster, &C::frame_bytes_max>(4096, std::uint64_t{1} << 30, "bytes")},
      {"cluster.credit_bytes", "",
       "Bytes under way to one node at which its sender waits; at least cluster.frame_bytes_max.",
       whole_number<&O::cluster, &C::credit_bytes>(4096, std::uint64_t{64} << 30, "bytes")},
      {"cluster.random_moves", "",
       "For testing a model: number of moves of agents to other nodes, at random; no outcome "
       "changes.",
       whole_number<&O::cluster, &C::random_moves>(0, 1'000'000'000, "moves")},
      {"cluster.random_delay", "",
       "For testing a model: longest random wait of what comes from other nodes; no outcome "
       "changes.",
       duration<&O::cluster, &C::random_delay_s>(0, 60)},
      {"jobs.enabled", "", "This node runs scripts of users whose certificates may command.",
       flag<&O::jobs, &J::enabled>()},
      {"jobs.slots", "",
       "Parts of jobs that run here at a time; 0: as many as there are processors.",
       whole_number<&O::jobs, &J::slots>(0, 1024, "parts")},
      {"jobs.languages", "",
       "Languages beside python and sh, or other commands for these; the script's path follows.",
       language_list<&O::jobs, &J::languages>()},
      {"jobs.folder", "", "Where scripts' folders are made; \"\" is that for temporary files.",
       file_path<&O::jobs, &J::folder>()},
      {"jobs.time_max", "", "The most time that a part gets here, whatever its job wants.",
       duration<&O::jobs, &J::time_max_s>(0.1, 604'800)},
      {"jobs.memory_max_bytes", "",
       "The most memory that each process of a part gets here, whatever its job wants.",
       whole_number<&O::jobs, &J::memory_max_bytes>(16 << 20, std::uint64_t{1} << 40, "bytes")},
      {"agents.replicas", "", "Number of nodes that have the state of each replicated agent.",
       whole_number<&O::agents, &A::replicas>(1, 16, "nodes")},
      {"agents.groups_max", "", "Number of groups that agents are divided among.",
       whole_number<&O::agents, &A::groups_max>(1, 10'000, "groups")},
      {"agents.per_group_max", "", "Agents of a group; one with more of them is split.",
       whole_number<&O::agents, &A::per_group_max>(1, giga, "agents")},
      {"agents.tick", "", "Time between two ticks of agents, by which they time out or go.",
       duration<&O::agents, &A::tick_s>(0.1, 86400)},
      {"agents.token_every", "",
       "Each agent's rate limit: this node gets one token each such time; 0 is no limit.",
       duration<&O::agents, &A::token_every_s>(0, 3600)},
      {"agents.tokens_max", "", "Most tokens for one agent; a query takes 1, a command 3.",
       whole_number<&O::agents, &A::tokens_max>(3, 1'000'000, "tokens")},
      {"agents.zone", "", "Where this node stands; replicas are put into different zones.",
       name_or_none<&O::agents, &A::zone>()},
      {"agents.folder", "",
       "Folder in which this node keeps its replicas, in one of its own name; \"\" is in memory.",
       file_path<&O::agents, &A::folder>()},
      {"agents.absence", "",
       "A node that is away for so long is not waited for: others get its replicas.",
       duration<&O::agents, &A::absence_s>(1, 31'536'000)},
      {"agents.check_twice", "",
       "For debugging agents: do each command twice, and report what is not the same.",
       flag<&O::agents, &A::check_twice>()},
      {"monitoring.address", "--monitoring",
       "Where Prometheus finds the metrics; port 0 is any. `stos run`: node k has port + k - 1.",
       address_or_none<&O::monitoring, &M::address>()},
      {"monitoring.threads", "", "Threads that answer scrapers, one each at a time.",
       whole_number<&O::monitoring, &M::threads>(1, 64, "threads")},
      {"monitoring.user", "", "Who may scrape, with the password of monitoring.password_file.",
       name_or_none<&O::monitoring, &M::user>()},
      {"monitoring.password_file", "", "File whose first line is the password of monitoring.user.",
       file_path<&O::monitoring, &M::password_file>()},
      {"monitoring.certificate", "",
       "Scrapers come over TLS: file with a certificate and its private key (PEM).",
       file_path<&O::monitoring, &M::certificate>()},
      {"monitoring.progress_timeout", "",
       "A node whose simulated time stands still for so long raises an alert.",
       duration<&O::monitoring, &M::progress_timeout_s>(0.1, 31'536'000)},
      {"monitoring.memory_limit_bytes", "",
       "Memory that this process should stay below; 90 % of it raise an alert. 0 is no limit.",
       whole_number<&O::monitoring, &M::memory_limit_bytes>(0, std::uint64_t{1} << 50, "bytes")},
  };
}

const Setting* find_setting(std::span<const Setting> settings, std::string_view path) {
  const auto found = std::ranges::find_if(
      settings, [path](const Setting& setting) { return setting.key->path == path; });
  return found == settings.end() ? nullptr : &*found;
}

/// Keeps `serial` and `workers` from contradicting each other; see apply_settings().
Result<void> reconcile_engine(RunOptions& options, std::span<const Setting> settings) {
  if (!options.serial || !options.workers || *options.serial == (*options.workers == 0))
    return {};
  const Setting* const serial = find_setting(settings, "engine.serial");
  const Setting* const workers = find_setting(settings, "engine.workers");
  if (serial != nullptr && workers != nullptr)
    return bad_value(workers->where + ": " + quote(workers->value.text) + " contradicts " +
                     serial->where + " = " + (*options.serial ? "true" : "false") +
                     "; leave one of them out");
  if (serial != nullptr)
    options.workers.reset();
  else if (workers != nullptr)
    options.serial.reset();
  return {};
}

} // namespace

std::span<const ConfigKey> config_keys() {
  static const std::vector<ConfigKey> table = build_keys();
  return table;
}

std::string environment_name(const ConfigKey& key) {
  std::string name = "STOS_" + key.path;
  std::ranges::transform(name, name.begin(), [](char c) {
    return c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name;
}

Result<RunOptions> apply_settings(RunOptions options, std::span<const Setting> settings) {
  for (const Setting& setting : settings) {
    if (Result<void> done = setting.key->type.set(options, setting.value); !done)
      return Error{done.error().code, setting.where + ": " + done.error().context};
  }
  if (Result<void> done = reconcile_engine(options, settings); !done)
    return done.error();
  return options;
}

} // namespace stos::detail
