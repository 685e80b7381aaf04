#pragma once

#include "actors/messages/job_messages.hpp"
#include "actors/messages/node_messages.hpp"
#include "actors/messages/run_messages.hpp"

#include <caf/type_id.hpp>

#include <cstdint>
#include <string>

namespace stos::detail {

/// Within a process: begin, there is something to do, a user wants to see where things stand, a
/// question can be answered, all is over.
struct BeginMessage {};
template <class Inspector>
bool inspect(Inspector& f, BeginMessage& x) {
  return f.object(x).fields();
}

struct TellMessage {}; ///< in front of words of a run of this process: they are for all others
template <class Inspector>
bool inspect(Inspector& f, TellMessage& x) {
  return f.object(x).fields();
}

struct ReachedMessage { ///< in front of CAF's connection with whoever listens there
  std::string host;
  std::uint16_t port = 0;
};
template <class Inspector>
bool inspect(Inspector& f, ReachedMessage& x) {
  return f.object(x).fields(f.field("host", x.host), f.field("port", x.port));
}

struct UnreachableMessage {
  std::string host;
  std::uint16_t port = 0;
  std::string why; ///< empty: it is this process itself
};
template <class Inspector>
bool inspect(Inspector& f, UnreachableMessage& x) {
  return f.object(x).fields(f.field("host", x.host), f.field("port", x.port),
                            f.field("why", x.why));
}

struct LookMessage {};
template <class Inspector>
bool inspect(Inspector& f, LookMessage& x) {
  return f.object(x).fields();
}

struct AnswerMessage {};
template <class Inspector>
bool inspect(Inspector& f, AnswerMessage& x) {
  return f.object(x).fields();
}

struct TickMessage {};
template <class Inspector>
bool inspect(Inspector& f, TickMessage& x) {
  return f.object(x).fields();
}

struct OrdersMessage {}; ///< see MoveDesk
template <class Inspector>
bool inspect(Inspector& f, OrdersMessage& x) {
  return f.object(x).fields();
}

struct DueMessage { ///< what was kept back the longest, of what that node has sent, is due
  std::uint32_t from = 0;
};
template <class Inspector>
bool inspect(Inspector& f, DueMessage& x) {
  return f.object(x).fields(f.field("from", x.from));
}

struct WanderMessage {}; ///< it is time for agents to move at random
template <class Inspector>
bool inspect(Inspector& f, WanderMessage& x) {
  return f.object(x).fields();
}

struct WeighMessage {}; ///< it is time to weigh agents
template <class Inspector>
bool inspect(Inspector& f, WeighMessage& x) {
  return f.object(x).fields();
}

struct AdvisedMessage {}; ///< the BalanceDesk has an advice
template <class Inspector>
bool inspect(Inspector& f, AdvisedMessage& x) {
  return f.object(x).fields();
}

struct EndMessage {};
template <class Inspector>
bool inspect(Inspector& f, EndMessage& x) {
  return f.object(x).fields();
}

} // namespace stos::detail

CAF_BEGIN_TYPE_ID_BLOCK(stos_cluster, caf::first_custom_type_id + 520)
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::Bytes))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::HelloMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::RefusalMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::HeartbeatMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::GoodbyeMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::RunAnnouncement))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::FrameMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::FarewellMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::CutMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::FarewellReceipt))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::AbortMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::AgentMail))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::AgentMail::Kind))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::AgentEndedMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::SearchMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::SearchAnswer))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::BeginMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::TickMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::OrdersMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::WanderMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::DueMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::EndMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::LookMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::NewsMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::StatusQuestion))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::StatusAnswer))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::RunCommand))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::RunAnswer))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::NewsWish))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::AnswerMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::RunCall))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::RunDeparture))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::ControlMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::CopyMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::KeptMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::WelcomeMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::ViewMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::MailContent))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::TellMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::ReachedMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::UnreachableMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::JobQuestion))
CAF_ADD_TYPE_ID(stos_cluster, (stos::JobCommand))
CAF_ADD_TYPE_ID(stos_cluster, (stos::JobAnswer))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::JobWords))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::WeightsMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::WeighMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::AdvisedMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::PieceReceipt))
CAF_END_TYPE_ID_BLOCK(stos_cluster)
