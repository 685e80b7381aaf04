#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/service/coordination/request.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace stos::coordination {

/// A map from keys to values, both any bytes, whose changes have numbers.
///
/// Each change of any key gets the next revision, and an entry has that of its last change. So a
/// client can say which one it has seen: a change that expects a revision (0: no value) is done if
/// the key has it, and else is answered with what the key has.
///
/// The last changes are remembered: changes() has those after a revision, each one once, in their
/// order, or says that they are forgotten.
///
/// Limits:  `entries_max`, keys of `key_bytes_max`, values of `value_bytes_max`, together
///          `bytes_max`; of the past, `changes_max` changes of `changes_bytes_max`. An answer has
///          `answer_bytes_max`: list() refuses more, changes() gives the rest when asked again.
class VersionedMap {
public:
  static constexpr std::size_t entries_max = 10'000;
  static constexpr std::size_t key_bytes_max = 512;
  static constexpr std::size_t value_bytes_max = 64 << 10;
  static constexpr std::size_t bytes_max = 4 << 20;
  static constexpr std::size_t changes_max = 10'000;
  static constexpr std::size_t changes_bytes_max = 1 << 20;
  static constexpr std::size_t answer_bytes_max = 4 << 20;

  [[nodiscard]] Answer put(const Request& request);
  [[nodiscard]] Answer remove(const Request& request);
  /// The value that the key has, or has got by that.
  [[nodiscard]] Answer propose(const Request& request);

  [[nodiscard]] Answer get(const std::string& key) const;
  [[nodiscard]] Answer list(const std::string& prefix) const;
  /// Those of the request, after its revision; `revision` says up to which all are in the answer.
  /// None is no error.
  [[nodiscard]] Answer changes(const Request& request) const;

  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  void write(BytesWriter& out) const;
  [[nodiscard]] static VersionedMap read(BytesReader& in);

private:
  struct Value {
    std::string bytes;
    std::uint64_t revision = 0;
  };

  [[nodiscard]] std::optional<Answer> objection(const Request& request) const;
  void note(Change change);

  std::map<std::string, Value> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t revision_ = 0;
  std::deque<Change> changes_; // the last ones, without a gap
  std::size_t changes_bytes_ = 0;
};

} // namespace stos::coordination
