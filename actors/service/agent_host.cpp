#include "actors/service/agent_host.hpp"

#include "actors/cluster_node.hpp"
#include "actors/messages/cluster_messages.hpp"
#include "actors/messages/system_messages.hpp"
#include "actors/service/agent_desk.hpp"
#include "libstos/base/hash.hpp"

#include <caf/actor_cast.hpp>

#include <algorithm>
#include <iostream>
#include <random>
#include <utility>

namespace stos::detail {
namespace {

constexpr std::chrono::milliseconds tick_time(50);
constexpr std::uint64_t ticks_per_second = 20;
constexpr const char* why_over = "this process hosts no replicated agents any more";
constexpr std::uint64_t ticks_missed_max = 100;       // more of them change nothing
constexpr std::size_t message_bytes_wanted = 1 << 20; // to one host at a time
constexpr std::uint64_t patience_ms = 5'000;          // of what it asks for itself

keyed::Time wall_time() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return {static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count())};
}

std::uint64_t in_ms(double seconds) { return static_cast<std::uint64_t>(seconds * 1e3 + 0.5); }

std::uint64_t chance() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

/// Another one for each process that ever was a member.
raft::NodeId id_of(const View::Member& member) {
  const std::uint64_t id = mix64(member.id.value ^ mix64(member.life));
  return {id == 0 ? 1 : id};
}

void log(const std::string& line) { std::clog << "stos: " + line + "\n"; }

} // namespace

AgentHost::AgentHost(caf::actor_config& config, HostSetUp set_up)
    : caf::event_based_actor(config), set_up_(std::move(set_up)) {
  view_.epoch = 0;
}

caf::behavior AgentHost::make_behavior() {
  set_exception_handler([this](std::exception_ptr& problem) -> caf::error {
    try {
      std::rethrow_exception(problem);
    } catch (const std::exception& e) {
      fail(std::string("the host of replicated agents failed: ") + e.what());
    }
    return {};
  });
  ignore_what_is_not_for_it(*this);
  set_down_handler([this](caf::down_msg& down) {
    if (const auto watcher = watchers_.extract(down.source))
      watches_.remove(watcher.mapped());
  });
  set_default_handler(caf::drop);
  start();
  return {
      [this](const HostMessage& message) { hear(message); },
      [this](LookMessage) {
        works_soon_ = false;
        catch_up();
        work();
      },
      [this](TickMessage) {
        delayed_send(this, tick_time, TickMessage{});
        catch_up();
        work();
        end_if_over();
      },
      [this](std::uint64_t member, const HostAnnouncement& announcement) {
        if (current_sender() == nullptr || current_sender()->node() == node())
          hear_announcement({member}, announcement);
      },
      [this](const HostCall& call) {
        auto promise = make_response_promise();
        BytesReader in(call.call.data);
        keyed::Call wanted = keyed::read_call(in, call.is_command);
        take({std::move(wanted), Clock::now() + std::chrono::milliseconds(call.patience_ms),
              [promise](const keyed::Answer& answer) mutable {
                BytesWriter out;
                write(answer, out);
                promise.deliver(HostAnswer{{out.take()}});
              }});
        work_soon();
        return promise;
      },
      [this](const HostWatch& order) { watch(order); },
      [this](const RunCommand& command) { return serve(command); },
      [this](EndMessage) {
        ends_at_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(set_up_.stop_timeout_s));
        if (founding_) {
          founding_->end();
          announce();
        }
        end_if_over();
      },
  };
}

// Of a tool.
caf::response_promise AgentHost::serve(const RunCommand& command) {
  auto promise = make_response_promise();
  if (core_ == nullptr) {
    promise.deliver(refusal({Errc::try_later, "this node does not host replicated agents yet"}));
    return promise;
  }
  const AgentDesk desk{
      *core_, *set_up_.types, [this](raft::NodeId host) { return name_of(host); },
      [this](AgentDesk::What what, std::chrono::milliseconds patience, HostDoor::Then then) {
        take({std::move(what), Clock::now() + patience, std::move(then)});
        work_soon();
      },
      wall_time()};
  desk.answer(command, [promise](RunAnswer answer) mutable { promise.deliver(std::move(answer)); });
  return promise;
}

std::string AgentHost::name_of(raft::NodeId host) const {
  const auto name = names_.find(host);
  if (name != names_.end())
    return name->second;
  const std::optional<std::size_t> own = view_.index_of(member_);
  return host == self_ ? (own ? view_.members[*own].name : "this node")
                       : "host " + raft::to_string(host);
}

// ---- begin and end
// ------------------------------------------------------------------------------

