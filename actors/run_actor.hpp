#pragma once

#include "actors/cluster_messages.hpp"
#include "libstos/cluster/gateway.hpp"
#include "libstos/cluster/node_status.hpp"

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

/// One node's part of a run, as its actor and the thread that waits for it see it.
struct RunState {
  // Set by the waiting thread before it sends BeginMessage.
  std::size_t own_index = 0;
  std::vector<caf::actor> runs; ///< of all nodes, by index
  std::unique_ptr<Gateway> gateway;
  std::vector<std::string> names; ///< of all nodes, by index
  std::uint64_t credit_bytes = 0; ///< of each link

  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;                     ///< nothing happens in the simulation any more
  EngineCounters network;                ///< then: what went over the links
  std::optional<Error> aborted;          ///< there is no run any more
  std::optional<std::size_t> gone;       ///< because this node has gone
  std::map<std::size_t, Bytes> outcomes; ///< of other nodes that have finished
  std::set<std::size_t> receipts;        ///< who has those of all
  NodeStatus network_seen;               ///< what describe(gateway) says, when last asked
  bool ended = false;                    ///< the actor touches nothing any more
};

/// Carries frames between the gateway of one run and those of the other nodes.
///
/// It runs on a thread of its own: other nodes wait for it, whatever the workers are busy with.
class RunActor final : public caf::event_based_actor {
public:
  RunActor(caf::actor_config& config, std::shared_ptr<RunState> state);

  caf::behavior make_behavior() override;
  const char* name() const override { return "stos.run"; }

private:
  using Clock = std::chrono::steady_clock;

  void begin();
  void receive(FrameMessage& message);
  void hear_farewell(FarewellMessage& message);
  void run_gateway();
  void send_frames(Gateway::Output& output);
  void abort(const Error& why, bool tell_others);
  void look();

  const Clock::time_point started_ = Clock::now();
  std::shared_ptr<RunState> state_;
  bool begun_ = false; // the gateway is there
  bool over_ = false;  // nothing happens in the simulation any more
  bool aborted_ = false;
  std::vector<FrameMessage> early_; // frames of nodes that have begun before this one
  std::uint64_t timer_ = 0;
};

} // namespace stos::detail
