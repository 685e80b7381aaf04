#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"
#include "libstos/raft/ids.hpp"
#include "libstos/service/keyed/answer.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

namespace stos::keyed {

/// What a caller wants of the leader of a group. Asks and their replies may be lost, doubled, and
/// overtake each other.
struct Ask {
  enum class Kind : std::uint8_t {
    command,  ///< for an agent: a Stamp and a Call
    query,    ///< for an agent: a Call
    stale,    ///< likewise, of any replica, which answers from what it has
    item,     ///< for the group's log; may come to be there twice
    question, ///< for the group's state
    transact, ///< for the owner of a hash: a Stamp and a TransactionOrder
  };

  std::uint64_t number = 0; ///< the caller's
  raft::GroupId group;
  Kind kind = Kind::item;
  std::vector<std::byte> body;
  std::uint64_t caller = 0; ///< so that a late reply does not reach the next life of a node
};

/// "That is the answer to your ask of this number."
struct Reply {
  std::uint64_t number = 0;
  Answer answer;
  std::uint64_t caller = 0;
};

using AskMessage = std::variant<Ask, Reply>;

[[nodiscard]] std::vector<std::byte> encode(const Ask& ask);
[[nodiscard]] std::vector<std::byte> encode(const Reply& reply);

/// Reads any bytes. Fails with bad_message.
[[nodiscard]] Result<AskMessage> decode_ask(std::span<const std::byte> bytes);

} // namespace stos::keyed
