#pragma once

#include "libstos/raft/ids.hpp"
#include "libstos/service/keyed/agent_group.hpp"
#include "libstos/service/keyed/group_table.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace stos::keyed {

/// Finds out when agents that are watched are deactivated, by asking their groups from time to time
/// which life of each of them is there.
///
/// An agent that is not active when it is first looked at is waited for, unless the watcher has
/// heard of it: then it has been deactivated since. An agent that is gone and there again has
/// another life, so that its end is not missed.
///
/// Threads: none inside.
class Watches {
public:
  using Watcher = std::uint64_t;
  struct Ended {
    Id id;
    AgentGroup::Gone why;
    std::set<Watcher> watchers;
  };

  /// `was_active`: the agent has answered the watcher. May be called again.
  void add(const Id& id, Watcher watcher, bool was_active);
  void remove(Watcher watcher);
  [[nodiscard]] bool empty() const { return watched_.empty(); }

  /// What one leader is asked at a time, with AgentGroup::lives_query() of `ids`.
  struct Look {
    std::uint64_t number = 0;
    std::vector<Id> ids;
    std::vector<bool> were_active; ///< as was known when it was asked
  };
  [[nodiscard]] std::map<raft::GroupId, Look> to_ask(const GroupTable& table);

  /// What it has answered; an answer that comes after that to a later look says nothing. Who has
  /// ended is not watched any more.
  [[nodiscard]] std::vector<Ended> hear(const Look& look, const Answer& answer);

private:
  struct Watched {
    std::uint64_t life = 0; ///< 0: none is known
    bool was_active = false;
    std::uint64_t heard_look = 0; ///< the last one
    std::set<Watcher> watchers;
  };

  std::map<Id, Watched> watched_;
  std::uint64_t looks_ = 0;
};

} // namespace stos::keyed
