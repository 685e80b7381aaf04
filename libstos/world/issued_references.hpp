#pragma once

#include "libstos/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace stos::detail {

class Cell;
struct Closure;

/// Names a reference that some event has handed out. It travels in lambdas as plain bytes, so that
/// it must mean the same on every node: which agent it leads to, the event looks up.
struct Ticket {
  std::uint64_t id = 0; ///< 0: no reference

  friend bool operator==(Ticket, Ticket) = default;
};

/// The references that one event has taken so far, and which of them each of its lambdas is for.
///
/// A lambda that brings references, captured or in its arguments, is for those. One that brings
/// none may be for all that its receiver can have among its members. So an event that introduces
/// many agents to each other costs what it says, and not the product of references and lambdas.
///
/// Tickets are found in the bytes of what a lambda brings. They are 64 bits of chance: other bytes
/// that look like one are no matter, since the agent is held for nothing then.
class IssuedReferences {
public:
  struct Reference {
    Ticket ticket;
    Cell* target;
    const Cell* taker; ///< during set-up: from whose channel it was taken
  };

  [[nodiscard]] bool empty() const { return all_.empty(); }
  [[nodiscard]] std::size_t size() const { return all_.size(); }
  void clear() {
    if (!all_.empty()) [[unlikely]]
      forget();
  }
  void add(const Reference& reference);

  /// Null if it is none of them.
  [[nodiscard]] const Reference* find(Ticket ticket) const;

  /// Those that `lambda` is for, until the next call. `to` receives it; `is_setup` says whether the
  /// event is the set-up, and `is_close` whether it may write to the members of `to`.
  [[nodiscard]] const std::vector<Reference>& for_lambda(const Closure& lambda, const Cell& to,
                                                         bool is_setup, bool is_close);

private:
  static constexpr std::size_t few = 16; ///< are looked through one by one
  static constexpr std::size_t searched_bytes_max = 1 << 16;

  void forget();
  [[nodiscard]] std::size_t index_of(std::uint64_t ticket) const;
  void select(std::size_t index);
  void select_all();
  void select(const std::vector<std::size_t>& indices);
  void select_in(std::span<const std::byte> bytes, std::size_t step);
  [[nodiscard]] bool select_brought(const Closure& lambda);

  std::vector<Reference> all_;
  std::unordered_map<std::uint64_t, std::size_t> index_;              // unless there are few
  std::unordered_map<const Cell*, std::vector<std::size_t>> brought_; // to that receiver
  std::unordered_map<const Cell*, std::vector<std::size_t>> taken_;   // by that taker
  std::vector<std::size_t> chosen_;
  std::vector<bool> is_chosen_;
  std::vector<Reference> answer_;
  std::vector<std::byte> buffer_;
};

} // namespace stos::detail
