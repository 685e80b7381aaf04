#pragma once

#include "actors/messages/bytes_message.hpp"

#include <caf/actor.hpp>
#include <caf/message.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace stos::detail {

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
template <class Inspector>
bool inspect(Inspector& f, RunAnnouncement& x) {
  return f.object(x).fields(f.field("epoch", x.epoch), f.field("simulation", x.simulation),
                            f.field("attempt", x.attempt), f.field("meeting", x.meeting),
                            f.field("set_up", x.set_up), f.field("run", x.run));
}

/// From the first node: these attempts, by node, belong together.
struct RunCall {
  std::uint64_t epoch = 0;
  std::string simulation;
  std::vector<std::uint64_t> attempts;
};
template <class Inspector>
bool inspect(Inspector& f, RunCall& x) {
  return f.object(x).fields(f.field("epoch", x.epoch), f.field("simulation", x.simulation),
                            f.field("attempts", x.attempts));
}

/// The node's attempt is over.
struct RunDeparture {
  std::uint64_t epoch = 0;
  std::string simulation;
  std::uint64_t attempt = 0;
  bool well = false;
  std::string why; ///< it did not end well
};
template <class Inspector>
bool inspect(Inspector& f, RunDeparture& x) {
  return f.object(x).fields(f.field("epoch", x.epoch), f.field("simulation", x.simulation),
                            f.field("attempt", x.attempt), f.field("well", x.well),
                            f.field("why", x.why));
}

/// From node to node of one run.
struct FrameMessage {
  std::uint32_t from = 0; ///< index of the node
  Bytes frame;
};
template <class Inspector>
bool inspect(Inspector& f, FrameMessage& x) {
  return f.object(x).fields(f.field("from", x.from), f.field("frame", x.frame));
}

struct FarewellMessage {
  std::uint32_t from = 0;
  Bytes outcome;
};
template <class Inspector>
bool inspect(Inspector& f, FarewellMessage& x) {
  return f.object(x).fields(f.field("from", x.from), f.field("outcome", x.outcome));
}

struct FarewellReceipt { ///< of the farewells of all
  std::uint32_t from = 0;
};
template <class Inspector>
bool inspect(Inspector& f, FarewellReceipt& x) {
  return f.object(x).fields(f.field("from", x.from));
}

/// To the first node: a piece of a node's part of a cut, or why there is none. From the first node
/// to all: what was cut, or why nothing was.
struct CutMessage {
  std::uint32_t from = 0;
  double time = 0;   ///< of the cut
  bool more = false; ///< other pieces follow
  Bytes data;        ///< in pieces: a CutPart; or a CutRecord
  std::string problem;
  bool is_kept_only = false; ///< it was taken for the CutKeeper, and stands in no summary
};
template <class Inspector>
bool inspect(Inspector& f, CutMessage& x) {
  return f.object(x).fields(f.field("from", x.from), f.field("time", x.time),
                            f.field("more", x.more), f.field("data", x.data),
                            f.field("problem", x.problem), f.field("kept_only", x.is_kept_only));
}

/// To the first node: a piece of what the agents of a node weigh; see BalanceDesk.
struct WeightsMessage {
  std::uint32_t from = 0;
  bool more = false; ///< other pieces follow
  Bytes data;        ///< in pieces: NodeWeights
};
template <class Inspector>
bool inspect(Inspector& f, WeightsMessage& x) {
  return f.object(x).fields(f.field("from", x.from), f.field("more", x.more),
                            f.field("data", x.data));
}

/// To a node that is to keep it: a piece of the run's last complete cut; see CutKeeper.
struct CopyMessage {
  std::uint32_t from = 0;
  bool more = false; ///< other pieces follow
  Bytes data;        ///< in pieces: the news of a CutCopy
};
template <class Inspector>
bool inspect(Inspector& f, CopyMessage& x) {
  return f.object(x).fields(f.field("from", x.from), f.field("more", x.more),
                            f.field("data", x.data));
}

/// To the sender of a piece of a cut or of a copy: it has come; see PieceWindow.
struct PieceReceipt {
  std::uint32_t from = 0;
};
template <class Inspector>
bool inspect(Inspector& f, PieceReceipt& x) {
  return f.object(x).fields(f.field("from", x.from));
}

/// To the first node: the node has the copy of the cut of that time.
struct KeptMessage {
  std::uint32_t from = 0;
  double time = 0;
};
template <class Inspector>
bool inspect(Inspector& f, KeptMessage& x) {
  return f.object(x).fields(f.field("from", x.from), f.field("time", x.time));
}

struct AbortMessage {
  static constexpr std::uint32_t of_this_node = ~std::uint32_t{0};
  std::uint32_t from = 0; ///< index of the node, or of_this_node
  std::uint8_t code = 0;  ///< Errc
  std::string why;
  bool goes_on = false; ///< in the next view
};
template <class Inspector>
bool inspect(Inspector& f, AbortMessage& x) {
  return f.object(x).fields(f.field("from", x.from), f.field("code", x.code), f.field("why", x.why),
                            f.field("goes_on", x.goes_on));
}

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
                            f.field("number", x.number), f.field("asker", x.asker),
                            f.field("id", x.id), f.field("sender", x.sender),
                            f.field("content", x.content), f.field("data", x.data));
}

/// To a node that has sent a watch: the agent has ended.
struct AgentEndedMessage {
  std::uint64_t agent = 0;
};
template <class Inspector>
bool inspect(Inspector& f, AgentEndedMessage& x) {
  return f.object(x).fields(f.field("agent", x.agent));
}

/// Node `asker` looks for an agent by its name, or by its id if that is empty: for its handle, or
/// to see it. Each node answers once, whether it has it or not.
struct SearchMessage {
  std::uint32_t asker = 0;
  std::uint64_t number = 0;
  std::string name;
  std::uint64_t agent = 0;
  bool is_look = false;
};
template <class Inspector>
bool inspect(Inspector& f, SearchMessage& x) {
  return f.object(x).fields(f.field("asker", x.asker), f.field("number", x.number),
                            f.field("name", x.name), f.field("agent", x.agent),
                            f.field("is_look", x.is_look));
}

struct SearchAnswer {
  std::uint64_t number = 0;
  caf::strong_actor_ptr handle; ///< null: not here, or not asked for
  std::string view;             ///< the agent as JSON; empty likewise
};
template <class Inspector>
bool inspect(Inspector& f, SearchAnswer& x) {
  return f.object(x).fields(f.field("number", x.number), f.field("handle", x.handle),
                            f.field("view", x.view));
}

} // namespace stos::detail
