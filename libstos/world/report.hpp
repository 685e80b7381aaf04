#pragma once

#include "libstos/base/ids.hpp"
#include "libstos/base/usage_error.hpp"
#include "libstos/code/serialise.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stos {

/// What the bytes of a report's value are, for those who read reports without knowing the program.
enum class ReportType : std::uint8_t {
  other,   ///< of a type of the program's own
  boolean, ///< 1 byte
  integer, ///< 1 to 8 bytes, with a sign
  natural, ///< 1 to 8 bytes, without one
  real,    ///< 4 or 8 bytes
  text,    ///< as save() writes a std::string
};

template <class T>
[[nodiscard]] constexpr ReportType report_type_of() {
  if constexpr (std::same_as<T, bool>)
    return ReportType::boolean;
  else if constexpr (std::signed_integral<T>)
    return ReportType::integer;
  else if constexpr (std::unsigned_integral<T>)
    return ReportType::natural;
  else if constexpr (std::same_as<T, float> || std::same_as<T, double>)
    return ReportType::real;
  else if constexpr (std::same_as<T, std::string>)
    return ReportType::text;
  else
    return ReportType::other;
}

/// Something that an agent has found out, for the program that runs it: see Agent::report().
struct Report {
  std::string topic;
  AgentId agent;
  double time = 0;           ///< laboratory time of the event that made it
  std::uint64_t ordinal = 0; ///< counts the reports of one agent
  std::vector<std::byte> value;
  ReportType type = ReportType::other; ///< follows from the code: in no digest
};

/// The order of the reports of a run: by time, agent, ordinal.
[[nodiscard]] bool is_earlier_report(const Report& a, const Report& b);

/// Of agent, ordinal, time, topic and value.
[[nodiscard]] std::uint64_t hash_of(const Report& report);

/// The value for people: a number that reads back exactly, true or false, a text as it is, and
/// everything else as its bytes, `0x` and two hexadecimal digits for each.
[[nodiscard]] std::string value_text(const Report& report);

/// All reports of a run, on every node, in an order that is the same on every engine: by time,
/// agent and ordinal.
class Reports {
public:
  Reports() = default;
  explicit Reports(std::vector<Report> reports);

  /// The values that agents have reported under `topic`, with the agents. Throws UsageError
  /// (bad_argument) if they were no T.
  template <Portable T>
  [[nodiscard]] std::vector<std::pair<AgentId, T>> of(std::string_view topic) const {
    std::vector<std::pair<AgentId, T>> values;
    for (const Report& report : reports_)
      if (report.topic == topic) {
        BytesReader in(report.value);
        auto value = load_new<T>(in);
        if (!value || !in.at_end())
          throw UsageError(Errc::bad_argument, "the reports on \"" + report.topic +
                                                   "\" are not of the type that was asked for");
        values.emplace_back(report.agent, *std::move(value));
      }
    return values;
  }

  [[nodiscard]] const std::vector<Report>& all() const { return reports_; }

private:
  std::vector<Report> reports_;
};

/// A table with the header `time,agent,topic,value` and a line for each report, in their order.
/// Times and numbers read back exactly.
[[nodiscard]] std::string csv_of(const Reports& reports);

} // namespace stos