void AgentHost::start() {
  const raft::NodeId owner = set_up_.disk ? set_up_.disk->owner() : raft::NodeId::none();
  if (set_up_.view == nullptr) {
    self_ = owner ? owner : raft::NodeId{1};
    begin();
  } else {
    {
      const std::lock_guard lock(set_up_.view->mutex);
      self_ = owner ? owner : id_of(set_up_.view->view.members[set_up_.view->own_index]);
    }
    founding_.emplace(self_, static_cast<bool>(owner));
    look_at_view();
  }
  set_up_.door->open(caf::actor_cast<caf::actor>(this));
  delayed_send(this, tick_time, TickMessage{});
}

keyed::NodeOptions AgentHost::node_options() const {
  const AgentsOptions& wanted = set_up_.options;
  keyed::NodeOptions options;
  options.self = self_;
  options.life = chance();
  options.seed = chance();
  options.zone = wanted.zone;
  options.founders = founding_ ? founding_->word().founders : std::vector{self_};
  options.agents.check_twice = wanted.check_twice;
  options.rate_limit = {in_ms(wanted.token_every_s), wanted.tokens_max};
  options.replicas = wanted.replicas;
  options.groups_max = wanted.groups_max;
  options.per_group_max = wanted.per_group_max;
  options.tick_ms = in_ms(wanted.tick_s);
  options.report_ms = std::min(options.report_ms, options.tick_ms);
  return options;
}

void AgentHost::begin() {
  core_ = std::make_unique<keyed::Node>(node_options(), *set_up_.types,
                                        set_up_.disk ? set_up_.disk->take_found()
                                                     : std::map<raft::GroupId, raft::Recovered>{},
                                        wall_time());
  last_tick_ = Clock::now();
  for (HostDoor::Wish& wish : std::exchange(early_, {}))
    take(std::move(wish));
  work_soon();
}

void AgentHost::fail(const std::string& why) {
  if (std::exchange(failure_, why))
    return;
  core_.reset();
  const keyed::Answer answer = keyed::Answer::refused(keyed::Outcome::timeout, 0, why);
  for (const auto& [number, waiting] : std::exchange(waits_, {}))
    finish(waiting, answer);
  for (HostDoor::Wish& wish : std::exchange(early_, {}))
    wish.then(keyed::Answer::refused(keyed::Outcome::no_leader, 0, why));
  set_up_.door->shut(why);
}

// Others may need it for a while: all nodes end together if they end at about the same time.
void AgentHost::end_if_over() {
  if (!ends_at_)
    return;
  if (founding_ && core_ && Clock::now() < *ends_at_ && !founding_->all_are_over()) {
    const std::lock_guard lock(set_up_.view->mutex);
    if (!set_up_.view->failure)
      return;
  }
  fail(why_over);
  quit();
}

void AgentHost::on_exit() {
  fail(why_over);
  effects_.finish();
  hosts_.clear();
  speakers_.clear();
  set_up_ = {}; // the disk is free, too
}

// ---- time
// ---------------------------------------------------------------------------------------

// Before anything else: a host that has stood still is to know that it has, and whether it may
// believe that it still leads.
void AgentHost::catch_up() {
  const Clock::time_point at = Clock::now();
  auto missed = static_cast<std::uint64_t>((at - last_tick_) / tick_time);
  if (missed == 0)
    return;
  last_tick_ += missed * tick_time;
  for (missed = std::min(missed, ticks_missed_max); missed > 0; --missed)
    tick();
}

void AgentHost::tick() {
  ++ticks_;
  look_at_view();
  if (core_) {
    look_at_effects();
    core_->tick(wall_time());
  } else {
    expire_early();
  }
  const std::uint64_t apart = core_ ? ticks_per_second : ticks_per_second / 4;
  if (founding_ && ticks_ % apart == 0)
    announce();
  if (ticks_ % ticks_per_second != 0)
    return;
  show();
  if (core_)
    look_after_watches();
  if (core_ && founding_)
    remove_absent();
}

// ---- what there is to do
// --------------------------------------------------------------------------

void AgentHost::work_soon() {
  if (!std::exchange(works_soon_, true))
    send(this, LookMessage{});
}

void AgentHost::work() {
  take_wishes();
  while (core_) {
    if (core_->failure())
      return fail(core_->failure()->context);
    keyed::Node::Output output = core_->take_output();
    if (output.empty())
      return;
    if (!persist(std::move(output.to_persist)))
      return;
    transmit(output.to_send);
    keyed::Node::Done applied = core_->apply(std::move(output));
    transmit(applied.to_send);
    for (auto& [group, effect] : applied.effects)
      carry_out(group, std::move(effect));
    for (keyed::Reply& reply : applied.answers)
      if (auto waits = waits_.extract(reply.number))
        finish(waits.mapped(), std::move(reply.answer));
  }
}

void AgentHost::carry_out(raft::GroupId group, keyed::Effect effect) {
  effects_.add(group, std::move(effect));
  core_->effects_wait(group, effects_.waiting(group));
  busy_.insert(group);
}

