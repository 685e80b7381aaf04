#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace stos::detail {

/// Questions that one node asks all nodes of a run, itself among them, and that one of them at most
/// can answer: each node answers each question once, with what it has found, or that it has
/// nothing. `Asker` is what belongs to a question.
///
/// Threads: none inside.
template <class Asker>
class Searches {
public:
  /// Returns the number of the question. @pre nodes > 0
  std::uint64_t begin(Asker asker, std::size_t nodes) {
    open_.emplace(++last_, Open{std::move(asker), nodes});
    return last_;
  }

  /// A node has answered. Returns who has asked once that is decided: at the first node that has
  /// found something, or at the last one that has not. Answers to what is decided mean nothing.
  [[nodiscard]] std::optional<Asker> hear(std::uint64_t number, bool has_found) {
    const auto found = open_.find(number);
    if (found == open_.end() || (--found->second.outstanding > 0 && !has_found))
      return std::nullopt;
    std::optional<Asker> asker(std::move(found->second.asker));
    open_.erase(found);
    return asker;
  }

  /// Whose question is still open; there will be no answer.
  template <class Act>
  void end(const Act& act) {
    for (auto& [number, open] : std::exchange(open_, {}))
      act(open.asker);
  }

private:
  struct Open {
    Asker asker;
    std::size_t outstanding; // nodes that have not answered
  };
  std::map<std::uint64_t, Open> open_;
  std::uint64_t last_ = 0;
};

} // namespace stos::detail
