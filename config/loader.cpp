#include "config/loader.hpp"

#include "config/keys.hpp"
#include "config/spelling.hpp"
#include "config/yaml_text.hpp"

#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace stos {
namespace {

using namespace detail;

Error bad_config(std::string text) { return {Errc::bad_config, std::move(text)}; }

/// Turns the nodes of one YAML document into settings.
class SettingsReader {
public:
  explicit SettingsReader(std::string file) : file_(std::move(file)) {}

  /// Reads the keys of `map`, which stands below the key `parent` ("" for the document itself).
  Result<void> read(const YAML::Node& map, const std::string& parent) {
    if (map.IsNull())
      return {};
    if (Result<void> done = check_tag(map, parent); !done)
      return done;
    if (!map.IsMap())
      return fail(map, (parent.empty() ? "the document" : parent) +
                           ": wanted keys with values; known: " + children_list(parent));
    std::map<std::string, int> line_of;
    for (const auto& entry : map) {
      if (!entry.first.IsScalar())
        return fail(entry.first, "a key must be a word; known: " + children_list(parent));
      const std::string& name = entry.first.Scalar();
      const auto [first, is_new] = line_of.emplace(name, line(entry.first));
      if (!is_new)
        return fail(entry.first, join(parent, name) + ": given twice, first on line " +
                                     std::to_string(first->second));
      if (Result<void> done = read_entry(entry.first, entry.second, parent); !done)
        return done;
    }
    return {};
  }

  std::span<const Setting> settings() const { return settings_; }

private:
  Result<void> read_entry(const YAML::Node& name, const YAML::Node& value,
                          const std::string& parent) {
    const std::string path = join(parent, name.Scalar());
    for (const ConfigKey& key : config_keys()) {
      if (key.path == path)
        return name.Scalar() == last_part(path) ? read_value(key, name, value)
                                                : fail(name, dotted_name_text(path));
      if (key.path.starts_with(path + "."))
        return read(value, path);
    }
    return fail(name,
                "unknown key " + quote(path) + spelling_hint(path, suggestions(path, parent)));
  }

  Result<void> read_value(const ConfigKey& key, const YAML::Node& name, const YAML::Node& value) {
    const bool is_list = value.IsSequence() && key.type.takes_list;
    if (!value.IsNull() && !value.IsScalar() && !is_list)
      return fail(name, key.path + ": wanted one value, got a " +
                            (value.IsMap() ? "group of keys" : "list") +
                            "; allowed: " + key.type.allowed);
    if (Result<void> done = check_tag(value, key.path); !done)
      return done;
    RawValue raw;
    raw.text = value.IsScalar() ? value.Scalar() : "";
    raw.in_quotes = value.Tag() == "!";
    raw.is_null = value.IsNull();
    if (is_list) {
      auto texts = read_list(key, value);
      if (!texts)
        return texts.error();
      raw.list = *std::move(texts);
    }
    settings_.push_back({&key, raw, at(name) + key.path});
    return {};
  }

  Result<std::vector<std::string>> read_list(const ConfigKey& key, const YAML::Node& list) const {
    std::vector<std::string> texts;
    for (const YAML::Node& item : list) {
      if (!item.IsScalar())
        return fail(item, key.path + ": wanted one value in each place of the list, got " +
                              (item.IsNull()  ? "nothing"
                               : item.IsMap() ? "a group of keys"
                                              : "a list") +
                              "; allowed: " + key.type.allowed);
      if (Result<void> done = check_tag(item, key.path); !done)
        return done.error();
      texts.push_back(item.Scalar());
    }
    return texts;
  }

  /// Types come from the key alone: a tag such as `!!str` could only repeat or contradict it.
  Result<void> check_tag(const YAML::Node& node, const std::string& path) const {
    const std::string& tag = node.Tag();
    if (tag.empty() || tag == "?" || tag == "!")
      return {};
    return fail(node, path + ": YAML tags are not allowed, got " + quote(tag));
  }

  /// Names that may stand directly below `parent`.
  static std::vector<std::string> children(const std::string& parent) {
    std::vector<std::string> names;
    for (const ConfigKey& key : config_keys()) {
      const std::string prefix = parent.empty() ? "" : parent + ".";
      if (!key.path.starts_with(prefix))
        continue;
      std::string name = key.path.substr(prefix.size());
      name.resize(std::min(name.size(), name.find('.')));
      if (std::ranges::find(names, name) == names.end())
        names.push_back(std::move(name));
    }
    return names;
  }

  static std::string children_list(const std::string& parent) {
    std::string list;
    for (const std::string& name : children(parent))
      list += (list.empty() ? "" : ", ") + name;
    return list;
  }

  /// What the writer of the unknown `path` below `parent` may have meant: any key or, if none is
  /// near, the names that are known at this place.
  static std::vector<std::string> suggestions(const std::string& path, const std::string& parent) {
    std::vector<std::string> all = children("");
    for (const ConfigKey& key : config_keys())
      all.push_back(key.path);
    return nearest_name(path, all).empty() ? children(parent) : all;
  }

  static std::string join(const std::string& parent, const std::string& name) {
    return parent.empty() ? name : parent + "." + name;
  }

  static std::string last_part(const std::string& path) { return path.substr(path.rfind('.') + 1); }

  static std::string dotted_name_text(const std::string& path) {
    const auto dot = path.rfind('.');
    return quote(path) + " must be written as `" + path.substr(dot + 1) + "` below `" +
           path.substr(0, dot) + "`";
  }

