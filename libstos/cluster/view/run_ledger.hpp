#pragma once

#include "libstos/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace stos::detail {

/// That a run of a simulation is under way, or is over.
struct RunNote {
  std::string simulation;
  std::uint64_t lineage = 0; ///< of its cuts, see CutLabel
  bool is_over = false;

  friend bool operator==(const RunNote&, const RunNote&) = default;
};

void write_note(const RunNote& note, BytesWriter& out);
[[nodiscard]] RunNote read_note(BytesReader& in);

/// The runs of a cluster that are under way, as all its nodes agree (ControlGroup): what goes on,
/// from its latest cut, if all of them end and start again.
///
/// Threads: none inside.
/// Limits:  `runs_max`; what is beyond them begins with its set-up then.
class RunLedger {
public:
  static constexpr std::size_t runs_max = 1000;

  /// Whether the ledger says so already, or has no room for it.
  [[nodiscard]] bool has(const RunNote& note) const;
  void enter(const RunNote& note);

  /// Of the run of that simulation that is under way; 0 if none is.
  [[nodiscard]] std::uint64_t lineage_of(const std::string& simulation) const;

  /// By simulation: the lineage of its run.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& under_way() const { return runs_; }

  void write(BytesWriter& out) const;
  [[nodiscard]] static RunLedger read(BytesReader& in);

  friend bool operator==(const RunLedger&, const RunLedger&) = default;

private:
  std::map<std::string, std::uint64_t> runs_;
};

} // namespace stos::detail