void AgentHost::look_at_effects() {
  std::erase_if(busy_, [this](raft::GroupId group) {
    const std::size_t waiting = effects_.waiting(group);
    core_->effects_wait(group, waiting);
    return waiting == 0;
  });
}

bool AgentHost::persist(std::vector<keyed::Node::Change> changes) {
  if (set_up_.disk == nullptr || changes.empty())
    return true;
  const Result<void> persisted = set_up_.disk->persist(self_, std::move(changes));
  if (persisted)
    return true;
  log("replicated agents end here reason=\"" + persisted.error().context + "\"");
  fail(persisted.error().context);
  return false;
}

void AgentHost::take_wishes() {
  for (HostDoor::Wish& wish : set_up_.door->take())
    take(std::move(wish));
}

void AgentHost::take(HostDoor::Wish wish) {
  if (failure_)
    return wish.then(keyed::Answer::refused(keyed::Outcome::no_leader, 0, *failure_));
  if (core_ == nullptr) {
    early_.push_back(std::move(wish));
    return;
  }
  const Clock::time_point at = Clock::now();
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(wish.until - at).count();
  const std::uint64_t patience = left > 0 ? static_cast<std::uint64_t>(left) : 0;
  std::uint64_t number = 0;
  keyed::CallsStatus* calls = nullptr;
  if (const auto* const call = std::get_if<keyed::Call>(&wish.what)) {
    calls = call->is_command ? &status_.commands : &status_.queries;
    number = core_->call(*call, patience, wall_time());
  } else if (auto* const transaction = std::get_if<keyed::Transaction>(&wish.what)) {
    calls = &status_.transactions;
    number = core_->transact(std::move(*transaction), patience, wall_time());
  } else {
    auto& question = std::get<HostDoor::Question>(wish.what);
    number = question.hash ? core_->ask_owner(*question.hash, question.kind,
                                              std::move(question.body), patience, wall_time())
                           : core_->ask(question.group, question.kind, std::move(question.body),
                                        patience, wall_time());
  }
  waits_.emplace(number, Waiting{std::move(wish.then), calls, at});
}

void AgentHost::finish(const Waiting& waiting, keyed::Answer answer) {
  if (waiting.calls != nullptr)
    waiting.calls->add(answer.outcome,
                       std::chrono::duration<double>(Clock::now() - waiting.since).count());
  waiting.then(std::move(answer));
}

void AgentHost::show() {
  constexpr std::uint64_t quotas_every = 10 * ticks_per_second;
  constexpr std::size_t quotas_max = 20; // Prometheus has a series for each
  if (core_) {
    core_->show(status_);
    if (status_.quotas.empty() || ticks_ % quotas_every == 0)
      status_.quotas = core_->fullest_quotas(quotas_max);
  }
  status_.callbacks_waiting = effects_.waiting();
  set_up_.door->show(status_);
}

void AgentHost::expire_early() {
  const Clock::time_point at = Clock::now();
  std::vector<HostDoor::Wish> later;
  for (HostDoor::Wish& wish : std::exchange(early_, {}))
    if (wish.until > at)
      later.push_back(std::move(wish));
    else
      wish.then(keyed::Answer::refused(keyed::Outcome::no_leader, 0,
                                       "not all nodes of the cluster host replicated agents yet"));
  early_ = std::move(later);
}

// ---- messages
// -----------------------------------------------------------------------------------

void AgentHost::transmit(std::vector<keyed::Node::Message>& messages) {
  std::map<raft::NodeId, BytesWriter> by_host;
  const auto deliver = [this](raft::NodeId to, BytesWriter& out) {
    if (const auto host = hosts_.find(to); host != hosts_.end())
      send(host->second.actor, HostMessage{{out.take()}});
  };
  for (const auto& [to, bytes] : messages) {
    if (!hosts_.contains(to))
      continue;
    BytesWriter& out = by_host[to];
    out.varint(bytes.size());
    out.raw(bytes);
    if (out.size() >= message_bytes_wanted)
      deliver(to, out);
  }
  for (auto& [to, out] : by_host)
    if (out.size() > 0)
      deliver(to, out);
}

void AgentHost::hear(const HostMessage& message) {
  const auto speaker = speakers_.find(caf::actor_cast<caf::actor_addr>(current_sender()));
  if (speaker == speakers_.end() || core_ == nullptr)
    return;
  catch_up();
  BytesReader in(message.messages.data);
  while (core_ && in.ok() && in.remaining() > 0) {
    const std::span<const std::byte> bytes = in.raw(in.count(1));
    if (!in.ok())
      break;
    if (const Result<void> heard = core_->hear(speaker->second, bytes, wall_time()); !heard)
      log("words of a host of replicated agents refused node=" + name_of(speaker->second) +
          " reason=\"" + heard.error().context + "\"");
  }
  work_soon();
}

