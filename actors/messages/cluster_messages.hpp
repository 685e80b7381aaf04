#pragma once

#include "actors/transport/caf_version.hpp"
#include "libstos/cluster/membership/membership.hpp"
#include "libstos/cluster/stop/moves.hpp"

#include <caf/actor.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/message.hpp>
#include <caf/type_id.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace stos::detail {

/// Bytes that CAF copies as a block, instead of one by one.
struct Bytes {
  std::vector<std::byte> data;

  friend bool operator==(const Bytes&, const Bytes&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, Bytes& bytes) {
  if constexpr (std::is_same_v<Inspector, caf::binary_serializer>) {
    return f.begin_sequence(bytes.data.size()) &&
           f.value(caf_version::as_span(std::as_const(bytes.data))) && f.end_sequence();
  } else if constexpr (std::is_same_v<Inspector, caf::binary_deserializer>) {
    std::size_t size = 0;
    if (!f.begin_sequence(size) || size > f.remaining())
      return false;
    bytes.data.resize(size);
    return (size == 0 || f.value(caf_version::as_span(bytes.data))) && f.end_sequence();
  } else {
    return f.object(bytes).fields(f.field("data", bytes.data));
  }
}

/// What nodes say to each other outside of any simulation, from node actor to node actor.
struct HelloMessage {
  std::uint32_t protocol = 0; ///< first, so that any version can read it
  Bytes hello;                ///< a NodeHello
};
/// The same, to a node that has come to a cluster that runs already: a view will take it in, which
/// it is told then.
struct WelcomeMessage {
  std::uint32_t protocol = 0;
  Bytes hello;
};
struct ViewMessage {
  Bytes view; ///< a View
};
struct RefusalMessage {
  std::string why;
};
struct HeartbeatMessage {
  Bytes reachability; ///< a Reachability; empty before all have come
};
struct ControlMessage {
  Bytes frame; ///< of the ControlGroup
};
struct NewsMessage {
  Bytes news; ///< a NodeNews
};
struct NewsWish {}; ///< somebody wants to know now
struct GoodbyeMessage {};

/// From anybody to a node: what the whole cluster is like.
struct StatusQuestion {
  std::uint32_t protocol = 0; ///< first, as in a hello
};
struct StatusAnswer {
  std::uint32_t protocol = 0; ///< of the node; if it is another one, `status` is empty
  Bytes status;               ///< a ClusterStatus
};

/// From anybody to a node, for a run that goes on there: the node hands it over to the run's actor,
/// who answers. Whoever asks waits for a limited time: nobody answers for a run that ends.
struct RunCommand {
  std::uint32_t protocol = 0;
  std::string simulation; ///< empty: the only one
  std::string command;
  Bytes arguments; ///< as the command wants them
};
struct RunAnswer {
  std::uint32_t protocol = 0;
  std::uint8_t code = 0; ///< 0, or else 1 more than an Errc
  std::string why;       ///< of an error
  Bytes answer;          ///< as the command gives it
};

/// A node has come to a meeting for a run of a simulation and waits for the others; see Meetings.
/// What is said of runs in one epoch means nothing in another one.
struct RunAnnouncement {
  std::uint64_t epoch = 0;
  std::string simulation;
  std::uint64_t attempt = 0;
  std::uint64_t meeting = 0;
  Bytes set_up;   ///< a message of a WorldComparison
  caf::actor run; ///< takes the messages below
};

/// From the first node: these attempts, by node, belong together.
struct RunCall {
  std::uint64_t epoch = 0;
  std::string simulation;
  std::vector<std::uint64_t> attempts;
};

/// The node's attempt is over.
struct RunDeparture {
  std::uint64_t epoch = 0;
  std::string simulation;
  std::uint64_t attempt = 0;
  bool well = false;
  std::string why; ///< it did not end well
};

/// From node to node of one run.
struct FrameMessage {
  std::uint32_t from = 0; ///< index of the node
  Bytes frame;
};
struct FarewellMessage {
  std::uint32_t from = 0;
  Bytes outcome;
};
struct FarewellReceipt { ///< of the farewells of all
  std::uint32_t from = 0;
};
/// To the first node: a piece of a node's part of a cut, or why there is none. From the first node
/// to all: what was cut, or why nothing was.
struct CutMessage {
  std::uint32_t from = 0;
  double time = 0;   ///< of the cut
  bool more = false; ///< other pieces follow
  Bytes data;        ///< in pieces: a CutPart; or a CutRecord
  std::string problem;
};
/// To a node that is to keep it: a piece of the run's last complete cut; see CutKeeper.
struct CopyMessage {
  std::uint32_t from = 0;
  bool more = false; ///< other pieces follow
  Bytes data;        ///< in pieces: the news of a CutCopy
};
struct AbortMessage {
  static constexpr std::uint32_t of_this_node = ~std::uint32_t{0};
  std::uint32_t from = 0; ///< index of the node, or of_this_node
  std::uint8_t code = 0;  ///< Errc
  std::string why;
  bool goes_on = false; ///< in the next view
};

/// A message of an ordinary actor within another message: only what may come from outside by
/// itself, and nothing that nests endlessly.
struct MailContent {
  caf::message message;
};
/// Whether bytes, which begin with the number of values and their types, may be such a message.
[[nodiscard]] bool is_mail_content(std::span<const std::byte> bytes);

template <class Inspector>
bool inspect(Inspector& f, MailContent& x) {
  if constexpr (std::is_same_v<Inspector, caf::binary_deserializer>) {
    const auto rest = f.remainder();
    if (!is_mail_content({reinterpret_cast<const std::byte*>(rest.data()), rest.size()}))
      return false;
  }
  return f.apply(x.message);
}

/// For an agent of one run, wherever it is by now; from node to node, and within one.
struct AgentMail {
  enum class Kind : std::uint8_t {
    message,   ///< of an ordinary actor: `sender`, `number` (the message's id), `content`
    injection, ///< `data`: a lambda
    watch,     ///< node `asker` wants to know when the agent ends
    luggage,   ///< a message again, that waited in the mailbox of an agent that comes: `asker` its
               ///< node of before, `number` how the agent's image calls it, `id` the message's
    search,    ///< node `asker` wants the agent's handle; `number` is that of its search
    look,      ///< likewise, but it wants to see the agent
  };
  Kind kind = Kind::message;
  std::uint64_t agent = 0;
  std::uint64_t number = 0;
  std::uint32_t asker = 0;
  std::uint64_t id = 0;
  caf::strong_actor_ptr sender;
  MailContent content;
  Bytes data;
};

/// To who has sent a watch: the agent has ended.
struct AgentEndedMessage {
  std::uint64_t agent = 0;
};

/// Node `asker` looks for an agent by its name, or by its id if that is empty: for its handle, or
/// to see it. Each node answers once, whether it has it or not.
struct SearchMessage {
  std::uint32_t asker = 0;
  std::uint64_t number = 0;
  std::string name;
  std::uint64_t agent = 0;
  bool is_look = false;
};
struct SearchAnswer {
  std::uint64_t number = 0;
  caf::strong_actor_ptr handle; ///< null: not here, or not asked for
  std::string view;             ///< the agent as JSON; empty likewise
};

/// Within a process: begin, there is something to do, somebody wants to see where things stand, who
/// has asked can be answered, all is over.
struct BeginMessage {};
struct TellMessage {};  ///< in front of words of a run of this process: they are for all others
struct ReachedMessage { ///< in front of CAF's connection with whoever listens there
  std::string host;
  std::uint16_t port = 0;
};
struct UnreachableMessage {
  std::string host;
  std::uint16_t port = 0;
  std::string why; ///< empty: it is this process itself
};
struct LookMessage {};
struct AnswerMessage {};
struct TickMessage {};
struct OrdersMessage {}; ///< see MoveDesk
struct DueMessage {      ///< what was kept back the longest, of what that node has sent, is due
  std::uint32_t from = 0;
};
struct WanderMessage {}; ///< it is time for agents to move at random
struct EndMessage {};

// clang-format off
template <class Inspector>
bool inspect(Inspector& f, HelloMessage& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("hello", x.hello));
}
template <class Inspector>
bool inspect(Inspector& f, WelcomeMessage& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("hello", x.hello));
}
template <class Inspector>
bool inspect(Inspector& f, ViewMessage& x) { return f.object(x).fields(f.field("view", x.view)); }
template <class Inspector>
bool inspect(Inspector& f, RefusalMessage& x) { return f.object(x).fields(f.field("why", x.why)); }
template <class Inspector>
bool inspect(Inspector& f, HeartbeatMessage& x) {
  return f.object(x).fields(f.field("reachability", x.reachability));
}
template <class Inspector>
bool inspect(Inspector& f, ControlMessage& x) { return f.object(x).fields(f.field("frame", x.frame)); }
template <class Inspector>
bool inspect(Inspector& f, NewsMessage& x) { return f.object(x).fields(f.field("news", x.news)); }
template <class Inspector>
bool inspect(Inspector& f, NewsWish& x) { return f.object(x).fields(); }
template <class Inspector>
bool inspect(Inspector& f, AnswerMessage& x) { return f.object(x).fields(); }
template <class Inspector>
bool inspect(Inspector& f, StatusQuestion& x) {
  return f.object(x).fields(f.field("protocol", x.protocol));
}
template <class Inspector>
bool inspect(Inspector& f, StatusAnswer& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("status", x.status));
}
template <class Inspector>
bool inspect(Inspector& f, RunCommand& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("simulation", x.simulation),
                            f.field("command", x.command), f.field("arguments", x.arguments));
}
template <class Inspector>
bool inspect(Inspector& f, RunAnswer& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("code", x.code),
                            f.field("why", x.why), f.field("answer", x.answer));
}
template <class Inspector>
bool inspect(Inspector& f, GoodbyeMessage& x) { return f.object(x).fields(); }
template <class Inspector>
bool inspect(Inspector& f, RunAnnouncement& x) {
  return f.object(x).fields(f.field("epoch", x.epoch), f.field("simulation", x.simulation), f.field("attempt", x.attempt),
                            f.field("meeting", x.meeting), f.field("set_up", x.set_up),
                            f.field("run", x.run));
}
template <class Inspector>
bool inspect(Inspector& f, RunCall& x) {
  return f.object(x).fields(f.field("epoch", x.epoch), f.field("simulation", x.simulation), f.field("attempts", x.attempts));
}
template <class Inspector>
bool inspect(Inspector& f, RunDeparture& x) {
  return f.object(x).fields(f.field("epoch", x.epoch), f.field("simulation", x.simulation), f.field("attempt", x.attempt),
                            f.field("well", x.well), f.field("why", x.why));
}
template <class Inspector>
bool inspect(Inspector& f, FrameMessage& x) {
  return f.object(x).fields(f.field("from", x.from), f.field("frame", x.frame));
}
template <class Inspector>
bool inspect(Inspector& f, CutMessage& x) {
  return f.object(x).fields(f.field("from", x.from), f.field("time", x.time),
                            f.field("more", x.more), f.field("data", x.data),
                            f.field("problem", x.problem));
}
template <class Inspector>
bool inspect(Inspector& f, CopyMessage& x) {
  return f.object(x).fields(f.field("from", x.from), f.field("more", x.more),
                            f.field("data", x.data));
}
template <class Inspector>
bool inspect(Inspector& f, FarewellMessage& x) {
  return f.object(x).fields(f.field("from", x.from), f.field("outcome", x.outcome));
}
template <class Inspector>
bool inspect(Inspector& f, FarewellReceipt& x) { return f.object(x).fields(f.field("from", x.from)); }
template <class Inspector>
bool inspect(Inspector& f, AbortMessage& x) {
  return f.object(x).fields(f.field("from", x.from), f.field("code", x.code), f.field("why", x.why),
                            f.field("goes_on", x.goes_on));
}
template <class Inspector>
bool inspect(Inspector& f, AgentMail::Kind& x) {
  return f.apply([&x] { return static_cast<std::uint8_t>(x); },
                 [&x](std::uint8_t value) {
                   x = static_cast<AgentMail::Kind>(value);
                   return value <= static_cast<std::uint8_t>(AgentMail::Kind::look);
                 });
}
template <class Inspector>
bool inspect(Inspector& f, AgentMail& x) {
  return f.object(x).fields(f.field("kind", x.kind), f.field("agent", x.agent),
                            f.field("number", x.number), f.field("asker", x.asker), f.field("id", x.id),
                            f.field("sender", x.sender), f.field("content", x.content),
                            f.field("data", x.data));
}
template <class Inspector>
bool inspect(Inspector& f, AgentEndedMessage& x) { return f.object(x).fields(f.field("agent", x.agent)); }
template <class Inspector>
bool inspect(Inspector& f, SearchMessage& x) {
  return f.object(x).fields(f.field("asker", x.asker), f.field("number", x.number),
                            f.field("name", x.name), f.field("agent", x.agent),
                            f.field("is_look", x.is_look));
}
template <class Inspector>
bool inspect(Inspector& f, SearchAnswer& x) {
  return f.object(x).fields(f.field("number", x.number), f.field("handle", x.handle),
                            f.field("view", x.view));
}
template <class Inspector>
bool inspect(Inspector& f, BeginMessage& x) { return f.object(x).fields(); }
template <class Inspector>
bool inspect(Inspector& f, TellMessage& x) { return f.object(x).fields(); }
template <class Inspector>
bool inspect(Inspector& f, ReachedMessage& x) {
  return f.object(x).fields(f.field("host", x.host), f.field("port", x.port));
}
template <class Inspector>
bool inspect(Inspector& f, UnreachableMessage& x) {
  return f.object(x).fields(f.field("host", x.host), f.field("port", x.port), f.field("why", x.why));
}
template <class Inspector>
bool inspect(Inspector& f, LookMessage& x) { return f.object(x).fields(); }
template <class Inspector>
bool inspect(Inspector& f, TickMessage& x) { return f.object(x).fields(); }
template <class Inspector>
bool inspect(Inspector& f, OrdersMessage& x) { return f.object(x).fields(); }
template <class Inspector>
bool inspect(Inspector& f, WanderMessage& x) { return f.object(x).fields(); }
template <class Inspector>
bool inspect(Inspector& f, DueMessage& x) {
  return f.object(x).fields(f.field("from", x.from));
}
template <class Inspector>
bool inspect(Inspector& f, EndMessage& x) { return f.object(x).fields(); }
// clang-format on

