#include "programs/stos/trace_reader.hpp"

#include "config/spelling.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <system_error>

namespace stos::program {
namespace {

using detail::quote;

constexpr std::size_t columns = 19;
constexpr double largest_number = 1e150; // beyond, distances have no square
using Columns = std::array<std::string_view, columns>;

/// The header line of every trace, without its line break.
const std::string& header() {
  static const std::string line = [] {
    const std::string empty = format_trace({});
    return empty.substr(0, empty.find('\n'));
  }();
  return line;
}

/// Takes the next line from the front of `text`.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// How many columns `line` has; the first ones are put into `found`.
std::size_t split(std::string_view line, Columns& found) {
  std::size_t count = 0;
  for (;;) {
    const std::size_t tab = line.find('\t');
    if (count < columns)
      found[count] = line.substr(0, tab);
    ++count;
    if (tab == std::string_view::npos)
      return count;
    line.remove_prefix(tab + 1);
  }
}

std::optional<TraceRecord::Kind> kind_of(std::string_view name) {
  using Kind = TraceRecord::Kind;
  static const std::map<std::string_view, Kind> kinds = {{"birth", Kind::birth},
                                                         {"event", Kind::event},
                                                         {"turn", Kind::turn},
                                                         {"death", Kind::death},
                                                         {"end", Kind::end}};
  const auto found = kinds.find(name);
  return found == kinds.end() ? std::nullopt : std::optional(found->second);
}

/// Reads numbers of one line and keeps the first problem.
class NumberReader {
public:
  template <class T>
  void read(std::string_view text, T& number) {
    const char* const end = text.data() + text.size();
    const auto [rest, status] = std::from_chars(text.data(), end, number);
    bool is_good = rest == end && status == std::errc{};
    if constexpr (std::is_floating_point_v<T>)
      is_good = is_good && std::abs(number) <= largest_number;
    if (!is_good && problem_.empty())
      problem_ = quote(text) + " is not a number that can stand here";
  }
  const std::string& problem() const { return problem_; }

private:
  std::string problem_;
};

class TraceReader {
public:
  /// Adds one line. Returns what is wrong with it, or nothing.
  std::string add(std::string_view line);
  Trace take() { return std::move(trace_); }

private:
  Trace trace_;
  std::set<AgentId> born_;
};

std::string TraceReader::add(std::string_view line) {
  Columns column;
  if (const std::size_t count = split(line, column); count != columns)
    return "has " + std::to_string(count) + " columns; wanted: " + std::to_string(columns);
  const auto kind = kind_of(column[0]);
  if (!kind)
    return "begins with " + quote(column[0]) + "; wanted: birth, event, turn, death or end";

  TraceRecord r;
  r.kind = *kind;
  r.type = trace_.types.emplace(column[2]).first->c_str();
  r.ordinal = trace_.records.size();
  std::array<double, 3> u{};
  NumberReader numbers;
  numbers.read(column[1], r.agent.value);
  numbers.read(column[3], r.local_time);
  for (std::size_t i = 0; i < 4; ++i)
    numbers.read(column[4 + i], r.point[i]);
  for (std::size_t i = 0; i < 3; ++i)
    numbers.read(column[8 + i], u[i]);
  numbers.read(column[11], r.source.value);
  numbers.read(column[12], r.channel.value);
  numbers.read(column[13], r.sequence);
  for (std::size_t i = 0; i < 4; ++i)
    numbers.read(column[14 + i], r.emission[i]);
  numbers.read(column[18], r.lambda_id);
  if (!numbers.problem().empty())
    return numbers.problem();
  if (!(u[0] * u[0] + u[1] * u[1] + u[2] * u[2] < 1))
    return "has a velocity that is not below 1, the speed of light";
  r.velocity = Velocity<4>(u[0], u[1], u[2]);

  if (r.kind == TraceRecord::Kind::birth)
    born_.insert(r.agent);
  else if (born_.count(r.agent) == 0)
    return "is about agent " + std::to_string(r.agent.value) +
           "; wanted: an agent whose birth stands before";
  trace_.records.push_back(r);
  return "";
}

} // namespace

Result<Trace> parse_trace(const std::string& name, std::string_view text, std::size_t records_max) {
  std::size_t line_number = 1;
  const auto fail = [&](const std::string& problem) {
    return Error{Errc::bad_argument, name + ":" + std::to_string(line_number) + ": " + problem};
  };
  if (const std::string_view first = take_line(text); first == header() + "\r")
    return fail(
        "this line ends with CR LF, as on Windows; wanted: LF alone, as the trace was written");
  else if (first != header())
    return fail("this is no trace: the first line is " + quote(first) +
                "; wanted: " + quote(header()));
  TraceReader reader;
  for (std::size_t records = 0; !text.empty(); ++records) {
    if (records == records_max)
      return Error{Errc::bad_argument,
                   name + ": more than " + std::to_string(records_max) +
                       " records; allowed: a shorter run (--end-time), or a higher limit "
                       "(--events-max)"};
    ++line_number;
    if (text.find('\n') == std::string_view::npos)
      return fail("this line does not end: the trace has been cut off");
    const std::string_view line = take_line(text);
    if (line.ends_with('\r'))
      return fail("this line ends with CR LF; wanted: LF alone, as the trace was written");
    if (const std::string problem = reader.add(line); !problem.empty())
      return fail("this line " + problem);
  }
  return reader.take();
}

} // namespace stos::program
