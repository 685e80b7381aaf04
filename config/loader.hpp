#pragma once

#include "libstos/base/result.hpp"
#include "libstos/options/run_options.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace stos {

/// Reads the YAML file at `path` and returns `base` with the keys changed that the file names.
///
/// The keys, their units and ranges are those of config/stos.yaml. The reader is strict: an unknown
/// or repeated key, a wrong type or unit, a value out of range, a YAML tag, a second document, text
/// that is not UTF-8 and a file above 1 MiB are errors. A file without keys changes nothing.
/// Anchors and aliases work; merge keys (`<<`) do not. Relative paths in the file are relative to
/// the working directory of the process.
///
/// What only several keys together can tell is left to check_options(), because a later source may
/// still change one of them.
///
/// Fails with Errc::io_error (the file cannot be read) or Errc::bad_config. The text reads
/// `file:line: key: what was seen; allowed: ...` and tells about the first problem only.
[[nodiscard]] Result<RunOptions> load_yaml(const std::filesystem::path& path, RunOptions base);

/// Environment variables by name.
using Environment = std::map<std::string, std::string>;

/// The variables of this process whose name begins with `STOS_`. Call it before starting threads
/// that change the environment.
[[nodiscard]] Environment process_environment();

/// The variable that names the configuration file when the command line does not.
inline constexpr const char* config_file_variable = "STOS_CONFIG";

/// The variable by which `stos run` tells the processes that it starts where it hears of them.
inline constexpr const char* launcher_variable = "STOS_LAUNCHER";

/// Returns `base` with the keys changed that the variables in `environment` name.
///
/// A variable is `STOS_` and the path of the key in upper case, with `_` for the dot:
/// `STOS_ENGINE_WORKERS=4`. Any other `STOS_` variable is an error, so that a slip of the pen
/// cannot go unnoticed, except the ones that are no keys: STOS_CONFIG (see CommandLine),
/// STOS_LAUNCHER (of `stos run`), and STOS_CACHE, STOS_JOBS, STOS_CHECK_BASE, STOS_BUILD_DIR and
/// STOS_SOURCE_DIR, which belong to the build scripts. Variables without the prefix are ignored. Fails as load_yaml() does, with
/// `environment: NAME: ...`.
[[nodiscard]] Result<RunOptions> load_environment(const Environment& environment, RunOptions base);

/// Whether the values of all keys go together. Call it after the last source; CommandLine does.
///
/// A cluster node has at least one worker, `cluster.silence_timeout` is more than
/// `cluster.heartbeat`, `cluster.credit_bytes` is no less than `cluster.frame_bytes_max`, and
/// `cluster.nodes` no less than there are peers. A node's metrics have another address than the
/// node. Fails with Errc::bad_config.
[[nodiscard]] Result<void> check_options(const RunOptions& options);

} // namespace stos
