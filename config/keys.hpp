#pragma once

#include "config/values.hpp"
#include "libstos/base/result.hpp"
#include "libstos/options/run_options.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace stos::detail {

/// What the value of a key may be, and how it gets into RunOptions and out again.
struct ConfigType {
  std::string placeholder; ///< on the command line: "N", "FILE"; empty for a flag
  std::string allowed;     ///< type, unit and range, as error texts and the documentation say it
  std::function<Result<void>(RunOptions&, const RawValue&)> set;
  std::function<std::string(const RunOptions&)> show; ///< as `set` reads it back
  bool takes_list = false;                            ///< may be a YAML list
};

/// One key of the configuration: the single description that the YAML file, the environment, the
/// command line and the documentation share.
struct ConfigKey {
  std::string path;    ///< in the YAML file: "engine.workers"
  std::string option;  ///< on the command line: "--workers"; empty when it has none
  std::string meaning; ///< one sentence
  ConfigType type;
};

/// Every key, in the order of config/stos.yaml. Built once; never changes.
[[nodiscard]] std::span<const ConfigKey> config_keys();

/// The environment variable of a key: STOS_ENGINE_WORKERS for engine.workers.
[[nodiscard]] std::string environment_name(const ConfigKey& key);

/// What one source (a file, the environment, a command line) says about one key.
struct Setting {
  const ConfigKey* key = nullptr;
  RawValue value;
  std::string where; ///< starts an error text: "run.yaml:7: engine.workers", "--workers"
};

/// `options` with all settings of one source applied, in their order. Fails with Errc::bad_config
/// and `where: what was seen; allowed: ...`.
///
/// `engine.serial` and `engine.workers` speak about the same thing. One source that contradicts
/// itself is an error; across sources the later one has the last word, so `--workers 4` ends a
/// `serial: true` of the file.
[[nodiscard]] Result<RunOptions> apply_settings(RunOptions options,
                                                std::span<const Setting> settings);

} // namespace stos::detail
