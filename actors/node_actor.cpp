#include "actors/node_actor.hpp"

#include "actors/caf_types.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>
#include <caf/send.hpp>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <iostream>
#include <utility>

namespace stos::detail {
namespace {

// Why a name is of no use; empty if it can be looked up.
std::string lookup_problem(const std::string& host) {
  addrinfo* found = nullptr;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const int status = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (status == 0) {
    freeaddrinfo(found);
    return {};
  }
  return "the name " + host + " does not resolve: " + gai_strerror(status);
}

} // namespace

NodeActor::NodeActor(caf::actor_config& config, NodeHello self, ClusterOptions options,
                     std::shared_ptr<NodeView> view)
    : caf::event_based_actor(config), options_(std::move(options)), view_(std::move(view)),
      membership_(std::move(self), options_, 0) {}

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
      [this](GoodbyeMessage) {
        membership_.left(key_of(current_sender()));
        act();
      },
      [this](EndMessage) {
        for (const auto& [key, handle] : handles_)
          send_to(key, GoodbyeMessage{});
        quit();
      },
      [this](RunAnnouncement& announcement) {
        announce(announcement);
        act();
      },
      [this](TickMessage, std::uint64_t asked) {
        if (asked != ticks_asked_)
          return;
        membership_.tick(now_s());
        act();
        wait_for_tick();
      },
  };
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
void NodeActor::announce(RunAnnouncement& announcement) {
  if (current_sender() != nullptr) {
    early_.emplace_back(key_of(current_sender()), std::move(announcement));
    return;
  }
  for (const Membership::Member& member : membership_.members())
    send_to(member.key, announcement);
  const std::lock_guard lock(view_->mutex);
  view_->runs.push_back(announcement.run);
  if (view_->failure)
    abort(announcement.run);
  keep(view_->own_index, announcement);
}

// @pre the view is locked
void NodeActor::keep(std::size_t from, RunAnnouncement& announcement) {
  const NodeView::RunName name(announcement.simulation, announcement.ordinal);
  view_->announced[name][from] = std::move(announcement);
  view_->changed.notify_all();
}

void NodeActor::take_early() {
  if (!membership_.is_complete() || early_.empty())
    return;
  const std::lock_guard lock(view_->mutex);
  for (auto& [key, announcement] : early_)
    if (const auto index = membership_.index_of(key))
      keep(*index, announcement);
  early_.clear();
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
              why = "cannot connect: " + to_string(problem);
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
    std::clog << "stos: " + line + "\n";
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
    for (const Membership::Member& member : view_->members)
      if (member.key != 0)
        view_->heard.try_emplace(member.name, Clock::now());
  }
  if (membership_.failure()) {
    shown_failure_ = true;
    view_->failure = membership_.failure();
    for (const caf::actor& run : view_->runs)
      abort(run);
  }
  view_->changed.notify_all();
}

// @pre the view is locked, and has a failure
void NodeActor::abort(const caf::actor& run) {
  send(run, AbortMessage{static_cast<std::uint32_t>(who_is_gone()),
                         static_cast<std::uint8_t>(view_->failure->code), view_->failure->context});
}

void NodeActor::on_exit() {
  handles_.clear();
  keys_.clear();
  const std::lock_guard lock(view_->mutex);
  view_->announced.clear();
  view_->runs.clear();
}

} // namespace stos::detail
