#pragma once

#include "libstos/raft/ids.hpp"
#include "libstos/service/coordination/coordination_counts.hpp"
#include "libstos/service/coordination/coordination_table.hpp"
#include "libstos/service/coordination/request.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace stos::coordination {

/// What one node does for the clients that ask it: it has the log decide what they want, and
/// answers once its own table knows.
///
/// What is to get into the log goes to the node that leads it, and is said again until this node
/// has applied it. A request that changes nothing is answered after an entry of this node that was
/// proposed after it had come: all that was acknowledged before, anywhere, is known then. One entry
/// does for all that have come meanwhile. A watch looks at this node's table alone.
///
/// The node that leads has the time of the log: it goes on from the time that its table knows, by
/// its own clock, and says it with each entry, and where something ends by it. A pause of the
/// process counts as `pause_max_s` at most. So a lease never ends earlier than its length after the
/// moment when its request has come to the leader, by the clock of leaders, and may end later where
/// the lead has changed. A client that begins to count when it sends a request, and whose clock
/// runs no slower than theirs, never believes to have a lease that has ended.
///
/// Time:    seconds, a parameter; only goes forward.
/// Threads: none inside.
/// Limits:  `pending_max` requests at a time.
class CoordinationNode {
public:
  static constexpr std::size_t pending_max = 10'000;
  static constexpr double again_s = 0.5;
  static constexpr double pause_max_s = 1;
  static constexpr double patience_max_s = 30; ///< for which an answer is held back

  /// `process`: of CoordinationTable.
  explicit CoordinationNode(std::uint64_t process) : process_(process), table_(process) {}

  /// Rides on the control log (NodeCore).
  [[nodiscard]] CoordinationTable& table() { return table_; }
  [[nodiscard]] const CoordinationTable& table() const { return table_; }

  // ---- inputs

  /// What this node is just now.
  struct Standing {
    bool belongs = false; ///< it is in the newest view that it knows, and has no failure
    raft::NodeId leader;  ///< none if it is not known
    bool leads = false;
  };
  /// To be called after the table may have changed, after any other input, and at next_step_s().
  void step(const Standing& standing, double now_s);

  /// What another node's CoordinationNode has sent; any bytes.
  void hear(std::span<const std::byte> bytes);

  /// A ticket for the answer.
  [[nodiscard]] std::uint64_t ask(Request request, double now_s);

  // ---- outputs

  struct Output {
    std::vector<std::vector<std::byte>> to_propose; ///< entries, where this node leads
    std::vector<std::pair<raft::NodeId, std::vector<std::byte>>> to_send;
    std::vector<std::pair<std::uint64_t, Answer>> answers; ///< by ticket, one each
  };
  [[nodiscard]] Output take_output() { return std::exchange(output_, {}); }

  [[nodiscard]] double next_step_s() const { return next_step_s_; }
  [[nodiscard]] CoordinationCounts counts() const;
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }

private:
  struct Pending {
    Request request;
    double until_s = 0; // the answer is held back
  };
  /// What is to get into the log: for one request, or for all looks that have come before it.
  struct Wish {
    std::vector<std::byte> bytes;
    std::vector<std::uint64_t> tickets;
    double next_s = 0;
  };

  void keep_time(double now_s);
  void hear_results();
  void begin_requests();
  void begin_looks();
  void look_at_waiting(double now_s);
  void tell_wishes(double now_s);
  void end_leases(double now_s);
  void answer(std::uint64_t ticket, Answer answer);
  void refuse_all(Answer::Outcome outcome, const std::string& why);
  std::uint64_t add_wish(const Request& request, std::vector<std::uint64_t> tickets);
  [[nodiscard]] std::vector<std::byte> stamped(std::span<const std::byte> wish) const;

  const std::uint64_t process_;
  CoordinationTable table_;
  Standing standing_;
  raft::NodeId leader_before_;
  std::map<std::uint64_t, Pending> pending_; // by ticket
  std::vector<std::uint64_t> new_;           // tickets
  std::map<std::uint64_t, Wish> wishes_;     // by number
  std::vector<std::uint64_t> looks_;         // tickets, of the next one
  std::optional<std::uint64_t> look_wish_;   // that is under way
  std::vector<std::uint64_t> waiting_;       // tickets
  std::vector<std::vector<std::byte>> heard_;
  std::uint64_t last_ticket_ = 0;
  std::uint64_t last_number_ = 0;
  std::uint64_t version_seen_ = 0;
  double clock_ms_ = 0; // where this node leads
  double clock_s_ = 0;  // when it was read
  double next_end_s_ = 0;
  double next_step_s_ = 0;
  Output output_;
};

} // namespace stos::coordination
