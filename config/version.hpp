#pragma once

#include <string_view>

namespace stos {

/// Of libstos, as in "0.1.0".
[[nodiscard]] std::string_view library_version();

} // namespace stos
