#include "libstos/service/coordination/coordination_table.hpp"

#include <algorithm>

namespace stos::coordination {
namespace {

using Outcome = Answer::Outcome;
using What = Request::What;

Answer refused(Outcome outcome, std::string why) {
  Answer answer;
  answer.outcome = outcome;
  answer.why = std::move(why);
  return answer;
}

} // namespace

std::vector<std::byte> CoordinationTable::wish(const Origin& origin, const Request& request) {
  BytesWriter out;
  out.u64(origin.process);
  out.varint(origin.number);
  write(request, out);
  return out.take();
}

std::vector<std::byte> CoordinationTable::entry(std::uint64_t now_ms,
                                                std::span<const std::byte> wish) {
  BytesWriter out;
  out.varint(now_ms);
  out.raw(wish);
  return out.take();
}

void CoordinationTable::apply(std::span<const std::byte> entry) {
  BytesReader in(entry);
  const std::uint64_t now_ms = in.varint();
  Origin origin;
  origin.process = in.u64();
  origin.number = in.varint();
  const Request request = read_request(in);
  if (!in.at_end())
    return;
  ++version_;
  advance(now_ms);
  const std::optional<std::string> objection = objection_to(request);
  Answer answer = objection ? refused(Outcome::bad_request, *objection) : execute(request);
  if (origin.process == process_)
    results_.emplace_back(origin.number, std::move(answer));
}

std::optional<std::uint64_t> CoordinationTable::next_end_ms() const {
  const auto session = sessions_.first_end();
  const auto claim = locks_.first_end();
  if (session && claim)
    return std::min(session->first, claim->first);
  if (session)
    return session->first;
  return claim ? std::optional(claim->first) : std::nullopt;
}

void CoordinationTable::advance(std::uint64_t now_ms) {
  if (now_ms <= now_ms_)
    return;
  while (const std::optional<std::uint64_t> next = next_end_ms()) {
    if (*next > now_ms)
      break;
    now_ms_ = std::max(now_ms_, *next);
    const auto session = sessions_.first_end();
    if (session && session->first == *next) {
      ++leases_ended_;
      end(session->second);
      continue;
    }
    const ClaimId claim = locks_.first_end()->second;
    locks_.release(claim, now_ms_);
    sessions_.claim_ended(claim,
                          refused(Outcome::timed_out, "the lock was not to be had in that time"));
  }
  now_ms_ = now_ms;
}

void CoordinationTable::end(SessionId session) {
  sessions_.forget(session);
  locks_.forget(session, now_ms_);
}

Answer CoordinationTable::execute(const Request& request) {
  switch (request.what) {
    case What::open: return sessions_.open(request, now_ms_).value_or(Answer{});
    case What::renew:
      if (sessions_.find(request.session) == nullptr)
        break;
      sessions_.renew(request.session, now_ms_);
      return {};
    case What::close: end(request.session); return {};
    case What::acquire: return acquire(request);
    case What::release: return release(request);
    case What::put:
    case What::remove:
    case What::propose: {
      if (std::optional<Answer> known = sessions_.look_up(request))
        return *std::move(known);
      Answer answer = request.what == What::put      ? map_.put(request)
                      : request.what == What::remove ? map_.remove(request)
                                                     : map_.propose(request);
      sessions_.done(request.session, request.sequence, answer);
      return answer;
    }
    default: return look(request);
  }
  return refused(Outcome::session_over,
                 "the lease of the session has ended: nothing that it held is held any more");
}

Answer CoordinationTable::acquire(const Request& request) {
  const ClaimId claim{request.session, request.sequence};
  if (std::optional<Answer> state = locks_.find(claim))
    return *std::move(state);
  if (const Answer* ended = sessions_.ended_claim(claim))
    return *ended;
  if (std::optional<Answer> known = sessions_.look_up(request))
    return *std::move(known);
  Answer answer = locks_.acquire(claim, request, now_ms_);
  if (answer.outcome != Outcome::done && answer.outcome != Outcome::waiting)
    sessions_.done(request.session, request.sequence, answer);
  return answer;
}

Answer CoordinationTable::release(const Request& request) {
  if (std::optional<Answer> known = sessions_.look_up(request))
    return *std::move(known);
  const ClaimId claim{request.session, request.claim};
  Answer answer;
  if (locks_.release(claim, now_ms_))
    sessions_.claim_ended(claim, refused(Outcome::not_there, "it was released again"));
  else
    answer = refused(Outcome::not_there, "it was not held any more");
  sessions_.done(request.session, request.sequence, answer);
  return answer;
}

Answer CoordinationTable::claim(const ClaimId& claim) const {
  if (std::optional<Answer> state = locks_.find(claim))
    return *std::move(state);
  if (sessions_.find(claim.session) == nullptr)
    return refused(Outcome::session_over, "the lease of the session has ended");
  const Answer* const ended = sessions_.ended_claim(claim);
  return ended != nullptr ? *ended : refused(Outcome::not_there, "there is no such claim");
}

Answer CoordinationTable::look(const Request& request) const {
  switch (request.what) {
    case What::get: return map_.get(request.name);
    case What::list: return map_.list(request.name);
    case What::watch: return map_.changes(request);
    case What::locks: {
      Answer answer;
      answer.locks = locks_.statuses(now_ms_);
      for (LockStatus& lock : answer.locks)
        for (ClaimStatus& claim : lock.claims) {
          const Sessions::Session& session = *sessions_.find(claim.session);
          claim.client = session.client;
          claim.left_ms = session.ends_ms - now_ms_;
        }
      return answer;
    }
    default: {
      Answer answer;
      answer.revision = map_.revision();
      return answer;
    }
  }
}

std::vector<std::byte> CoordinationTable::snapshot() const {
  BytesWriter out;
  out.varint(now_ms_);
  out.varint(leases_ended_);
  sessions_.write(out);
  locks_.write(out);
  map_.write(out);
  return out.take();
}

bool CoordinationTable::restore(std::span<const std::byte> bytes) {
  CoordinationTable table(process_);
  table.version_ = version_ + 1;
  table.results_ = std::move(results_);
  if (!bytes.empty()) {
    BytesReader in(bytes);
    table.now_ms_ = in.varint();
    table.leases_ended_ = in.varint();
    table.sessions_ = Sessions::read(in);
    table.locks_ = LockBook::read(in);
    table.map_ = VersionedMap::read(in);
    const bool has_sessions =
        std::ranges::all_of(table.locks_.statuses(table.now_ms_), [&table](const LockStatus& lock) {
          return std::ranges::all_of(lock.claims, [&table](const ClaimStatus& claim) {
            return table.sessions_.find(claim.session) != nullptr;
          });
        });
    if (!in.at_end() || !has_sessions) {
      results_ = std::move(table.results_);
      return false;
    }
  }
  *this = std::move(table);
  return true;
}

} // namespace stos::coordination
