#include "libstos/service/keyed/committer.hpp"

#include <map>

namespace stos::keyed {
namespace {

std::vector<std::byte> encoded(const TransactionOrder& order) {
  BytesWriter out;
  write(order, out);
  return out.take();
}

void ignore(const Answer& /*answer*/) {}

} // namespace

void Committer::begin(Transaction transaction, std::uint64_t until_ms, Then then) {
  const auto run = std::make_shared<Run>();
  std::map<Id, std::vector<std::size_t>> by_agent;
  for (std::size_t i = 0; i < transaction.steps.size(); ++i)
    by_agent[transaction.steps[i].id].push_back(i);
  for (auto& [id, steps] : by_agent)
    run->parts.push_back({id, hash_of(id), std::move(steps)});
  run->replies.resize(transaction.steps.size());
  run->transaction = std::move(transaction);
  run->until_ms = until_ms;
  run->then = std::move(then);
  prepare_next(run);
}

void Committer::prepare_next(const RunPtr& run) {
  const bool is_first = run->prepared == 0 && !run->transaction.has_begun;
  if (run->prepared == run->parts.size() && !(is_first && run->parts.empty()))
    return commit(run);
  Prepare order{run->transaction.id, is_first, {}};
  std::uint64_t hash = run->transaction.id.home;
  if (!run->parts.empty()) {
    const Part& part = run->parts[run->prepared];
    hash = part.hash;
    for (const std::size_t step : part.steps)
      order.steps.push_back(run->transaction.steps[step]);
  }
  bring_(hash, Ask::Kind::transact, encoded(std::move(order)), run->until_ms,
         [this, run](const Answer& answer) { prepared(run, answer); });
}

void Committer::prepared(const RunPtr& run, const Answer& answer) {
  if (answer.outcome != Outcome::done)
    return abort(run, answer);
  run->transaction.has_begun = true;
  if (run->parts.empty())
    return commit(run);
  const std::vector<std::size_t>& steps = run->parts[run->prepared].steps;
  auto replies = decode_replies(answer.reply);
  if (!replies || replies->size() != steps.size())
    return abort(run, Answer::refused(Outcome::failed, 0, "its replies make no sense"));
  for (std::size_t i = 0; i < steps.size(); ++i)
    run->replies[steps[i]] = std::move((*replies)[i]);
  ++run->prepared;
  prepare_next(run);
}

// It was told nobody to commit, so nobody will.
void Committer::abort(const RunPtr& run, const Answer& why) {
  Answer answer = why;
  const bool is_open = why.outcome == Outcome::timeout;
  const bool has_agent = run->prepared < run->parts.size();
  if (has_agent)
    answer.text = to_string(run->parts[run->prepared].agent) +
                  (why.text.empty() ? std::string() : ": " + why.text);
  if (is_open) {
    answer.outcome = Outcome::aborted;
    answer.text.insert(0, "no answer in time from ");
  }
  if (run->transaction.has_begun || is_open)
    bring_(run->transaction.id.home, Ask::Kind::item, AgentGroup::decide_item(run->transaction.id),
           std::nullopt, ignore);
  let_go(run, run->prepared + (is_open && has_agent ? 1 : 0));
  run->then(answer);
}

void Committer::commit(const RunPtr& run) {
  Commit order{run->transaction.id, {}, run->transaction.outsiders};
  for (const Part& part : run->parts)
    order.agents.push_back(part.agent);
  bring_(run->transaction.id.home, Ask::Kind::transact, encoded(std::move(order)), run->until_ms,
         [this, run](const Answer& answer) {
           const auto decided = AgentGroup::how_decided(answer);
           if (!decided)
             return ask_how_decided(run);
           if (*decided != AgentGroup::Decided::aborted)
             return committed(run, *decided == AgentGroup::Decided::committed_and_done);
           let_go(run, run->parts.size());
           run->then(Answer::refused(Outcome::aborted, 0, "it took too long"));
         });
}

// The order to commit may be on its way yet: from here on the home alone knows, as for all others.
// If it knows nothing, it may have forgotten what all agents have done, unless there are outsiders.
void Committer::ask_how_decided(const RunPtr& run) {
  bring_(run->transaction.id.home, Ask::Kind::item, AgentGroup::decide_item(run->transaction.id),
         run->until_ms, [this, run](const Answer& answer) {
           const auto decided = AgentGroup::how_decided(answer);
           if (!decided)
             return run->then(Answer::refused(Outcome::timeout));
           if (*decided != AgentGroup::Decided::aborted)
             return committed(run, false);
           let_go(run, run->parts.size());
           run->then(run->transaction.outsiders.empty()
                         ? Answer::refused(Outcome::timeout)
                         : Answer::refused(Outcome::aborted, 0, "it took too long"));
         });
}

void Committer::committed(const RunPtr& run, bool is_done_by_all) {
  if (!is_done_by_all)
    tell_committed(run);
  run->then({Outcome::done, 0, {}, encode(run->replies)});
}

/// The first `parts` of them may be prepared.
void Committer::let_go(const RunPtr& run, std::size_t parts) {
  for (std::size_t i = 0; i < parts; ++i)
    bring_(run->parts[i].hash, Ask::Kind::item,
           AgentGroup::finish_item(run->transaction.id, run->parts[i].agent, false), std::nullopt,
           ignore);
}

void Committer::tell_committed(const RunPtr& run) {
  const TransactionId id = run->transaction.id;
  const auto awaited = std::make_shared<std::size_t>(0);
  for (const Part& part : run->parts)
    if (part.hash != id.home) // where it is known
      ++*awaited;
  for (const Part& part : run->parts)
    if (part.hash != id.home)
      bring_(part.hash, Ask::Kind::item, AgentGroup::finish_item(id, part.agent, true),
             std::nullopt, [this, id, awaited](const Answer& answer) {
               if (answer.outcome == Outcome::done && --*awaited == 0)
                 bring_(id.home, Ask::Kind::item, AgentGroup::confirm_item(id, {}), std::nullopt,
                        ignore);
             });
}

} // namespace stos::keyed
