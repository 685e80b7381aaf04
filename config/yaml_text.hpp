#pragma once

#include "libstos/base/result.hpp"

#include <filesystem>
#include <string>

namespace YAML {
class Exception;
}

namespace stos::detail {

// What all YAML files that we read have in common. `what` is what the file is for, as error texts
// say it: "configuration".

/// The text of the file. Fails with Errc::io_error if it cannot be read, and Errc::bad_config if it
/// is larger than 1 MiB.
[[nodiscard]] Result<std::string> read_yaml_file(const std::filesystem::path& path,
                                                 const std::string& what);

/// Whether `text`, of the file `name`, is UTF-8 without control characters, and one document at
/// most. Fails with Errc::bad_config and `name:line: what was seen`.
[[nodiscard]] Result<void> check_yaml_text(const std::string& name, const std::string& text,
                                           const std::string& what);

/// What the YAML library does not understand, as an error text of ours.
[[nodiscard]] Error invalid_yaml(const std::string& name, const YAML::Exception& problem);

} // namespace stos::detail
