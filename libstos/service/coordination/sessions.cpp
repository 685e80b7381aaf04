#include "libstos/service/coordination/sessions.hpp"

namespace stos::coordination {

using Outcome = Answer::Outcome;

std::optional<Answer> Sessions::open(const Request& request, std::uint64_t now_ms) {
  if (sessions_.contains(request.session))
    return std::nullopt;
  if (sessions_.size() >= sessions_max)
    return Answer{Outcome::full,
                  "the cluster has " + std::to_string(sessions_.size()) +
                      " sessions of clients, and there is no room for more",
                  0,
                  0,
                  {},
                  {},
                  {}};
  Session& session = sessions_[request.session];
  session.client = request.name;
  session.lease_ms = request.lease_ms;
  session.ends_ms = now_ms + request.lease_ms;
  ends_.emplace(session.ends_ms, request.session);
  return std::nullopt;
}

void Sessions::renew(SessionId id, std::uint64_t now_ms) {
  const auto session = sessions_.find(id);
  if (session == sessions_.end())
    return;
  ends_.erase({session->second.ends_ms, id});
  session->second.ends_ms = now_ms + session->second.lease_ms;
  ends_.emplace(session->second.ends_ms, id);
}

void Sessions::forget(SessionId id) {
  const auto session = sessions_.find(id);
  if (session == sessions_.end())
    return;
  ends_.erase({session->second.ends_ms, id});
  sessions_.erase(session);
}

std::optional<Answer> Sessions::look_up(const Request& request) {
  const auto found = sessions_.find(request.session);
  if (found == sessions_.end())
    return Answer{Outcome::session_over,
                  "the lease of the session has ended: nothing that it held is held any more",
                  0,
                  0,
                  {},
                  {},
                  {}};
  Session& session = found->second;
  if (request.done_below > session.done_below) {
    session.done_below = request.done_below;
    session.answers.erase(session.answers.begin(), session.answers.lower_bound(request.done_below));
  }
  if (request.sequence < session.done_below)
    return Answer{Outcome::bad_request,
                  "the client has said before that it needs no such answer",
                  0,
                  0,
                  {},
                  {},
                  {}};
  if (const auto answer = session.answers.find(request.sequence); answer != session.answers.end())
    return answer->second;
  if (session.answers.size() >= answers_max)
    return Answer{Outcome::full,
                  "the session has " + std::to_string(session.answers.size()) +
                      " answers that its client has not heard",
                  0,
                  0,
                  {},
                  {},
                  {}};
  return std::nullopt;
}

void Sessions::done(SessionId id, std::uint64_t sequence, const Answer& answer) {
  const auto session = sessions_.find(id);
  if (session != sessions_.end() && sequence >= session->second.done_below)
    session->second.answers[sequence] = answer;
}

void Sessions::claim_ended(const ClaimId& claim, const Answer& answer) {
  const auto session = sessions_.find(claim.session);
  if (session == sessions_.end())
    return;
  std::map<std::uint64_t, Answer>& ended = session->second.ended_claims;
  ended[claim.sequence] = answer;
  if (ended.size() > answers_max)
    ended.erase(ended.begin());
}

const Answer* Sessions::ended_claim(const ClaimId& claim) const {
  const Session* const session = find(claim.session);
  if (session == nullptr)
    return nullptr;
  const auto ended = session->ended_claims.find(claim.sequence);
  return ended == session->ended_claims.end() ? nullptr : &ended->second;
}

const Sessions::Session* Sessions::find(SessionId id) const {
  const auto session = sessions_.find(id);
  return session == sessions_.end() ? nullptr : &session->second;
}

std::optional<std::pair<std::uint64_t, SessionId>> Sessions::first_end() const {
  return ends_.empty() ? std::nullopt : std::optional(*ends_.begin());
}

void Sessions::write(BytesWriter& out) const {
  out.varint(sessions_.size());
  for (const auto& [id, session] : sessions_) {
    out.u64(id.value);
    out.text(session.client);
    out.u32(session.lease_ms);
    out.varint(session.ends_ms);
    out.varint(session.done_below);
    for (const auto* answers : {&session.answers, &session.ended_claims}) {
      out.varint(answers->size());
      for (const auto& [sequence, answer] : *answers) {
        out.varint(sequence);
        coordination::write(answer, out);
      }
    }
  }
}

Sessions Sessions::read(BytesReader& in) {
  constexpr std::size_t least_bytes = 16;
  constexpr std::size_t least_bytes_of_answer = 8;
  Sessions sessions;
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left) {
    const SessionId id{in.u64()};
    Session& session = sessions.sessions_[id];
    session.client = in.text();
    session.lease_ms = in.u32();
    session.ends_ms = in.varint();
    session.done_below = in.varint();
    for (auto* answers : {&session.answers, &session.ended_claims})
      for (std::size_t count = in.count(least_bytes_of_answer); count > 0 && in.ok(); --count) {
        const std::uint64_t sequence = in.varint();
        (*answers)[sequence] = read_answer(in);
      }
    sessions.ends_.emplace(session.ends_ms, id);
  }
  return sessions;
}

} // namespace stos::coordination
