#pragma once

#include "actors/agents/citizens.hpp"
#include "actors/messages/caf_types.hpp"
#include "actors/messages/cluster_messages.hpp"
#include "actors/run/balance_desk.hpp"
#include "actors/run/move_desk.hpp"
#include "actors/run/piece_window.hpp"
#include "actors/run/snapshots.hpp"
#include "libstos/base/random.hpp"
#include "libstos/cluster/gateway/gateway.hpp"
#include "libstos/cluster/mail/farewells.hpp"
#include "libstos/cluster/mail/searches.hpp"
#include "libstos/cluster/placement/placement.hpp"
#include "libstos/cluster/status/node_status.hpp"

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

/// One node's part of a run, as its actor and the thread that waits for it see it.
struct RunState {
  // Of the run, in whichever view; there from the beginning.
  std::shared_ptr<CutKeeper> keeper;
  std::shared_ptr<KeptActors> kept;

  // Set by the waiting thread before it sends BeginMessage.
  std::size_t own_index = 0;
  std::vector<caf::actor> runs;   ///< of all nodes, by index
  std::vector<std::string> names; ///< of the nodes, likewise
  PlacesOfIds placed;             ///< who is there at the beginning
  Placement placement;            ///< of them
  PieceWindow pieces;             ///< of cuts and copies
  std::unique_ptr<Snapshots> snapshots;
  std::unique_ptr<Gateway> gateway; ///< null if there is no other node
  std::unique_ptr<Citizens> citizens;
  World* world = nullptr;
  std::uint64_t credit_bytes = 0; ///< of each link

  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;                     ///< nothing happens in the simulation any more
  EngineCounters network;                ///< then: what went over the links
  std::optional<Error> aborted;          ///< there is no run any more
  std::map<std::size_t, Bytes> outcomes; ///< of other nodes that have finished
  std::optional<Farewells> farewells;    ///< with them; there before the actor begins
  Bytes own_farewell;                    ///< what this node has said, but for lines of files
  NodeStatus network_seen;               ///< what describe(gateway) says, when last asked
  bool ended = false;                    ///< the actor touches nothing any more
  std::vector<MoveOrder> orders;         ///< that the run's actor has not taken yet
};

/// Carries frames between the gateway of one run and those of the other nodes, and what ordinary
/// actors have to do with its agents.
///
/// It runs on the workers, between slices of the domains, which let it go first (see
/// DomainBoard::gateway_waits): to wake a thread of its own takes longer than all that it does, and
/// wherever two nodes take turns that would be on the way of each frame.
class RunActor final : public caf::event_based_actor {
public:
  RunActor(caf::actor_config& config, std::shared_ptr<RunState> state);

  caf::behavior make_behavior() override;
  const char* name() const override { return "stos.run"; }

private:
  using Clock = std::chrono::steady_clock;

  using Answer = std::function<void(Result<std::vector<MoveOutcome>>)>;
  struct Asker {
    std::function<void(Result<SearchAnswer>)> found;
    std::string what;
  };

  /// Frames of one other node that are kept back, and until when the last of them is.
  struct KeptBack {
    std::deque<std::vector<std::byte>> frames;
    Clock::time_point due{};
  };

  [[nodiscard]] caf::behavior running();
  void begin();
  void hear_abort(const AbortMessage& message);
  void hear_copy(CopyMessage& message);
  void tell_that_it_has_come(std::size_t node);
  void hear_farewell(FarewellMessage& message);
  void pass_on_farewells();
  void run_gateway();
  void send_frames(Gateway::Output& output);
  void hear_frame(FrameMessage& message);
  void keep_back(FrameMessage& message, double at_most_s);
  void hear_due(std::size_t from);
  void take_orders();
  void move_agents(const std::vector<AgentMove>& moves, Answer answer);
  [[nodiscard]] Result<std::vector<MoveOutcome>>
  moves_without_others(const std::vector<AgentMove>& moves) const;
  [[nodiscard]] caf::result<caf::message> obey(const RunCommand& command);
  [[nodiscard]] caf::result<caf::message> migrate(const RunCommand& command);
  [[nodiscard]] caf::result<caf::message> cut(const RunCommand& command);
  [[nodiscard]] caf::result<caf::message> show(const RunCommand& command);
  [[nodiscard]] Result<std::size_t> node_called(const std::string& name) const;
  [[nodiscard]] std::vector<AgentMove> moves_from_here(const MigrateOrder& order,
                                                       NodeIndex to) const;
  void begin_to_wander();
  void wander();
  void begin_to_balance();
  void weigh_later();
  void hear_weights(WeightsMessage& message);
  void tell_weights(NodeWeights weights);
  void follow_advice();
  void answer_moves(std::vector<MoveAnswer>& answers);
  [[nodiscard]] caf::result<caf::actor> search(const FindAgent& wanted);
  void search(SearchMessage wanted, std::string what,
              std::function<void(Result<SearchAnswer>)> found);
  void hear_answer(const SearchAnswer& answer);
  [[nodiscard]] bool is_stopping() const {
    return state_->gateway != nullptr && state_->gateway->is_stopping();
  }
  [[nodiscard]] bool is_other_node(std::size_t node) const {
    return node < state_->runs.size() && node != state_->own_index;
  }
  /// Whether the message that is just handled has come from that node's run.
  [[nodiscard]] bool has_said(std::size_t node);
  /// Whether it has come from some node's run, this one among them.
  [[nodiscard]] bool has_run_said();
  void end();
  void abandon();
  void abort(const Error& why, bool tell_others, std::optional<std::size_t> lost = {});
  void look();

  const Clock::time_point started_ = Clock::now();
  std::shared_ptr<RunState> state_;
  bool begun_ = false; // the gateway is there
  bool over_ = false;  // nothing happens in the simulation any more
  bool aborted_ = false;
  bool was_stopping_ = false;
  std::map<std::uint64_t, Answer> moves_; // under way, by their requests
  Searches<Asker> searches_;
  std::map<std::uint64_t, caf::response_promise> cuts_asked_; // for, by their numbers
  std::uint64_t last_cut_asked_ = 0;
  std::uint64_t random_moves_left_ = 0; // to be made of agents here
  std::uint64_t random_moves_at_once_ = 0;
  std::map<std::size_t, KeptBack> kept_back_; // by node
  std::optional<BalanceDesk> balance_;        // on the first node, if agents are to move for it
  std::map<std::size_t, std::vector<std::byte>> weights_; // pieces, by node
  RandomStream chance_{0};
  std::uint64_t timer_ = 0;
};

} // namespace stos::detail
