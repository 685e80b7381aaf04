#pragma once

#include "libstos/base/result.hpp"
#include "libstos/code/value_tree.hpp"

#include <string_view>

namespace stos::detail {

/// What a JSON text says. Fails with bad_argument, and says where it is none.
///
/// Limits: values within each other, `json_depth_max`.
inline constexpr int json_depth_max = 100;
[[nodiscard]] Result<ValueTree> tree_of_json(std::string_view text);

} // namespace stos::detail
