#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

namespace stos::keyed {

/// Names a replicated agent, wherever it lives: the quota that it belongs to, its type (the name of
/// a class, see agent_type.hpp), and a key that is the user's.
struct Id {
  static constexpr std::size_t part_bytes_max = 1024;

  std::string quota;
  std::string type;
  std::string key;

  friend auto operator<=>(const Id&, const Id&) = default;
};

/// Fails with bad_argument if a part is empty or too long.
[[nodiscard]] Result<void> check(const Id& id);

/// For people: "quota/type/key".
[[nodiscard]] std::string to_string(const Id& id);

/// Where an agent stands among all agents: a hash of its id, the same on every machine (XXH3).
[[nodiscard]] std::uint64_t hash_of(const Id& id);

/// Neighbouring hashes, both ends included. Each hash is owned by one group at most.
struct Range {
  std::uint64_t first = 0;
  std::uint64_t last = ~std::uint64_t{0};

  [[nodiscard]] static constexpr Range all() { return {}; }
  [[nodiscard]] constexpr bool contains(std::uint64_t hash) const {
    return first <= hash && hash <= last;
  }
  [[nodiscard]] constexpr bool contains(Range other) const {
    return first <= other.first && other.last <= last;
  }
  [[nodiscard]] constexpr bool overlaps(Range other) const {
    return first <= other.last && other.first <= last;
  }
  [[nodiscard]] constexpr bool is_valid() const { return first <= last; }

  friend auto operator<=>(Range, Range) = default;
};

/// For people: "0000000000000000-7fffffffffffffff".
[[nodiscard]] std::string to_string(Range range);

/// Milliseconds since 1970 (UTC). What the members of a group have agreed on never goes back; it is
/// as good as the clock of the group's leader.
struct Time {
  std::uint64_t ms = 0;

  friend auto operator<=>(Time, Time) = default;
};

void write(const Id& id, BytesWriter& out);
[[nodiscard]] Id read_id(BytesReader& in);
void write(Range range, BytesWriter& out);
/// The reader fails at a range that ends before it begins.
[[nodiscard]] Range read_range(BytesReader& in);

} // namespace stos::keyed
