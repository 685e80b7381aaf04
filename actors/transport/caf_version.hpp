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
#include <caf/send.hpp>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

// CAF 1.1.0 spells CAF_VERSION as an octal number: ask for major and minor.
#if CAF_MAJOR_VERSION >= 1
#include <caf/anon_mail.hpp>
#include <caf/scheduler.hpp>
#else
#include <caf/byte.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/span.hpp>
#endif

/// All that differs between CAF 0.18 and CAF 1.x, and nothing else.
namespace stos::caf_version {

/// The least that can be monitored and linked.
#if CAF_MAJOR_VERSION >= 1
using LeanActor = caf::abstract_actor;
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

/// Bytes as CAF's serialisers take them.
#if CAF_MAJOR_VERSION >= 1
using Byte = std::byte;
template <class T>
using Span = std::span<T>;
#else
using Byte = caf::byte;
template <class T>
using Span = caf::span<T>;
#endif
inline Span<const Byte> as_span(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const Byte*>(bytes.data()), bytes.size()};
}
inline Span<Byte> as_span(std::vector<std::byte>& bytes) {
  return {reinterpret_cast<Byte*>(bytes.data()), bytes.size()};
}

inline Span<const Byte> as_span(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const Byte*>(bytes.data()), bytes.size()};
}

/// A message as bytes that stand for themselves; false if there are handles in it, or what cannot
/// be serialised.
inline bool to_bytes(caf::message& message, std::vector<std::byte>& bytes) {
  caf::byte_buffer buffer;
#if CAF_MAJOR_VERSION >= 1
  caf::binary_serializer to(buffer);
#else
  caf::binary_serializer to(nullptr, buffer);
#endif
  if (!to.apply(message))
    return false;
  const auto* data = reinterpret_cast<const std::byte*>(buffer.data());
  bytes.assign(data, data + buffer.size());
  return true;
}

inline bool from_bytes(const std::vector<std::byte>& bytes, caf::message& message) {
#if CAF_MAJOR_VERSION >= 1
  caf::binary_deserializer from(as_span(bytes));
#else
  caf::binary_deserializer from(nullptr, as_span(bytes));
#endif
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
inline void send_message_from(const caf::actor& sender, const caf::actor& receiver,
                              caf::message content) {
  caf::actor_cast<caf::abstract_actor*>(receiver)->enqueue(
      make_element(caf::actor_cast<caf::strong_actor_ptr>(sender), caf::make_message_id(),
                   std::move(content)),
      nullptr);
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
