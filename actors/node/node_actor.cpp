#include "actors/node/node_actor.hpp"

#include "actors/messages/caf_types.hpp"
#include "actors/transport/connection_problem.hpp"
#include "actors/transport/host_name.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <iostream>
#include <utility>

namespace stos::detail {
namespace {

// A node is to be noticed before it counts as lost.
AlertLimits alert_limits(const ClusterOptions& options, const MonitoringOptions& monitoring) {
  AlertLimits limits;
  limits.silence_timeout_s = options.silence_timeout_s / 2;
  limits.progress_timeout_s = monitoring.progress_timeout_s;
  return limits;
}

} // namespace

NodeActor::NodeActor(caf::actor_config& config, NodeHello self, ClusterOptions options,
                     const MonitoringOptions& monitoring, std::shared_ptr<NodeView> view,
                     std::shared_ptr<StatusDesk> desk)
    : caf::event_based_actor(config), options_(std::move(options)), view_(std::move(view)),
      membership_(std::move(self), options_, 0), desk_(std::move(desk)),
      watch_(alert_limits(options_, monitoring)) {}

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
    membership_.lost(key, "its connection was closed");
    act();
  });
  set_exception_handler([this](std::exception_ptr& problem) -> caf::error {
    try {
      std::rethrow_exception(problem);
    } catch (const std::exception& e) {
      const std::lock_guard lock(view_->mutex);
      view_->failure = Error{Errc::internal, std::string("the node's actor failed: ") + e.what()};
      for (const NodeView::Run& run : view_->runs)
        abort(run.actor);
      view_->changed.notify_all();
    }
    return caf::make_error(caf::sec::runtime_error);
  });
  act();
  return {
      [this](const HelloMessage& message) {
        hear_hello(message);
        act();
      },
      [this](const RefusalMessage& refusal) {
        membership_.refused_by(key_of(current_sender()), refusal.why);
        act();
      },
      [this](HeartbeatMessage) { hear(key_of(current_sender())); },
      [this](const NewsMessage& message) { hear_news(message); },
      [this](LookMessage) { tell_news(); },
      [this](NewsWish) { gather_news(); },
      [this](AnswerMessage) { answer_questions(); },
      [this](const StatusQuestion& question) { return hear_question(question); },
      [this](RunCommand& command) { pass_on(command); },
      [this](GoodbyeMessage) {
        membership_.left(key_of(current_sender()));
        act();
      },
      [this](EndMessage) {
        for (const auto& [key, handle] : handles_)
          send_to(key, GoodbyeMessage{});
        quit();
      },
      [this](RunAnnouncement& announcement) { tell_of_run(announcement); },
      [this](RunCall& call) { tell_of_run(call); },
      [this](RunDeparture& departure) { tell_of_run(departure); },
      [this](const FindAgent& wanted) { return hand_over(wanted); },
      [this](TickMessage, std::uint64_t asked) {
        if (asked != ticks_asked_)
          return;
        membership_.tick(now_s());
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
  membership_.heard(key, now_s());
  if (const auto index = membership_.index_of(key)) {
    const std::lock_guard lock(view_->mutex);
    view_->heard[membership_.members()[*index].name] = Clock::now();
  }
}

void NodeActor::hear_hello(const HelloMessage& message) {
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
  membership_.heard_hello(key_of(current_sender()), hello, now_s());
}

// From this process: for the others. From another node, who may have seen all nodes come before
// this one has: for whoever waits for it here.
template <class Message>
void NodeActor::tell_of_run(Message& message) {
  if (current_sender() != nullptr) {
    early_.emplace_back(key_of(current_sender()), std::move(message));
    act();
    return;
  }
  for (const Membership::Member& member : membership_.members())
    send_to(member.key, message);
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
    for (const Membership::Member& member : membership_.members())
      send_to(member.key, RunCall{call.simulation, call.attempts});
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
  log("words for a run refused node=" + membership_.members()[from].name +
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
      send(run.actor, AbortMessage{static_cast<std::uint32_t>(from),
                                   static_cast<std::uint8_t>(problem.code), problem.context});
}

void NodeActor::take_early() {
  if (!membership_.is_complete() || early_.empty())
    return;
  const std::lock_guard lock(view_->mutex);
  for (auto& [key, message] : early_)
    if (const auto index = membership_.index_of(key))
      std::visit([this, from = *index](auto& of_run) { hear_of_run(from, of_run); }, message);
  early_.clear();
  view_->changed.notify_all();
}

void NodeActor::connect(const NodeAddress& address) {
  constexpr std::chrono::seconds patience(5);
  request(system().middleman().actor_handle(), patience, caf::connect_atom_v, address.host,
          address.port)
      .then(
          [this, address](const caf::node_id&, const caf::strong_actor_ptr& handle,
                          const std::set<std::string>&) {
            if (handle == nullptr)
              membership_.cannot_connect(address, "who listens there is no node", now_s());
            else
              connected(address, handle);
            act();
          },
          [this, address](const caf::error& problem) {
            std::string why = lookup_problem(address.host);
            if (why.empty())
              why = problem == caf::sec::cannot_connect_to_node
                        ? "no connection: nobody listens there, or no way leads there"
                    : problem == caf::sec::request_timeout
                        ? "no connection: nobody has answered in 5 s"
                        : "no answer as a node gives it: " + connection_problem(problem);
            membership_.cannot_connect(address, why, now_s());
            act();
          });
}

void NodeActor::connected(const NodeAddress& address, const caf::strong_actor_ptr& handle) {
  if (handle == caf::actor_cast<caf::strong_actor_ptr>(this))
    membership_.is_own(address);
  else
    membership_.connected(address, key_of(handle), now_s());
}

// Carries out what the membership wants.
void NodeActor::act() {
  Membership::Output output = membership_.take_output();
  for (std::size_t i = 0; i < output.refuse.size(); ++i)
    send_to(output.refuse[i], RefusalMessage{output.why[i]});
  for (const auto peer : output.greet)
    send_to(peer, HelloMessage{NodeHello::current_protocol, encode(membership_.hello())});
  for (const auto peer : output.beat)
    send_to(peer, HeartbeatMessage{});
  for (const NodeAddress& address : output.connect)
    connect(address);
  for (const std::string& line : output.log)
    log(line);
  show();
  take_early();
  if (ticks_asked_ == 0)
    wait_for_tick();
}

void NodeActor::wait_for_tick() {
  const double delay_s = std::clamp(membership_.next_tick_s() - now_s(), 0.001, 0.2);
  delayed_send(this, std::chrono::microseconds(static_cast<std::int64_t>(delay_s * 1e6)),
               TickMessage{}, ++ticks_asked_);
}

std::size_t NodeActor::who_is_gone() const {
  const auto& members = membership_.members();
  const auto gone = std::find_if(members.begin(), members.end(),
                                 [](const Membership::Member& member) { return member.lost; });
  return static_cast<std::size_t>(gone - members.begin());
}

void NodeActor::show() {
  const bool is_news = (membership_.is_complete() && !std::exchange(shown_complete_, true)) ||
                       membership_.failure().has_value();
  if (!is_news || shown_failure_)
    return;
  const std::lock_guard lock(view_->mutex);
  view_->complete = membership_.is_complete();
  if (view_->complete) {
    view_->members = membership_.members();
    view_->own_index = membership_.own_index();
    std::vector<std::string> names;
    for (const Membership::Member& member : view_->members)
      names.push_back(member.name);
    if (!view_->meetings)
      view_->meetings.emplace(std::move(names), view_->own_index);
    for (const Membership::Member& member : view_->members)
      if (member.key != 0)
        view_->heard.try_emplace(member.name, Clock::now());
  }
  if (membership_.failure()) {
    shown_failure_ = true;
    view_->failure = membership_.failure();
    for (const NodeView::Run& run : view_->runs)
      abort(run.actor);
  }
  view_->changed.notify_all();
}

// @pre the view is locked, and has a failure
void NodeActor::abort(const caf::actor& run) {
  send(run, AbortMessage{static_cast<std::uint32_t>(who_is_gone()),
                         static_cast<std::uint8_t>(view_->failure->code), view_->failure->context});
}

void NodeActor::log(const std::string& line) {
  std::clog << "stos: " + line + "\n";
  unsaid_.push_back({seconds_since_1970(), membership_.own_name(), line});
  if (unsaid_.size() > ClusterWatch::log_lines_max)
    unsaid_.erase(unsaid_.begin());
}

// As often as a heartbeat, also if nobody else is there.
void NodeActor::begin_news() {
  if (!membership_.is_complete() || now_s() < next_news_s_)
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
  const NodeNews news{membership_.own_name(), desk_->statuses(), std::exchange(unsaid_, {})};
  BytesWriter out;
  write_news(news, out);
  const NewsMessage message{{out.take()}};
  for (const Membership::Member& member : membership_.members())
    send_to(member.key, message);
  watch_.observe(news, now_s());
}

void NodeActor::hear_news(const NewsMessage& message) {
  const Membership::PeerKey key = key_of(current_sender());
  hear(key);
  BytesReader in(message.news.data);
  const Result<NodeNews> news = read_news(in);
  const auto from = membership_.index_of(key);
  if (from && news && news->node == membership_.members()[*from].name)
    watch_.observe(*news, now_s());
  else if (from)
    log("news refused node=" + membership_.members()[*from].name);
}

// Everybody sees all alerts; who says so is the node itself, or, if it is silent, all others.
// Whoever has not been running for a while has heard of nobody meanwhile, and says nothing.
void NodeActor::raise_alerts() {
  constexpr double ticks_apart_s = 1;
  if (now_s() - std::exchange(last_raised_s_, now_s()) > ticks_apart_s)
    return;
  for (const Alert& alert : watch_.take_new_alerts(now_s()))
    if ((alert.type == AlertType::node_silent) != (alert.node == membership_.own_name()))
      log("alert type=" + std::string(to_string(alert.type)) + " simulation=" + alert.simulation +
          " node=" + alert.node + (alert.peer.empty() ? "" : " peer=" + alert.peer) + " text=\"" +
          alert.text + "\"");
}

// All nodes are asked, so that what is known of them is of about the same time. Whoever cannot say
// anything just now is as it was at its last heartbeat.
caf::response_promise NodeActor::hear_question(const StatusQuestion& question) {
  auto answer = make_response_promise();
  if (question.protocol != NodeHello::current_protocol) {
    answer.deliver(StatusAnswer{NodeHello::current_protocol, {}});
    return answer;
  }
  questions_.push_back(answer);
  if (questions_.size() > 1)
    return answer;
  for (const Membership::Member& member : membership_.members())
    send_to(member.key, NewsWish{});
  gather_news();
  delayed_send(this, 10 * time_to_answer, AnswerMessage{});
  return answer;
}

void NodeActor::answer_questions() {
  ClusterStatus status = watch_.status(now_s());
  status.cluster = options_.name;
  status.told_by = membership_.own_name();
  status.nodes_wanted = nodes_to_wait_for(options_);
  status.nodes = presences();
  BytesWriter out;
  write_cluster_status(status, out);
  const StatusAnswer answer{NodeHello::current_protocol, {out.take()}};
  for (caf::response_promise& question : questions_)
    question.deliver(answer);
  questions_.clear();
}

std::vector<NodePresence> NodeActor::presences() const {
  std::vector<NodePresence> presences;
  for (const Membership::Presence& node : membership_.presences(now_s()))
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
  std::vector<caf::actor> fitting;
  {
    const std::lock_guard lock(view_->mutex);
    for (const NodeView::Run& run : view_->runs)
      if (command.simulation.empty() || command.simulation == run.simulation)
        fitting.push_back(run.actor);
  }
  if (fitting.empty())
    return refuse(Errc::bad_argument,
                  "no simulation " + (command.simulation.empty() ? "" : command.simulation + " ") +
                      "runs on node " + membership_.own_name());
  if (fitting.size() > 1)
    return refuse(Errc::bad_argument, "several simulations run on node " + membership_.own_name() +
                                          "; wanted: the name of one");
  answer.delegate(fitting.front(), std::move(command));
}

void NodeActor::on_exit() {
  handles_.clear();
  keys_.clear();
  const std::lock_guard lock(view_->mutex);
  view_->elsewhere.clear();
  for (NodeView::Run& run : view_->runs)
    run.actor = nullptr;
}

} // namespace stos::detail
