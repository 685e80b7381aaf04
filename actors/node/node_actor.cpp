#include "actors/node/node_actor.hpp"

#include "actors/messages/caf_types.hpp"
#include "actors/messages/service_messages.hpp"
#include "actors/messages/system_messages.hpp"
#include "actors/service/agent_desk.hpp"
#include "actors/transport/connection_problem.hpp"
#include "config/interruption.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <iostream>
#include <type_traits>
#include <utility>

namespace stos::detail {
namespace {

// The places of the machines on the control log.
constexpr std::size_t machine_of_jobs = 0;
constexpr std::size_t machine_of_coordination = 1;

// A node is to be noticed before it counts as lost.
AlertLimits alert_limits(const ClusterOptions& options, const MonitoringOptions& monitoring) {
  AlertLimits limits;
  limits.silence_timeout_s = options.silence_timeout_s / 2;
  limits.progress_timeout_s = monitoring.progress_timeout_s;
  return limits;
}

} // namespace

NodeActor::NodeActor(caf::actor_config& config, NodeHello self, ClusterOptions options,
                     const MonitoringOptions& monitoring, const JobsOptions& jobs,
                     std::shared_ptr<NodeView> view, std::shared_ptr<StatusDesk> desk,
                     std::shared_ptr<Gate> gate, std::shared_ptr<NodeDisk> disk)
    : caf::event_based_actor(config), options_(std::move(options)), view_(std::move(view)),
      gate_(std::move(gate)), disk_(std::move(disk)),
      jobs_(jobs, [this] { caf::anon_send(caf::actor_cast<caf::actor>(this), BeginMessage{}); }),
      machines_({&jobs_.machine(), &coordination_.machine()}),
      core_(std::move(self), options_, 0, disk_ ? disk_->take_memory() : std::nullopt, &machines_),
      desk_(std::move(desk)), watch_(alert_limits(options_, monitoring)) {}

Membership::PeerKey NodeActor::key_of(const caf::strong_actor_ptr& handle) {
  const auto address = caf::actor_cast<caf::actor_addr>(handle);
  const auto [entry, is_new] = keys_.try_emplace(address, last_key_ + 1);
  if (is_new) {
    ++last_key_;
    handles_[last_key_] = handle;
    monitor(address);
  }
  return entry->second;
}

std::optional<Membership::PeerKey> NodeActor::sender_key() {
  const auto known = keys_.find(caf::actor_cast<caf::actor_addr>(current_sender()));
  return known == keys_.end() ? std::nullopt : std::optional(known->second);
}

template <class Message>
void NodeActor::send_to(Membership::PeerKey key, Message&& message) {
  const auto handle = handles_.find(key);
  if (handle != handles_.end())
    send(caf::actor_cast<caf::actor>(handle->second), std::forward<Message>(message));
}

caf::behavior NodeActor::make_behavior() {
  set_down_handler([this](const caf::down_msg& down) {
    const auto known = keys_.find(down.source);
    if (known == keys_.end())
      return;
    const Membership::PeerKey key = known->second;
    keys_.erase(known);
    handles_.erase(key);
    if (down.reason == caf::exit_reason::normal)
      core_.left(key);
    else
      core_.lost(key, "its connection was closed");
    act();
  });
  set_exception_handler([this](std::exception_ptr& problem) -> caf::error {
    try {
      std::rethrow_exception(problem);
    } catch (const std::exception& e) {
      const std::lock_guard lock(view_->mutex);
      view_->failure = Error{Errc::internal, std::string("the node's actor failed: ") + e.what()};
      for (const NodeView::Run& run : view_->runs)
        abort(run.actor, *view_->failure, false);
      view_->changed.notify_all();
    }
    return caf::make_error(caf::sec::runtime_error);
  });
  ignore_what_is_not_for_it(*this);
  set_default_handler(caf::drop);
  act();
  return {
      [this](const HelloMessage& message) {
        hear_hello(message);
        act();
      },
      [this](const WelcomeMessage& message) {
        hear_hello(message);
        act();
      },
      [this](const ViewMessage& message) {
        if (const auto key = sender_key())
          core_.heard_view(*key, message.view.data, now_s());
        act();
      },
      [this](const RefusalMessage& refusal) {
        if (const auto key = sender_key())
          core_.refused_by(*key, printable(refusal.why));
        act();
      },
      [this](const HeartbeatMessage& message) {
        if (const auto key = sender_key()) {
          core_.heard_beat(*key, message.reachability.data, now_s());
          hear(*key);
        }
        act();
      },
      [this](const ControlMessage& message) {
        if (const auto key = sender_key()) {
          core_.heard_frame(*key, message.frame.data, now_s());
          hear(*key);
        }
        act();
      },
      [this](const NewsMessage& message) { hear_news(message); },
      [this](LookMessage) { tell_news(); },
      [this](NewsWish) { gather_news(); },
      [this](AnswerMessage) { answer_questions(); },
      [this](const StatusQuestion& question) { return hear_question(question); },
      [this](RunCommand& command) { pass_on(command); },
      [this](const JobWords& words) { hear_of_jobs(words); },
      [this](const JobQuestion& question) { return answer_about_jobs(question); },
      [this](const JobCommand& command) { return answer_about_jobs(command); },
      [this](const CoordinationWords& words) { hear_of_coordination(words); },
      [this](const CoordinationQuestion& question) { return answer_about_coordination(question); },
      [this](const CoordinationCommand& command) { return answer_about_coordination(command); },
      [this](BeginMessage) { act(); },
      [this](GoodbyeMessage) {
        if (const auto key = sender_key())
          core_.left(*key);
        act();
      },
      [this](EndMessage) {
        say_goodbye();
        quit();
      },
      [this](RunAnnouncement& announcement) {
        if (announcement.run != nullptr && current_sender() != nullptr &&
            announcement.run.node() == current_sender()->node())
          keep_words(announcement);
      },
      [this](RunCall& call) { keep_words(call); },
      [this](RunDeparture& departure) { keep_words(departure); },
      [this](TellMessage, const RunAnnouncement& announcement) { tell_all(announcement); },
      [this](TellMessage, const RunCall& call) { tell_all(call); },
      [this](TellMessage, std::uint64_t epoch, const std::string& simulation, std::uint64_t lineage,
             bool is_over) {
        if (core_.control() != nullptr && core_.control()->view().epoch == epoch)
          core_.note({simulation, lineage, is_over});
        core_.tick(now_s());
        act();
      },
      [this](TellMessage, const RunDeparture& departure) { tell_all(departure); },
      [this](const ReachedMessage& message, caf::io::scribe_ptr& connection) {
        reached({message.host, message.port}, connection);
      },
      [this](const UnreachableMessage& message) {
        const NodeAddress address{message.host, message.port};
        if (message.why.empty())
          core_.is_own(address);
        else
          core_.cannot_connect(address, message.why, now_s());
        act();
      },
      [this](TellMessage, const HostAnnouncement& announcement) { tell_all(announcement); },
      [this](const HostAnnouncement& announcement) { hear_of_host(announcement); },
      [this](const FindAgent& wanted) { return hand_over(wanted); },
      [this](TickMessage, std::uint64_t asked) {
        if (asked != ticks_asked_)
          return;
        leave_if_asked();
        core_.tick(now_s());
        act();
        begin_news();
        raise_alerts();
        wait_for_tick();
      },
  };
}

Result<caf::actor> NodeActor::run_of(const std::string& simulation) const {
  const std::lock_guard lock(view_->mutex);
  std::string running;
  for (const NodeView::Run& run : view_->runs) {
    if (run.simulation == simulation || (simulation.empty() && view_->runs.size() == 1))
      return run.actor;
    running += (running.empty() ? "" : ", ") + run.simulation;
  }
  if (running.empty())
    return Error{Errc::bad_argument, "no simulation runs on this node"};
  return Error{Errc::bad_argument,
               simulation.empty()
                   ? "several simulations run on this node, name one of them: " + running
                   : "no simulation named " + simulation + " runs on this node, there is " +
                         running};
}

template <class Request>
caf::result<caf::message> NodeActor::hand_over(const Request& request) {
  const Result<caf::actor> run = run_of(request.simulation);
  if (!run)
    return caf::make_error(caf::sec::no_such_key, run.error().context);
  return delegate(*run, request);
}

void NodeActor::hear(Membership::PeerKey key) {
  core_.heard(key, now_s());
  if (const auto index = membership().index_of(key)) {
    const std::lock_guard lock(view_->mutex);
    view_->heard[membership().members()[*index].name] = Clock::now();
  }
}

template <class Message>
void NodeActor::hear_hello(const Message& message) {
  if (current_sender() == nullptr) // its connection is gone already
    return;
  NodeHello hello;
  if (message.protocol == NodeHello::current_protocol) {
    Result<NodeHello> decoded = decode_hello(message.hello);
    if (!decoded) {
      send(caf::actor_cast<caf::actor>(current_sender()), RefusalMessage{decoded.error().context});
      return;
    }
    hello = *std::move(decoded);
  }
  hello.protocol = message.protocol;
  if (const std::string why = objection_to(hello); !why.empty()) {
    log_refusal("node refused node=" + printable(hello.node) + " reason=\"" + why + "\"");
    send(caf::actor_cast<caf::actor>(current_sender()), RefusalMessage{why});
    return;
  }
  const Membership::PeerKey key = key_of(current_sender());
  if constexpr (std::is_same_v<Message, WelcomeMessage>)
    core_.heard_welcome(key, hello, now_s());
  else
    core_.heard_hello(key, hello, now_s());
  if (membership().knows(key))
    gate_->admit(current_sender()->node());
}

// No process speaks for another node, and each node speaks with one voice.
std::string NodeActor::objection_to(const NodeHello& hello) {
  const caf::node_id caf_node = current_sender()->node();
  const std::optional<Peer> peer = gate_->peer_of(caf_node);
  if (!peer || peer->kind != PeerKind::node)
    return "it is no node, as its certificate says";
  if (hello.protocol == NodeHello::current_protocol && peer->name != hello.node)
    return "its certificate is of node " + peer->name + ", and it says that it is node " +
           printable(hello.node) + "; wanted: the same name (cluster.node)";
  const auto speaker = caf::actor_cast<caf::actor_addr>(current_sender());
  for (const auto& [address, key] : keys_)
    if (address.node() == caf_node && address != speaker)
      return "it has said hello already";
  return {};
}

// Of this process.
template <class Message>
void NodeActor::tell_all(const Message& message) {
  for (const Membership::Member& member : membership().members())
    send_to(member.key, message);
}

void NodeActor::hear_of_host(const HostAnnouncement& announcement) {
  const auto key = sender_key();
  if (!key || announcement.host == nullptr || announcement.host.node() != current_sender()->node())
    return;
  const std::uint64_t member = membership().id_of(*key);
  const std::lock_guard lock(view_->mutex);
  if (view_->agent_host != nullptr)
    send(view_->agent_host, member, announcement);
}

// Of another node, who may have seen all nodes come before this one has.
template <class Message>
void NodeActor::keep_words(Message& message) {
  constexpr std::size_t most = 10'000;
  const auto key = sender_key();
  if (!key || early_.size() >= most)
    return;
  early_.emplace_back(*key, std::move(message));
  act();
}

// @pre the view is locked
void NodeActor::hear_of_run(std::size_t from, RunAnnouncement& announcement) {
  Meetings& meetings = *view_->meetings;
  const Result<void> heard = meetings.hear(
      from, Meetings::Announcement{announcement.simulation, announcement.attempt,
                                   announcement.meeting, std::move(announcement.set_up.data)});
  if (!heard)
    refuse_words(from, announcement.simulation, heard.error());
  else if (meetings.knows(from, announcement.attempt))
    view_->elsewhere.try_emplace({from, announcement.attempt}, std::move(announcement.run));
  for (Meetings::Call& call : meetings.take_calls())
    for (const Membership::Member& member : membership().members())
      send_to(member.key, RunCall{view_->view.epoch, call.simulation, call.attempts});
}

// @pre the view is locked
void NodeActor::hear_of_run(std::size_t from, const RunCall& call) {
  const Result<void> heard =
      view_->meetings->hear(from, Meetings::Call{call.simulation, call.attempts});
  if (!heard)
    refuse_words(from, call.simulation, heard.error());
  view_->forget_strangers();
}

void NodeActor::refuse_words(std::size_t from, const std::string& simulation, const Error& why) {
  log("words for a run refused node=" + membership().members()[from].name +
      " simulation=" + simulation + " reason=\"" + why.context + "\"");
}

// @pre the view is locked
void NodeActor::hear_of_run(std::size_t from, const RunDeparture& departure) {
  const std::optional<std::uint64_t> broken =
      view_->meetings->hear(from, Meetings::Departure{departure.simulation, departure.attempt,
                                                      departure.well, departure.why});
  view_->forget_strangers();
  if (!broken)
    return;
  const Error& problem = *view_->meetings->problem(*broken);
  for (const NodeView::Run& run : view_->runs)
    if (run.attempt == *broken)
      send(run.actor, TellMessage{},
           AbortMessage{static_cast<std::uint32_t>(from), static_cast<std::uint8_t>(problem.code),
                        problem.context, false});
}

// Of an epoch that is over here, nothing is of interest any more.
void NodeActor::take_early() {
  if (core_.control() == nullptr || early_.empty())
    return;
  const std::lock_guard lock(view_->mutex);
  if (!view_->complete) // it comes back, and has no view yet
    return;
  const std::uint64_t epoch = view_->view.epoch;
  decltype(early_) later;
  for (auto& [key, words] : early_) {
    const std::uint64_t said_in =
        std::visit([](const auto& of_run) { return of_run.epoch; }, words);
    if (said_in > epoch)
      later.emplace_back(key, std::move(words));
    else if (const auto index = membership().index_of(key); index && said_in == epoch)
      std::visit([this, from = *index](auto& of_run) { hear_of_run(from, of_run); }, words);
  }
  early_ = std::move(later);
  view_->changed.notify_all();
}

// The other side has proved to be a node; CAF's own handshake follows.
void NodeActor::reached(const NodeAddress& address, caf::io::scribe_ptr& connection) {
  constexpr std::chrono::seconds patience(5);
  request(system().middleman().get_named_broker("BASP"), patience, caf::connect_atom_v,
          std::move(connection), address.port)
      .then(
          [this, address](const caf::node_id&, const caf::strong_actor_ptr& handle,
                          const std::set<std::string>&) {
            if (handle == nullptr)
              core_.cannot_connect(address, "who listens there is no node", now_s());
            else
              core_.connected(address, key_of(handle), now_s());
            act();
          },
          [this, address](const caf::error& problem) {
            core_.cannot_connect(
                address, "no answer as a node gives it: " + connection_problem(problem), now_s());
            act();
          });
}

// Carries out what the core wants, and what jobs want then.
void NodeActor::act() {
  constexpr int rounds_max = 10;
  look_at_runs();
  carry_out(core_.take_output(now_s()));
  for (int round = 0; round < rounds_max; ++round) {
    const bool of_jobs = step_jobs();
    if (!step_coordination() && !of_jobs)
      break;
    carry_out(core_.take_output(now_s()));
  }
  show_services();
  if (ticks_asked_ == 0)
    wait_for_tick();
}

void NodeActor::carry_out(NodeCore::Output output) {
  if (const Result<void> kept = persist(std::move(output.to_persist)); !kept) {
    core_.cannot_persist(kept.error());
    output = core_.take_output(now_s());
  }
  const Membership::Output& wanted = output.membership;
  for (std::size_t i = 0; i < wanted.refuse.size(); ++i)
    send_to(wanted.refuse[i], RefusalMessage{wanted.why[i]});
  for (const auto peer : wanted.greet)
    send_to(peer, HelloMessage{NodeHello::current_protocol, encode(membership().hello())});
  for (const auto peer : wanted.welcome)
    send_to(peer, WelcomeMessage{NodeHello::current_protocol, encode(membership().hello())});
  for (auto& [peer, view] : output.taken_in)
    send_to(peer, ViewMessage{{std::move(view)}});
  for (const auto peer : wanted.beat)
    send_to(peer, HeartbeatMessage{{output.reachability}});
  for (auto& [peer, frame] : output.frames)
    send_to(peer, ControlMessage{{std::move(frame)}});
  for (const NodeAddress& address : wanted.connect)
    gate_->connect(address);
  for (const std::string& line : wanted.log)
    if (wanted.refuse.empty())
      log(line);
    else
      log_refusal(line);
  for (const std::string& line : output.log)
    log(line);
  if (output.leaves)
    say_goodbye();
  for (const View& view : output.views)
    enter(view);
  show_control();
  show_failure();
  take_early();
  if (output.wants_cut)
    cut_runs();
}

Result<void> NodeActor::persist(std::vector<ToPersist> all) {
  return disk_ == nullptr ? Result<void>() : disk_->persist(std::move(all));
}

void NodeActor::look_at_runs() {
  const std::lock_guard lock(view_->mutex);
  core_.has_runs(!view_->runs.empty() || jobs_.is_busy());
}

void NodeActor::show_control() {
  if (core_.control() == nullptr)
    return;
  const raft::Status log = core_.control()->status();
  const std::lock_guard lock(view_->mutex);
  view_->control.epoch = core_.control()->view().epoch;
  view_->control.members = core_.control()->view().members.size();
  view_->control.leads = core_.control()->leader() == membership().own_name() ? 1 : 0;
  view_->control.term = log.term.value;
  view_->control.log_length = log.last.index.value;
  if (view_->ledger == core_.control()->runs())
    return;
  view_->ledger = core_.control()->runs();
  view_->changed.notify_all();
}

// Before a view that is planned: so nothing has to be done again. The first nodes of the runs
// answer.
void NodeActor::cut_runs() {
  constexpr std::chrono::seconds patience(60);
  std::vector<caf::actor> runs;
  {
    const std::lock_guard lock(view_->mutex);
    for (const NodeView::Run& run : view_->runs)
      runs.push_back(run.actor);
  }
  const std::uint64_t number = ++cuts_wanted_;
  cuts_awaited_ = runs.size();
  why_not_cut_.reset();
  if (runs.empty())
    core_.runs_are_cut(std::nullopt);
  for (const caf::actor& run : runs)
    request(run, patience, RunCommand{NodeHello::current_protocol, {}, "keep", {}})
        .then([this, number](const RunAnswer& answer) { a_run_is_cut(number, error_of(answer)); },
              [this, number](const caf::error& problem) {
                a_run_is_cut(number, Error{Errc::try_later, to_string(problem)});
              });
}

void NodeActor::a_run_is_cut(std::uint64_t number, const std::optional<Error>& why_not) {
  if (number != cuts_wanted_ || cuts_awaited_ == 0)
    return;
  if (why_not)
    why_not_cut_ = why_not;
  if (--cuts_awaited_ > 0)
    return;
  core_.runs_are_cut(why_not_cut_);
  act();
}

// The answer says that it will leave; that it has left, the next view says.
void NodeActor::drain(RunCommand& command, caf::response_promise answer) {
  const std::string node(reinterpret_cast<const char*>(command.arguments.data.data()),
                         command.arguments.data.size());
  if (node.empty() || node == membership().own_name()) {
    core_.leave();
    log("node is to leave node=" + membership().own_name());
    answer.deliver(RunAnswer{NodeHello::current_protocol, 0, {}, {}});
    return;
  }
  std::vector<std::string> names;
  for (const Membership::Member& member : membership().members()) {
    if (member.name == node && member.key != 0) {
      answer.delegate(caf::actor_cast<caf::actor>(handles_.at(member.key)), std::move(command));
      return;
    }
    names.push_back(member.name);
  }
  answer.deliver(refusal(no_such_node(node, names)));
}

// By SIGTERM (cluster.drain_on_term).
void NodeActor::leave_if_asked() {
  if (!Interruption::wants_to_drain())
    return;
  if (core_.control() == nullptr || membership().members().size() < 2)
    return Interruption::end_instead_of_drain();
  if (std::exchange(leaves_at_signal_, true))
    return;
  log("node is to leave node=" + membership().own_name() + " reason=\"SIGTERM\"");
  core_.leave();
}

void NodeActor::wait_for_tick() {
  const double delay_s = std::clamp(core_.next_tick_s() - now_s(), 0.001, 0.2);
  delayed_send(this, std::chrono::microseconds(static_cast<std::int64_t>(delay_s * 1e6)),
               TickMessage{}, ++ticks_asked_);
}

void NodeActor::say_goodbye() {
  for (const auto& [key, handle] : handles_)
    send_to(key, GoodbyeMessage{});
}

// The runs of the view before end; they begin again in this one.
void NodeActor::enter(const View& view) {
  const std::lock_guard lock(view_->mutex);
  view_->control.joined = view.joined;
  view_->control.left = view.left;
  view_->control.lost = view.lost;
  view_->view = view;
  view_->own_index = membership().own_index();
  std::vector<std::string> names;
  for (const View::Member& member : view.members)
    names.push_back(member.name);
  for (const Membership::Member& member : membership().members())
    if (!member.is_self)
      view_->heard.try_emplace(member.name, Clock::now());
  std::erase_if(view_->heard, [&names](const auto& heard) {
    return std::ranges::count(names, heard.first) == 0;
  });
  view_->meetings.emplace(std::move(names), view_->own_index);
  view_->elsewhere.clear();
  for (const NodeView::Run& run : std::exchange(view_->runs, {}))
    abort(run.actor, {Errc::node_lost, view.why}, true);
  if (!std::exchange(view_->complete, true))
    view_->interrupted = core_.control()->runs();
  view_->changed.notify_all();
}

void NodeActor::show_failure() {
  if (!core_.failure() || std::exchange(shown_failure_, true))
    return;
  const std::lock_guard lock(view_->mutex);
  view_->failure = core_.failure();
  for (const NodeView::Run& run : view_->runs)
    abort(run.actor, *view_->failure, false);
  view_->changed.notify_all();
}

// @pre the view is locked
void NodeActor::abort(const caf::actor& run, const Error& why, bool goes_on) {
  send(run, TellMessage{},
       AbortMessage{AbortMessage::of_this_node, static_cast<std::uint8_t>(why.code), why.context,
                    goes_on});
}

void NodeActor::log(const std::string& line) {
  std::clog << "stos: " + line + "\n";
  keep_for_tools(line);
}

// Of one who may say hello again and again.
void NodeActor::log_refusal(const std::string& line) {
  if (gate_->note(line))
    keep_for_tools(line);
}

void NodeActor::keep_for_tools(const std::string& line) {
  unsaid_.push_back({seconds_since_1970(), membership().own_name(), line});
  if (unsaid_.size() > ClusterWatch::log_lines_max)
    unsaid_.erase(unsaid_.begin());
}

// As often as a heartbeat, also if there is no other node.
void NodeActor::begin_news() {
  if (!membership().is_complete() || now_s() < next_news_s_)
    return;
  next_news_s_ = now_s() + options_.heartbeat_s;
  gather_news();
}

// The runs need a moment to show themselves.
void NodeActor::gather_news() {
  if (std::exchange(gathers_news_, true))
    return;
  desk_->ask();
  delayed_send(this, time_to_answer, LookMessage{});
}

void NodeActor::tell_news() {
  gathers_news_ = false;
  const NodeNews news{membership().own_name(), desk_->statuses(), std::exchange(unsaid_, {})};
  BytesWriter out;
  write_news(news, out);
  const NewsMessage message{{out.take()}};
  for (const Membership::Member& member : membership().members())
    send_to(member.key, message);
  watch_.observe(news, now_s());
}

void NodeActor::hear_news(const NewsMessage& message) {
  const auto key = sender_key();
  if (!key)
    return;
  hear(*key);
  BytesReader in(message.news.data);
  const Result<NodeNews> news = read_news(in);
  const auto from = membership().index_of(*key);
  if (from && news && news->node == membership().members()[*from].name)
    watch_.observe(*news, now_s());
  else if (from)
    log("news refused node=" + membership().members()[*from].name);
}

// All nodes see all alerts. The node that an alert is about says it, or, if it is silent, all
// others do. A node that was not running for a while has heard of no other one meanwhile: it says
// nothing.
void NodeActor::raise_alerts() {
  constexpr double ticks_apart_s = 1;
  if (now_s() - std::exchange(last_raised_s_, now_s()) > ticks_apart_s)
    return;
  for (const Alert& alert : watch_.take_new_alerts(now_s()))
    if ((alert.type == AlertType::node_silent) != (alert.node == membership().own_name()))
      log("alert type=" + std::string(to_string(alert.type)) + " simulation=" + alert.simulation +
          " node=" + alert.node + (alert.peer.empty() ? "" : " peer=" + alert.peer) + " text=\"" +
          alert.text + "\"");
}

// All nodes are asked, so that what is known of them is of about the same time. A node that cannot
// answer just now is shown as it was at its last heartbeat.
caf::response_promise NodeActor::hear_question(const StatusQuestion& question) {
  auto answer = make_response_promise();
  if (question.protocol != NodeHello::current_protocol) {
    answer.deliver(StatusAnswer{NodeHello::current_protocol, {}});
    return answer;
  }
  questions_.push_back(answer);
  if (questions_.size() > 1)
    return answer;
  for (const Membership::Member& member : membership().members())
    send_to(member.key, NewsWish{});
  gather_news();
  delayed_send(this, 10 * time_to_answer, AnswerMessage{});
  return answer;
}

void NodeActor::answer_questions() {
  ClusterStatus status = watch_.status(now_s());
  status.cluster = options_.name;
  status.told_by = membership().own_name();
  status.nodes_wanted = nodes_to_wait_for(options_);
  status.nodes = presences();
  if (const ControlGroup* control = core_.control()) {
    const raft::Status log = control->status();
    status.epoch = control->view().epoch;
    status.leader = control->leader();
    status.term = log.term.value;
    status.log_length = log.last.index.value;
  }
  BytesWriter out;
  write_cluster_status(status, out);
  const StatusAnswer answer{NodeHello::current_protocol, {out.take()}};
  for (caf::response_promise& question : questions_)
    question.deliver(answer);
  questions_.clear();
}

std::vector<NodePresence> NodeActor::presences() const {
  std::vector<NodePresence> presences;
  for (const Membership::Presence& node : membership().presences(now_s()))
    presences.push_back({node.name, node.address, node.lost, node.silence_s});
  return presences;
}

void NodeActor::pass_on(RunCommand& command) {
  auto answer = make_response_promise();
  const auto refuse = [&answer](Errc code, std::string why) {
    answer.deliver(refusal({code, std::move(why)}));
  };
  if (command.protocol != NodeHello::current_protocol)
    return refuse(Errc::bad_message, "this node speaks another protocol");
  if (command.command == "drain")
    return drain(command, std::move(answer));
  std::vector<caf::actor> fitting;
  {
    const std::lock_guard lock(view_->mutex);
    if (command.command.starts_with(AgentDesk::prefix)) {
      if (view_->agent_host == nullptr)
        return refuse(Errc::bad_argument,
                      "node " + membership().own_name() + " hosts no replicated agents");
      answer.delegate(view_->agent_host, std::move(command));
      return;
    }
    for (const NodeView::Run& run : view_->runs)
      if (command.simulation.empty() || command.simulation == run.simulation)
        fitting.push_back(run.actor);
  }
  if (fitting.empty())
    return refuse(Errc::bad_argument,
                  "no simulation " + (command.simulation.empty() ? "" : command.simulation + " ") +
                      "runs on node " + membership().own_name());
  if (fitting.size() > 1)
    return refuse(Errc::bad_argument, "several simulations run on node " + membership().own_name() +
                                          "; wanted: the name of one");
  answer.delegate(fitting.front(), std::move(command));
}

jobs::JobNode::Standing NodeActor::standing_for_jobs() const {
  jobs::JobNode::Standing standing;
  const ControlGroup* const control = core_.control();
  if (control == nullptr)
    return standing;
  standing.view = control->view();
  standing.leader = control->leader_id();
  standing.leads = control->leads();
  standing.belongs = !core_.failure() && control->is_seated();
  for (const View::Member& member : standing.view.members)
    if (member.name == membership().own_name())
      standing.self = {member.id, member.life};
  return standing;
}

// Whether the core has something to do now.
bool NodeActor::step_jobs() {
  if (!jobs_.is_due(now_s()))
    return false;
  JobDesk::Output output = jobs_.step(standing_for_jobs(), now_s());
  for (auto& [to, words] : output.to_send)
    send_to(membership().key_of(to.value), JobWords{{std::move(words)}});
  for (JobDesk::Ask& ask : output.asks)
    coordination_.ask_for_child(ask.child, ask.number, std::move(ask.request));
  for (const std::uint64_t child : output.ended)
    coordination_.child_ended(child, now_s());
  return propose_for(machine_of_jobs, output.to_propose);
}

void NodeActor::show_services() {
  const jobs::JobCounts of_jobs = jobs_.counts();
  const std::lock_guard lock(view_->mutex);
  view_->services.jobs = of_jobs;
  view_->services.coordination = coordination_.node().counts();
}

bool NodeActor::propose_for(std::size_t machine,
                            const std::vector<std::vector<std::byte>>& entries) {
  bool is_under_way = false;
  for (const std::vector<std::byte>& entry : entries)
    is_under_way = core_.propose(ControlMachines::entry_for(machine, entry)) || is_under_way;
  return is_under_way;
}

// Likewise.
bool NodeActor::step_coordination() {
  if (!coordination_.is_due(now_s()))
    return false;
  const jobs::JobNode::Standing standing = standing_for_jobs();
  CoordinationDesk::Output output =
      coordination_.step({standing.belongs, standing.leader, standing.leads}, now_s());
  for (auto& [to, words] : output.to_send)
    send_to(membership().key_of(to.value), CoordinationWords{{std::move(words)}});
  for (auto& [ticket, answer] : output.answers)
    if (auto question = coordination_questions_.extract(ticket))
      question.mapped().deliver(std::move(answer));
  for (const CoordinationDesk::ChildAnswer& answer : output.child_answers)
    jobs_.tell(answer.child, answer.number, answer.answer);
  for (const std::uint64_t child : output.lost_locks)
    jobs_.fail(child, "the lease of its locks has ended: the node was cut off, or stood still");
  return propose_for(machine_of_coordination, output.to_propose);
}

void NodeActor::hear_of_coordination(const CoordinationWords& words) {
  const auto key = sender_key();
  if (key && membership().id_of(*key) != 0)
    coordination_.hear(words.words.data);
  act();
}

template <class Message>
caf::result<CoordinationAnswer> NodeActor::answer_about_coordination(const Message& message) {
  if (const std::optional<Error> why = why_not_asked())
    return coordination_refusal(*why);
  const Result<std::uint64_t> ticket = coordination_.ask(message, now_s());
  if (!ticket)
    return coordination_refusal(ticket.error());
  auto promise = make_response_promise<CoordinationAnswer>();
  coordination_questions_.emplace(*ticket, promise);
  act();
  return promise;
}

// What it knows may be old.
std::optional<Error> NodeActor::why_not_asked() const {
  const std::string node = "node " + membership().own_name();
  if (core_.failure())
    return Error{Errc::node_lost,
                 node + " does not belong to its cluster any more: " + core_.failure()->context};
  if (!standing_for_jobs().belongs)
    return Error{Errc::node_lost, node + " does not belong to its cluster yet"};
  return std::nullopt;
}

void NodeActor::hear_of_jobs(const JobWords& words) {
  const auto key = sender_key();
  const raft::NodeId from{key ? membership().id_of(*key) : 0};
  if (from)
    jobs_.hear(from, words.words.data);
  act();
}

template <class Message>
JobAnswer NodeActor::answer_about_jobs(const Message& message) {
  if (const std::optional<Error> why = why_not_asked())
    return job_refusal(*why);
  JobAnswer answer = jobs_.answer(message);
  act();
  return answer;
}

void NodeActor::on_exit() {
  jobs_.close();
  handles_.clear();
  keys_.clear();
  const std::lock_guard lock(view_->mutex);
  view_->elsewhere.clear();
  view_->agent_host = nullptr;
  for (NodeView::Run& run : view_->runs)
    run.actor = nullptr;
}

} // namespace stos::detail
