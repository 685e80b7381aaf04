#pragma once

#include "actors/cluster_node.hpp"
#include "actors/coordination/coordination_desk.hpp"
#include "actors/jobs/job_desk.hpp"
#include "actors/node/node_disk.hpp"
#include "actors/status/status_desk.hpp"
#include "actors/transport/gate.hpp"
#include "libstos/cluster/status/cluster_status.hpp"
#include "libstos/cluster/view/control_machines.hpp"
#include "libstos/cluster/view/node_core.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/io/scribe.hpp>
#include <caf/response_promise.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

namespace stos::detail {

struct HostAnnouncement;

/// The door of a node: an adapter between CAF and NodeCore.
class NodeActor final : public caf::event_based_actor {
public:
  /// @pre `desk` is where the runs of this node can be watched, `gate` its door. `disk` is null if
  /// the node keeps its log in memory.
  NodeActor(caf::actor_config& config, NodeHello self, ClusterOptions options,
            const MonitoringOptions& monitoring, const JobsOptions& jobs,
            std::shared_ptr<NodeView> view, std::shared_ptr<StatusDesk> desk,
            std::shared_ptr<Gate> gate, std::shared_ptr<NodeDisk> disk);

  caf::behavior make_behavior() override;
  const char* name() const override { return "stos.node"; }
  void on_exit() override;

private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] double now_s() const {
    return std::chrono::duration<double>(Clock::now() - started_).count();
  }
  [[nodiscard]] Membership::PeerKey key_of(const caf::strong_actor_ptr& handle);
  /// The node that has sent the message that is just handled, if it has said hello or was called.
  [[nodiscard]] std::optional<Membership::PeerKey> sender_key();
  [[nodiscard]] std::string objection_to(const NodeHello& hello);
  void hear(Membership::PeerKey key);
  template <class Message>
  void hear_hello(const Message& message);
  void cut_runs();
  void a_run_is_cut(std::uint64_t number, const std::optional<Error>& why_not);
  void leave_if_asked();
  void drain(RunCommand& command, caf::response_promise answer);
  template <class Message>
  void tell_all(const Message& message);
  template <class Message>
  void keep_words(Message& message);
  void hear_of_run(std::size_t from, RunAnnouncement& announcement);
  void hear_of_run(std::size_t from, const RunCall& call);
  void hear_of_run(std::size_t from, const RunDeparture& departure);
  void hear_of_host(const HostAnnouncement& announcement);
  void refuse_words(std::size_t from, const std::string& simulation, const Error& why);
  void take_early();
  void reached(const NodeAddress& address, caf::io::scribe_ptr& connection);
  void act();
  void carry_out(NodeCore::Output output);
  [[nodiscard]] Result<void> persist(std::vector<ToPersist> all);
  void look_at_runs();
  void show_control();
  void enter(const View& view);
  void say_goodbye();
  void show_failure();
  void abort(const caf::actor& run, const Error& why, bool goes_on);
  [[nodiscard]] const Membership& membership() const { return core_.membership(); }
  [[nodiscard]] Result<caf::actor> run_of(const std::string& simulation) const;
  void wait_for_tick();

  /// Has the run of a simulation answer a request.
  template <class Request>
  caf::result<caf::message> hand_over(const Request& request);
  // What is to be seen of the cluster.
  void log(const std::string& line);
  void log_refusal(const std::string& line);
  void keep_for_tools(const std::string& line);
  void begin_news();
  void gather_news();
  void tell_news();
  void hear_news(const NewsMessage& message);
  void raise_alerts();
  caf::response_promise hear_question(const StatusQuestion& question);
  void answer_questions();
  [[nodiscard]] std::vector<NodePresence> presences() const;
  void pass_on(RunCommand& command);

  // Jobs, locks and shared values.
  [[nodiscard]] bool step_jobs();
  [[nodiscard]] bool step_coordination();
  void show_services();
  [[nodiscard]] bool propose_for(std::size_t machine,
                                 const std::vector<std::vector<std::byte>>& entries);
  [[nodiscard]] jobs::JobNode::Standing standing_for_jobs() const;
  [[nodiscard]] std::optional<Error> why_not_asked() const;
  void hear_of_jobs(const JobWords& words);
  void hear_of_coordination(const CoordinationWords& words);
  template <class Message>
  caf::result<CoordinationAnswer> answer_about_coordination(const Message& message);
  template <class Message>
  JobAnswer answer_about_jobs(const Message& message);

  template <class Message>
  void send_to(Membership::PeerKey key, Message&& message);

  const Clock::time_point started_ = Clock::now();
  const ClusterOptions options_;
  std::shared_ptr<NodeView> view_;
  const std::shared_ptr<Gate> gate_;
  const std::shared_ptr<NodeDisk> disk_;
  JobDesk jobs_;
  CoordinationDesk coordination_;
  ControlMachines machines_;
  NodeCore core_;
  std::map<Membership::PeerKey, caf::strong_actor_ptr> handles_;
  std::map<caf::actor_addr, Membership::PeerKey> keys_;
  Membership::PeerKey last_key_ = 0;
  // What nodes have said in a view that has not come here yet.
  using WordsOfRun = std::variant<RunAnnouncement, RunCall, RunDeparture>;
  std::vector<std::pair<Membership::PeerKey, WordsOfRun>> early_;
  std::uint64_t ticks_asked_ = 0;
  bool shown_failure_ = false;
  bool leaves_at_signal_ = false;
  std::uint64_t cuts_wanted_ = 0; // so many times, of all runs
  std::size_t cuts_awaited_ = 0;  // for the last time
  std::optional<Error> why_not_cut_;
  const std::shared_ptr<StatusDesk> desk_;
  ClusterWatch watch_;
  double next_news_s_ = 0;
  double last_raised_s_ = 0; // alerts
  bool gathers_news_ = false;
  std::vector<caf::response_promise> questions_; // to be answered when news has come
  std::map<std::uint64_t, caf::typed_response_promise<CoordinationAnswer>>
      coordination_questions_;  // by ticket
  std::vector<LogLine> unsaid_; // of the log, to be told with the next news
};

} // namespace stos::detail
