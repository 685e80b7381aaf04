#include "libstos/cluster/meetings.hpp"

#include "libstos/base/assert.hpp"

#include <algorithm>
#include <iterator>

namespace stos::detail {

Meetings::Waiting& Meetings::waiting_for(const std::string& simulation) {
  return waiting_.try_emplace(simulation, Waiting(names_.size())).first->second;
}

const Meetings::OwnAttempt& Meetings::own(std::uint64_t attempt) const {
  const auto found = own_.find(attempt);
  STOS_ASSERT(found != own_.end(), "there is no attempt " + std::to_string(attempt));
  return found->second;
}

std::size_t Meetings::waiting_of(std::size_t node) const {
  std::size_t count = 0;
  for (const auto& [simulation, waiting] : waiting_)
    count += waiting[node].size();
  return count;
}

Result<std::uint64_t> Meetings::begin(const std::string& simulation) {
  for (const auto& [number, own] : own_)
    if (own.simulation == simulation)
      return Error{Errc::bad_config,
                   "simulation " + simulation +
                       " runs on this node already: simulations that run at the same time need "
                       "different names (simulation.name)"};
  own_[++last_attempt_].simulation = simulation;
  return last_attempt_;
}

Meetings::Words Meetings::come(std::uint64_t attempt, std::vector<std::byte> content) {
  STOS_ASSERT(own_.count(attempt) > 0, "there is no attempt " + std::to_string(attempt));
  OwnAttempt& own = own_[attempt];
  Words words{own.simulation, attempt, ++own.meeting, std::move(content)};
  if (own.meeting == 1) {
    own.said = words.content;
    join_if_all_are_there(attempt, own);
  } else {
    STOS_ASSERT(!own.joined.empty(), "not all were at the first meeting");
    own.joined[own_node_].said[own.meeting] = words.content;
  }
  return words;
}

// The earliest attempt of each other node.
void Meetings::join_if_all_are_there(std::uint64_t number, OwnAttempt& own) {
  Waiting& waiting = waiting_for(own.simulation);
  for (std::size_t node = 0; node < names_.size(); ++node)
    if (node != own_node_ && waiting[node].empty())
      return;
  for (std::size_t node = 0; node < names_.size(); ++node)
    if (node == own_node_) {
      own.joined.push_back({number, {{1, own.said}}});
    } else {
      own.joined.push_back(std::move(waiting[node].front()));
      waiting[node].pop_front();
    }
}

void Meetings::end(std::uint64_t attempt, bool well) {
  const auto found = own_.find(attempt);
  STOS_ASSERT(found != own_.end(), "there is no attempt " + std::to_string(attempt));
  OwnAttempt& own = found->second;
  Waiting& waiting = waiting_for(own.simulation);
  for (std::size_t node = 0; node < own.joined.size(); ++node)
    if (Attempt& other = own.joined[node]; node != own_node_ && !well && !other.over)
      waiting[node].push_front(std::move(other));
  if (std::ranges::all_of(waiting, [](const auto& of_node) { return of_node.empty(); }))
    waiting_.erase(own.simulation);
  own_.erase(found);
}

Result<void> Meetings::hear(std::size_t node, Words words) {
  if (node >= names_.size() || node == own_node_)
    return Error{Errc::bad_message, "words of node " + std::to_string(node + 1) + " of " +
                                        std::to_string(names_.size()) + ", this one is node " +
                                        std::to_string(own_node_ + 1)};
  for (auto& [number, own] : own_)
    if (!own.joined.empty() && own.joined[node].number == words.attempt) {
      if (words.meeting != own.meeting && words.meeting != own.meeting + 1)
        return Error{Errc::bad_message, "it has come to meeting " + std::to_string(words.meeting) +
                                            " for simulation " + own.simulation +
                                            ", this node to meeting " +
                                            std::to_string(own.meeting)};
      own.joined[node].said[words.meeting] = std::move(words.content);
      return {};
    }
  if (words.meeting != 1) // of an attempt that has been let go: its end is under way to there
    return {};
  if (waiting_of(node) >= waiting_max)
    return Error{Errc::bad_message, std::to_string(waiting_max) +
                                        " simulations of this node wait to begin here; wanted: no "
                                        "more than that"};
  if (knows(node, words.attempt))
    return Error{Errc::bad_message,
                 "it says twice that it has come to simulation " + words.simulation};
  waiting_for(words.simulation)[node].push_back({words.attempt, {{1, std::move(words.content)}}});
  for (auto& [number, own] : own_)
    if (own.simulation == words.simulation && own.joined.empty() && own.meeting == 1) {
      own.why_left.erase(node);
      join_if_all_are_there(number, own);
    }
  return {};
}

std::optional<std::uint64_t> Meetings::hear(std::size_t node, const Departure& departure) {
  const auto is_it = [&](const Attempt& other) { return other.number == departure.attempt; };
  if (node >= names_.size() || node == own_node_)
    return std::nullopt;
  if (const auto waiting = waiting_.find(departure.simulation); waiting != waiting_.end())
    std::erase_if(waiting->second[node], is_it);
  for (auto& [number, own] : own_) {
    if (own.simulation != departure.simulation)
      continue;
    if (own.joined.empty() && !departure.well) {
      own.why_left[node] = departure.why;
    } else if (!own.joined.empty() && is_it(own.joined[node])) {
      own.joined[node].over = true;
      if (departure.well || own.problem)
        return std::nullopt;
      own.problem = Error{Errc::node_lost, "node " + names_[node] + " has left simulation " +
                                               own.simulation + ": " + departure.why};
      return number;
    }
  }
  return std::nullopt;
}

bool Meetings::all_are_there(std::uint64_t attempt) const {
  const OwnAttempt& own = this->own(attempt);
  return !own.joined.empty() && std::ranges::all_of(own.joined, [&own](const Attempt& other) {
    return other.said.count(own.meeting) > 0;
  });
}

std::vector<Meetings::Words> Meetings::words(std::uint64_t attempt) const {
  const OwnAttempt& own = this->own(attempt);
  std::vector<Words> all;
  for (const Attempt& other : own.joined)
    all.push_back({own.simulation, other.number, own.meeting, other.said.at(own.meeting)});
  return all;
}

const std::optional<Error>& Meetings::problem(std::uint64_t attempt) const {
  return own(attempt).problem;
}

std::string Meetings::who_is_missing(std::uint64_t attempt) const {
  const OwnAttempt& own = this->own(attempt);
  const auto waiting = waiting_.find(own.simulation);
  const auto is_there = [&](std::size_t node) {
    if (node == own_node_)
      return true;
    if (own.joined.empty())
      return waiting != waiting_.end() && !waiting->second[node].empty();
    return own.joined[node].said.count(own.meeting) > 0;
  };
  std::string missing;
  for (std::size_t node = 0; node < names_.size(); ++node) {
    if (is_there(node))
      continue;
    missing += (missing.empty() ? "" : ", ") + names_[node];
    if (const auto left = own.why_left.find(node); left != own.why_left.end())
      missing += " (it has tried, and left again: " + left->second + ")";
  }
  return missing;
}

bool Meetings::knows(std::size_t node, std::uint64_t attempt) const {
  const auto is_it = [attempt](const Attempt& other) { return other.number == attempt; };
  for (const auto& [number, own] : own_)
    if (!own.joined.empty() && is_it(own.joined[node]))
      return true;
  for (const auto& [simulation, waiting] : waiting_)
    if (std::ranges::any_of(waiting[node], is_it))
      return true;
  return false;
}

} // namespace stos::detail
