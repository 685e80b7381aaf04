#pragma once

#include "actors/messages/bytes_message.hpp"
#include "libstos/base/result.hpp"
#include "libstos/service/keyed/id.hpp"
#include "libstos/service/keyed/quotas.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

/// What `stos groups` shows of a group of replicated agents.
struct GroupView {
  std::uint64_t id = 0;
  std::string kind;                    ///< "table", "quotas" or "agents"
  std::optional<keyed::Range> range;   ///< of agents
  std::optional<std::uint64_t> agents; ///< nothing if its leader does not say in time
  std::string leader;                  ///< as far as the node that tells it knows
  std::vector<std::string> replicas;   ///< names of nodes
  bool moves = false;                  ///< replicas or agents are on their way
};
[[nodiscard]] Bytes encode(const std::vector<GroupView>& groups);
[[nodiscard]] Result<std::vector<GroupView>> decode_groups(const Bytes& bytes);

/// What "agents.list" wants, and what "agents.show" wants the state of.
struct AgentListOrder {
  std::string quota;
  std::string type;      ///< empty: any
  std::string from_type; ///< those behind this type and key
  std::string from_key;
  std::uint64_t count = 0;
};
[[nodiscard]] Bytes encode(const AgentListOrder& order);
[[nodiscard]] Result<AgentListOrder> decode_list_order(const Bytes& bytes);
[[nodiscard]] Bytes encode(const keyed::Id& id);
[[nodiscard]] Result<keyed::Id> decode_id(const Bytes& bytes);
[[nodiscard]] Bytes encode(const std::vector<keyed::Id>& ids);
[[nodiscard]] Result<std::vector<keyed::Id>> decode_ids(const Bytes& bytes);

/// What "agents.call" wants of an agent: a command or query that people have written.
struct AgentCallOrder {
  keyed::Id id;
  bool is_command = false;
  bool is_stale = false; ///< a query of any replica
  std::string name;      ///< of the class of the command or query
  std::string json;      ///< its fields
  std::uint64_t patience_ms = 0;
};
[[nodiscard]] Bytes encode(const AgentCallOrder& order);
[[nodiscard]] Result<AgentCallOrder> decode_call_order(const Bytes& bytes);

/// What "agents.quota" wants: to put a quota, to delete one, or to know how much of which one is
/// used (of all, if it has no name).
struct QuotaOrder {
  enum class What : std::uint8_t { put, remove, usage };

  What what = What::usage;
  std::string quota;
  std::uint64_t limit = 0;
};
[[nodiscard]] Bytes encode(const QuotaOrder& order);
[[nodiscard]] Result<QuotaOrder> decode_quota_order(const Bytes& bytes);

using QuotaViews = std::vector<std::pair<std::string, keyed::QuotaUsage>>;
[[nodiscard]] Bytes encode(const QuotaViews& quotas);
[[nodiscard]] Result<QuotaViews> decode_quotas(const Bytes& bytes);

} // namespace stos::detail
