#pragma once

#include "libstos/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stos::keyed {

/// What became of a command or a query. Each of them is a value; none is a hang.
enum class Outcome : std::uint8_t {
  done,
  failed, ///< the agent's callback has thrown; its text is the answer's, and nothing has changed
  agent_not_found,     ///< a query for an agent that is not active
  quota_not_found,     ///< a command for a new agent
  quota_limit_reached, ///< a command for a new agent
  rate_limit_reached,  ///< the answer's number: milliseconds after which it may be tried again
  no_leader,           ///< in the time that was given, no leader was found: nothing was done
  timeout,     ///< no answer came in the time that was given; a command may have been done, or not
  bad_request, ///< the text says what is wrong with it: no such type, command, or argument
  locked, ///< in the time that was given, transactions have always kept the agent: nothing was done
  aborted, ///< a transaction that took too long; the text says what it waited for. Nothing was done

  // What the caller's side deals with by itself:
  not_leader,      ///< its number: the node that leads as far as is known, or 0
  moved,           ///< another group has the agent now; its number: which, or 0
  session_expired, ///< nothing was done; its number: the group's time
  check_quota,     ///< nothing was done: the agent is not active, so its quota has to be asked
  try_later,       ///< nothing was done
};

[[nodiscard]] std::string_view to_string(Outcome outcome);

/// With which words or bytes.
struct Answer {
  Outcome outcome = Outcome::done;
  std::uint64_t number = 0;
  std::string text;
  std::vector<std::byte> reply; ///< if done: the reply, as save() writes it

  [[nodiscard]] static Answer refused(Outcome outcome, std::uint64_t number = 0,
                                      std::string text = {}) {
    return {outcome, number, std::move(text), {}};
  }

  friend bool operator==(const Answer&, const Answer&) = default;
};

void write(const Answer& answer, BytesWriter& out);
[[nodiscard]] Answer read_answer(BytesReader& in);

} // namespace stos::keyed
