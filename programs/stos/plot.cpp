#include "programs/stos/plot.hpp"

#include "config/spelling.hpp"
#include "config/values.hpp"
#include "programs/stos/arguments.hpp"
#include "programs/stos/series_chart.hpp"
#include "programs/stos/space_chart.hpp"
#include "programs/stos/spacetime_diagram.hpp"
#include "programs/stos/trace_reader.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>

namespace stos::program {
namespace {

struct PlotArguments {
  std::string trace;
  std::string output; ///< empty: standard output
  std::string column = "sum";
  std::optional<double> at; ///< of a trace, space at that time
  std::uint64_t events_max = 20'000;
  PlotOptions options;
};

Parsed<PlotArguments> parse_plot(const std::vector<std::string>& words) {
  PlotArguments arguments;
  PlotOptions& options = arguments.options;
  std::string axis = "auto", colour = "type";
  int height = 0;
  CLI::App app(
      "Draws the spacetime diagram of a trace as SVG: time upwards, one axis of space\n"
      "across. A program writes its trace with --trace FILE. Of a table over time (CSV), it\n"
      "draws series, what observers have seen (--observations FILE), or what agents have\n"
      "recorded or reported.",
      "stos plot");
  app.add_option("trace", arguments.trace, "The trace.")->type_name("TRACE")->required();
  app.add_option("-o,--output", arguments.output, "File for the picture; default: standard output.")
      ->type_name("FILE");
  app.add_option("--axis", axis, "Axis of space to draw: x, y, z, or auto, the longest one.")
      ->type_name("AXIS")
      ->check(CLI::IsMember({"x", "y", "z", "auto"}))
      ->capture_default_str();
  app.add_option("--colour,--color", colour,
                 "What has a colour of its own: type or agent. (A trace is the same on any number "
                 "of nodes and does not name them.)")
      ->type_name("CHOICE")
      ->check(CLI::IsMember({"type", "agent"}))
      ->capture_default_str();
  app.add_option("--width", options.width, "Width of the picture in pixels.")
      ->type_name("N")
      ->check(CLI::Range(300, 20'000))
      ->capture_default_str();
  const CLI::Option* const height_option =
      app.add_option("--height", height, "Its height; default: as light at 45 degrees asks for.")
          ->type_name("N")
          ->check(CLI::Range(200, 20'000));
  double from = 0, to = 0;
  constexpr double most_s = 1e12;
  const CLI::Option* const from_option = add_duration(
      app, "--from", from, 0, most_s, "Laboratory time to begin with; default: the first one.");
  const CLI::Option* const to_option = add_duration(
      app, "--to", to, 0, most_s, "Laboratory time to end with; default: the last one.");
  double at = 0;
  const CLI::Option* const at_option =
      add_duration(app, "--at", at, 0, most_s,
                   "Of a trace, where the agents are at this laboratory time: two axes of space.");
  app.add_option("--column", arguments.column,
                 "What to draw of a table of observations: sum, mean, p95, ...")
      ->type_name("COLUMN")
      ->capture_default_str();
  app.add_option("--title", options.title, "Default: the name of the trace.")->type_name("TEXT");
  app.add_option("--events-max", arguments.events_max,
                 "Most records of a trace that are drawn; a longer trace is an error.")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10'000'000}))
      ->capture_default_str();
  if (const auto exit_code = parse_words(app, words, std::cout, std::cerr))
    return {std::nullopt, *exit_code};

  if (axis != "auto")
    options.axis = static_cast<std::size_t>(axis.front() - 'x');
  options.colour = colour == "agent" ? PlotColour::agent : PlotColour::type;
  if (height_option->count() > 0)
    options.height = height;
  if (from_option->count() > 0)
    options.from = from;
  if (to_option->count() > 0)
    options.to = to;
  if (at_option->count() > 0)
    arguments.at = at;
  if (options.from && options.to && *options.from >= *options.to)
    return {std::nullopt, report_bad_usage(app, "--from has to be before --to", std::cerr)};
  if (options.title.empty())
    options.title = std::filesystem::path(arguments.trace).filename().string();
  return {std::move(arguments), 0};
}

/// Reads no more than a trace of `records_max` records can have; parse_trace() notices the rest.
Result<std::string> read_trace(const std::string& path, std::uint64_t records_max) {
  constexpr std::uint64_t record_bytes_max = 4096; // 18 numbers and the name of a type
  std::error_code status;
  if (std::filesystem::is_directory(path, status))
    return Error{Errc::io_error, path + ": is a directory; wanted: a trace"};
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::string piece(1 << 20, '\0');
  while (file && text.size() < (records_max + 2) * record_bytes_max) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    text.append(piece, 0, static_cast<std::size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad())
    return Error{Errc::io_error, path + ": cannot read the trace: " + std::strerror(errno)};
  return text;
}

Result<void> write_picture(const std::string& path, const std::string& svg) {
  if (path.empty()) { // what becomes of that, main() tells
    std::cout << svg;
    return {};
  }
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file << svg << std::flush;
  if (!file)
    return Error{Errc::io_error, path + ": cannot write the picture: " + std::strerror(errno)};
  return {};
}

Result<void> plot(const PlotArguments& arguments) {
  std::error_code status; // also by a link; what is not there yet is no trace
  if (std::filesystem::equivalent(arguments.trace, arguments.output, status))
    return Error{Errc::bad_argument, arguments.output + ": is the trace itself, which the picture "
                                                        "would replace; wanted: another file"};
  const Result<std::string> text = read_trace(arguments.trace, arguments.events_max);
  if (!text)
    return text.error();
  if (is_series_table(*text)) {
    Result<Chart> chart = chart_of_series(arguments.trace, *text, arguments.options.from,
                                          arguments.options.to, arguments.column);
    if (!chart)
      return chart.error();
    chart->title = arguments.options.title;
    return write_picture(arguments.output, draw(*chart));
  }
  const Result<Trace> trace = parse_trace(arguments.trace, *text, arguments.events_max);
  if (!trace)
    return trace.error();
  if (arguments.at) {
    Chart chart = chart_of_space(trace->records, *arguments.at);
    chart.title = arguments.options.title;
    return write_picture(arguments.output, draw(chart));
  }
  return write_picture(arguments.output, draw(trace->records, arguments.options));
}

} // namespace

int plot(const std::vector<std::string>& words) {
  const Parsed<PlotArguments> arguments = parse_plot(words);
  if (!arguments.value)
    return arguments.exit_code;
  if (const Result<void> done = plot(*arguments.value); !done) {
    std::cerr << "stos plot: error: " << done.error().context << std::endl;
    return exit_failed;
  }
  return 0;
}

} // namespace stos::program
