#pragma once

#include "libstos/service/keyed/state_machine.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stos::keyed {

struct QuotaUsage {
  std::uint64_t agents = 0; ///< in the reports that are valid
  std::uint64_t limit = 0;

  friend bool operator==(const QuotaUsage&, const QuotaUsage&) = default;
};

/// How many agents there may be of each quota, and how many there are: a state machine with a group
/// of its own.
///
/// A quota is asked only when a command would activate an agent; what is active is never stopped by
/// it, and can move: the limit is a soft one. What is counted is what the leaders of groups report,
/// and what was allowed to them since. A report takes the place of the last one of its group,
/// unless it is of an older leader: so an agent whose group has changed its leader, or has two
/// nodes that believe that they lead, counts once. Reports are valid for 15 minutes, those of lost
/// groups expire, whether others come or not.
///
/// When a quota is deleted its agents go: leaders that report agents of it are told so.
///
/// Time:    the agreed one; a query is asked with the time of who asks it.
/// Limits:  `quotas_max` quotas.
/// Threads: none inside.
class Quotas final : public StateMachine {
public:
  static constexpr std::uint64_t report_life_ms = 15 * 60'000;
  static constexpr std::size_t quotas_max = 100'000;

  /// What a leader reports: its term, and how many agents of each quota its group has.
  struct GroupCounts {
    raft::GroupId group;
    raft::Term term;
    std::map<std::string, std::uint64_t> agents;
  };

  // ---- items, as bytes
  // ------------------------------------------------------------------------------

  [[nodiscard]] static std::vector<std::byte> put_item(std::string_view quota, std::uint64_t limit);
  [[nodiscard]] static std::vector<std::byte> delete_item(std::string_view quota);
  /// Its answer names the quotas that are not there: see names_of().
  [[nodiscard]] static std::vector<std::byte> report_item(const std::vector<GroupCounts>& counts);
  /// Asks for leave to activate an agent: done, quota_not_found or quota_limit_reached.
  [[nodiscard]] static std::vector<std::byte> activate_item(std::string_view quota,
                                                            raft::GroupId group);

  // ---- queries, as bytes
  // ----------------------------------------------------------------------------

  [[nodiscard]] static std::vector<std::byte> usage_query(std::string_view quota, Time now);
  [[nodiscard]] static std::vector<std::byte> list_query();

  // ---- what an answer that is done says
  // -------------------------------------------------------------

  [[nodiscard]] static std::optional<QuotaUsage> usage_of(const Answer& answer);
  [[nodiscard]] static std::vector<std::string> names_of(const Answer& answer);

  // ---- a state machine
  // ------------------------------------------------------------------------------

  [[nodiscard]] Answer apply(std::span<const std::byte> item, Place place, Time now,
                             std::vector<Effect>* effects) override;
  [[nodiscard]] Answer query(std::span<const std::byte> query,
                             std::vector<Effect>* effects) override;
  [[nodiscard]] std::vector<std::byte> snapshot() const override;
  [[nodiscard]] Result<void> restore(std::span<const std::byte> bytes) override;

  [[nodiscard]] std::uint64_t agents_of(const std::string& quota, Time now) const;
  /// The `count` quotas of which the largest part is used, in the order of their names. O(quotas
  /// and reports).
  [[nodiscard]] std::vector<std::pair<std::string, QuotaUsage>> fullest(std::size_t count,
                                                                        Time now) const;

private:
  struct Report {
    raft::Term term;
    Time at;
    std::map<std::string, std::uint64_t> agents;
    std::map<std::string, std::uint64_t> allowed; ///< since then
  };

  [[nodiscard]] Answer apply_report(BytesReader& in);
  [[nodiscard]] Answer apply_activate(BytesReader& in);

  Time now_;
  std::map<std::string, std::uint64_t> limits_;
  std::map<raft::GroupId, Report> reports_;
};

} // namespace stos::keyed
