#pragma once

#include "libstos/cluster/view/control_machine.hpp"
#include "libstos/service/coordination/lock_book.hpp"
#include "libstos/service/coordination/request.hpp"
#include "libstos/service/coordination/sessions.hpp"
#include "libstos/service/coordination/versioned_map.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace stos::coordination {

/// What clients of a cluster agree on: their sessions, locks and shared values; a state machine on
/// the control log, the same on all nodes that have applied the same entries.
///
/// Time is a matter of the log: each entry says how late it is by the clock of the node that has
/// proposed it, and the latest time that any has said counts. Leases and the patience of those that
/// wait end by that time and by nothing else, each at its own end, in their order, before what the
/// entry itself wants is done. So it is for all nodes at the same place of the log that they end.
///
/// Entries are any bytes: what is none has no effect. Of requests that come again, Sessions takes
/// care.
///
/// Units:   milliseconds from the beginning of the cluster, of which a time without a leader is no
///          part.
/// Threads: none inside.
class CoordinationTable final : public stos::detail::ControlMachine {
public:
  /// Where an entry comes from: a process of a node, and a number that this one has given it.
  struct Origin {
    std::uint64_t process = 0;
    std::uint64_t number = 0;
  };

  /// `process` is the number of this one, drawn at random: take_results() has what its own entries
  /// have come to.
  explicit CoordinationTable(std::uint64_t process) : process_(process) {}

  // ---- entries

  /// What is wanted, without the time.
  [[nodiscard]] static std::vector<std::byte> wish(const Origin& origin, const Request& request);
  /// An entry of it. The process that leads adds the time.
  [[nodiscard]] static std::vector<std::byte> entry(std::uint64_t now_ms,
                                                    std::span<const std::byte> wish);

  // ---- a machine of the control log

  void apply(std::span<const std::byte> entry) override;
  void enter(const stos::detail::View& /*view*/) override {}
  [[nodiscard]] std::vector<std::byte> snapshot() const override;
  [[nodiscard]] bool restore(std::span<const std::byte> bytes) override;

  // ---- to look at

  /// The answers to entries of this process that were applied one by one, by their numbers, once
  /// each. Those that a snapshot has brought are not among them.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, Answer>> take_results() {
    return std::exchange(results_, {});
  }

  /// What a request that changes nothing sees.
  [[nodiscard]] Answer look(const Request& request) const;
  /// How an acquire goes on that was answered with `waiting`.
  [[nodiscard]] Answer claim(const ClaimId& claim) const;

  [[nodiscard]] std::uint64_t now_ms() const { return now_ms_; }
  /// When something ends, if nothing comes in between.
  [[nodiscard]] std::optional<std::uint64_t> next_end_ms() const;

  [[nodiscard]] const Sessions& sessions() const { return sessions_; }
  [[nodiscard]] const LockBook& locks() const { return locks_; }
  [[nodiscard]] const VersionedMap& map() const { return map_; }
  /// Sessions whose lease has ended without a word of their client.
  [[nodiscard]] std::uint64_t leases_ended() const { return leases_ended_; }
  /// Another one whenever anything may have changed.
  [[nodiscard]] std::uint64_t version() const { return version_; }

private:
  void advance(std::uint64_t now_ms);
  [[nodiscard]] Answer execute(const Request& request);
  [[nodiscard]] Answer acquire(const Request& request);
  [[nodiscard]] Answer release(const Request& request);
  void end(SessionId session);

  std::uint64_t process_;
  std::uint64_t now_ms_ = 0;
  Sessions sessions_;
  LockBook locks_;
  VersionedMap map_;
  std::uint64_t leases_ended_ = 0;
  std::uint64_t version_ = 0;                             // of no interest to others, nor are
  std::vector<std::pair<std::uint64_t, Answer>> results_; // these
};

} // namespace stos::coordination