// ---- other hosts
// --------------------------------------------------------------------------------

void AgentHost::look_at_view() {
  if (!founding_)
    return;
  {
    const std::lock_guard lock(set_up_.view->mutex);
    if (!set_up_.view->complete || set_up_.view->view.epoch == view_.epoch)
      return;
    view_ = set_up_.view->view;
    member_ = view_.members[set_up_.view->own_index].id;
  }
  founding_->enter(view_.epoch, view_.ids(), member_);
  std::erase_if(
      hosts_, [this](const auto& host) { return !view_.index_of(host.second.member).has_value(); });
  std::erase_if(speakers_,
                [this](const auto& speaker) { return !hosts_.contains(speaker.second); });
  announce();
}

void AgentHost::hear_announcement(raft::NodeId member, const HostAnnouncement& announcement) {
  if (!founding_)
    return;
  look_at_view();
  const Result<keyed::Founding::Word> word = keyed::decode_word(announcement.word.data);
  const std::optional<std::size_t> index = view_.index_of(member);
  if (!word || !index || announcement.host == nullptr || word->host == self_)
    return;
  std::erase_if(hosts_, [&](const auto& host) {
    return host.second.member == member && host.first != word->host;
  });
  const bool is_news = !hosts_.contains(word->host);
  hosts_[word->host] = {announcement.host, member};
  speakers_[announcement.host.address()] = word->host;
  names_[word->host] = view_.members[*index].name;
  founding_->hear(member, *word);
  if (!core_ && founding_->has_begun() && !failure_)
    begin();
  if (is_news || founding_->word() != announced_)
    announce();
}

void AgentHost::announce() {
  if (!core_ && founding_->has_begun() && !failure_) // alone in its view, or with a disk
    begin();
  announced_ = founding_->word();
  send(set_up_.node, TellMessage{},
       HostAnnouncement{{keyed::encode(announced_)}, caf::actor_cast<caf::actor>(this)});
}

/// The leader of the table takes out who does not come back: a host whose node has another one now,
/// and one that is away for too long.
void AgentHost::remove_absent() {
  if (!core_->leads(keyed::GroupTable::table_group)) {
    absent_since_.clear();
    return;
  }
  const Clock::time_point at = Clock::now();
  const auto has_successor = [this](raft::NodeId gone) {
    const auto name = names_.find(gone);
    return name != names_.end() && std::ranges::any_of(hosts_, [&](const auto& host) {
             return host.first != gone && names_[host.first] == name->second;
           });
  };
  for (const auto& [host, zone] : core_->table().nodes()) {
    if (host == self_ || hosts_.contains(host)) {
      absent_since_.erase(host);
      continue;
    }
    const auto since = absent_since_.try_emplace(host, at).first->second;
    const std::chrono::duration<double> away = at - since;
    if (!has_successor(host) && away.count() < set_up_.options.absence_s)
      continue;
    absent_since_.erase(host);
    log("node hosts no replicated agents any more node=" + name_of(host));
    static_cast<void>(core_->ask(keyed::GroupTable::table_group, keyed::Ask::Kind::item,
                                 keyed::GroupTable::remove_node_item(host), patience_ms,
                                 wall_time()));
  }
}

// ---- who watches agents
// -------------------------------------------------------------------------

void AgentHost::watch(const HostWatch& order) {
  const auto watcher = caf::actor_cast<caf::actor_addr>(current_sender());
  BytesReader in(order.id.data);
  const keyed::Id id = keyed::read_id(in);
  if (watcher == nullptr || !in.at_end())
    return;
  const auto [at, is_new] = watchers_.try_emplace(watcher, last_watcher_ + 1);
  if (is_new) {
    ++last_watcher_;
    monitor(watcher);
  }
  watches_.add(id, at->second, order.was_active);
}

void AgentHost::look_after_watches() {
  constexpr std::chrono::milliseconds patience(2'000);
  for (auto& [group, look] : watches_.to_ask(core_->table())) {
    std::vector<std::byte> query = keyed::AgentGroup::lives_query(look.ids);
    take({HostDoor::Question{group, keyed::Ask::Kind::question, std::move(query)},
          Clock::now() + patience, [this, look = std::move(look)](const keyed::Answer& answer) {
            for (const keyed::Watches::Ended& ended : watches_.hear(look, answer))
              for (const auto& [watcher, number] : watchers_)
                if (ended.watchers.contains(number))
                  if (const auto actor = caf::actor_cast<caf::actor>(watcher))
                    send(actor, HostWatchEnd{std::string(keyed::AgentGroup::text_of(ended.why))});
          }});
  }
}

} // namespace stos::detail
