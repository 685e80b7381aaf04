#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/service/keyed/answer.hpp"
#include "libstos/service/keyed/id.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace stos::keyed {

/// What a caller sends its commands under, so that none is done twice. Its name says when it ends:
/// so a group that has forgotten it knows that it has to refuse it, and no group needs to be told
/// of a session in advance.
struct SessionId {
  Time opened;              ///< by the caller's clock, or by what a group has told it
  std::uint64_t caller = 0; ///< another one for each caller and session

  friend auto operator<=>(const SessionId&, const SessionId&) = default;
};

/// A command's place in its session.
struct Stamp {
  SessionId session;
  std::uint64_t sequence = 0; ///< ascends with the caller's commands, to whatever group
  /// The caller has, or waits no more for, the answers to all commands below.
  std::uint64_t done_below = 0;
};

/// The commands that a group has done, with their answers, as long as their callers may ask again.
///
/// A caller that gets no answer sends the command again, with the same session and sequence, to
/// whichever node leads by then. The group does what it has not done yet, and for all else repeats
/// its answer. A session is good for `life_ms` after it was opened, by the time that the group has
/// agreed on; then it is refused, and what was known of it can be forgotten.
///
/// Limits:  `answers_max` commands of a session that were done and whose answers the caller may not
///          have; a session that opens further in the future than `ahead_max_ms` is refused.
/// Source:  Ongaro's thesis (2014), section 6.3. There, sessions are opened by an entry in the log;
///          here their name bears the time instead.
class Sessions {
public:
  static constexpr std::uint64_t life_ms = 10 * 60'000;
  static constexpr std::uint64_t ahead_max_ms = 60'000;
  static constexpr std::size_t answers_max = 10'000;

  /// What to do with a command: an answer, or nothing if it is new and is to be done.
  [[nodiscard]] std::optional<Answer> look_up(const Stamp& stamp, Time now);

  /// It was done. @pre look_up() has just returned nothing for it
  void done(const Stamp& stamp, const Answer& answer);

  void forget_expired(Time now);

  /// What another group has known becomes known here, too.
  void merge(const Sessions& other);

  [[nodiscard]] std::size_t size() const { return sessions_.size(); }

  void write(BytesWriter& out) const;
  [[nodiscard]] static Sessions read(BytesReader& in);

private:
  struct Session {
    std::uint64_t done_below = 0;
    std::map<std::uint64_t, Answer> answers;
  };

  static void acknowledge(Session& session, std::uint64_t below);

  std::map<SessionId, Session> sessions_;
};

void write(const Stamp& stamp, BytesWriter& out);
[[nodiscard]] Stamp read_stamp(BytesReader& in);

} // namespace stos::keyed
