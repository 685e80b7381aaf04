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
/// knows of which nodes want to run what.
///
/// A node *attempts* a simulation: it comes to a meeting for it, or to some more, each time with
/// an *announcement*, and leaves when its run is over, or has failed. The first node, once all
/// have come, *calls* them: it says which attempts, one of each node, belong together from now on.
/// An attempt is called once at most. Different simulations have nothing to do with each other.
///
/// A node may have left, for want of patience, say, before the call has reached it. Then its
/// departure is on the way to all nodes called with it. It breaks their attempts; their next ones
/// are called anew, and no node waits for one that does not know of it. A departure that comes
/// before the call means nothing: the first node hears of it, too, and leaves in its turn.
///
/// Order:   messages of one node are heard in the order in which it sent them. No other matters.
/// Threads: none inside.
/// Limits:  `waiting_max` attempts of each other node wait for a call; more are refused. Of so many
///          attempts that ended without one it is known why.
class Meetings {
public:
  static constexpr std::size_t waiting_max = 1024;

  /// What a node says at a meeting.
  struct Announcement {
    std::string simulation;
    std::uint64_t attempt = 0; ///< of that node, in any simulation: each has another number
    std::uint64_t meeting = 1; ///< which one of the attempt
    std::vector<std::byte> content;
  };

  /// The first node to all others: these attempts, by node, run the simulation together.
  struct Call {
    std::string simulation;
    std::vector<std::uint64_t> attempts;
  };

  /// How an attempt ended.
  struct Departure {
    std::string simulation;
    std::uint64_t attempt = 0;
    bool well = false; ///< else because of `why`
    std::string why;
  };

  /// @pre `names` are those of all nodes, own_node < names.size()
  Meetings(std::vector<std::string> names, std::size_t own_node)
      : names_(std::move(names)), own_node_(own_node) {}

  /// Begins an attempt of this node, and returns its number. Fails with bad_config if there is one
  /// at this simulation that has not ended.
  [[nodiscard]] Result<std::uint64_t> begin(const std::string& simulation);

  /// This node comes to the next meeting of its attempt. Returns what all others have to hear.
  /// @pre it is the first one, or all were there at the meeting before
  Announcement come(std::uint64_t attempt, std::vector<std::byte> content);

  /// The attempt is over; all others have to hear of that.
  void end(std::uint64_t attempt);

  /// What another node says. Fails with bad_message, and nothing has changed, if there is no such
  /// node, it says that it begins what it has begun, or more would wait than may. What is for
  /// a meeting that is over, or far away, is ignored.
  [[nodiscard]] Result<void> hear(std::size_t node, Announcement announcement);

  /// Fails with bad_message if this is not for that node to say, or is not about all nodes.
  [[nodiscard]] Result<void> hear(std::size_t node, const Call& call);

  /// Returns the attempt of this node that cannot go on without the other one, if there is one.
  std::optional<std::uint64_t> hear(std::size_t node, const Departure& departure);

  /// What all others have to hear after come() and hear(); taken once.
  [[nodiscard]] std::vector<Call> take_calls();

  /// Whether all have come to the meeting of this attempt that this node came to last.
  [[nodiscard]] bool all_are_there(std::uint64_t attempt) const;

  /// What they said, by node. @pre all_are_there(attempt)
  [[nodiscard]] std::vector<Announcement> announcements(std::uint64_t attempt) const;

  /// Why the attempt cannot go on: a node has left that was called with it.
  [[nodiscard]] const std::optional<Error>& problem(std::uint64_t attempt) const;

  /// Which nodes have not come yet, for people: names, and why one that had come has left again, or
  /// where else it waits.
  [[nodiscard]] std::string who_is_missing(std::uint64_t attempt) const;

  /// Whether this attempt of another node waits for a call, or goes on together with one of this
  /// node.
  [[nodiscard]] bool knows(std::size_t node, std::uint64_t attempt) const;

private:
  using Said = std::map<std::uint64_t, std::vector<std::byte>>; ///< by meeting
  struct Attempt {
    std::uint64_t number = 0;
    Said said;
  };
  struct OwnAttempt {
    std::string simulation;
    std::uint64_t meeting = 0; ///< that this node came to last
    Said said;
    std::vector<Attempt> called; ///< by node, this one among them; empty: there was no call yet
    std::optional<Error> problem;
  };
  using Waiting = std::vector<std::deque<Attempt>>; ///< by node

  [[nodiscard]] const OwnAttempt& own(std::uint64_t attempt) const;
  [[nodiscard]] std::pair<const std::uint64_t, OwnAttempt>* own_at(const std::string& simulation);
  void call_if_all_are_there(const std::string& simulation);
  void be_called(const Call& call);
  /// Another simulation than that one, at which the node waits for a call; null: there is none.
  [[nodiscard]] const std::string* waits_for(std::size_t node, const std::string& but) const;
  [[nodiscard]] std::size_t waiting_of(std::size_t node) const;

  std::vector<std::string> names_; // of the nodes
  std::size_t own_node_;
  std::uint64_t last_attempt_ = 0;
  std::map<std::uint64_t, OwnAttempt> own_;
  std::map<std::string, Waiting> waiting_;                              // of others, by simulation
  std::map<std::pair<std::string, std::size_t>, std::string> why_left_; // attempts without a call
  std::vector<Call> calls_;                                             // to be taken
};

} // namespace stos::detail