  static int line(const YAML::Node& node) { return node.Mark().line + 1; }
  std::string at(const YAML::Node& node) const {
    return file_ + ":" + std::to_string(line(node)) + ": ";
  }
  Error fail(const YAML::Node& node, const std::string& text) const {
    return bad_config(at(node) + text);
  }

  std::string file_;
  std::vector<Setting> settings_;
};

constexpr const char* what = "configuration";

Result<RunOptions> load_text(const std::string& name, const std::string& text, RunOptions base) {
  if (Result<void> done = check_yaml_text(name, text, what); !done)
    return done.error();
  try {
    SettingsReader reader(name);
    if (Result<void> done = reader.read(YAML::Load(text), ""); !done)
      return done.error();
    return apply_settings(std::move(base), reader.settings());
  } catch (const YAML::Exception& problem) {
    return invalid_yaml(name, problem);
  }
}

/// Variables with our prefix that are no keys; the header says whose they are.
constexpr std::string_view other_variables[] = {
    config_file_variable, launcher_variable, "STOS_CACHE",     "STOS_JOBS",
    "STOS_CHECK_BASE",    "STOS_BUILD_DIR",  "STOS_SOURCE_DIR"};
constexpr std::string_view variable_prefix = "STOS_";

Error unknown_variable(const std::string& name) {
  std::string meant = name.substr(variable_prefix.size());
  std::ranges::transform(meant, meant.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  std::vector<std::string> paths;
  for (const ConfigKey& key : config_keys())
    paths.push_back(key.path);
  const std::string path = nearest_name(meant, paths);
  const auto key = std::ranges::find(config_keys(), path, &ConfigKey::path);
  return bad_config("environment: unknown variable " + quote(name) + "; " +
                    (key != config_keys().end()
                         ? "did you mean " + quote(environment_name(*key)) + "?"
                         : "known: STOS_ and the path of a key, as in STOS_ENGINE_WORKERS"));
}

} // namespace

Result<RunOptions> load_yaml(const std::filesystem::path& path, RunOptions base) {
  const Result<std::string> text = read_yaml_file(path, what);
  if (!text)
    return text.error();
  return load_text(path.string(), *text, std::move(base));
}

Environment process_environment() {
  Environment variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (text.starts_with(variable_prefix) && equals != std::string_view::npos)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

Result<RunOptions> load_environment(const Environment& environment, RunOptions base) {
  std::vector<Setting> settings;
  for (const auto& [name, text] : environment) {
    if (!name.starts_with(variable_prefix) || std::ranges::count(other_variables, name) != 0)
      continue;
    const auto key = std::ranges::find(config_keys(), name, environment_name);
    if (key == config_keys().end())
      return unknown_variable(name);
    settings.push_back({&*key, RawValue{.text = text}, "environment: " + name});
  }
  return apply_settings(std::move(base), settings);
}

namespace {

Result<void> check_keys(const ClusterOptions& cluster) {
  const TlsOptions& tls = cluster.tls;
  if (tls.has_files() && (tls.ca.empty() || tls.certificate.empty() || tls.key.empty()))
    return bad_config(std::string("cluster.tls: ") +
                      (tls.ca.empty()            ? "ca"
                       : tls.certificate.empty() ? "certificate"
                                                 : "key") +
                      " is missing; allowed: ca, certificate and key together, or none of them");
  if (tls.own && tls.has_files())
    return bad_config("cluster.tls.own: true takes other keys than the files of cluster.tls; "
                      "allowed: one of both");
  if (cluster.insecure && (tls.own || tls.has_files()))
    return bad_config("cluster.insecure: true does without the keys of cluster.tls; allowed: one "
                      "of both");
  return {};
}

} // namespace

Result<void> check_options(const RunOptions& options) {
  const ClusterOptions& cluster = options.cluster;
  if (Result<void> keys = check_keys(cluster); !keys)
    return keys;
  if (options.distributed && (options.serial.value_or(false) || options.workers == 0u))
    return bad_config("distributed: true needs at least one worker on each node, got engine." +
                      std::string(options.workers == 0u ? "workers: 0" : "serial: true") +
                      "; allowed: engine.workers from 1 to 1024, or distributed: false");
  if (cluster.silence_timeout_s <= cluster.heartbeat_s)
    return bad_config("cluster.silence_timeout: " + exact_text(cluster.silence_timeout_s) +
                      " s would lose a node between two heartbeats; allowed: more than " +
                      "cluster.heartbeat, " + exact_text(cluster.heartbeat_s) + " s");
  if (cluster.credit_bytes < cluster.frame_bytes_max)
    return bad_config("cluster.credit_bytes: " + exact_text(cluster.credit_bytes) +
                      " would hold back a full frame for ever; allowed: cluster.frame_bytes_max, " +
                      exact_text(cluster.frame_bytes_max) + ", or more");
  if (cluster.nodes && *cluster.nodes < cluster.peers.size())
    return bad_config("cluster.nodes: " + exact_text(*cluster.nodes) + " is less than the " +
                      exact_text(cluster.peers.size()) + " addresses of cluster.peers");
  const MonitoringOptions& monitoring = options.monitoring;
  if (monitoring.user.empty() != monitoring.password_file.empty())
    return bad_config(std::string("monitoring: ") +
                      (monitoring.user.empty() ? "user" : "password_file") +
                      " is missing; allowed: user and password_file together, or none of them");
  if (options.distributed && cluster.address.port != 0 &&
      options.monitoring.address == cluster.address)
    return bad_config("monitoring.address: " + to_string(cluster.address) +
                      " is cluster.address, too; allowed: another port, or \"\" for none");
  return {};
}

} // namespace stos
