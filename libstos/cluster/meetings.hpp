#pragma once

#include "libstos/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

/// Brings the nodes of a cluster together for runs of simulations, each by its name: what one node
/// knows of who wants to run what.
///
/// A node *attempts* a simulation: it comes to a meeting for it, or to some more, each time with
/// words for all others, and leaves when its run is over, or has failed. The attempts of a node at
/// one simulation follow each other, and each *joins* one of every other node: the earliest one
/// there that has neither left nor joined before. Different simulations have nothing to do with
/// each other.
///
/// Nodes see each other come and leave at different times. So somebody may join an attempt that is
/// over already, for want of patience, say; then the departure is still under way to there, and
/// breaks that attempt, too. Nobody waits for somebody who does not know of it: whoever has joined
/// and did not end well lets the other attempts go, and those that are still waiting can be joined
/// anew.
///
/// Order:   of one node's words and departures that of their making. No other order matters.
/// Threads: none inside.
/// Limits:  `waiting_max` attempts of each other node wait to be joined; more are refused.
class Meetings {
public:
  static constexpr std::size_t waiting_max = 1024;

  /// What a node says at a meeting.
  struct Words {
    std::string simulation;
    std::uint64_t attempt = 0; ///< of that node, in any simulation: each has another number
    std::uint64_t meeting = 1; ///< which one of the attempt
    std::vector<std::byte> content;
  };

  /// @pre `names` are those of all nodes, own_node < names.size()
  Meetings(std::vector<std::string> names, std::size_t own_node)
      : names_(std::move(names)), own_node_(own_node) {}

  /// Begins an attempt of this node, and returns its number. Fails with bad_config if there is one
  /// at this simulation that has not ended.
  [[nodiscard]] Result<std::uint64_t> begin(const std::string& simulation);

  /// This node comes to the next meeting of its attempt. Returns what the others have to hear.
  /// @pre all were there at the meeting before
  Words come(std::uint64_t attempt, std::vector<std::byte> content);

  /// The attempt is over: with `well`, all others know everything that they need of this one.
  void end(std::uint64_t attempt, bool well);

  /// What another node says. Fails with bad_message, and nothing has changed, if it makes no sense
  /// or more would wait than may.
  [[nodiscard]] Result<void> hear(std::size_t node, Words words);

  /// How an attempt ended.
  struct Departure {
    std::string simulation;
    std::uint64_t attempt = 0;
    bool well = false; ///< else because of `why`
    std::string why;
  };

  /// Another node's attempt is over. Returns the attempt of this node that cannot go on without it,
  /// if there is one.
  std::optional<std::uint64_t> hear(std::size_t node, const Departure& departure);

  /// Whether all have come to the meeting of this attempt that this node came to last.
  [[nodiscard]] bool all_are_there(std::uint64_t attempt) const;

  /// What they said, by node. @pre all_are_there(attempt)
  [[nodiscard]] std::vector<Words> words(std::uint64_t attempt) const;

  /// Why the attempt cannot go on: somebody has left that it has joined.
  [[nodiscard]] const std::optional<Error>& problem(std::uint64_t attempt) const;

  /// Who has not come yet, for people: names, and why somebody who had tried has left again.
  [[nodiscard]] std::string who_is_missing(std::uint64_t attempt) const;

  /// Whether this attempt of another node waits, or an attempt of this node has joined it.
  [[nodiscard]] bool knows(std::size_t node, std::uint64_t attempt) const;

private:
  /// Of another node, or this one.
  struct Attempt {
    std::uint64_t number = 0;
    std::map<std::uint64_t, std::vector<std::byte>> said; ///< by meeting
    bool over = false;
  };
  struct OwnAttempt {
    std::string simulation;
    std::uint64_t meeting = 0;   ///< that this node came to last
    std::vector<Attempt> joined; ///< by node, this one among them; empty: not all have come yet
    std::vector<std::byte> said; ///< at the first meeting
    std::optional<Error> problem;
    std::map<std::size_t, std::string> why_left; ///< others' attempts before, by node
  };
  using Waiting = std::vector<std::deque<Attempt>>; ///< by node

  [[nodiscard]] Waiting& waiting_for(const std::string& simulation);
  [[nodiscard]] const OwnAttempt& own(std::uint64_t attempt) const;
  void join_if_all_are_there(std::uint64_t number, OwnAttempt& own);
  [[nodiscard]] std::size_t waiting_of(std::size_t node) const;

  std::vector<std::string> names_; // of the nodes
  std::size_t own_node_;
  std::uint64_t last_attempt_ = 0;
  std::map<std::uint64_t, OwnAttempt> own_;
  std::map<std::string, Waiting> waiting_; // of others, for somebody here to join them
};

} // namespace stos::detail
