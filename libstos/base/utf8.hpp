#pragma once

#include <cstddef>
#include <string_view>

namespace stos::detail {

/// Length of the well-formed UTF-8 sequence that `text`, which is not empty, begins with (RFC 3629,
/// section 4), or 0.
[[nodiscard]] std::size_t utf8_sequence_bytes(std::string_view text);

} // namespace stos::detail
