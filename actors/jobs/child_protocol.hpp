#pragma once

#include "libstos/service/coordination/request.hpp"
#include "libstos/service/jobs/job_node.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace stos::detail {

/// What a script is told: one line of JSON, with its end. See docs/jobs.md.
[[nodiscard]] std::string task_line(const jobs::WorkOrder& order);

/// What a script says in one line.
struct ChildProgress {
  double fraction;
};
struct ChildLog {
  std::string text;
};
struct ChildResult {
  std::string result;             ///< a text of JSON; of a split, `parts`
  std::vector<std::string> parts; ///< likewise
  bool has_reduce;
};
struct ChildFailure {
  std::string why; ///< also of lines that are none of the protocol
};
/// It wants something of the cluster, under a number of its own.
struct ChildAsk {
  std::uint64_t number = 0;
  coordination::Request request; ///< without a session; `claim` is the number of another one
};
using ChildWord = std::variant<ChildProgress, ChildLog, ChildResult, ChildFailure, ChildAsk>;

/// Reads a line, without its end; any bytes. `is_split`: a result has to be a list.
[[nodiscard]] ChildWord read_child_line(std::string_view line, bool is_split);

/// What a script reads as the answer to what it has asked for: one line, with its end.
[[nodiscard]] std::string answer_line(std::uint64_t number, const coordination::Answer& answer);

/// No line is longer: it is enough for all parts of a job in one.
inline constexpr std::size_t child_line_bytes_max = 6 << 20;

} // namespace stos::detail
