#pragma once

#include "actors/messages/node_messages.hpp"
#include "actors/service/host_door.hpp"
#include "libstos/service/keyed/node.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <variant>

namespace stos::detail {

/// What a host lets people do, by tools: commands whose names begin with "agents.".
///
/// | command       | arguments        | answer                    |
/// |---------------|------------------|---------------------------|
/// | agents.groups | none             | of GroupViews             |
/// | agents.list   | AgentListOrder   | ids                       |
/// | agents.show   | an id            | the state as JSON         |
/// | agents.call   | AgentCallOrder   | the reply as JSON         |
/// | agents.quota  | QuotaOrder       | QuotaViews                |
struct AgentDesk {
  const keyed::Node& core;
  const keyed::AgentTypes& types;
  std::function<std::string(raft::NodeId)> name_of; ///< of a host's node
  /// Asks an agent or the leader of a group, for a limited time; the answer comes when the desk may
  /// be gone.
  using What = HostDoor::What;
  std::function<void(What, std::chrono::milliseconds patience, HostDoor::Then)> ask_for;
  keyed::Time now;

  static constexpr const char* prefix = "agents.";

  /// Calls `deliver` once, now or later.
  void answer(const RunCommand& command, std::function<void(RunAnswer)> deliver) const;

private:
  using Deliver = std::function<void(RunAnswer)>;
  void ask(HostDoor::Question question, HostDoor::Then then) const;
  void call(const Bytes& arguments, const Deliver& deliver) const;
  void groups(const Deliver& deliver) const;
  void list(const Bytes& arguments, const Deliver& deliver) const;
  void show(const Bytes& arguments, const Deliver& deliver) const;
  void quota(const Bytes& arguments, const Deliver& deliver) const;
  void all_quotas(const Deliver& deliver) const;
};

} // namespace stos::detail
