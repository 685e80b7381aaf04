#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stos::jobs {

/// Names a job, for its user too: drawn at random by the tool that submits it, so that the same
/// submission may be sent twice. Never 0.
struct JobId {
  std::uint64_t value = 0;

  friend auto operator<=>(JobId, JobId) = default;
};

/// 16 hexadecimal digits.
[[nodiscard]] std::string to_string(JobId id);
/// Fails with bad_argument.
[[nodiscard]] Result<JobId> job_id_from(std::string_view text);

/// What each part of a job may take.
struct PartLimits {
  double time_s = 3600; ///< of one part, on the clock. 0.1 to 604,800
  std::uint64_t memory_bytes = std::uint64_t{1} << 30; ///< of one process. 16 MiB to 1 TiB
  std::uint32_t parts_at_once = 0; ///< on all nodes; 0: as many as there are slots
  std::uint32_t retries = 2;       ///< of a part that has failed. 0 to 100

  friend bool operator==(const PartLimits&, const PartLimits&) = default;
};

/// What a user submits: a script in one of the languages that the nodes have, and what it needs.
///
/// All of it is in the cluster's log, so it is bounded: see check().
struct JobSpec {
  static constexpr std::size_t bytes_max = 1 << 20; ///< script, arguments and files together
  static constexpr std::size_t arguments_max = 1'000;
  static constexpr std::size_t files_max = 100;

  std::string name; ///< for people: that of the script's file
  std::string language;
  std::string script;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> files; ///< beside the script, by their names
  PartLimits limits;

  friend bool operator==(const JobSpec&, const JobSpec&) = default;
};

/// Fails with bad_argument, and says what is wrong with which value.
[[nodiscard]] Result<void> check(const JobSpec& spec);

void write_spec(const JobSpec& spec, BytesWriter& out);
/// Reads any bytes; `in` fails if they are none.
[[nodiscard]] JobSpec read_spec(BytesReader& in);

} // namespace stos::jobs
