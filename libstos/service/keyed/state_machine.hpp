#pragma once

#include "libstos/base/result.hpp"
#include "libstos/raft/ids.hpp"
#include "libstos/service/keyed/agent_type.hpp"
#include "libstos/service/keyed/answer.hpp"
#include "libstos/service/keyed/id.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stos::keyed {

/// Where an item stands in the log of its group.
struct Place {
  raft::LogIndex index;
  std::uint32_t item = 0; ///< in that entry
};

/// What a group replicates. An entry of its log is a time and some *items*, each an order to this
/// machine; all replicas apply the same items in the same order and get the same state and answers.
///
/// Threads: none inside. One thread at a time.
class StateMachine {
public:
  virtual ~StateMachine() = default;

  /// `effects` is null on all replicas but the leader's.
  [[nodiscard]] virtual Answer apply(std::span<const std::byte> item, Place place, Time now,
                                     std::vector<Effect>* effects) = 0;

  /// `effects` is null where a replica answers from what it has: then the query leaves no trace.
  [[nodiscard]] virtual Answer query(std::span<const std::byte> query,
                                     std::vector<Effect>* effects) = 0;

  /// The whole state: equal states give equal bytes.
  [[nodiscard]] virtual std::vector<std::byte> snapshot() const = 0;

  /// Takes the place of the state. Fails with bad_message if the bytes are none; no bytes are the
  /// state of a new group.
  [[nodiscard]] virtual Result<void> restore(std::span<const std::byte> bytes) = 0;
};

} // namespace stos::keyed
