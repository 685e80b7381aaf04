#include "libstos/raft/options.hpp"

#include <string>

namespace stos::raft {
namespace {

Error wrong(const char* name, std::uint64_t seen, const std::string& wanted) {
  return {Errc::bad_argument,
          std::string(name) + " is " + std::to_string(seen) + ", wanted " + wanted};
}

} // namespace

std::optional<ElectionKind> election_kind_from(std::string_view name) {
  if (name == "raft")
    return ElectionKind::raft;
  if (name == "bully")
    return ElectionKind::bully;
  return std::nullopt;
}

Result<void> check(const Options& options) {
  if (!options.self)
    return wrong("self", 0, "a node's id, from 1 on");
  if (options.heartbeat_ticks == 0)
    return wrong("heartbeat_ticks", 0, "at least 1");
  if (options.election_ticks < 2 * options.heartbeat_ticks)
    return wrong("election_ticks", options.election_ticks,
                 "at least two heartbeats, " + std::to_string(2 * options.heartbeat_ticks));
  if (options.lease_ticks + 2 > options.election_ticks)
    return wrong("lease_ticks", options.lease_ticks,
                 "at most election_ticks - 2, " + std::to_string(options.election_ticks - 2));
  const Limits& limits = options.limits;
  if (limits.append_entries_max == 0 || limits.appends_in_flight_max == 0 ||
      limits.snapshot_piece_bytes == 0 || limits.snapshot_pieces_in_flight == 0)
    return Error{Errc::bad_argument, "limits of messages and what is in flight must be at least 1"};
  return {};
}

} // namespace stos::raft
