#include "libstos/service/coordination/request.hpp"

#include "libstos/service/coordination/lock_book.hpp"
#include "libstos/service/coordination/sessions.hpp"
#include "libstos/service/coordination/versioned_map.hpp"

namespace stos::coordination {
namespace {

using What = Request::What;

bool read_flag(BytesReader& in) {
  const std::uint8_t flag = in.u8();
  if (flag > 1)
    in.fail();
  return flag == 1;
}

void write_optional(const std::optional<std::uint64_t>& value, BytesWriter& out) {
  out.u8(value ? 1 : 0);
  if (value)
    out.varint(*value);
}

std::optional<std::uint64_t> read_optional(BytesReader& in) {
  return read_flag(in) ? std::optional(in.varint()) : std::nullopt;
}

std::uint32_t read_u32(BytesReader& in) {
  const std::uint64_t value = in.varint();
  if (value > 0xffff'ffff)
    in.fail();
  return static_cast<std::uint32_t>(value);
}

void write_entry(const Entry& entry, BytesWriter& out) {
  out.text(entry.key);
  out.text(entry.value);
  out.varint(entry.revision);
}

Entry read_entry(BytesReader& in) {
  Entry entry;
  entry.key = in.text();
  entry.value = in.text();
  entry.revision = in.varint();
  return entry;
}

std::string limit(const char* what, std::size_t had, std::size_t most) {
  return std::string(what) + " of " + std::to_string(had) + " bytes; wanted: 1 to " +
         std::to_string(most);
}

bool has_sequence(What what) { return changes_something(what) && what > What::close; }

} // namespace

bool changes_something(What what) { return what < What::get; }

std::optional<std::string> objection_to(const Request& request) {
  const What what = request.what;
  if (changes_something(what) && request.session.value == 0)
    return "no session";
  if (has_sequence(what) && request.sequence == 0)
    return "no sequence number";
  const std::size_t bytes = request.name.size();
  switch (what) {
    case What::open:
      if (bytes > Sessions::name_bytes_max)
        return limit("the name of a client", bytes, Sessions::name_bytes_max);
      if (request.lease_ms < Sessions::lease_ms_min || request.lease_ms > Sessions::lease_ms_max)
        return "a lease of " + std::to_string(request.lease_ms) +
               " ms; wanted: " + std::to_string(Sessions::lease_ms_min) + " to " +
               std::to_string(Sessions::lease_ms_max);
      return std::nullopt;
    case What::acquire:
      if (bytes == 0 || bytes > LockBook::name_bytes_max)
        return limit("the name of a lock", bytes, LockBook::name_bytes_max);
      if (request.permits == 0 || request.permits > LockBook::permits_max)
        return std::to_string(request.permits) + " permits; wanted: 1 to " +
               std::to_string(LockBook::permits_max);
      return std::nullopt;
    case What::put:
    case What::propose:
      if (request.value.size() > VersionedMap::value_bytes_max)
        return "a value of " + std::to_string(request.value.size()) + " bytes; the limit is " +
               std::to_string(VersionedMap::value_bytes_max);
      [[fallthrough]];
    case What::remove:
    case What::get:
      if (bytes == 0 || bytes > VersionedMap::key_bytes_max)
        return limit("a key", bytes, VersionedMap::key_bytes_max);
      return std::nullopt;
    default: return std::nullopt;
  }
}

std::string_view to_string(Answer::Outcome outcome) {
  switch (outcome) {
    case Answer::Outcome::done: return "done";
    case Answer::Outcome::waiting: return "waiting";
    case Answer::Outcome::not_there: return "not_there";
    case Answer::Outcome::conflict: return "conflict";
    case Answer::Outcome::timed_out: return "timed_out";
    case Answer::Outcome::session_over: return "session_over";
    case Answer::Outcome::compacted: return "compacted";
    case Answer::Outcome::bad_request: return "bad_request";
    case Answer::Outcome::full: return "full";
    case Answer::Outcome::try_later: return "try_later";
    case Answer::Outcome::node_lost: return "node_lost";
  }
  return "unknown";
}

void write(const Request& request, BytesWriter& out) {
  out.u8(static_cast<std::uint8_t>(request.what));
  out.u64(request.session.value);
  out.varint(request.sequence);
  out.varint(request.done_below);
  out.text(request.name);
  out.text(request.value);
  out.varint(request.lease_ms);
  out.varint(request.permits);
  write_optional(request.wait_ms, out);
  out.varint(request.claim);
  write_optional(request.expected, out);
  out.u8(request.is_prefix ? 1 : 0);
  out.varint(request.after);
  out.varint(request.patience_ms);
}

Request read_request(BytesReader& in) {
  Request request;
  const std::uint8_t what = in.u8();
  if (what > static_cast<std::uint8_t>(What::sync))
    in.fail();
  request.what = static_cast<What>(what);
  request.session = {in.u64()};
  request.sequence = in.varint();
  request.done_below = in.varint();
  request.name = in.text();
  request.value = in.text();
  request.lease_ms = read_u32(in);
  request.permits = read_u32(in);
  request.wait_ms = read_optional(in);
  request.claim = in.varint();
  request.expected = read_optional(in);
  request.is_prefix = read_flag(in);
  request.after = in.varint();
  request.patience_ms = read_u32(in);
  return request;
}

void write(const Answer& answer, BytesWriter& out) {
  out.u8(static_cast<std::uint8_t>(answer.outcome));
  out.text(answer.why);
  out.varint(answer.fence);
  out.varint(answer.revision);
  out.varint(answer.entries.size());
  for (const Entry& entry : answer.entries)
    write_entry(entry, out);
  out.varint(answer.changes.size());
  for (const Change& change : answer.changes) {
    write_entry(change.entry, out);
    out.u8(change.is_removal ? 1 : 0);
  }
  out.varint(answer.locks.size());
  for (const LockStatus& lock : answer.locks) {
    out.text(lock.name);
    out.varint(lock.permits);
    out.varint(lock.claims.size());
    for (const ClaimStatus& claim : lock.claims) {
      out.u64(claim.session.value);
      out.text(claim.client);
      out.varint(claim.fence);
      out.varint(claim.for_ms);
      out.varint(claim.left_ms);
    }
  }
}

Answer read_answer(BytesReader& in) {
  constexpr std::size_t least_bytes = 3;
  constexpr std::size_t least_bytes_of_claim = 12;
  Answer answer;
  const std::uint8_t outcome = in.u8();
  if (outcome > static_cast<std::uint8_t>(Answer::Outcome::node_lost))
    in.fail();
  answer.outcome = static_cast<Answer::Outcome>(outcome);
  answer.why = in.text();
  answer.fence = in.varint();
  answer.revision = in.varint();
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left)
    answer.entries.push_back(read_entry(in));
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left) {
    Entry entry = read_entry(in);
    answer.changes.push_back({std::move(entry), read_flag(in)});
  }
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left) {
    LockStatus& lock = answer.locks.emplace_back();
    lock.name = in.text();
    lock.permits = read_u32(in);
    for (std::size_t claims = in.count(least_bytes_of_claim); claims > 0 && in.ok(); --claims) {
      ClaimStatus& claim = lock.claims.emplace_back();
      claim.session = {in.u64()};
      claim.client = in.text();
      claim.fence = in.varint();
      claim.for_ms = in.varint();
      claim.left_ms = in.varint();
    }
  }
  return answer;
}

} // namespace stos::coordination
