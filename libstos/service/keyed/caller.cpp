#include "libstos/service/keyed/caller.hpp"

#include "libstos/base/hash.hpp"

#include <algorithm>

namespace stos::keyed {
namespace {

// An ask on its way bears the number of the attempt, too: what an earlier one is answered does not
// say what becomes of this one.
constexpr int attempt_bits = 16;
constexpr std::uint64_t attempt_mask = (std::uint64_t{1} << attempt_bits) - 1;

std::uint64_t number_on_the_way(std::uint64_t number, std::uint64_t attempts) {
  return number << attempt_bits | (attempts & attempt_mask);
}

/// Bears a place in the session.
bool is_stamped(Ask::Kind kind) {
  return kind == Ask::Kind::command || kind == Ask::Kind::transact;
}

bool is_final(Outcome outcome, Ask::Kind kind) {
  const bool is_call = is_stamped(kind) || kind == Ask::Kind::query || kind == Ask::Kind::stale;
  switch (outcome) {
    case Outcome::not_leader:
    case Outcome::moved:
    case Outcome::timeout:
    case Outcome::locked:
    case Outcome::check_quota: return false;
    case Outcome::try_later: return !is_call;
    default: return true;
  }
}

} // namespace

std::uint64_t Caller::call(const Call& call, std::uint64_t patience_ms, Time now) {
  Waiting waiting;
  waiting.hash = hash_of(call.id);
  waiting.kind = call.is_command            ? Ask::Kind::command
                 : call.read == Read::stale ? Ask::Kind::stale
                                            : Ask::Kind::query;
  waiting.body = encode(call);
  return add(std::move(waiting), patience_ms, now);
}

std::uint64_t Caller::ask_owner(std::uint64_t hash, Ask::Kind kind, std::vector<std::byte> body,
                                std::uint64_t patience_ms, Time now) {
  Waiting waiting;
  waiting.hash = hash;
  waiting.kind = kind;
  waiting.body = std::move(body);
  return add(std::move(waiting), patience_ms, now);
}

std::uint64_t Caller::ask(raft::GroupId group, Ask::Kind kind, std::vector<std::byte> body,
                          std::uint64_t patience_ms, Time now) {
  Waiting waiting;
  waiting.group = group;
  waiting.kind = kind;
  waiting.body = std::move(body);
  return add(std::move(waiting), patience_ms, now);
}

std::uint64_t Caller::add(Waiting waiting, std::uint64_t patience_ms, Time now) {
  const std::uint64_t number = ++last_number_;
  if (calls_.size() >= calls_max) {
    answers_.push_back({number, Answer::refused(Outcome::try_later, 0,
                                                std::to_string(calls_max) +
                                                    " calls are under way, which is the most")});
    return number;
  }
  waiting.until_ms = now.ms + patience_ms;
  if (is_stamped(waiting.kind))
    stamp(waiting, now);
  due_.insert(number);
  calls_.emplace(number, std::move(waiting));
  return number;
}

// Long before a session ends, commands get a new one.
void Caller::stamp(Waiting& waiting, Time now) {
  now.ms += static_cast<std::uint64_t>(clock_ahead_ms_);
  const std::uint64_t age = now.ms - std::min(now.ms, session_ ? session_->opened.ms : 0);
  if (!session_ || age > Sessions::life_ms / 2)
    session_ = SessionId{now, mix64(options_.id ^ mix64(++sessions_))};
  waiting.stamp.session = *session_;
  waiting.stamp.sequence = ++last_sequence_;
  open_.insert(last_sequence_);
  waiting.stamp.done_below = *open_.begin();
}

void Caller::finish(std::uint64_t number, Answer answer) {
  const auto at = calls_.find(number);
  open_.erase(at->second.stamp.sequence);
  calls_.erase(at);
  due_.erase(number);
  answers_.push_back({number, std::move(answer)});
}

void Caller::give_up(std::uint64_t number) {
  const Waiting& waiting = calls_.at(number);
  const bool was_asked = waiting.may_be_done || waiting.found_leader;
  const bool is_locked = waiting.is_locked && !waiting.may_be_done;
  finish(number, Answer::refused(is_locked   ? Outcome::locked
                                 : was_asked ? Outcome::timeout
                                             : Outcome::no_leader));
}

void Caller::hear(const Reply& reply, Time now) {
  const std::uint64_t number = reply.number >> attempt_bits;
  const auto at = calls_.find(number);
  if (at == calls_.end() || reply.caller != options_.id)
    return;
  Waiting& waiting = at->second;
  const Answer& answer = reply.answer;
  if (!is_final(answer.outcome, waiting.kind) &&
      (!waiting.asked || reply.number != number_on_the_way(number, waiting.attempts)))
    return;
  const auto again_at = [&](std::uint64_t ms) {
    waiting.asked = {};
    waiting.next_ms = ms;
    if (ms <= now.ms)
      due_.insert(number);
  };
  switch (answer.outcome) {
    case Outcome::not_leader: {
      if (waiting.kind == Ask::Kind::stale) { // it has no replica (any more)
        again_at(now.ms + (waiting.attempts % 4 != 0 ? 0 : options_.pause_ms));
        break;
      }
      // Whom it names may not know it yet, or not any more: so not at once for ever.
      const raft::NodeId named{answer.number};
      raft::NodeId& known = leaders_[waiting.group];
      const bool is_news = named && named != waiting.asked;
      known = is_news ? named : raft::NodeId::none();
      again_at(now.ms + (is_news && waiting.attempts % 4 != 0 ? 0 : options_.pause_ms));
      break;
    }
    case Outcome::moved:
      waiting.found_leader = true;
      waiting.follows = {answer.number};
      again_at(now.ms + (answer.number != 0 && waiting.attempts % 2 != 0 ? 0 : options_.pause_ms));
      break;
    case Outcome::timeout: // it may be done yet
      waiting.may_be_done = true;
      again_at(now.ms + options_.pause_ms);
      break;
    case Outcome::session_expired: // a copy of it may have been done when the session was not over
      clock_ahead_ms_ = static_cast<std::int64_t>(answer.number - now.ms);
      if (session_ == waiting.stamp.session)
        session_.reset();
      finish(number, Answer::refused(Outcome::timeout, 0, "its session is over"));
      break;
    case Outcome::locked:
      waiting.found_leader = true;
      waiting.is_locked = true;
      again_at(now.ms + options_.pause_ms);
      break;
    case Outcome::check_quota:
      waiting.found_leader = true;
      again_at(now.ms);
      break;
    case Outcome::try_later:
      waiting.found_leader = true;
      if (waiting.hash) // of an agent
        again_at(now.ms + options_.pause_ms);
      else
        finish(number, answer);
      break;
    default: finish(number, answer);
  }
}

void Caller::tick(Time now) {
  std::vector<std::uint64_t> over;
  for (auto& [number, waiting] : calls_) {
    if (now.ms >= waiting.until_ms) {
      over.push_back(number);
    } else if (now.ms >= waiting.next_ms) {
      if (waiting.asked) { // no answer in time
        waiting.may_be_done = true;
        if (waiting.kind != Ask::Kind::stale)
          leaders_.erase(waiting.group);
      }
      due_.insert(number);
    }
  }
  for (const std::uint64_t number : over) {
    Waiting& waiting = calls_.at(number);
    waiting.may_be_done = waiting.may_be_done || waiting.asked;
    give_up(number);
  }
}

Caller::Output Caller::take_output(const GroupTable& table, Time now) {
  Output output;
  for (const std::uint64_t number : std::exchange(due_, {}))
    send(number, calls_.at(number), table, now, output);
  output.answers = std::exchange(answers_, {});
  return output;
}

void Caller::send(std::uint64_t number, Waiting& waiting, const GroupTable& table, Time now,
                  Output& output) {
  waiting.next_ms = now.ms + options_.pause_ms;
  waiting.asked = {};
  if (waiting.hash) {
    const std::optional<raft::GroupId> group = table.group_of(*waiting.hash);
    waiting.group = group.value_or(raft::GroupId{});
  }
  raft::GroupId group = waiting.group;
  if (waiting.follows.value != 0)
    group = std::exchange(waiting.follows, {});
  if (group.value == 0)
    return;
  waiting.group = group;
  std::vector<raft::NodeId> nodes;
  if (const TableGroup* const known = table.find(group))
    nodes = known->replicas;
  else if (group == GroupTable::table_group)
    nodes = options_.contacts;
  raft::NodeId to = leaders_[group];
  if (waiting.kind == Ask::Kind::stale) {
    const bool has_own = std::ranges::find(nodes, options_.self) != nodes.end();
    to = waiting.attempts == 0 && has_own ? options_.self : raft::NodeId::none();
  }
  if (!to && !nodes.empty())
    to = nodes[waiting.attempts % nodes.size()];
  ++waiting.attempts;
  if (!to)
    return;
  waiting.asked = to;
  waiting.next_ms = now.ms + options_.attempt_ms;
  Ask ask{number_on_the_way(number, waiting.attempts), group, waiting.kind, {}, options_.id};
  if (is_stamped(waiting.kind)) {
    BytesWriter out;
    write(waiting.stamp, out);
    out.raw(waiting.body);
    ask.body = out.take();
  } else {
    ask.body = waiting.body;
  }
  output.to_send.emplace_back(to, std::move(ask));
}

} // namespace stos::keyed
