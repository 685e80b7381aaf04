#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"
#include "libstos/options/cluster_options.hpp"
#include "libstos/raft/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace stos::detail {

/// Who belongs to the cluster, until the next view.
///
/// Views are numbered by their *epoch*, 1, 2, ..., and all nodes see the same ones in the same
/// order, since they are entries of a log that a majority agrees on (ControlGroup). A run belongs
/// to one view. When the next one comes, it ends on all members, and they begin it again together
/// from its last complete cut; what was said in an earlier epoch has no effect any more.
///
/// Order:   members by their names: the first one is node 0, and so on.
/// Threads: none inside.
struct View {
  struct Member {
    raft::NodeId id; ///< another one for each process that ever belonged to the cluster
    std::string name;
    NodeAddress address;
    std::uint64_t life = 0; ///< of the process, see NodeHello

    friend bool operator==(const Member&, const Member&) = default;
  };

  static constexpr std::size_t members_max = 1024;

  std::uint64_t epoch = 1;
  std::vector<Member> members;
  std::uint64_t last_id = 0; ///< the highest that any member ever had
  std::string why;           ///< it differs from the one before, for people

  // Nodes that have come, left as they were asked to, and were lost, since the cluster began.
  std::uint64_t joined = 0;
  std::uint64_t left = 0;
  std::uint64_t lost = 0;

  [[nodiscard]] std::optional<std::size_t> index_of(raft::NodeId node) const;
  [[nodiscard]] std::vector<raft::NodeId> ids() const;

  /// For people: "view 2 of a, b".
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const View&, const View&) = default;
};

[[nodiscard]] std::vector<std::byte> encode(const View& view);

/// Reads any bytes. Fails with bad_message if they are no view.
[[nodiscard]] Result<View> decode_view(std::span<const std::byte> bytes);

} // namespace stos::detail
