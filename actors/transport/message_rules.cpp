#include "actors/transport/message_rules.hpp"

#include "actors/messages/caf_types.hpp"
#include "actors/messages/cluster_messages.hpp"
#include "actors/messages/coordination_messages.hpp"
#include "actors/messages/service_messages.hpp"
#include "actors/transport/caf_version.hpp"

#include <caf/actor.hpp>
#include <caf/config_value.hpp>
#include <caf/error.hpp>
#include <caf/io/middleman.hpp>
#include <caf/message.hpp>
#include <caf/system_messages.hpp>

#include <algorithm>
#include <vector>

namespace stos::detail {
namespace {

using Table = std::vector<std::optional<MessageRule>>; // by type

template <class... Messages>
void put(Table& table, const MessageRule& rule) {
  constexpr std::size_t size = std::max({std::size_t{caf::type_id_v<Messages>}...}) + 1;
  table.resize(std::max(table.size(), size));
  ((table[caf::type_id_v<Messages>] = rule), ...);
}

template <class... Messages>
void put(Table& table, const MessageRule& rule, caf_version::Types<Messages...> /*unused*/) {
  put<Messages...>(table, rule);
}

constexpr MessageRule from(PeerKind kind) { return {kind, true, false, false}; }
constexpr MessageRule from_nobody{};
constexpr MessageRule for_anybody{PeerKind::process, false, false, false};
constexpr MessageRule short_for_anybody{PeerKind::process, false, true, false};
constexpr MessageRule of_speaker{PeerKind::process, false, true, true};

Table make_table() {
  Table table;
  // From tools to a node.
  put<StatusQuestion>(table, from(PeerKind::look));
  put<JobQuestion, CoordinationQuestion>(table, from(PeerKind::look));
  put<RunCommand, JobCommand, CoordinationCommand>(table, from(PeerKind::command));
  put<FindAgent>(table, from(PeerKind::process));
  // From node to node, and their answers to the above.
  put<HelloMessage, WelcomeMessage, ViewMessage, RefusalMessage, HeartbeatMessage, ControlMessage,
      NewsMessage, NewsWish, GoodbyeMessage, RunAnnouncement, RunCall, RunDeparture, StatusAnswer,
      RunAnswer, JobWords, JobAnswer, CoordinationWords, CoordinationAnswer>(table,
                                                                             from(PeerKind::node));
  // From run to run.
  put<FrameMessage, FarewellMessage, FarewellReceipt, CutMessage, CopyMessage, PieceReceipt,
      KeptMessage, WeightsMessage, AbortMessage, AgentMail, AgentEndedMessage, SearchMessage,
      SearchAnswer>(table, from(PeerKind::node));
  // From host to host of replicated agents.
  put<HostAnnouncement, HostMessage>(table, from(PeerKind::node));
  // Within a process only.
  put<BeginMessage, LookMessage, AnswerMessage, TickMessage, OrdersMessage, DueMessage,
      WanderMessage, WeighMessage, AdvisedMessage, EndMessage, TellMessage, ReachedMessage,
      UnreachableMessage, Bytes, AgentMail::Kind, MailContent, HostCall, HostAnswer, HostWatch,
      HostWatchEnd>(table, from_nobody);
  // What CAF's actors obey from any sender, and what its system does with groups.
  put<caf::exit_msg, caf::link_atom, caf::unlink_atom>(table, of_speaker);
  put<caf::down_msg, caf::node_down_msg, caf::monitor_atom, caf::demonitor_atom, caf::sys_atom,
      caf::spawn_atom, caf::registry_lookup_atom, caf::timeout_atom, caf::tick_atom>(table,
                                                                                     from_nobody);
  put(table, from_nobody, caf_version::InternalMessages());
  put<caf::message, caf::config_value, caf::dictionary<caf::config_value>,
      std::vector<caf::config_value>, std::vector<std::pair<std::string, caf::message>>,
      caf::error>(table, short_for_anybody);
  // CAF keeps something for each actor of another process that it hears of.
  put<std::vector<caf::actor>, std::vector<caf::actor_addr>, std::vector<caf::strong_actor_ptr>,
      std::vector<caf::weak_actor_ptr>>(table, short_for_anybody);
  return table;
}

} // namespace

MessageRule rule_for(caf::type_id_t type) {
  static const Table table = make_table();
  if (type < table.size() && table[type])
    return *table[type];
  const bool is_of_middleman =
      type >= caf::id_block::io_module::begin && type < caf::id_block::io_module::end;
  return is_of_middleman ? from_nobody : for_anybody;
}

bool is_mail_content(std::span<const std::byte> bytes) {
  const std::size_t values = bytes.empty() ? 0 : static_cast<std::size_t>(bytes[0]);
  constexpr std::size_t type_bytes = 2;
  if (bytes.empty() || values > message_values_max || bytes.size() < 1 + values * type_bytes)
    return false;
  for (std::size_t i = 0; i < values; ++i) {
    const auto high = static_cast<unsigned>(bytes[1 + i * type_bytes]);
    const auto low = static_cast<unsigned>(bytes[2 + i * type_bytes]);
    const MessageRule rule = rule_for(static_cast<caf::type_id_t>(high << 8 | low));
    if (rule.sender != PeerKind::process || rule.wants_sender ||
        (rule.nests && bytes.size() > nesting_bytes_max))
      return false;
  }
  return true;
}

} // namespace stos::detail
