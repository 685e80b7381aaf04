#pragma once

#include "libstos/base/result.hpp"
#include "libstos/options/cluster_options.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stos::program {

/// `count` different addresses on `host` (a name or an address of this machine, IPv6 without
/// brackets) that no process listens on at the moment: free ports, or those from `base_port` on.
/// Nothing keeps them free: another process may take one before a node does.
/// Fails with Errc::io_error and the address that cannot be listened on.
[[nodiscard]] Result<std::vector<NodeAddress>>
free_addresses(const std::string& host, std::uint32_t count,
               std::optional<std::uint16_t> base_port);

/// Whether a line of a node's standard error says that `address`, its own, is in use.
[[nodiscard]] bool says_in_use(std::string_view line, const std::string& address);

} // namespace stos::program
