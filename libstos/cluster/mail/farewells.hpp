#pragma once

#include <cstddef>
#include <set>

namespace stos::detail {

/// How the nodes of a run part, once nothing happens in it any more: as one of them sees it.
///
/// Each node says its farewell to all others, with what it knows of the outcome; and as soon as it
/// has those of all others, it sends a *receipt* to all. A node that has the receipts of all others
/// may leave: each of them has everything that it needs, from every node. One that is told that a
/// node has gone may leave, too, if it has heard that node's farewell: the others are told the
/// same.
///
/// Threads: none inside.
class Farewells {
public:
  explicit Farewells(std::size_t nodes) : others_(nodes - 1) {}

  /// Another node has said its farewell. Returns whether receipts are to be sent now.
  [[nodiscard]] bool hear_farewell(std::size_t node) {
    return heard_.insert(node).second && has_all();
  }
  void hear_receipt(std::size_t node) { receipts_.insert(node); }

  /// There is no run any more, since this node has gone; since something else has happened to it.
  void hear_of_loss(std::size_t node) {
    is_over_ = true;
    lost_.insert(node);
  }
  void hear_of_end() {
    is_over_ = true;
    is_broken_ = true;
  }

  [[nodiscard]] bool has_all() const { return heard_.size() == others_; }
  [[nodiscard]] bool has_heard(std::size_t node) const { return heard_.contains(node); }

  [[nodiscard]] bool may_leave() const {
    return has_all() && (is_over_ || receipts_.size() == others_);
  }

  /// Some farewell will never come.
  [[nodiscard]] bool is_hopeless() const {
    if (!is_over_)
      return false;
    bool has_lost = is_broken_;
    for (const std::size_t node : lost_)
      has_lost = has_lost || !has_heard(node);
    return has_lost;
  }

private:
  std::size_t others_;
  std::set<std::size_t> heard_;
  std::set<std::size_t> receipts_;
  std::set<std::size_t> lost_;
  bool is_over_ = false;
  bool is_broken_ = false;
};

} // namespace stos::detail
