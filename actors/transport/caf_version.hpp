#pragma once

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/byte_buffer.hpp>
#include <caf/config.hpp>
#include <caf/detail/invoke_result_visitor.hpp>
#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_actor.hpp>
#include <caf/resumable.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

// CAF 1.1.0 spells CAF_VERSION as an octal number: ask for major and minor.
#if CAF_MAJOR_VERSION >= 1
#include <caf/anon_mail.hpp>
#include <caf/async/batch.hpp>
#include <caf/byte_span.hpp>
#include <caf/scheduler.hpp>
#include <caf/stream.hpp>
#include <caf/system_messages.hpp>
#else
#include <caf/byte.hpp>
#include <caf/group.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/span.hpp>
#include <caf/system_messages.hpp>
#endif

/// All that differs between CAF 0.18 and CAF 1.x, and nothing else.
namespace stos::caf_version {

/// The least that can be monitored and linked.
#if CAF_MAJOR_VERSION >= 1
class LeanActor : public caf::abstract_actor {
public:
  using caf::abstract_actor::abstract_actor;

private:
  void force_close_mailbox() override {} // it has none
};
#else
using LeanActor = caf::monitorable_actor;
#endif

#if CAF_MAJOR_VERSION >= 1
using Host = caf::scheduler;
inline void schedule(caf::actor_system& system, caf::resumable* job) {
  system.scheduler().schedule(job);
}
#else
using Host = caf::execution_unit;
inline void schedule(caf::actor_system& system, caf::resumable* job) {
  system.scheduler().enqueue(job);
}
#endif

#if CAF_MAJOR_VERSION >= 1
constexpr caf::sec malformed_basp_message = caf::sec::malformed_message;
#else
constexpr caf::sec malformed_basp_message = caf::sec::malformed_basp_message;
#endif

/// Whether what a frame carries begins with the actors that answers are to take.
constexpr bool messages_have_way_back = CAF_MAJOR_VERSION < 1;

/// Of CAF's own messages, those with which an actor reaches itself, its streams and its groups.
template <class... T>
struct Types {};
#if CAF_MAJOR_VERSION >= 1
using InternalMessages =
    Types<caf::action, caf::shared_action_ptr, caf::async::batch, caf::timeout_msg, caf::stream,
          caf::stream_abort_msg, caf::stream_ack_msg, caf::stream_batch_msg, caf::stream_cancel_msg,
          caf::stream_close_msg, caf::stream_demand_msg, caf::stream_open_msg>;
#else
using InternalMessages = Types<caf::action, caf::open_stream_msg, caf::upstream_msg,
                               caf::downstream_msg, caf::group, caf::group_down_msg>;
#endif

/// Bytes as CAF's serialisers take them.
#if CAF_MAJOR_VERSION >= 1
using Byte = std::byte;
using Span = caf::byte_span;
using ConstSpan = caf::const_byte_span;
#else
using Byte = caf::byte;
using Span = caf::span<caf::byte>;
using ConstSpan = caf::span<const caf::byte>;
#endif
inline ConstSpan as_span(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const Byte*>(bytes.data()), bytes.size()};
}
inline Span as_span(std::vector<std::byte>& bytes) {
  return {reinterpret_cast<Byte*>(bytes.data()), bytes.size()};
}

/// Writes to `buffer`, which has to be there as long as it is.
inline caf::binary_serializer serializer_to(caf::byte_buffer& buffer) {
#if CAF_MAJOR_VERSION >= 1
  return caf::binary_serializer(buffer);
#else
  return {nullptr, buffer};
#endif
}

/// Reads `bytes`, which have to be there as long as it is.
inline caf::binary_deserializer deserializer_of(std::span<const std::byte> bytes) {
#if CAF_MAJOR_VERSION >= 1
  return caf::binary_deserializer(as_span(bytes));
#else
  return {nullptr, as_span(bytes)};
#endif
}

/// A message as bytes that stand for themselves; false if there are handles in it, or what cannot
/// be serialised.
inline bool to_bytes(caf::message& message, std::vector<std::byte>& bytes) {
  caf::byte_buffer buffer;
  caf::binary_serializer to = serializer_to(buffer);
  if (!to.apply(message))
    return false;
  const auto* data = reinterpret_cast<const std::byte*>(buffer.data());
  bytes.assign(data, data + buffer.size());
  return true;
}

inline bool from_bytes(const std::vector<std::byte>& bytes, caf::message& message) {
  caf::binary_deserializer from = deserializer_of(bytes);
  return from.apply(message);
}

/// Sends without a sender.
template <class Receiver, class... Args>
void send_anonymously(const Receiver& receiver, Args&&... args) {
#if CAF_MAJOR_VERSION >= 1
  caf::anon_mail(std::forward<Args>(args)...).send(receiver);
#else
  caf::anon_send(receiver, std::forward<Args>(args)...);
#endif
}

inline caf::mailbox_element_ptr make_element(caf::strong_actor_ptr sender, caf::message_id id,
                                             caf::message content) {
#if CAF_MAJOR_VERSION >= 1
  return caf::make_mailbox_element(std::move(sender), id, std::move(content));
#else
  return caf::make_mailbox_element(std::move(sender), id, {}, std::move(content));
#endif
}

/// Sends in the name of an actor of this process, from any thread.
inline void enqueue(const caf::actor& receiver, caf::strong_actor_ptr sender,
                    caf::message content) {
  caf::actor_cast<caf::abstract_actor*>(receiver)->enqueue(
      make_element(std::move(sender), caf::make_message_id(), std::move(content)), nullptr);
}
inline void send_message_from(const caf::actor& sender, const caf::actor& receiver,
                              caf::message content) {
  enqueue(receiver, caf::actor_cast<caf::strong_actor_ptr>(sender), std::move(content));
}
template <class... Args>
void send_from(const caf::actor& sender, const caf::actor& receiver, Args&&... args) {
  send_message_from(sender, receiver, caf::make_message(std::forward<Args>(args)...));
}

/// Answers a request whose receiver cannot answer it any more.
inline void bounce(caf::mailbox_element& element) {
  if (!element.mid.is_request() || element.mid.is_answered())
    return;
  caf::detail::sync_request_bouncer bouncer{caf::make_error(caf::sec::request_receiver_down)};
  bouncer(element.sender, element.mid);
}

/// A job for CAF's scheduler that is no actor.
class Job : public caf::resumable, public caf::ref_counted {
public:
#if CAF_MAJOR_VERSION >= 1
  subtype_t subtype() const noexcept override { return resumable::function_object; }
  void ref_resumable() const noexcept override { ref(); }
  void deref_resumable() const noexcept override { deref(); }
#else
  subtype_t subtype() const override { return resumable::unspecified; }
  void intrusive_ptr_add_ref_impl() override { ref(); }
  void intrusive_ptr_release_impl() override { deref(); }
#endif
};

} // namespace stos::caf_version
