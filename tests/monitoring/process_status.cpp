#include "monitoring/process_status.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

using namespace stos;
using Catch::Contains;

namespace {

detail::ProcessFiles good_files() {
  detail::ProcessFiles files;
  files.stat = "4711 (a (b) c) S 1 4711 4711 0 -1 4194560 900 0 3 0 250 50 0 0 20 0 9 0 30000 "
               "108000000 2560 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n";
  files.limits = "Limit                     Soft Limit           Hard Limit           Units\n"
                 "Max processes             95000                95000                processes\n"
                 "Max open files            1024                 1048576              files\n";
  files.system_stat = "cpu  1 2 3 4\nintr 5\nctxt 6\nbtime 1700000000\nprocesses 7\n";
  files.open_files = 21;
  return files;
}

std::string failure(const detail::ProcessFiles& files) {
  const Result<ProcessStatus> process = detail::parse_process(files);
  REQUIRE_FALSE(process);
  CHECK(process.error().code == Errc::io_error);
  return process.error().context;
}

} // namespace

TEST_CASE("the files of /proc are read past a name with brackets and blanks", "[monitoring]") {
  const Result<ProcessStatus> process = detail::parse_process(good_files());
  REQUIRE(process);
  CHECK(*process == ProcessStatus{3, 2560 * 4096, 0, 9, 21, 1024, 1700000300});
}

TEST_CASE("ticks and pages have the sizes that the machine says", "[monitoring]") {
  detail::ProcessFiles files = good_files();
  files.ticks_per_second = 1000;
  files.page_bytes = 65536;
  const Result<ProcessStatus> process = detail::parse_process(files);
  REQUIRE(process);
  CHECK(process->cpu_s == 0.3);
  CHECK(process->resident_bytes == 2560 * 65536);
  CHECK(process->started_s == 1700000030);
}

TEST_CASE("any number of open files is no limit", "[monitoring]") {
  detail::ProcessFiles files = good_files();
  files.limits = "Max open files            unlimited            unlimited            files\n";
  const Result<ProcessStatus> process = detail::parse_process(files);
  REQUIRE(process);
  CHECK(process->open_files_max == 0);
}

TEST_CASE("files of /proc that lack something are refused with what they lack", "[monitoring]") {
  detail::ProcessFiles files = good_files();
  for (const char* const stat : {"", "4711 (cat", "4711 (cat) S 1 2 3",
                                 "4711 (cat) S 1 4711 4711 0 "
                                 "-1 4194560 900 0 3 0 x 50 0 0 20 0 9 0 30000 108000000 2560"}) {
    files.stat = stat;
    CHECK_THAT(failure(files), Contains("/proc/PID/stat lacks one of the fields"));
  }
  files = good_files();
  for (const char* const limits : {"", "Max open files", "Max open files   -1"}) {
    files.limits = limits;
    CHECK_THAT(failure(files), Contains("/proc/PID/limits has no number of open files"));
  }
  files = good_files();
  files.system_stat = "cpu 1";
  CHECK_THAT(failure(files), Contains("/proc/stat has no time of boot"));
}

TEST_CASE("this process has what every process has", "[monitoring]") {
  // Memory that is in use, and some processor time.
  std::vector<std::uint64_t> memory(1 << 20, 1);
  const auto begin = std::clock();
  while (std::clock() - begin < CLOCKS_PER_SEC / 20)
    memory[memory[0]] += 1;
  const Result<ProcessStatus> process = read_process(12345);
  REQUIRE(process);
  CHECK(process->cpu_s > 0);
  CHECK(process->resident_bytes > memory.size() * sizeof memory[0]);
  CHECK(process->memory_limit_bytes == 12345);
  CHECK(process->threads >= 1);
  CHECK(process->open_files >= 3);
  const auto now_s = static_cast<double>(std::time(nullptr));
  CHECK(process->started_s > now_s - 3600);
  CHECK(process->started_s < now_s + 2);
}
