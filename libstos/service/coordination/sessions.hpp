#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/service/coordination/request.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace stos::coordination {

/// The sessions of clients: who may hold something, until when, and what of its requests is done.
///
/// A session is good until its lease ends, in the time that the log has agreed on; each renewal
/// begins the lease anew. A request bears a sequence number of its session: what is done under it
/// is kept with its answer until the client says that it needs it no more, so that a request that
/// comes again, after any number of leaders, is answered and not done twice.
///
/// A session that is over is forgotten. Its id does not come back: a client opens one before the
/// first request, and a late copy of the request to open it makes one that ends by itself.
///
/// Units:   milliseconds of the log's time.
/// Limits:  `sessions_max`; `answers_max` of a session that are done and not known to have been
///          heard, and as many ended claims.
/// Source:  Ongaro's thesis (2014), section 6.3; leases as in Gray and Cheriton (1989).
class Sessions {
public:
  static constexpr std::size_t sessions_max = 10'000;
  static constexpr std::size_t answers_max = 64;
  static constexpr std::size_t name_bytes_max = 200;
  static constexpr std::uint32_t lease_ms_min = 500;
  static constexpr std::uint32_t lease_ms_max = 3'600'000;

  struct Session {
    std::string client; ///< for people
    std::uint32_t lease_ms = 0;
    std::uint64_t ends_ms = 0;
    std::uint64_t done_below = 0;
    std::map<std::uint64_t, Answer> answers; ///< by sequence number
    /// How claims have ended that were answered with `waiting` or granted, the last ones, whatever
    /// the client needs no more: it may wait for long, and ask for other things meanwhile.
    std::map<std::uint64_t, Answer> ended_claims;

    friend bool operator==(const Session&, const Session&) = default;
  };

  /// Without effect on one that is there. Nothing if it is, or the reason why not.
  [[nodiscard]] std::optional<Answer> open(const Request& request, std::uint64_t now_ms);
  void renew(SessionId id, std::uint64_t now_ms);
  void forget(SessionId id);

  /// What to answer without doing anything; nothing if the request is new, and to be done now.
  [[nodiscard]] std::optional<Answer> look_up(const Request& request);
  /// Without effect if the session is gone, or has said that it needs no such answer.
  void done(SessionId id, std::uint64_t sequence, const Answer& answer);
  /// Without effect if the session is gone.
  void claim_ended(const ClaimId& claim, const Answer& answer);
  /// Null if it has not, or that is forgotten.
  [[nodiscard]] const Answer* ended_claim(const ClaimId& claim) const;

  [[nodiscard]] const Session* find(SessionId id) const;
  [[nodiscard]] std::size_t size() const { return sessions_.size(); }
  /// The one whose lease ends first, and when.
  [[nodiscard]] std::optional<std::pair<std::uint64_t, SessionId>> first_end() const;

  void write(BytesWriter& out) const;
  [[nodiscard]] static Sessions read(BytesReader& in);

private:
  std::map<SessionId, Session> sessions_;
  std::set<std::pair<std::uint64_t, SessionId>> ends_;
};

} // namespace stos::coordination
