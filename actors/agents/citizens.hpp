#pragma once

#include "actors/agents/agent_actor.hpp"
#include "actors/messages/cluster_messages.hpp"
#include "actors/messages/luggage.hpp"
#include "libstos/cluster/mail/watchers.hpp"
#include "libstos/cluster/mail/whereabouts.hpp"
#include "libstos/engine/execution.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>
#include <caf/response_promise.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace stos::detail {

/// Names of agents, for people and ordinary actors who look for them.
///
/// Threads: all functions may be called from anywhere.
class AgentNames {
public:
  /// False if another agent has that name.
  [[nodiscard]] bool enter(const std::string& name, AgentId agent);
  [[nodiscard]] std::optional<AgentId> find(const std::string& name) const;

  /// The first name of the agent; empty if it has none.
  [[nodiscard]] std::string name_of(AgentId agent) const;
  [[nodiscard]] std::vector<std::pair<std::string, AgentId>> all() const;

private:
  mutable std::mutex mutex_;
  std::map<std::string, AgentId> agents_;
};

/// The actors of agents between two views of a cluster: ordinary actors go on to know the agents by
/// them, while the run begins again.
///
/// Threads: all functions may be called from anywhere.
class KeptActors {
public:
  ~KeptActors() { end(); }

  /// Of an agent whose run is interrupted. Takes over the cell's reference.
  void take(Cell& cell);
  void take(AgentId agent, caf::strong_actor_ptr actor);

  /// Those of the agents of `cells` are theirs again, the others end.
  void give_back(const std::vector<Cell*>& cells);

private:
  void end();

  std::mutex mutex_;
  std::unordered_map<std::uint64_t, caf::strong_actor_ptr> actors_;
};

/// The agents of one run as ordinary actors know them, on one node: finds them by their ids, and
/// brings them what is for them, wherever they are by now.
///
/// An agent's actor is made where the agent is. When the agent moves away, the actor stays for
/// those who know it, forwards what comes, and ends when the agent ends: it *watches*. A handle
/// from the set-up, of an agent that is elsewhere, is served in the same way.
///
/// Mail goes where Whereabouts says. During a stop (see Gateway) agents may be on their way: mail
/// waits until it is over.
///
/// Threads: the run's actor, except for those that say otherwise.
class Citizens {
public:
  using Send = std::function<void(NodeIndex node, const caf::message&)>;
  using Post = std::function<bool(DomainIndex domain, std::unique_ptr<OutsideTask>&)>;

  /// How to reach what is there; set before the run's actor begins.
  struct Site {
    World* world = nullptr;
    const PlacesOfIds* placed = nullptr; ///< who is there at the beginning
    const Placement* node_of = nullptr;  ///< and where
    NodeIndex own_node;
    Post post;
    Send send; ///< also to this node: to the run's actor. From any thread
    std::shared_ptr<AgentNames> names;
  };

  explicit Citizens(Site site);
  ~Citizens();
  Citizens(const Citizens&) = delete;
  Citizens& operator=(const Citizens&) = delete;

  /// A handle from the set-up of an agent that is elsewhere. Before the run's actor begins.
  void keep_forwarder(Cell& cell);

  /// Tells the nodes of all agents whose actors are here only to forward.
  void begin();

  /// `stopping`: agents may be on their way.
  void take(AgentMail mail, bool stopping);
  void take(SearchMessage search, bool stopping);
  void stop_is_over();
  void agent_ended_elsewhere(AgentId agent);

  /// The agent leaves for another node, or has come from one; see AgentBindings. At a stop.
  void leaves(Cell& cell, NodeIndex node);
  void comes(Cell& cell);

  /// What was sent ahead of an agent that comes, see Luggage; and when it has all that it needs.
  [[nodiscard]] caf::mailbox_element_ptr claim_luggage(AgentId agent, std::uint64_t number);
  void leave_unclaimed(AgentId agent);

  /// The agent has ended here. By the thread that executes it.
  void ended(const Cell& cell);

  [[nodiscard]] bool is_here(AgentId agent) const {
    return whereabouts_.find(agent).domain.has_value();
  }

  /// The run is interrupted: agents that end from now on do not, and their actors are kept.
  void interrupt(KeptActors& kept) { kept_ = &kept; }
  [[nodiscard]] KeptActors* kept() const { return kept_; }

  /// Nothing happens any more: all agents have ended, or the run was interrupted.
  void end();

private:
  class MailTask;

  void route(AgentMail mail);
  void route(const SearchMessage& search);
  void undeliverable(AgentMail& mail);
  void deliver(AgentMail& mail, Injector& engine);
  void watch(AgentId agent, NodeIndex watcher);
  [[nodiscard]] std::set<NodeIndex> take_watchers(AgentId agent);
  void send_luggage(AgentId agent, NodeIndex node);
  void look(Cell& cell, const AgentMail& wish);
  void answer(NodeIndex node, SearchAnswer answer) const;
  [[nodiscard]] Cell* agent_here(AgentId agent, DomainIndex domain) const;

  const Site site_;
  Whereabouts whereabouts_;
  std::unordered_map<std::uint64_t, caf::strong_actor_ptr> forwarders_; // of agents elsewhere
  std::vector<AgentMail> waiting_;
  std::map<std::pair<AgentId, std::uint64_t>, caf::mailbox_element_ptr> luggage_; // of who comes
  std::vector<Luggage> packed_;                                                   // of who goes
  std::vector<SearchMessage> searches_waiting_;

  std::atomic<KeptActors*> kept_{nullptr}; // once the run is interrupted

  std::mutex mutex_;
  Watchers watchers_;                   // of agents here
  std::atomic<std::size_t> watched_{0}; // their number
};

} // namespace stos::detail
