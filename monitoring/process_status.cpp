#include "monitoring/process_status.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace stos {
namespace detail {
namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view blanks = " \t\n";
  std::vector<std::string_view> words;
  for (auto begin = text.find_first_not_of(blanks); begin != std::string_view::npos;) {
    const auto end = text.find_first_of(blanks, begin);
    words.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(blanks, end);
  }
  return words;
}

std::optional<std::uint64_t> whole_number(std::string_view word) {
  std::uint64_t number = 0;
  const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (status != std::errc{} || end != word.data() + word.size())
    return std::nullopt;
  return number;
}

/// The rest of the line that begins with `name`; none if there is no such line.
std::optional<std::string_view> line_after(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.starts_with(name))
      return line.substr(name.size());
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return std::nullopt;
}

Error missing(const std::string& what) {
  return {Errc::io_error, what + "; wanted: the files that proc(5) describes"};
}

/// Soft limit; 0 for "unlimited".
Result<std::uint64_t> parse_open_files_max(std::string_view limits) {
  const auto rest = line_after(limits, "Max open files");
  const std::vector<std::string_view> words = words_of(rest.value_or(""));
  if (!words.empty() && words[0] == "unlimited")
    return std::uint64_t{0};
  const auto number = words.empty() ? std::nullopt : whole_number(words[0]);
  if (!number)
    return missing("/proc/PID/limits has no number of open files");
  return *number;
}

} // namespace

Result<ProcessStatus> parse_process(const ProcessFiles& files) {
  // The second field is the name in brackets, which may itself have brackets and blanks: what
  // follows the last one are the fields from the third on.
  const std::string_view stat = files.stat;
  const auto bracket = stat.rfind(')');
  const std::vector<std::string_view> fields =
      words_of(bracket == std::string_view::npos ? "" : stat.substr(bracket + 1));
  constexpr std::size_t first_field = 3;
  const auto field = [&fields](std::size_t number) -> std::optional<std::uint64_t> {
    const std::size_t i = number - first_field;
    return i < fields.size() ? whole_number(fields[i]) : std::nullopt;
  };
  const auto user = field(14), kernel = field(15), threads = field(20), started = field(22),
             pages = field(24);
  if (!user || !kernel || !threads || !started || !pages)
    return missing("/proc/PID/stat lacks one of the fields 14, 15, 20, 22, 24");
  const Result<std::uint64_t> open_files_max = parse_open_files_max(files.limits);
  if (!open_files_max)
    return open_files_max.error();
  const std::vector<std::string_view> boot =
      words_of(line_after(files.system_stat, "btime ").value_or(""));
  const auto booted_s = boot.empty() ? std::nullopt : whole_number(boot[0]);
  if (!booted_s)
    return missing("/proc/stat has no time of boot");

  ProcessStatus process;
  process.cpu_s = static_cast<double>(*user + *kernel) / files.ticks_per_second;
  process.resident_bytes = *pages * files.page_bytes;
  process.threads = *threads;
  process.open_files = files.open_files;
  process.open_files_max = *open_files_max;
  process.started_s =
      static_cast<double>(*booted_s) + static_cast<double>(*started) / files.ticks_per_second;
  return process;
}

} // namespace detail

namespace {

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::uint64_t count_open_files() {
  std::error_code status;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", status), end;
       !status && entry != end; entry.increment(status))
    ++count;
  return count > 0 ? count - 1 : 0; // one of them is for looking at the others
}

} // namespace

Result<ProcessStatus> read_process(std::uint64_t memory_limit_bytes) {
  detail::ProcessFiles files;
  files.stat = read_file("/proc/self/stat");
  files.limits = read_file("/proc/self/limits");
  files.system_stat = read_file("/proc/stat");
  files.open_files = count_open_files();
  files.ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  files.page_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  Result<ProcessStatus> process = detail::parse_process(files);
  if (process)
    process->memory_limit_bytes = memory_limit_bytes;
  return process;
}

} // namespace stos
