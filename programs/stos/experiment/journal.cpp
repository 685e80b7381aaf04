#include "programs/stos/experiment/journal.hpp"

#include "libstos/base/csv.hpp"
#include "libstos/base/digest.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/hexadecimal.hpp"

#include <charconv>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace stos::program {
namespace {

constexpr std::string_view magic = "stos experiment 1";
constexpr std::size_t hash_size = 16;

using Fields = std::vector<std::string>;

std::string line_of(const Fields& fields) {
  std::string line;
  for (const std::string& field : fields)
    line += (line.empty() ? "" : ",") + csv_field(field);
  line += '\n';
  return hexadecimal(hash_text(line)) + ',' + line;
}

/// The fields behind the hash; none if the line is not whole.
Fields take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos || end <= hash_size || text[hash_size] != ',')
    return {};
  std::string_view line = text.substr(hash_size + 1, end - hash_size);
  if (hexadecimal(hash_text(line)) != text.substr(0, hash_size))
    return {};
  text.remove_prefix(end + 1);
  return take_csv_line(line);
}

template <class T>
bool read_number(const std::string& field, T& number) {
  const char* const end = field.data() + field.size();
  const auto [rest, status] = std::from_chars(field.data(), end, number);
  return rest == end && status == std::errc{};
}

std::string field_of(const std::optional<double>& number) {
  return number ? exact_text(*number) : std::string();
}

std::size_t fields_of_series(const ExperimentPlan& plan) {
  std::size_t sum = 0;
  for (const SeriesPlan& series : plan.series)
    sum += series.size();
  return sum;
}

constexpr std::size_t first_fields = 6;

std::optional<std::pair<std::size_t, RunResult>> result_of(const ExperimentPlan& plan,
                                                           const Fields& fields) {
  const std::size_t counters = summary_counters().size();
  if (fields.size() != first_fields + counters + plan.outcomes.size() + fields_of_series(plan))
    return std::nullopt;
  std::size_t run = 0;
  RunResult result;
  if (!read_number(fields[0], run) || run >= plan.runs() ||
      !read_number(fields[1], result.exit_code) || !read_number(fields[2], result.wall_time_s))
    return std::nullopt;
  result.failure = fields[3];
  result.digest = fields[4];
  result.value_digest = fields[5];
  std::span<const std::string> rest = std::span(fields).subspan(first_fields);
  result.counters.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(counters));
  rest = rest.subspan(counters);
  for (std::size_t i = 0; i < plan.outcomes.size(); ++i) {
    double number = 0;
    result.outcomes.push_back(read_number(rest[i], number) ? std::optional(number) : std::nullopt);
  }
  rest = rest.subspan(plan.outcomes.size());
  for (const SeriesPlan& series : plan.series) {
    std::vector<double>& values = result.series.emplace_back(series.size());
    for (std::size_t t = 0; t < values.size(); ++t)
      read_number(rest[t], values[t]);
    rest = rest.subspan(values.size());
  }
  return std::pair(run, std::move(result));
}

std::string difference(const ExperimentIdentity& there, const ExperimentIdentity& now) {
  if (there.plan != now.plan)
    return "another description of an experiment, or another state of this one";
  if (there.program != now.program)
    return "another program, or another build of it";
  if (there.arguments != now.arguments)
    return "the program with other arguments";
  return "another configuration (STOS_ variables, or the file that STOS_CONFIG names)";
}

} // namespace

std::string journal_header(const ExperimentIdentity& identity) {
  return line_of({std::string(magic), identity.plan, identity.program, identity.arguments,
                  identity.configuration});
}

std::string journal_line(const ExperimentPlan& plan, std::size_t run, const RunResult& result) {
  Fields fields = {
      exact_text(run), exact_text(result.exit_code), exact_text(result.wall_time_s), result.failure,
      result.digest,   result.value_digest};
  for (std::size_t i = 0; i < summary_counters().size(); ++i)
    fields.push_back(i < result.counters.size() ? result.counters[i] : "");
  for (std::size_t i = 0; i < plan.outcomes.size(); ++i)
    fields.push_back(i < result.outcomes.size() ? field_of(result.outcomes[i]) : "");
  for (std::size_t i = 0; i < plan.series.size(); ++i)
    for (std::size_t t = 0; t < plan.series[i].size(); ++t)
      fields.push_back(i < result.series.size() ? exact_text(result.series[i][t]) : "");
  return line_of(fields);
}

Result<JournalContent> read_journal(const std::string& name, std::string_view text,
                                    const ExperimentIdentity& identity,
                                    const ExperimentPlan& plan) {
  JournalContent content;
  const std::size_t size = text.size();
  if (journal_header(identity).starts_with(text) && !text.ends_with('\n'))
    return content;
  const Fields header = take_line(text);
  constexpr std::size_t header_fields = 5;
  if (header.size() != header_fields || header[0] != magic)
    return Error{Errc::bad_argument, name + ": is no journal of `stos experiment`"};
  const ExperimentIdentity there{header[1], header[2], header[3], header[4]};
  if (there != identity)
    return Error{Errc::bad_argument, name + ": is of " + difference(there, identity) +
                                         "; give this experiment a folder of its own with -o, or "
                                         "remove that one"};
  for (;;) {
    content.bytes = size - text.size();
    if (text.empty())
      return content;
    auto result = result_of(plan, take_line(text));
    if (!result)
      return content;
    content.results.insert_or_assign(result->first, std::move(result->second));
  }
}

} // namespace stos::program
