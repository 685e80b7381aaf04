#pragma once

#include "libstos/base/result.hpp"
#include "libstos/cluster/view/run_ledger.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace stos::detail {

/// What one member of a view sees of its connections to the others, and what it wishes.
struct Reachability {
  enum class State : std::uint8_t {
    fine,
    renewed, ///< the connection has gone during this view, and there is another one
    away,    ///< there is no connection just now
    lost,    ///< nothing was heard for cluster.silence_timeout, or it has said that it leaves
  };

  std::uint64_t epoch = 0;    ///< of the view
  std::vector<State> of = {}; ///< by member; of itself it is fine
  bool wants_to_leave = false;
  std::vector<std::uint64_t> newcomers =
      {};                          ///< the lives of those that it has a connection to, ascending
  std::vector<RunNote> notes = {}; ///< that are to be in the RunLedger, and are not

  friend bool operator==(const Reachability&, const Reachability&) = default;
};

[[nodiscard]] std::vector<std::byte> encode(const Reachability& reachability);

/// Reads any bytes. Fails with bad_message if nothing has made them.
[[nodiscard]] Result<Reachability> decode_reachability(std::span<const std::byte> bytes);

/// What all members of a view see of each other, as far as one of them has heard.
class Reachabilities {
public:
  using State = Reachability::State;

  Reachabilities(std::uint64_t epoch, std::size_t members) : epoch_(epoch), members_(members) {}

  /// What member `from` sees; that it sees something of another epoch means nothing.
  void hear(std::size_t from, Reachability reachability);

  [[nodiscard]] bool has_heard(std::size_t from) const { return seen_.contains(from); }

  /// What is worse of what two members see of each other.
  [[nodiscard]] State between(std::size_t a, std::size_t b) const;

  /// Whether all members have a connection to the process of that life.
  [[nodiscard]] bool all_reach(std::uint64_t newcomer) const;

  /// The members that wish to leave, ascending.
  [[nodiscard]] std::vector<std::size_t> who_wants_to_leave() const;

  /// What all of them want to have in the RunLedger.
  [[nodiscard]] std::vector<RunNote> notes() const;

  /// Whether there are two members of whom one sees the other so.
  [[nodiscard]] bool any(State state) const;

  /// The members that have to go, so that all others reach each other, ascending: the one with the
  /// most lost connections first, never `self`. Where one end of a single connection has to go, it
  /// is the one of which nothing was heard in this epoch, or else the higher one.
  ///
  /// Not always the fewest that would do: that problem (vertex cover) is hard, and networks break
  /// at nodes.
  [[nodiscard]] std::vector<std::size_t> who_has_to_go(std::size_t self) const;

private:
  [[nodiscard]] State seen_by(std::size_t from, std::size_t of) const;

  std::uint64_t epoch_;
  std::size_t members_;
  std::map<std::size_t, Reachability> seen_;
};

} // namespace stos::detail
