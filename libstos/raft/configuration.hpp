#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/raft/ids.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace stos::raft {

/// Who belongs to a group, and whose agreement counts.
///
/// While the voters change, two sets count: what is decided needs a majority of the new voters and
/// one of the outgoing ones (joint consensus). Learners get all entries and decide nothing. A
/// learner may be among the outgoing voters: it votes until the change is complete.
///
/// Order:   all lists ascend, without repetition.
/// Threads: none inside.
/// Source:  Raft paper (Ongaro, Ousterhout, USENIX ATC 2014), section 6; Ongaro's thesis (2014),
///          sections 4.2.1 (learners) and 4.3.
struct Configuration {
  static constexpr std::size_t members_max = 1024; ///< of each list

  std::vector<NodeId> voters;
  std::vector<NodeId> outgoing; ///< empty unless the voters change
  std::vector<NodeId> learners;

  [[nodiscard]] bool is_joint() const { return !outgoing.empty(); }
  [[nodiscard]] bool is_voter(NodeId node) const;
  [[nodiscard]] bool contains(NodeId node) const;
  [[nodiscard]] std::vector<NodeId> members() const; ///< all, each once

  /// What follows once this joint configuration is committed.
  [[nodiscard]] Configuration left() const { return {voters, {}, learners}; }

  /// The highest value that a majority of each set of voters has reached. @pre is_valid()
  template <class ValueOf>
  [[nodiscard]] auto agreed(ValueOf value_of) const {
    const auto of_new = majority(voters, value_of);
    return is_joint() ? std::min(of_new, majority(outgoing, value_of)) : of_new;
  }

  /// A majority of each set of voters is as the predicate says.
  template <class Predicate>
  [[nodiscard]] bool has_quorum(Predicate predicate) const {
    return agreed([&](NodeId node) { return predicate(node) ? 1 : 0; }) == 1;
  }

  /// There is a voter, there is no node 0, and the lists are in order and not too long.
  [[nodiscard]] bool is_valid() const;

  /// For people: "voters 1 2 3, learners 4".
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Configuration&, const Configuration&) = default;

private:
  template <class ValueOf>
  static auto majority(const std::vector<NodeId>& nodes, ValueOf& value_of) {
    std::vector<decltype(value_of(NodeId{}))> values;
    values.reserve(nodes.size());
    for (const NodeId node : nodes)
      values.push_back(value_of(node));
    const auto decisive = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), decisive, values.end(), std::greater<>());
    return *decisive;
  }
};

/// `nodes` in order, each once.
[[nodiscard]] std::vector<NodeId> in_order(std::vector<NodeId> nodes);

void write(const Configuration& configuration, BytesWriter& out);

/// The reader fails if what it reads is not valid.
[[nodiscard]] Configuration read_configuration(BytesReader& in);

} // namespace stos::raft