[[nodiscard]] RunAnswer refusal(const Error& error);
/// A command names a node that is none of those of `names`.
[[nodiscard]] Error no_such_node(const std::string& name, const std::vector<std::string>& names);
/// The error of an answer, if it is one.
[[nodiscard]] std::optional<Error> error_of(const RunAnswer& answer);

/// A NodeHello as bytes, and back; fails on anything else.
[[nodiscard]] Bytes encode(const NodeHello& hello);
[[nodiscard]] Result<NodeHello> decode_hello(const Bytes& bytes);

/// What the command "migrate" says; its answer are the outcomes.
struct MigrateOrder {
  std::string to;              ///< name of a node
  std::string from;            ///< likewise: agents of this node move; empty: those of `agents`
  std::string type;            ///< of agents that move from there; empty: any
  std::uint64_t count = 0;     ///< at most so many of them, drawn at random
  std::vector<AgentId> agents; ///< likewise, each after the one before
};
[[nodiscard]] Bytes encode(const MigrateOrder& order);
[[nodiscard]] Result<MigrateOrder> decode_migrate_order(const Bytes& bytes);
[[nodiscard]] Bytes encode(const std::vector<MoveOutcome>& outcomes);
[[nodiscard]] Result<std::vector<MoveOutcome>> decode_outcomes(const Bytes& bytes);

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
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::WelcomeMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::ViewMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::MailContent))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::TellMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::ReachedMessage))
CAF_ADD_TYPE_ID(stos_cluster, (stos::detail::UnreachableMessage))
CAF_END_TYPE_ID_BLOCK(stos_cluster)
