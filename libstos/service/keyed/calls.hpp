#pragma once

#include "libstos/service/keyed/agent_class.hpp"
#include "libstos/service/keyed/answer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos::keyed {

/// How much a query sees.
enum class Read : std::uint8_t {
  latest, ///< all that was answered before it: its leader is asked
  stale,  ///< what a replica has, if there is one on the caller's own node: it may be out of date
};

/// A command or a query for an agent, as bytes.
struct Call {
  Id id;
  bool is_command = false;
  std::uint32_t number = 0; ///< in the list of the agent's class
  std::vector<std::byte> argument;
  Read read = Read::latest; ///< of a query

  friend bool operator==(const Call&, const Call&) = default;
};

void write(const Call& call, BytesWriter& out); ///< but for is_command and read
[[nodiscard]] Call read_call(BytesReader& in, bool is_command);
[[nodiscard]] std::vector<std::byte> encode(const Call& call); ///< what write() writes

template <class A, class C>
[[nodiscard]] Call command_call(std::string quota, std::string key, const C& command) {
  static_assert(detail::check_agent_type<A>());
  BytesWriter out;
  save(out, command);
  return {{std::move(quota), std::string(A::name), std::move(key)},
          true,
          detail::number_in<C>(typename A::Commands{}),
          out.take(),
          Read::latest};
}

template <class A, class Q>
[[nodiscard]] Call query_call(std::string quota, std::string key, const Q& query,
                              Read read = Read::latest) {
  static_assert(detail::check_agent_type<A>());
  BytesWriter out;
  save(out, query);
  return {{std::move(quota), std::string(A::name), std::move(key)},
          false,
          detail::number_in<Q>(typename A::Queries{}),
          out.take(),
          read};
}

/// What a caller gets: the reply, or why there is none.
template <class R>
class Replied {
public:
  explicit Replied(Answer answer) : answer_(std::move(answer)) {
    if (answer_.outcome != Outcome::done)
      return;
    BytesReader in(answer_.reply);
    reply_ = load_new<R>(in);
    if (!reply_ || !in.at_end()) {
      reply_.reset();
      answer_ = Answer::refused(Outcome::failed, 0, "the reply is of another class");
    }
  }

  explicit operator bool() const { return reply_.has_value(); }
  [[nodiscard]] const R& operator*() const { return *reply_; } ///< @pre it is done
  [[nodiscard]] const R* operator->() const { return &*reply_; }

  [[nodiscard]] Outcome outcome() const { return answer_.outcome; }
  [[nodiscard]] const std::string& text() const { return answer_.text; }

  /// For people: the outcome, and what else there is to say.
  [[nodiscard]] std::string error() const {
    return std::string(to_string(answer_.outcome)) +
           (answer_.text.empty() ? "" : ": " + answer_.text);
  }

  /// @pre rate_limit_reached
  [[nodiscard]] std::uint64_t retry_after_ms() const { return answer_.number; }

private:
  Answer answer_;
  std::optional<R> reply_;
};

template <class A, class C>
using RepliedTo = Replied<CommandReply<A, C>>;

} // namespace stos::keyed
