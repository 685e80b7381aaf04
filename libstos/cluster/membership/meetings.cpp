#include "libstos/cluster/membership/meetings.hpp"

#include "libstos/base/assert.hpp"

#include <algorithm>

namespace stos::detail {
namespace {

constexpr std::size_t caller = 0; ///< the node that calls the others

Error bad(std::string text) { return {Errc::bad_message, std::move(text)}; }

} // namespace

const Meetings::OwnAttempt& Meetings::own(std::uint64_t attempt) const {
  const auto found = own_.find(attempt);
  STOS_ASSERT(found != own_.end(), "there is no attempt " + std::to_string(attempt));
  return found->second;
}

std::pair<const std::uint64_t, Meetings::OwnAttempt>*
Meetings::own_at(const std::string& simulation) {
  const auto found = std::ranges::find_if(
      own_, [&simulation](const auto& own) { return own.second.simulation == simulation; });
  return found == own_.end() ? nullptr : &*found;
}

std::size_t Meetings::waiting_of(std::size_t node) const {
  std::size_t count = 0;
  for (const auto& [simulation, waiting] : waiting_)
    count += waiting[node].size();
  return count;
}

Result<std::uint64_t> Meetings::begin(const std::string& simulation) {
  if (own_at(simulation) != nullptr)
    return Error{Errc::bad_config,
                 "simulation " + simulation +
                     " runs on this node already: simulations that run at the same time need "
                     "different names (simulation.name)"};
  own_[++last_attempt_].simulation = simulation;
  return last_attempt_;
}

Meetings::Announcement Meetings::come(std::uint64_t attempt, std::vector<std::byte> content) {
  STOS_ASSERT(own_.count(attempt) > 0, "there is no attempt " + std::to_string(attempt));
  OwnAttempt& own = own_[attempt];
  Announcement announcement{own.simulation, attempt, ++own.meeting, std::move(content)};
  own.said[own.meeting] = announcement.content;
  if (own.meeting == 1)
    call_if_all_are_there(own.simulation);
  return announcement;
}

// The earliest attempt of each other node; departures have removed those that are over.
void Meetings::call_if_all_are_there(const std::string& simulation) {
  const auto* own = own_at(simulation);
  if (own_node_ != caller || own == nullptr || own->second.meeting != 1 ||
      !own->second.called.empty())
    return;
  const Waiting& waiting = waiting_.try_emplace(simulation, names_.size()).first->second;
  Call call{simulation, {own->first}};
  for (std::size_t node = 1; node < names_.size(); ++node) {
    if (waiting[node].empty())
      return;
    call.attempts.push_back(waiting[node].front().number);
  }
  be_called(call);
  calls_.push_back(std::move(call));
}

std::vector<Meetings::Call> Meetings::take_calls() { return std::exchange(calls_, {}); }

// A node that was called with an attempt that is over here hears of its end, and waits no more.
void Meetings::be_called(const Call& call) {
  Waiting& waiting = waiting_.try_emplace(call.simulation, names_.size()).first->second;
  std::vector<Attempt> called;
  for (std::size_t node = 0; node < names_.size(); ++node) {
    called.push_back({call.attempts[node], {}});
    std::erase_if(waiting[node], [&](Attempt& other) {
      if (other.number != call.attempts[node])
        return false;
      called.back().said = std::move(other.said);
      return true;
    });
  }
  const auto own = own_.find(call.attempts[own_node_]);
  if (own != own_.end() && own->second.simulation == call.simulation && own->second.called.empty())
    own->second.called = std::move(called);
}

void Meetings::end(std::uint64_t attempt) {
  const auto found = own_.find(attempt);
  STOS_ASSERT(found != own_.end(), "there is no attempt " + std::to_string(attempt));
  const auto waiting = waiting_.find(found->second.simulation);
  if (waiting != waiting_.end() &&
      std::ranges::all_of(waiting->second, [](const auto& of_node) { return of_node.empty(); }))
    waiting_.erase(waiting);
  own_.erase(found);
}

Result<void> Meetings::hear(std::size_t node, Announcement announcement) {
  if (node >= names_.size() || node == own_node_)
    return bad("an announcement of node " + std::to_string(node + 1) + " of " +
               std::to_string(names_.size()) + ", this one is node " +
               std::to_string(own_node_ + 1));
  const auto is_it = [&announcement](const Attempt& other) {
    return other.number == announcement.attempt;
  };
  auto* own = own_at(announcement.simulation);
  if (own != nullptr && !own->second.called.empty() && is_it(own->second.called[node])) {
    const std::uint64_t meeting = own->second.meeting;
    if (announcement.meeting == meeting || announcement.meeting == meeting + 1)
      own->second.called[node].said[announcement.meeting] = std::move(announcement.content);
    return {};
  }
  // It may be at the second meeting before this node has heard the call.
  if (announcement.meeting != 1) {
    if (const auto known = waiting_.find(announcement.simulation); known != waiting_.end())
      for (Attempt& other : known->second[node])
        if (is_it(other) && announcement.meeting == 2)
          other.said[2] = std::move(announcement.content);
    return {};
  }
  if (waiting_of(node) >= waiting_max)
    return bad(std::to_string(waiting_max) + " simulations of this node wait to begin here; "
                                             "wanted: no more than that");
  if (knows(node, announcement.attempt))
    return bad("it says twice that it has come to simulation " + announcement.simulation);
  Waiting& waiting = waiting_.try_emplace(announcement.simulation, names_.size()).first->second;
  waiting[node].push_back({announcement.attempt, {{1, std::move(announcement.content)}}});
  why_left_.erase({announcement.simulation, node});
  call_if_all_are_there(announcement.simulation);
  return {};
}

Result<void> Meetings::hear(std::size_t node, const Call& call) {
  if (node != caller || own_node_ == caller || call.attempts.size() != names_.size())
    return bad("a call of node " + std::to_string(node + 1) + " for " +
               std::to_string(call.attempts.size()) + " nodes; wanted: of node 1, for " +
               std::to_string(names_.size()));
  be_called(call);
  return {};
}

std::optional<std::uint64_t> Meetings::hear(std::size_t node, const Departure& departure) {
  if (node >= names_.size() || node == own_node_)
    return std::nullopt;
  const auto is_it = [&](const Attempt& other) { return other.number == departure.attempt; };
  if (const auto waiting = waiting_.find(departure.simulation); waiting != waiting_.end())
    std::erase_if(waiting->second[node], is_it);
  if (departure.well)
    return std::nullopt;
  auto* own = own_at(departure.simulation);
  if (own == nullptr || own->second.called.empty()) { // who begins here later wants to know, too
    if (why_left_.size() < waiting_max)
      why_left_[{departure.simulation, node}] = departure.why;
    return std::nullopt;
  }
  if (!is_it(own->second.called[node]) || own->second.problem)
    return std::nullopt;
  own->second.problem = Error{Errc::node_lost, "node " + names_[node] + " has left simulation " +
                                                   departure.simulation + ": " + departure.why};
  return own->first;
}

bool Meetings::all_are_there(std::uint64_t attempt) const {
  const OwnAttempt& own = this->own(attempt);
  if (own.called.empty())
    return false;
  for (std::size_t node = 0; node < names_.size(); ++node)
    if (node != own_node_ && own.called[node].said.count(own.meeting) == 0)
      return false;
  return true;
}

std::vector<Meetings::Announcement> Meetings::announcements(std::uint64_t attempt) const {
  const OwnAttempt& own = this->own(attempt);
  std::vector<Announcement> all;
  for (std::size_t node = 0; node < names_.size(); ++node) {
    const Said& said = node == own_node_ ? own.said : own.called[node].said;
    all.push_back({own.simulation, own.called[node].number, own.meeting, said.at(own.meeting)});
  }
  return all;
}

const std::optional<Error>& Meetings::problem(std::uint64_t attempt) const {
  return own(attempt).problem;
}

const std::string* Meetings::waits_for(std::size_t node, const std::string& but) const {
  const auto found = std::ranges::find_if(waiting_, [&](const auto& waiting) {
    return waiting.first != but && !waiting.second[node].empty();
  });
  return found == waiting_.end() ? nullptr : &found->first;
}

std::string Meetings::who_is_missing(std::uint64_t attempt) const {
  const OwnAttempt& own = this->own(attempt);
  const auto waiting = waiting_.find(own.simulation);
  const auto is_there = [&](std::size_t node) {
    if (node == own_node_)
      return true;
    if (own.called.empty())
      return waiting != waiting_.end() && !waiting->second[node].empty();
    return own.called[node].said.count(own.meeting) > 0;
  };
  std::string missing;
  for (std::size_t node = 0; node < names_.size(); ++node) {
    if (is_there(node))
      continue;
    missing += (missing.empty() ? "" : ", ") + names_[node];
    if (const auto left = why_left_.find({own.simulation, node}); left != why_left_.end())
      missing += " (it has tried, and left again: " + left->second + ")";
    else if (const auto* const other = waits_for(node, own.simulation))
      missing += " (it waits for the others in simulation " + *other + ")";
  }
  return missing.empty() ? names_[caller] + " (it has come, but has not called the others)"
                         : missing;
}

bool Meetings::knows(std::size_t node, std::uint64_t attempt) const {
  const auto is_it = [attempt](const Attempt& other) { return other.number == attempt; };
  for (const auto& [number, own] : own_)
    if (!own.called.empty() && is_it(own.called[node]))
      return true;
  for (const auto& [simulation, waiting] : waiting_)
    if (std::ranges::any_of(waiting[node], is_it))
      return true;
  return false;
}

} // namespace stos::detail
