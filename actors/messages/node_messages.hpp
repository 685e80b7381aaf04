#pragma once

#include "actors/messages/bytes_message.hpp"
#include "libstos/cluster/membership/membership.hpp"
#include "libstos/cluster/stop/moves.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stos::detail {

/// What nodes say to each other outside of any simulation, from node actor to node actor.
struct HelloMessage {
  std::uint32_t protocol = 0; ///< first, so that any version can read it
  Bytes hello;                ///< a NodeHello
};
template <class Inspector>
bool inspect(Inspector& f, HelloMessage& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("hello", x.hello));
}

/// The same, to a node that has come to a cluster that runs already: a view will take it in, which
/// it is told then.
struct WelcomeMessage {
  std::uint32_t protocol = 0;
  Bytes hello;
};
template <class Inspector>
bool inspect(Inspector& f, WelcomeMessage& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("hello", x.hello));
}

struct ViewMessage {
  Bytes view; ///< a View
};
template <class Inspector>
bool inspect(Inspector& f, ViewMessage& x) {
  return f.object(x).fields(f.field("view", x.view));
}

struct RefusalMessage {
  std::string why;
};
template <class Inspector>
bool inspect(Inspector& f, RefusalMessage& x) {
  return f.object(x).fields(f.field("why", x.why));
}

struct HeartbeatMessage {
  Bytes reachability; ///< a Reachability; empty before all have come
};
template <class Inspector>
bool inspect(Inspector& f, HeartbeatMessage& x) {
  return f.object(x).fields(f.field("reachability", x.reachability));
}

struct ControlMessage {
  Bytes frame; ///< of the ControlGroup
};
template <class Inspector>
bool inspect(Inspector& f, ControlMessage& x) {
  return f.object(x).fields(f.field("frame", x.frame));
}

struct NewsMessage {
  Bytes news; ///< a NodeNews
};
template <class Inspector>
bool inspect(Inspector& f, NewsMessage& x) {
  return f.object(x).fields(f.field("news", x.news));
}

struct NewsWish {}; ///< a user or a scraper wants to know now
template <class Inspector>
bool inspect(Inspector& f, NewsWish& x) {
  return f.object(x).fields();
}

struct GoodbyeMessage {};
template <class Inspector>
bool inspect(Inspector& f, GoodbyeMessage& x) {
  return f.object(x).fields();
}

/// From a node or a tool to a node: what the whole cluster is like.
struct StatusQuestion {
  std::uint32_t protocol = 0; ///< first, as in a hello
};
template <class Inspector>
bool inspect(Inspector& f, StatusQuestion& x) {
  return f.object(x).fields(f.field("protocol", x.protocol));
}

struct StatusAnswer {
  std::uint32_t protocol = 0; ///< of the node; if it is another one, `status` is empty
  Bytes status;               ///< a ClusterStatus
};
template <class Inspector>
bool inspect(Inspector& f, StatusAnswer& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("status", x.status));
}

/// From a node or a tool to a node, for a run that goes on there: the node hands it over to the
/// run's actor, which answers. The sender waits for a limited time: a run that ends does not
/// answer.
struct RunCommand {
  std::uint32_t protocol = 0;
  std::string simulation; ///< empty: the only one
  std::string command;
  Bytes arguments; ///< as the command wants them
};
template <class Inspector>
bool inspect(Inspector& f, RunCommand& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("simulation", x.simulation),
                            f.field("command", x.command), f.field("arguments", x.arguments));
}

struct RunAnswer {
  std::uint32_t protocol = 0;
  std::uint8_t code = 0; ///< 0, or else 1 more than an Errc
  std::string why;       ///< of an error
  Bytes answer;          ///< as the command gives it
};
template <class Inspector>
bool inspect(Inspector& f, RunAnswer& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("code", x.code),
                            f.field("why", x.why), f.field("answer", x.answer));
}

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
