#pragma once

#include <span>
#include <string>
#include <string_view>

namespace stos::detail {

/// The name in `known` that a user who wrote `given` most likely meant, or "" when none is close.
///
/// Names are words joined by '.' (keys), '_' (variables) or '-' (options). A slip of the pen in the
/// whole name counts, and so does a name whose last part is right but stands in the wrong place:
/// "workers" and "simulation.workers" both mean "engine.workers"; or whose last words are missing.
/// The earlier name wins a tie.
[[nodiscard]] std::string nearest_name(std::string_view given, std::span<const std::string> known);

/// `; did you mean "x"?` with the nearest name, or `; known: a, b, c` when none is close.
[[nodiscard]] std::string spelling_hint(std::string_view given, std::span<const std::string> known);

/// `text` in double quotes as an error message shows it: control characters as \xNN, and no more
/// than the first 60 bytes.
[[nodiscard]] std::string quote(std::string_view text);

} // namespace stos::detail
