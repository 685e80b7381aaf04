#include "libstos/service/keyed/sessions.hpp"

#include <algorithm>

namespace stos::keyed {
namespace {

constexpr std::uint64_t opened_max_ms = std::uint64_t{1} << 62; // so that sums do not overflow

void write_session(const SessionId& session, BytesWriter& out) {
  out.varint(session.opened.ms);
  out.u64(session.caller);
}

SessionId read_session(BytesReader& in) {
  SessionId session;
  session.opened.ms = in.varint();
  session.caller = in.u64();
  if (session.opened.ms > opened_max_ms)
    in.fail();
  return session;
}

bool is_good(const SessionId& session, Time now) {
  return session.opened.ms <= now.ms + Sessions::ahead_max_ms &&
         now.ms - std::min(now.ms, session.opened.ms) < Sessions::life_ms;
}

} // namespace

std::optional<Answer> Sessions::look_up(const Stamp& stamp, Time now) {
  if (!is_good(stamp.session, now))
    return Answer::refused(Outcome::session_expired, now.ms);
  const auto at = sessions_.find(stamp.session);
  if (at == sessions_.end())
    return std::nullopt;
  Session& session = at->second;
  if (stamp.sequence < session.done_below) // a late copy: its caller waits no more
    return Answer::refused(Outcome::timeout, 0, "the caller does not wait for this any more");
  acknowledge(session, stamp.done_below);
  if (const auto known = session.answers.find(stamp.sequence); known != session.answers.end())
    return known->second;
  if (session.answers.size() >= answers_max)
    return Answer::refused(Outcome::try_later, 0,
                           "this session has " + std::to_string(answers_max) +
                               " commands whose answers it has not acknowledged");
  return std::nullopt;
}

void Sessions::done(const Stamp& stamp, const Answer& answer) {
  Session& session = sessions_[stamp.session];
  acknowledge(session, stamp.done_below);
  session.answers.emplace(stamp.sequence, answer);
}

void Sessions::acknowledge(Session& session, std::uint64_t below) {
  if (below <= session.done_below)
    return;
  session.done_below = below;
  session.answers.erase(session.answers.begin(), session.answers.lower_bound(below));
}

// They stand in the order of their opening. (Those that are open too early are not there.)
void Sessions::forget_expired(Time now) {
  while (!sessions_.empty() && sessions_.begin()->first.opened.ms + life_ms <= now.ms)
    sessions_.erase(sessions_.begin());
}

void Sessions::merge(const Sessions& other) {
  for (const auto& [id, theirs] : other.sessions_) {
    Session& ours = sessions_[id];
    acknowledge(ours, theirs.done_below);
    for (const auto& [sequence, answer] : theirs.answers)
      if (sequence >= ours.done_below)
        ours.answers.emplace(sequence, answer);
  }
}

void Sessions::write(BytesWriter& out) const {
  out.varint(sessions_.size());
  for (const auto& [id, session] : sessions_) {
    write_session(id, out);
    out.varint(session.done_below);
    out.varint(session.answers.size());
    for (const auto& [sequence, answer] : session.answers) {
      out.varint(sequence);
      keyed::write(answer, out);
    }
  }
}

Sessions Sessions::read(BytesReader& in) {
  constexpr std::size_t least_bytes_of_session = 11;
  constexpr std::size_t least_bytes_of_answer = 5;
  Sessions sessions;
  for (std::size_t left = in.count(least_bytes_of_session); left > 0 && in.ok(); --left) {
    const SessionId id = read_session(in);
    Session session;
    session.done_below = in.varint();
    for (std::size_t more = in.count(least_bytes_of_answer); more > 0 && in.ok(); --more) {
      const std::uint64_t sequence = in.varint();
      session.answers.insert_or_assign(sequence, read_answer(in));
    }
    sessions.sessions_.insert_or_assign(id, std::move(session));
  }
  return in.ok() ? std::move(sessions) : Sessions{};
}

void write(const Stamp& stamp, BytesWriter& out) {
  write_session(stamp.session, out);
  out.varint(stamp.sequence);
  out.varint(stamp.done_below);
}

Stamp read_stamp(BytesReader& in) {
  Stamp stamp;
  stamp.session = read_session(in);
  stamp.sequence = in.varint();
  stamp.done_below = in.varint();
  return stamp;
}

} // namespace stos::keyed
